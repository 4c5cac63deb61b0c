"""All optimizers, under hyperparameters that exercise each of their lines."""

from adabound_np import (
    CSGD,
    SGD,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AMSBound,
    AMSGrad,
    Geometric,
    RMSprop,
)

#: id -> (class, hyperparameters)
CASES = {
    "sgd": (SGD, {"lr": 0.1}),
    "sgd-heavy-ball": (SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    "sgd-nesterov": (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "csgd": (CSGD, {"lr": 0.1, "momentum": 0.8}),
    "adagrad": (AdaGrad, {"lr": 0.1}),
    "adagrad-average": (AdaGrad, {"lr": 0.1, "average": True, "schedule": "inv-sqrt"}),
    "rmsprop": (RMSprop, {"lr": 0.01, "alpha": 0.9}),
    "adam": (Adam, {"lr": 0.01, "betas": (0.8, 0.95)}),
    "adamw": (Adam, {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "amsgrad": (AMSGrad, {"lr": 0.01, "betas": (0.8, 0.95), "weight_decay": 0.1}),
    "adamnc": (AdamNC, {"lr": 0.01}),
    "adabound": (AdaBound, {"lr": 0.01, "gamma": 0.05}),
    "adabound-paper": (AdaBound, {**AdaBound.in_paper, "lr": 0.5, "betas": (0.9, 0.99)}),
    "amsbound": (AMSBound, {"lr": 0.01, "gamma": 0.05, "betas": (Geometric(0.9, 0.99), 0.99)}),
}
