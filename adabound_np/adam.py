r"""Adam ([KB15] Alg. 1; [Luo19] Table 1, column 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Affine, Carry
from adabound_np.checks import Real, flag, power, sqrt, within
from adabound_np.optimizer import Optimizer
from adabound_np.schedules import as_schedule, betas_of

__all__ = ["Adam", "AdamState"]


class AdamState(NamedTuple):
    """t steps taken; m and v, the moving averages of the gradients and of their squares."""

    t: int
    m: Any
    v: Any


class Adam(Optimizer):
    r"""Adam.

    .. math::
        m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t, \qquad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \qquad
        x_{t+1} = \Pi_F\Big(x_t - s_t \alpha
        \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}\Big)

    Parameters
    ----------
    params : iterable or None
        See `Optimizer`, also for `shared`; with ``decoupled_weight_decay=True`` this is AdamW.
    lr : float, default 1e-3
        \alpha > 0.
    betas : pair, default (0.9, 0.999)
        \beta_1 and \beta_2 in [0, 1); \beta_1 may be a Schedule or a callable.
    eps : float, default 1e-8
        \epsilon >= 0, added after bias correction as in [KB15] Algorithm 1 and PyTorch.
    weight_decay : float, default 0
        \lambda >= 0.
    bias_correction : bool, default True
        False leaves m_t and v_t as they are, as [Luo19] and [Reddi18] do. Under a schedule of
        \beta_1 the power \beta_1^t becomes the product of its first t values.
    eps_root : float, default 0
        \epsilon_r >= 0, added to v_t under the root, as in [Reddi18] Theorem 6.

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range.

    Warnings
    --------
    Adam does not always converge, not even on convex problems: ``python -m problems``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0])
    >>> Adam([x], lr=0.1, eps=0.0).step(grads=[2 * x])
    >>> x
    array([2.9, 3.9])
    """

    State: ClassVar[Any] = AdamState
    in_paper: ClassVar[dict[str, Any]] = {
        "schedule": "inv-sqrt",
        "eps": 0.0,
        "bias_correction": False,
    }

    def __init__(
        self,
        params: Iterable[Any] | None = None,
        lr: Real = 1e-3,
        betas: tuple[Any, Real] = (0.9, 0.999),
        eps: Real = 1e-8,
        weight_decay: Real = 0.0,
        *,
        bias_correction: bool = True,
        eps_root: Real = 0.0,
        **shared: Any,
    ) -> None:
        hyperparameters = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "bias_correction": bias_correction,
            "eps_root": eps_root,
        }
        super().__init__(params, hyperparameters, {"weight_decay": weight_decay, **shared})

    @staticmethod
    def symbols(group: dict[str, Any]) -> dict[str, Any]:
        """Check a group's own hyperparameters and return them under the paper's symbols."""
        beta1, beta2 = betas_of(group)
        return {
            "beta1": as_schedule("betas[0]", beta1, "[0, 1)"),
            "beta2": within("betas[1]", beta2, "[0, 1)"),
            "eps": within("eps", group["eps"], "[0, inf)"),
            "eps_root": within("eps_root", group["eps_root"], "[0, inf)"),
            "bias_correction": flag("bias_correction", group["bias_correction"]),
        }

    carries: ClassVar[dict[str, Carry] | None] = {"m": Affine("beta1"), "v": Affine("beta2")}

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, Any]:
        r"""m_t, and v_t, the diagonal of V_t."""
        # \beta_{1t} = \beta_1(t)        [Reddi18 Thm. 4]
        beta1 = h.beta1(t)
        # m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t        [Luo19 Table 1, Adam]
        m = beta1 * s.m + (1 - beta1) * g
        # v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2        [Luo19 Table 1, Adam]
        v = h.beta2 * s.v + (1 - h.beta2) * (g * g)
        return m, AdamState(t, m, v)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t \alpha / \sqrt{v_t}, with bias correction and \epsilon."""
        # c_1 = 1 - b \prod_{i \le t} \beta_{1i}        [KB15 Alg. 1, b = 1; Luo19, b = 0]
        c1 = 1 - h.beta1.product(t) if h.bias_correction else 1.0
        # c_2 = 1 - b \beta_2^t        [KB15 Alg. 1, b = 1; Luo19, b = 0]
        c2 = 1 - power(h.beta2, t) if h.bias_correction else 1.0
        # \tilde{\alpha}_t = \alpha \sqrt{c_2} / c_1        [KB15 Sec. 2]
        alpha_tilde = h.alpha * sqrt(c2) / c1
        # \hat{\epsilon}_t = \epsilon \sqrt{c_2}        [KB15 Sec. 2]
        eps_hat = h.eps * sqrt(c2)
        # \hat{\eta}_t = \tilde{\alpha}_t / (\sqrt{v_t + \epsilon_r} + \hat{\epsilon}_t)
        #                                                       [KB15 Sec. 2, with \epsilon_r = 0]
        eta_hat = alpha_tilde / (np.sqrt(s.v + h.eps_root) + eps_hat)
        # \eta_t = s_t \hat{\eta}_t        [Luo19 Alg. 1, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * eta_hat
        return eta
