"""Networks: modules made of operations, with PyTorch's names and weight layouts."""

from autograd_lite.nn import init
from autograd_lite.nn.activations import LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from autograd_lite.nn.layers import (
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    GlobalAvgPool2d,
    LayerNorm,
    Linear,
    MaxPool2d,
)
from autograd_lite.nn.module import Module, Sequential
from autograd_lite.nn.recurrent import LSTM

__all__ = [
    "LSTM",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAvgPool2d",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "Module",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "init",
]
