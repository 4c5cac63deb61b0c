"""Value and gradients of every operation against PyTorch's, in float64."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.engine import TABLE
from tests.autograd_lite.samples import SAMPLES
from tests.oracles.peers import peer

CASES = [(name, i) for name in sorted(TABLE) for i in range(len(SAMPLES[name]))]
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def over_axes(name):
    """A torch reduction, called as NumPy's."""

    def reduce(torch, x, axis=None, keepdims=False, **options):
        axes = tuple(range(x.ndim)) if axis is None else axis
        if x.ndim == 0:
            return x * 0 if name == "var" else x * 1
        return getattr(torch, name)(x, dim=axes, keepdim=keepdims, **options)

    return reduce


def norm(torch, x, order=None, axis=None, keepdims=False):
    return torch.linalg.norm(x, order, axis, keepdim=keepdims)


def prod(torch, x, axis=None, keepdims=False):
    """One axis after the other, since torch takes only one."""
    for a in range(x.ndim) if axis is None else np.atleast_1d(axis).tolist():
        x = torch.prod(x, a, keepdim=True)
    return x if keepdims else x.squeeze() if axis is None else torch.squeeze(x, axis)


def cumsum(torch, x, axis=None):
    return torch.cumsum(x.reshape(-1), 0) if axis is None else torch.cumsum(x, axis)


def repeat(torch, x, repeats, axis=None):
    return torch.repeat_interleave(x, torch.as_tensor(repeats), dim=axis)


def trace(torch, x, offset=0, axis1=0, axis2=1):
    return torch.diagonal(x, offset, axis1, axis2).sum(-1)


def dot(torch, a, b):
    a, b = (torch.as_tensor(v, dtype=torch.float64) for v in (a, b))
    return torch.matmul(a, b) if a.ndim and b.ndim else a * b


def solve(torch, a, b):
    a = torch.as_tensor(a)
    if b.ndim == 1:
        return torch.linalg.solve(a, b.expand(a.shape[:-1]))
    return torch.linalg.solve(a, b)


def std(torch, x, axis=None, ddof=0, keepdims=False):
    return torch.std(x, dim=axis, correction=ddof, keepdim=keepdims)


def var(torch, x, axis=None, ddof=0, keepdims=False):
    if x.ndim == 0:
        return x * 0
    return torch.var(x, dim=axis, correction=ddof, keepdim=keepdims)


def pad(torch, x, pad_width, constant_values=0.0):
    widths = np.broadcast_to(pad_width, (x.ndim, 2))[::-1].ravel().tolist()
    return torch.nn.functional.pad(x, widths, value=constant_values)


def getitem(torch, x, index):
    parts = index if isinstance(index, tuple) else (index,)
    return x[tuple(torch.tensor(p) if isinstance(p, np.ndarray) else p for p in parts)]


def split(torch, x, parts, axis=0):
    return torch.cat([piece.reshape(-1) for piece in torch.tensor_split(x, parts, dim=axis)])


def concatenate(torch, xs, axis=0):
    xs = [torch.as_tensor(x) for x in xs]
    return torch.cat([x.reshape(-1) for x in xs]) if axis is None else torch.cat(xs, axis)


def squeeze(torch, x, axis=None):
    return torch.squeeze(x) if axis is None else torch.squeeze(x, axis)


def clip(torch, x, low, high):
    ends = [torch.tensor(e) if isinstance(e, np.ndarray) else e for e in (low, high)]
    return torch.clip(x, *ends)


def expand_dims(torch, x, axis):
    for place in sorted(axis if isinstance(axis, tuple) else (axis,)):
        x = torch.unsqueeze(x, place)
    return x


def batch_norm(torch, x, weight, bias, eps=1e-5):
    return torch.nn.functional.batch_norm(x, None, None, weight, bias, True, 0.1, eps)


def layer_norm(torch, x, weight, bias, eps=1e-5):
    return torch.nn.functional.layer_norm(x, weight.shape, weight, bias, eps)


def dropout(torch, x, p, rng):
    """The same mask; what is compared is the scaling."""
    kept = np.random.default_rng(rng).random(tuple(x.shape), np.float32) >= p
    return x * torch.tensor(kept) / (1 - p)


def lstm(torch, x, h0, c0, *weights):
    """Step by step: all h, and the last c."""
    hs = []
    for step in x:
        h0, c0 = torch.lstm_cell(step, (h0, c0), *weights)
        hs.append(h0)
    return torch.stack([*hs, c0])


def hinge_loss(torch, x, target, reduction="mean"):
    loss = torch.clamp(1 - x * torch.tensor(target), min=0)
    return loss if reduction == "none" else getattr(loss, reduction)()


def functional(name):
    """A loss of torch.nn.functional; `reduction` may be positional here."""

    def loss(torch, x, target, reduction="mean"):
        f = getattr(torch.nn.functional, name)
        return f(x, torch.as_tensor(target, dtype=x.dtype), reduction=reduction)

    return loss


