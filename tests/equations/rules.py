"""Every rule of autograd_lite's table on its samples, and what its equation is about there.

A view of a call says, in the equation's terms, what the names in the rule stand for: for a
reduction, one row of elements that are reduced to one number; for an operation that moves
elements, its matrix S. It is made without the rule's own helpers.
"""

import inspect
import zlib
from collections import Counter
from functools import cache

import numpy as np

from autograd_lite.engine import TABLE, _fit
from autograd_lite.ops.matrices import sign_and_log
from autograd_lite.ops.shape import join
from problems.reading.checker import (
    MismatchError,
    agree,
    check_line,
    check_target,
    left_side,
    values_at,
)
from problems.reading.equations import listing
from problems.reading.lines import Traced, module_of
from problems.reading.notation import symbols_at
from problems.reading.tokens import split
from tests.autograd_lite.samples import SAMPLES, Const, case
from tests.equations.kinks import KINKS


def rule_name(equation):
    """The operation of a rule in a `vjps`, "" for a line of a function."""
    *_, name, last = equation.place.split(".")
    return name if last == "vjps" else ""


@cache
def rules():
    """(operation, number of the argument) -> equation, for every rule in a `vjps`."""
    found = {}
    for equation in listing():
        name = rule_name(equation)
        if name:
            found[name, sum(n == name for n, _ in found)] = equation
    return found


#: Primitives that an operation of the table is made of.
PARTS = {"join": join, "sign_and_log": sign_and_log}


def row_of(name):
    return PARTS[name] if name in PARTS else TABLE[name]


@cache
def calls(name):
    """(args, options, y, kept, y_bar) for each sample of an operation."""
    found, rng = [], np.random.default_rng(zlib.crc32(name.encode()))
    row = row_of(name)
    for sample in samples(name):
        args = sample.rebuild(sample.args, lambda array: array)
        made = row.forward(*args, **sample.options)
        y, kept = made if row.saves else (made, made)
        found.append((args, sample.options, y, kept, rng.normal(size=np.shape(y))))
    return found


def samples(name):
    if name == "sign_and_log":
        return SAMPLES["slogdet"]
    if name != "join":
        return [*SAMPLES[name], *KINKS.get(name, [])]
    lists = [(c, c.args[0], (*c.args, 0)[1]) for c in SAMPLES["concatenate"]]
    return [
        case(
            *(a.value if isinstance(a, Const) else a for a in arrays),
            axis=c.options.get("axis", axis),
        )
        for c, arrays, axis in lists
        if axis is not None
    ]


# Views: each yields (local variables, lengths of the indices' ranges, the rule's result there).


def elementwise(local, k, result, x):
    """The equation holds for each element, and the engine sums over broadcast axes."""
    yield local, {}, fitted(result, x)


def reduced(local, k, result, x, full=("x",)):
    """One row of x for each number of the result; `full` are the arrays of x's shape."""
    assert np.shape(result) == x.shape
    axis = local.get("axis")
    axes = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
    kept = [a for a in range(x.ndim) if a not in axes]
    n = int(np.prod([x.shape[a] for a in axes], dtype=int))

    def rows(v):
        return np.transpose(np.reshape(v, x.shape), [*kept, *axes]).reshape(-1, n)

    arrays = {
        name: rows(local[name]) if name in full else np.reshape(local[name], -1)
        for name in ("x", "y", "y_bar")
    }
    for r, part in enumerate(rows(result)):
        row = {name: v[r] for name, v in arrays.items()}
        yield {**local, **row}, {"i": n, "j": n}, part


def along(local, k, result, x):
    """One row of x, and of the result, along an axis."""
    return reduced(local, k, result, x, ("x", "y", "y_bar"))


def moved(local, k, result, x, forward=None):
    """The matrix of the operation: its columns are the images of unit arrays."""
    zero = np.ravel(forward(np.zeros_like(x)))
    units = np.eye(x.size).reshape(-1, *x.shape)
    S = np.stack([np.ravel(forward(unit)) - zero for unit in units], axis=1)
    yield {**local, "S": S, "y_bar": np.ravel(local["y_bar"])}, {}, np.ravel(_fit(result, x))


