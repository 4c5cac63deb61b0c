r"""What the symbols of the equations are called in the code: one table.

A row holds where its `where` does: everywhere if that is empty, else in the package, module,
class or function of that name. Of several rows for one symbol the last that holds counts. Any
other letter must be an index, bound by a sum, a product or the left side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from problems.reading.equations import Equation

__all__ = ["SYMBOLS", "Symbol", "markdown", "symbols_at", "symbols_in"]


class Symbol(NamedTuple):
    """A symbol in LaTeX, its name (or expression) in the code, where that holds, what it is."""

    latex: str
    code: str
    where: str
    what: str


_M, _L, _P = "moments", "learning_rate", "project"

#: The table.
SYMBOLS: tuple[Symbol, ...] = (
    Symbol("t", "t", "adabound_np", "step, from 1"),
    Symbol("x_t", "x", "algorithm", "point before the step"),
    Symbol("g_t", "g", "adabound_np", "gradient at x_t"),
    Symbol(r"\hat{x}_{t+1}", "x_hat", "algorithm", "point before the projection"),
    Symbol(r"\hat{x}_{t+1}", "y", _P, "the same, to be projected"),
    Symbol("x_{t+1}", "return", "move", "point after the step"),
    Symbol("x_{t+1}", "return", _P, "point after the projection"),
    Symbol("m_t", "m", "adabound_np", "first moment"),
    Symbol("m_{t-1}", "s.m", _M, "its last value, from the state"),
    Symbol("b_t", "b", _M, "momentum buffer"),
    Symbol("b_{t-1}", "s.b", _M, "its last value"),
    Symbol("v_t", "v", _M, "second moment"),
    Symbol("v_t", "s.v", _L, "second moment, from the new state"),
    Symbol("v_{t-1}", "s.v", _M, "its last value"),
    Symbol(r"\hat{v}_t", "v_hat", _M, "its running maximum"),
    Symbol(r"\hat{v}_t", "s.v_hat", _L, "running maximum, from the new state"),
    Symbol(r"\hat{v}_{t-1}", "s.v_hat", _M, "its last value"),
    Symbol("G_t", "G", _M, "sum of the squared gradients"),
    Symbol("G_t", "s.G", _L, "sum of the squared gradients, from the new state"),
    Symbol("G_{t-1}", "s.G", _M, "its last value"),
    Symbol("V_t", "V", _L, "diagonal of the matrix V_t"),
    Symbol(r"\alpha", "h.alpha", "adabound_np", "initial step size, lr"),
    Symbol(r"\tilde{\alpha}_t", "alpha_tilde", _L, "step size with bias correction"),
    Symbol(r"\beta_1(t)", "h.beta1(t)", "adabound_np", "schedule of beta1"),
    Symbol(r"\beta_{1t}", "beta1", _M, "its value at step t"),
    Symbol(r"\beta_{1i}", "h.beta1(i)", _L, "its value at step i"),
    Symbol(r"\beta_2", "h.beta2", "adabound_np", "decay of the second moment"),
    Symbol(r"\beta_2(t)", "h.beta2(t)", "adamnc", "schedule of beta2"),
    Symbol(r"\beta_{2t}", "beta2", _M, "its value at step t"),
    Symbol(r"\beta(t)", "h.beta(t)", "csgd", "schedule of the momentum"),
    Symbol(r"\beta_t", "beta", _M, "its value at step t"),
    Symbol(r"\beta_i", "h.beta(i)", _L, "its value at step i"),
    Symbol(r"\gamma(t)", "h.gamma(t)", "sgd", "schedule of the momentum"),
    Symbol(r"\gamma_t", "gamma", _M, "its value at step t"),
    Symbol(r"\tau", "h.tau", _M, "dampening"),
    Symbol(r"\tau_t", "tau", _M, "dampening at step t"),
    Symbol(r"\nu", "h.nesterov", _M, "1 with Nesterov's look-ahead, else 0"),
    Symbol(r"\delta_1", "h.dampen_first_step", _M, "1 if the first step is dampened, else 0"),
    Symbol("a", "h.average", "adagrad", "1 for the mean of the squares, 0 for their sum"),
    Symbol("b", "h.bias_correction", _L, "1 with bias correction, else 0"),
    Symbol("c_1", "c1", _L, "bias correction of the first moment"),
    Symbol("c_2", "c2", _L, "bias correction of the second moment"),
    Symbol(r"\epsilon", "h.eps", "adabound_np", "eps"),
    Symbol(r"\hat{\epsilon}_t", "eps_hat", _L, "eps before the division by bias correction"),
    Symbol(r"\epsilon_r", "h.eps_root", "adabound_np", "eps under the root"),
    Symbol(r"\hat{\eta}_t", "eta_hat", _L, "rate before the schedule"),
    Symbol(r"\eta_t", "eta", "adabound_np", "effective learning rate"),
    Symbol(r"\eta_l(t)", "h.eta_l(t)", "adabound_np", "lower bound"),
    Symbol(r"\eta_u(t)", "h.eta_u(t)", "adabound_np", "upper bound"),
    Symbol("s_t", "h.schedule(t)", "adabound_np", "schedule of the step size"),
    Symbol(r"\lambda", "h.weight_decay", "algorithm", "weight decay"),
    Symbol(r"\delta", "h.fixed_decay", "algorithm", "1 if the decay does not follow lr, else 0"),
    # bounds
    Symbol(r"\eta_l(t)", "return", "eta_l", "lower bound"),
    Symbol(r"\eta_u(t)", "return", "eta_u", "upper bound"),
    Symbol(r"\alpha^*", "self.final_lr", "bounds", "rate of SGD on which the bounds close"),
    Symbol(r"\gamma", "self.gamma", "bounds", "speed of the bounds"),
    Symbol(r"\alpha", "self.alpha", "SavareseBounds", "initial step size"),
    Symbol(r"\beta_2", "self.beta2", "SavareseBounds", "decay of the second moment"),
    Symbol("C", "self.C", "SavareseBounds", "slope of every third step"),
    Symbol("K", "self.K", "SavareseBounds", "steps for which the upper bound stays open"),
    Symbol("l(t)", "self.lower(t)", "PairOfBounds", "given lower bound"),
    Symbol("u(t)", "self.upper(t)", "PairOfBounds", "given upper bound"),
    # schedules
    Symbol("s_t", "return", "__call__", "value at step t"),
    Symbol("s'_t", "return", "Scaled", "value at step t, scaled"),
    Symbol("s_t", "self.schedule(t)", "Scaled", "value at step t, before"),
    Symbol(r"\beta_{1t}", "return", "__call__", "value at step t"),
    Symbol(r"\beta_{2t}", "return", "__call__", "value at step t"),
    Symbol("s_i", "self(i)", "product", "value at step i"),
    Symbol("s_i", "self.schedule(i)", "Scaled", "value at step i, before"),
    Symbol("p_t", "return", "schedules", "product of the values at steps 1 to t"),
    Symbol("p_i", "product", "RunningProduct", "product of the first i values"),
    Symbol("p_{i-1}", "product", "RunningProduct", "product of the values before"),
    Symbol("c", "self.value", "Constant", "value"),
    Symbol("c", "self.factor", "StepDecay", "factor"),
    Symbol("c", "self.factor", "Scaled", "factor"),
    Symbol("d", "self.decay", "InverseTime", "decay"),
    Symbol("k", "passed", "StepDecay", "number of milestones passed"),
    Symbol("K_t", "K", "StepDecay", "sum of k over the first t steps"),
    Symbol(r"\theta", "self.milestones", "StepDecay", "milestones"),
    Symbol(r"\beta_1", "self.value", "schedules", "first value"),
    Symbol(r"\lambda", "self.ratio", "Geometric", "ratio"),
    Symbol("f(t)", "self.function(t)", "FromCallable", "given function"),
    # annealing
    Symbol("s_t", "s", "JoinedSchedules", "value at step t"),
    Symbol("u", "u", "annealing", "share of the way done"),
    Symbol(r"\pi", "np.pi", "annealing", "half a turn"),
    Symbol("n", "self.transition_steps", "LinearSchedule", "number of steps"),
    Symbol("n", "self.decay_steps", "CosineDecaySchedule", "number of steps"),
    Symbol("a", "self.init_value", "LinearSchedule", "first value"),
    Symbol("b", "self.end_value", "LinearSchedule", "last value"),
    Symbol("a", "self.alpha", "CosineDecaySchedule", "last value"),
    Symbol("c", "c", "CosineDecaySchedule", "cosine, from 1 to 0"),
    Symbol("b", "start", "JoinedSchedules", "boundary"),
    Symbol("g(t)", "self.schedules[0](t)", "JoinedSchedules", "first schedule"),
    Symbol("h_t", "later", "JoinedSchedules", "value of the next schedule"),
    Symbol(
        r"h(\max(t - b, 1))",
        "schedule(np.maximum(t - start, 1))",
        "JoinedSchedules",
        "next schedule, counting from its boundary",
    ),
    # feasible sets
    Symbol("l", "self.lo", "Box", "lower end"),
    Symbol("u", "self.hi", "Box", "upper end"),
    Symbol("c", "self.center", "L2Ball", "center"),
    Symbol("r", "self.radius", "L2Ball", "radius"),
    Symbol("z", "z", "L2Ball", "point before the projection, from the center"),
    Symbol("M", "largest", "_norm", "largest of its elements, without sign"),
    Symbol("u", "unit", "_norm", "largest power of 2 up to M"),
    Symbol(r"\| u z \|", "return", "_norm", "norm of z before its division by u"),
    Symbol(r"\| z \|", "self._norm(z)", _P, "its norm"),
    Symbol("n", "norm", _P, "norm of z or of w"),
    Symbol("q", "q", _P, "w by its norm"),
    Symbol("w", "w", "L2Ball", "point after the projection, from the center"),
    Symbol(r"\| w \|", "self._norm(w)", _P, "its norm"),
    Symbol("o", "outside", "L2Ball", "1 if z is outside the ball, else 0"),
    Symbol(r"\eta", "eta", "L2Ball", "effective learning rates, whose inverses weigh the norm"),
    Symbol(r"\lambda", "lam", "L2Ball", "multiplier of the constraint"),
    Symbol(r"\sigma", "slope", "L2Ball", "minus the relative slope of the norm in the multiplier"),
    Symbol(r"\Delta", "rise", "L2Ball", "Newton's step"),
    # autograd_lite
    Symbol(r"\bar{y}", "y_bar", "ops", "gradient with respect to the result"),
    Symbol("y", "y", "ops", "result"),
    Symbol("x", "x", "ops", "argument"),
    Symbol("a", "a", "ops", "first argument"),
    Symbol("b", "b", "ops", "second argument"),
    Symbol("S", "S", "ops", "matrix of an operation that is linear in its argument"),
    Symbol("l", "-np.inf if a_min is None else a_min", "clip", "lower end"),
    Symbol("h", "np.inf if a_max is None else a_max", "clip", "upper end"),
    Symbol("s", "slope", "leaky_relu", "slope where x is negative"),
    Symbol("c", "condition", "where", "condition"),
    Symbol("m", "mask", "dropout", "0 for what was dropped, 1/(1 - p) for the rest"),
    Symbol("w", "weight", "embedding", "table of vectors"),
    Symbol("k", "indices", "embedding", "indices of the rows taken"),
    Symbol("n", "x.size", "reduce", "number of elements reduced to one"),
    Symbol(r"\mu", "np.mean(x)", "reduce", "their mean"),
    Symbol("d", "ddof", "var", "delta degrees of freedom"),
    Symbol("d", "ddof", "std", "delta degrees of freedom"),
    Symbol(r"\pi", "np.pi", "gelu", "half a turn"),
    Symbol("t", "target", "losses", "target"),
    Symbol("n", "np.size(x) if reduction == 'mean' else 1", "losses", "number averaged over"),
    Symbol("x", "logits", "cross_entropy", "logits, a row for each case"),
    Symbol("t", "labels", "cross_entropy", "labels"),
    Symbol("s", "label_smoothing", "cross_entropy", "share of the target spread over all classes"),
    Symbol("p", "np.exp(log_p)", "cross_entropy", "softmax of the logits"),
    Symbol("C", "logits.shape[1]", "cross_entropy", "number of classes"),
    Symbol(
        "w",
        "np.asarray(of_classes.get('weight', np.ones(logits.shape[1])))",
        "cross_entropy",
        "weights of the classes",
    ),
    Symbol(
        "u",
        "(labels != of_classes.get('ignore_index', -100)) * 1",
        "cross_entropy",
        "0 for what is ignored, else 1",
    ),
    Symbol(
        "N",
        "np.sum((labels != of_classes.get('ignore_index', -100)) * np.take("
        "of_classes.get('weight', np.ones(logits.shape[1])), labels, mode='clip')) "
        "if reduction == 'mean' else 1",
        "cross_entropy",
        "sum of the weights averaged over",
    ),
    Symbol("A", "a", "matmul", "left matrix"),
    Symbol("B", "b", "matmul", "right matrix"),
    Symbol("A", "a", "matrices", "matrix"),
    Symbol("Y", "y", "matrices", "result"),
    Symbol("A^{-T}", "np.swapaxes(np.linalg.inv(a), -1, -2)", "matrices", "transposed inverse"),
    Symbol(r"\bar{Y}", "y_bar", "matrices", "gradient with respect to the result"),
    Symbol(r"\bar{A}", "a_bar", "_solve", "gradient with respect to the matrix"),
    Symbol(r"\bar{B}", "b_bar", "_solve", "gradient with respect to the right side"),
    Symbol(
        r"\bar{l}",
        "y_bar[1][..., None, None] * np.eye(a.shape[-1])",
        "sign_and_log",
        "gradient with respect to the logarithm",
    ),
    Symbol("L", "y", "cholesky", "lower triangular factor"),
    Symbol("L^{-1}", "np.linalg.inv(y)", "cholesky", "its inverse"),
    Symbol("L^{-T}", "np.swapaxes(np.linalg.inv(y), -1, -2)", "cholesky", "transposed inverse"),
    Symbol(r"\bar{L}", "y_bar", "cholesky", "gradient with respect to the factor"),
    Symbol("X", "x", "linear", "argument, a row for each case"),
    Symbol("W", "weight", "linear", "weights"),
    Symbol("b", "bias", "linear", "bias"),
    Symbol(r"\bar{Y}", "y_bar", "linalg", "gradient with respect to the result"),
    Symbol("w", "weight", "conv2d", "kernels"),
    Symbol("b", "bias", "conv2d", "bias"),
    Symbol("s", "stride", "conv2d", "stride"),
    Symbol("P", "padding", "convolution", "margin of zeros"),
    Symbol("k", "size", "max_pool2d", "length of a window's side"),
    Symbol("k", "size", "avg_pool2d", "length of a window's side"),
    Symbol("s", "stride or size", "max_pool2d", "stride"),
    Symbol("s", "stride or size", "avg_pool2d", "stride"),
    Symbol("a", "channels_first(winner)", "max_pool2d", "place of the maximum in its window"),
    Symbol(r"\hat{x}", "x_hat", "network", "normalised argument"),
    Symbol("w", "weight", "_batch_norm", "weights, one per channel"),
    Symbol("w", "weight", "_layer_norm", "weights"),
    Symbol(r"\sigma", "1 / inv_std", "network", "standard deviation"),
    Symbol("N", "n", "_batch_norm", "number of values per channel"),
    Symbol(r"\bar{y}", "y_rows", "_batch_norm", "gradient, channels last"),
    Symbol(r"\bar{y}_n", "y_rows.reshape(-1, y_rows.shape[-1])[n]", "_batch_norm", "its n-th row"),
    Symbol(r"\hat{x}_n", "x_hat.reshape(-1, x_hat.shape[-1])[n]", "_batch_norm", "its n-th row"),
    Symbol(r"\bar{u}", "x_hat_bar", "_layer_norm", "gradient with respect to the normalised x"),
    Symbol("a", "a", "_layer_norm", "mean of that gradient"),
    Symbol("b", "b", "_layer_norm", "mean of its product with the normalised x"),
    Symbol(r"\bar{x}", "x_bar", "network", "gradient with respect to the argument"),
    Symbol(r"\bar{w}", "w_bar", "network", "gradient with respect to the weights"),
    Symbol(r"\bar{b}", "b_bar", "network", "gradient with respect to the bias"),
    Symbol("i", "i", "recurrent", "input gate"),
    Symbol("f", "f", "recurrent", "forget gate"),
    Symbol("g", "g", "recurrent", "new content"),
    Symbol("o", "o", "recurrent", "output gate"),
    Symbol("c_t", "c", "lstm", "cell"),
    Symbol("c_{t-1}", "c", "lstm", "cell, before its line"),
    Symbol("h_t", "h", "lstm", "output"),
    Symbol("c_{t-1}", "c_before", "_lstm", "cell of the step before"),
    Symbol(r"\tanh(c_t)", "tanh_c", "_lstm", "tanh of the cell"),
    Symbol("h'", "h_to_c", "_lstm", "slope of the output in the cell"),
    Symbol(r"\bar{y}_t", "y_bar[t].T", "_lstm", "gradient with respect to the output"),
    Symbol(r"\bar{h}", "h_bar", "_lstm", "gradient of all later steps' losses in the output"),
    Symbol(r"\bar{c}", "c_bar", "_lstm", "gradient of all later steps' losses in the cell"),
    Symbol(r"\bar{z}^i", "z_bar[0]", "_lstm", "gradient with respect to the input gate's z"),
    Symbol(r"\bar{z}^f", "z_bar[1]", "_lstm", "gradient with respect to the forget gate's z"),
    Symbol(r"\bar{z}^o", "z_bar[2]", "_lstm", "gradient with respect to the output gate's z"),
    Symbol(r"\bar{z}^g", "z_bar[3]", "_lstm", "gradient with respect to the content's z"),
    Symbol(r"\bar{z}", "z_bar.reshape(-1, z_bar.shape[-1])", "_lstm", "all four, as a matrix"),
    Symbol(r"\bar{Z}", "Z_bar", "_lstm", "the same for all steps, a row for each"),
    Symbol("X", "x.reshape(-1, x.shape[-1])", "_lstm", "inputs, a row for each step"),
    Symbol("H_0", "h_before", "_lstm", "outputs of the steps before, a row for each"),
    Symbol("W_{ih}", "w_ih", "_lstm", "weights of the inputs"),
    Symbol("W_{hh}", "w_hh", "_lstm", "weights of the last outputs"),
    Symbol(r"\bar{W}_{ih}", "w_ih_bar", "_lstm", "gradient with respect to them"),
    Symbol(r"\bar{W}_{hh}", "w_hh_bar", "_lstm", "gradient with respect to them"),
    Symbol(r"\bar{b}", "b_bar", "_lstm", "gradient with respect to the bias"),
    Symbol(r"\bar{X}", "return", "_lstm", "gradient with respect to the inputs"),
    Symbol(r"\bar{x}", "return", "linalg", "gradient with respect to an operand"),
    Symbol(r"\bar{x}", "return", "_part", "gradient with respect to an array"),
)


def symbols_at(place: str) -> dict[str, str]:
    """Return LaTeX -> code at a place such as ``adabound_np.adam.Adam.moments``.

    Examples
    --------
    >>> symbols_at("adabound_np.adam.Adam.moments")["v_t"]
    'v'
    >>> symbols_at("adabound_np.adam.Adam.learning_rate")["v_t"]
    's.v'
    """
    parts = {"", *place.split(".")}
    return {row.latex: row.code for row in SYMBOLS if row.where in parts}


def _tokens(latex: str) -> str:
    """LaTeX as commands and single characters, with a space between two."""
    return " ".join(re.findall(r"\\[A-Za-z]+|\\.|\S", latex))


def symbols_in(equations: Iterable[Equation]) -> list[Symbol]:
    """The rows of the table that some equations need, in the table's order.

    Examples
    --------
    >>> from problems.reading.equations import listing
    >>> [s.code for s in symbols_in(e for e in listing() if "InvSqrt.__call__" in e.place)]
    ['t', 'return']
    """
    needed = set()
    for equation in equations:
        parts = {"", *equation.place.split(".")}
        holding = {row.latex: row for row in SYMBOLS if row.where in parts}  # the last row counts
        written = f" {_tokens(equation.latex)} "
        needed |= {row for latex, row in holding.items() if f" {_tokens(latex)} " in written}
    return [row for row in SYMBOLS if row in needed]


def markdown(symbols: Iterable[Symbol]) -> str:
    r"""Return a table in Markdown, a row for each symbol with its names in the code.

    Examples
    --------
    >>> print(markdown(SYMBOLS[:1]))
    | Symbol | Meaning | In the code |
    |---|---|---|
    | $t$ | step, from 1 | `t` |
    """
    rows: dict[str, list[Symbol]] = {}
    for symbol in symbols:
        rows.setdefault(symbol.latex, []).append(symbol)
    lines = ["| Symbol | Meaning | In the code |", "|---|---|---|"]
    for latex, found in rows.items():
        written = latex.replace(r"\|", r"\Vert")  # a bar would end the cell
        codes: dict[tuple[str, str], list[str]] = {}
        for _, code, where, what in found:
            codes.setdefault((code, what), []).append(f"`{where}`")
        names = "; ".join(
            f"`{code}`"
            + (f" in {', '.join(places)}" if len(codes) > 1 else "")
            + (f" ({what})" if what != found[0].what else "")
            for (code, what), places in codes.items()
        )
        lines.append(f"| ${written}$ | {found[0].what} | {names} |")
    return "\n".join(lines)
