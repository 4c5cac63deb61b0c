r"""What the symbols of the equations are called in the code: one table.

A row holds where its `where` does: everywhere if that is empty, else in the package, module,
class or function of that name. Of several rows for one symbol the last that holds counts. Any
other letter must be an index, bound by a sum, a product or the left side.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CONVENTIONS", "SYMBOLS", "Symbol", "markdown", "symbols_at"]


class Symbol(NamedTuple):
    """A symbol in LaTeX, its name (or expression) in the code, where that holds, what it is."""

    latex: str
    code: str
    where: str
    what: str


#: How the equations are to be read.
CONVENTIONS = (
    "Products are elementwise; those of matrices (capital letters) are products of matrices.",
    "An update without index holds for every element, with NumPy's broadcasting.",
    r"$[P]$ is 1 where $P$ holds and 0 elsewhere (Iverson's bracket).",
    r"$\leftarrow$ gives a new value to a symbol; on the right stands the old one.",
    "An element at a place that does not exist (outside, or not whole) counts as 0.",
    r"$\bar{x}$ is the gradient of the loss with respect to $x$.",
)

_M, _L, _P = "moments", "learning_rate", "project"

#: The table.
SYMBOLS: tuple[Symbol, ...] = (
    Symbol("t", "t", "", "step, from 1"),
    Symbol("x_t", "x", "algorithm1", "point before the step"),
    Symbol("g_t", "g", "adabound_np", "gradient at x_t"),
    Symbol(r"\hat{x}_{t+1}", "x_hat", "algorithm1", "point before the projection"),
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
    Symbol(r"\alpha_t", "alpha", _L, "step size with bias correction"),
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
    Symbol("b", "h.b", _L, "1 with bias correction, else 0"),
    Symbol("c_1", "c1", _L, "bias correction of the first moment"),
    Symbol("c_2", "c2", _L, "bias correction of the second moment"),
    Symbol(r"\epsilon", "h.eps", "adabound_np", "eps"),
    Symbol(r"\hat{\epsilon}_t", "eps_hat", _L, "eps before the division by bias correction"),
    Symbol(r"\epsilon_r", "h.eps_root", "adabound_np", "eps under the root"),
    Symbol(r"\hat{\eta}_t", "eta_hat", _L, "rate before the schedule"),
    Symbol(r"\eta_t", "eta", "adabound_np", "effective learning rate"),
    Symbol(r"\eta_l(t)", "h.eta_l(t)", "adabound_np", "lower bound"),
    Symbol(r"\eta_u(t)", "h.eta_u(t)", "adabound_np", "upper bound"),
    Symbol("s_t", "h.s(t)", "adabound_np", "schedule of the step size"),
    Symbol(r"\lambda", "h.weight_decay", "algorithm1", "weight decay"),
    Symbol(r"\delta", "h.fixed_decay", "algorithm1", "1 if the decay does not follow lr, else 0"),
    # bounds
    Symbol(r"\eta_l(t)", "return", "eta_l", "lower bound"),
    Symbol(r"\eta_u(t)", "return", "eta_u", "upper bound"),
    Symbol(r"\alpha^*", "self.final_lr", "bounds", "rate of SGD in the end"),
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
    Symbol("s_i", "schedule(i)", "_running_product", "value at step i"),
    Symbol("p_t", "return", "schedules", "product of the values at steps 1 to t"),
    Symbol("p_i", "product", "FromCallable", "product of the first i values"),
    Symbol("p_{i-1}", "product", "FromCallable", "product of the values before"),
    Symbol("c", "self.value", "Constant", "value"),
    Symbol("c", "self.factor", "StepDecay", "factor"),
    Symbol("c", "self.factor", "Scaled", "factor"),
    Symbol("d", "self.decay", "InverseTime", "decay"),
    Symbol("k", "passed", "StepDecay", "number of milestones passed"),
    Symbol(r"\theta", "self.milestones", "StepDecay", "milestones"),
    Symbol(r"\beta_1", "self.value", "schedules", "first value"),
    Symbol(r"\lambda", "self.ratio", "Geometric", "ratio"),
    Symbol("f(t)", "self.function(t)", "FromCallable", "given function"),
    # feasible sets
    Symbol("l", "self.lo", "Box", "lower end"),
    Symbol("u", "self.hi", "Box", "upper end"),
    Symbol("c", "self.center", "L2Ball", "center"),
    Symbol("r", "self.radius", "L2Ball", "radius"),
    Symbol("z", "z", "L2Ball", "point before the projection, from the center"),
    Symbol(r"\| z \|", "return", "_norm", "its norm"),
    Symbol(r"\| z \|", "self._norm(z)", _P, "its norm"),
    Symbol("n", "norm", _P, "norm of z or of w"),
    Symbol("w", "w", "L2Ball", "point after the projection, from the center"),
    Symbol(r"\| w \|", "self._norm(w)", _P, "its norm"),
    Symbol("o", "outside", "L2Ball", "1 if z is outside the ball, else 0"),
    Symbol(r"\eta", "eta", "L2Ball", "effective learning rates, whose inverses weigh the norm"),
    Symbol(r"\lambda", "lam", "L2Ball", "multiplier of the constraint"),
    Symbol(r"\sigma", "slope", "L2Ball", "minus the norm of w times its slope in the multiplier"),
    Symbol(r"\Delta", "rise", "L2Ball", "Newton's step"),
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


def markdown() -> str:
    r"""Return conventions and table in Markdown, the page on notation.

    Examples
    --------
    >>> print(markdown().splitlines()[-1])
    | $\\Delta$ | `rise` | `L2Ball` | Newton's step |
    """
    lines = [f"- {convention}" for convention in CONVENTIONS]
    lines += ["", "| Symbol | In the code | Where | What |", "|---|---|---|---|"]
    for latex, code, where, what in SYMBOLS:
        symbol = latex.replace(r"\|", r"\Vert")  # a bar would end the cell
        place = f"`{where}`" if where else "everywhere"
        lines.append(f"| ${symbol}$ | `{code}` | {place} | {what} |")
    return "\n".join(lines)