def matrix_product(local, k, result, x):
    """One-dimensional arguments are a row and a column."""
    a, b = np.asarray(local["a"]), np.asarray(local["b"])
    a2, b2 = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    y_bar = np.reshape(local["y_bar"], (a2 @ b2).shape)
    actual = np.reshape(_fit(result, x), (a2, b2)[k].shape)
    yield {**local, "a": a2, "b": b2, "y_bar": y_bar}, {}, actual


def rows_of_cases(local, k, result, x):
    y_bar = np.reshape(local["y_bar"], (-1, local["weight"].shape[0]))
    rows = np.reshape(local["x"], (-1, local["weight"].shape[1]))
    actual = np.reshape(_fit(result, x), rows.shape if k == 0 else x.shape)
    sizes = {"n": len(y_bar), "j": y_bar.shape[1]}
    yield {**local, "x": rows, "y_bar": y_bar}, sizes, actual


def classes(local, k, result, x):
    n, c = x.shape
    yield {**local, "y_bar": np.broadcast_to(local["y_bar"], n)}, {"n": n, "c": c, "j": c}, result


def taken_rows(local, k, result, x):
    indices, depth = np.ravel(local["indices"]), x.shape[1]
    y_bar = np.reshape(local["y_bar"], (-1, depth))
    sizes = {"i": len(indices), "j": len(x), "d": depth}
    yield {**local, "indices": indices, "y_bar": y_bar}, sizes, result


def convolved(local, k, result, x):
    letters = [("ncpq", "kcij"), ("kcij", "nkpq"), ("k", "nkpq")][k]
    other = local["weight"] if k == 0 else local["y_bar"]
    sizes = {
        **dict(zip(letters[1], other.shape, strict=True)),
        **dict(zip(letters[0], x.shape, strict=True)),
    }
    yield local, sizes, result


def pooled(local, k, result, x):
    sizes = dict(zip("ncpq", x.shape, strict=True))
    u, v = local["y_bar"].shape[2:]
    size = local["size"]
    yield local, {**sizes, "i": size, "j": size, "u": u, "v": v}, result


VIEWS = {
    **dict.fromkeys(["sum", "mean", "var", "std", "norm", "prod"], reduced),
    **dict.fromkeys(["max", "min", "logsumexp"], reduced),
    "matmul": matrix_product,
    "linear": rows_of_cases,
    "cross_entropy": classes,
    "cumsum": along,
    "softmax": along,
    "log_softmax": along,
    "embedding": taken_rows,
    "conv2d": convolved,
    "max_pool2d": pooled,
    "avg_pool2d": pooled,
}
MOVES = {
    "reshape",
    "transpose",
    "swapaxes",
    "moveaxis",
    "expand_dims",
    "squeeze",
    "broadcast_to",
    "getitem",
    "pad",
}


def check_rule(name, k, rule=None):
    """Compare a rule, or a mutant of it, with its equation on all samples; return how often."""
    equation, row, evaluated = rules()[name, k], row_of(name), 0
    rule = rule or row.vjps[k]
    symbols = symbols_at(equation.place)
    left, right, _ = split(equation.latex)
    symbol, indices = left_of_rule(left, symbols)
    parameter = list(inspect.signature(row.forward).parameters)[k]
    if symbols.get(symbol) != parameter:
        raise MismatchError(equation, f"the rule belongs to {parameter}")
    for args, options, _, kept, y_bar in calls(name):
        if k >= len(args) or not isinstance(args[k], np.ndarray):
            continue
        bound = inspect.signature(row.vjps[k]).bind(y_bar, kept, *args, **options)
        bound.apply_defaults()
        result = np.asarray(rule(y_bar, kept, *args, **options))
        for local, sizes, part in view(name, args, options, k, bound.arguments, result):
            values = values_at(equation, local, module_of(equation.place).namespace, sizes)
            expected = np.asarray(values.elements(right, indices))
            if view_of(name) is elementwise:
                expected = fitted(expected, args[k], result)
            elif view_of(name) is matrix_product:
                expected = _fit(expected, local[parameter])
            agree(equation, expected, part, rtol=1e-9)
            evaluated += 1
    return evaluated