def cross_entropy(
    torch, x, labels, label_smoothing=0.0, reduction="mean", weight=None, ignore_index=-100
):
    return torch.nn.functional.cross_entropy(
        x,
        torch.tensor(labels),
        None if weight is None else torch.tensor(weight, dtype=x.dtype),
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def same(name):
    return lambda torch, *args, **options: getattr(torch, name)(*args, **options)


def of_constants(name):
    """A torch function that takes no plain numbers or arrays."""

    def call(torch, *args):
        return getattr(torch, name)(*[torch.as_tensor(a, dtype=torch.float64) for a in args])

    return call


PEERS = {
    **{n: same(n) for n in ("negative", "square", "sqrt", "exp", "expm1", "log", "log1p")},
    **{n: same(n) for n in ("sin", "cos", "abs", "relu", "tanh", "sigmoid", "reshape", "matmul")},
    **{n: same(n) for n in ("swapaxes", "moveaxis", "broadcast_to")},
    **{n: of_constants(n) for n in ("add", "subtract", "multiply", "divide", "maximum", "minimum")},
    **{n: same(n) for n in ("sign", "positive", "ravel")},
    "logaddexp": of_constants("logaddexp"),
    "gelu": lambda torch, x: torch.nn.functional.gelu(x),
    "std": std,
    "norm": norm,
    "prod": prod,
    "cumsum": cumsum,
    "repeat": repeat,
    "vstack": lambda torch, xs: torch.vstack([torch.as_tensor(x) for x in xs]),
    "hstack": lambda torch, xs: torch.hstack([torch.as_tensor(x) for x in xs]),
    "dot": dot,
    "outer": lambda torch, a, b: torch.outer(a.reshape(-1), torch.as_tensor(b).reshape(-1)),
    "trace": trace,
    "solve": solve,
    "inv": lambda torch, a: torch.linalg.inv(a),
    "slogdet": lambda torch, a: torch.stack(tuple(torch.linalg.slogdet(a))).reshape(-1),
    "cholesky": lambda torch, a: torch.linalg.cholesky(a),
    "power": of_constants("pow"),
    "clip": clip,
    "leaky_relu": lambda torch, x, slope=0.01: torch.nn.functional.leaky_relu(x, slope),
    "softplus": lambda torch, x: torch.logaddexp(x, torch.zeros_like(x)),
    "where": lambda torch, c, a, b: torch.where(torch.as_tensor(c) != 0, a, b),
    "sum": over_axes("sum"),
    "mean": over_axes("mean"),
    "var": var,
    "max": over_axes("amax"),
    "min": over_axes("amin"),
    "logsumexp": over_axes("logsumexp"),
    "transpose": lambda torch, x, axes=None: x.permute(axes or tuple(range(x.ndim))[::-1]),
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "getitem": getitem,
    "concatenate": concatenate,
    "stack": lambda torch, xs, axis=0: torch.stack(xs, axis),
    "split": split,
    "pad": pad,
    "einsum": lambda torch, spec, *xs: torch.einsum(spec, *map(torch.as_tensor, xs)),
    "linear": lambda torch, *args: torch.nn.functional.linear(*args),
    "conv2d": same("conv2d"),
    "max_pool2d": same("max_pool2d"),
    "avg_pool2d": lambda torch, *args, **options: torch.nn.functional.avg_pool2d(*args, **options),
    "global_avg_pool2d": lambda torch, x: x.mean((2, 3)),
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "embedding": lambda torch, w, i: torch.nn.functional.embedding(torch.tensor(i), w),
    "dropout": dropout,
    "softmax": lambda torch, x, axis=-1: torch.softmax(x, axis),
    "log_softmax": lambda torch, x, axis=-1: torch.log_softmax(x, axis),
    "lstm": lstm,
    "mse_loss": functional("mse_loss"),
    "l1_loss": functional("l1_loss"),
    "hinge_loss": hinge_loss,
    "binary_cross_entropy_with_logits": functional("binary_cross_entropy_with_logits"),
    "cross_entropy": cross_entropy,
}


def test_every_operation_has_a_peer():
    assert set(PEERS) == set(TABLE)


@pytest.mark.parametrize(("name", "i"), CASES)
def test_value_and_gradients_are_torchs(name, i):
    torch, case = peer("torch"), SAMPLES[name][i]
    theirs = [torch.tensor(a, requires_grad=True) for a in case.arrays()]
    ours = [ag.Tensor(a, requires_grad=True) for a in case.arrays()]
    y = case.call(TABLE[name], ours)
    y = ag.ops.concatenate([p.reshape(-1) for p in y]) if isinstance(y, (list, tuple)) else y
    expected = case.call(lambda *args, **options: PEERS[name](torch, *args, **options), theirs)
    np.testing.assert_allclose(y.data, expected.detach().numpy(), **EXACT)
    seed = np.random.default_rng(i).normal(size=y.shape)
    y.backward(seed)
    expected.backward(torch.tensor(seed))
    for own, other in zip(ours, theirs, strict=True):
        grad = np.zeros(own.shape) if other.grad is None else other.grad.numpy()
        np.testing.assert_allclose(own.grad, grad, **EXACT)


@pytest.mark.parametrize(
    "name",
    [
        "abs",
        "sign",
        "prod",
        "relu",
        "max",
        "min",
        "maximum",
        "minimum",
        "clip",
        "max_pool2d",
        "leaky_relu",
        "l1_loss",
    ],
)
def test_kinks_and_ties_are_torchs(name):
    torch = peer("torch")
    flat = np.array([0.0, 1.0, 1.0, -1.0, 0.0, -0.5, 1.0, -1.0])
    x = flat.reshape(1, 1, 2, 4) if name == "max_pool2d" else flat
    args = {
        "maximum": [np.array([0.0, 1.0, 0.0, -1.0, 2.0, -0.5, 0.0, 0.0])],
        "minimum": [np.array([0.0, 1.0, 0.0, -1.0, 2.0, -0.5, 0.0, 0.0])],
        "l1_loss": [np.array([0.0, 1.0, 0.0, -1.0, 2.0, -0.5, 0.0, 0.0])],
        "clip": [-1.0, 1.0],
        "max_pool2d": [2],
    }.get(name, [])
    own, other = ag.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    TABLE[name](own, *args).sum().backward()
    PEERS[name](torch, other, *args).sum().backward()
    np.testing.assert_array_equal(own.grad, other.grad.numpy())