def fitted(value, x, like=None):
    """A gradient summed over broadcast axes, as the engine does; first in the shape `like`."""
    shape = np.broadcast_shapes(np.shape(value), np.shape(value if like is None else like))
    return _fit(np.broadcast_to(value, shape), x)


def left_of_rule(left, symbols):
    r"""x and its indices, of \bar{x} or \bar{x}_{ij}."""
    barred = {rf"\bar{{{s}}}": s for s in symbols}
    symbol, indices = left_side(left, barred)
    return barred.get(symbol), indices


def view_of(name):
    return moved if name in MOVES else VIEWS.get(name, elementwise)


def view(name, args, options, k, local, result):
    x, local = args[k], dict(local)
    if name in MOVES:

        def forward(unit):
            return TABLE[name].forward(*args[:k], unit, *args[k + 1 :], **options)

        return moved(local, k, result, x, forward)
    return view_of(name)(local, k, result, x)


def check_operands(name, equation, joint=None):
    """Compare the joint rule of `join` or `einsum` with its equation, operand by operand."""
    row, evaluated = row_of(name), 0
    _, right, _ = split(equation.latex)
    for args, options, _, kept, y_bar in calls(name):
        results = (joint or row.joint_vjp)(y_bar, kept, *args, **options)
        for k, x in enumerate(args):
            if isinstance(x, str):
                continue

            def forward(unit, args=args, options=options, k=k):
                return row.forward(*args[:k], unit, *args[k + 1 :], **options)

            for local, _, part in moved({"y_bar": y_bar}, k, results[k], x, forward):
                agree(equation, values_at(equation, local, {}).of(right), part, rtol=1e-9)
                evaluated += 1
    return evaluated


#: Place of a function with equations between its lines -> its operation.
FUNCTIONS = {
    "autograd_lite.ops.network._batch_norm": "batch_norm",
    "autograd_lite.ops.network._layer_norm": "layer_norm",
    "autograd_lite.ops.matrices._solve": "solve",
    "autograd_lite.ops.recurrent.lstm": "lstm",
    "autograd_lite.ops.recurrent._lstm": "lstm",
}
#: Place of a rule for all operands at once -> its operation.
OPERANDS = {
    "autograd_lite.ops.shape._part": "join",
    "autograd_lite.ops.linalg._einsum_joint": "einsum",
}


def check_function(place, mutant=None):
    """Compare the lines of a function on its operation's samples; return how often each ran."""
    traced, evaluated = Traced(place, mutant), Counter()
    for equation in traced.equations:
        check_target(traced, equation)
    for args, options, _, kept, y_bar in calls(FUNCTIONS[place]):
        if place.rpartition(".")[2] == FUNCTIONS[place]:
            (y, _) = traced(*args, **options)
            check_kept(traced, y)
        else:
            made = traced(y_bar, kept, *args, **options)
            [part() for part in made if callable(part)]
        last = traced.notes[0, "return"][0]
        sizes = {
            "n": last["n"] if "n" in last else len(last.get("Z_bar", ())),
            "j": last["Z_bar"].shape[-1] if "Z_bar" in last else 0,
        }
        for equation in traced.equations:
            evaluated[equation] += check_line(traced, equation, sizes, mean_over_axes)
    return evaluated


def check_kept(traced, y):
    """What the LSTM returns is what its lines computed, step by step."""
    after = [notes for (line, when), notes in traced.notes.items() if when == "after" and line]
    kept = {"c": y[-1:], "h": y[:-1]}
    for name, notes in zip("ch", after, strict=False):
        if not np.array_equal(kept[name], [note[name].T for note in notes][-len(kept[name]) :]):
            raise AssertionError(f"{traced.place} returns another {name} than it computed")


def mean_over_axes(local):
    return {
        r"\mathrm{mean}": lambda x: np.mean(x, axis=local["axes"], keepdims=True),
    }
