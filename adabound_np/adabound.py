r"""AdaBound ([Luo19] Alg. 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.algorithm import Hyperparameters
from adabound_np.bounds import as_bounds
from adabound_np.carries import Affine, Carry
from adabound_np.checks import Real, flag, power, sqrt, within
from adabound_np.optimizer import Optimizer
from adabound_np.schedules import as_schedule, betas_of

__all__ = ["AdaBound", "AdaBoundState"]


class AdaBoundState(NamedTuple):
    """t steps taken; m and v, the moving averages of the gradients and of their squares."""

    t: int
    m: Any
    v: Any


class AdaBound(Optimizer):
    r"""AdaBound: Adam whose rate is clipped to bounds that close on SGD's.

    .. math::
        m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t, \qquad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \qquad
        \eta_t = s_t \,\mathrm{Clip}(\alpha / \sqrt{v_t}, \eta_l(t), \eta_u(t)), \qquad
        x_{t+1} = \Pi_F(x_t - \eta_t \odot m_t)

    The constructor's defaults are the released code's: s_t = 1, bias correction inside the
    clip, \epsilon added to \sqrt{v_t}. `as_in_paper` sets s_t = 1/\sqrt{t}, no bias correction,
    \epsilon = 0 and the paper's \gamma = 1 - \beta_2. The formula is the same.

    Parameters
    ----------
    params : iterable or None
        See `Optimizer`, also for `shared`.
    lr : float, default 1e-3
        \alpha > 0, Adam's step size.
    betas : pair, default (0.9, 0.999)
        \beta_1 and \beta_2 in [0, 1); \beta_1 may be a Schedule or a callable.
    final_lr : float, default 0.1
        \alpha^* > 0, the rate of SGD on which the bounds close.
    gamma : float or None, default 1e-3
        \gamma > 0, the speed at which they close, per step; None for 1 - \beta_2.
    eps : float, default 1e-8
        \hat\epsilon >= 0, added to \sqrt{v_t} before bias correction, as in the released code;
        `Adam` adds its \epsilon after it.
    weight_decay : float, default 0
        \lambda >= 0.
    bounds : None, pair, or Bounds, default None
        Other bounds instead of those made of `final_lr` and `gamma`: a pair (\eta_l, \eta_u) of
        numbers or functions of t, or an object of `adabound_np.bounds`. (c, c) is SGD with rate
        c, (0, inf) is Adam.
    bias_correction : bool, default True
        Whether \alpha is multiplied by \sqrt{1 - \beta_2^t} / (1 - \beta_1^t).

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range, or \eta_l(t) > \eta_u(t).

    Warnings
    --------
    The published regret bound ([Luo19] Thm. 4) is false as stated; [Sav19] repairs it. At the
    defaults \eta_u(1) = 100.1: a first step on a curvature above 0.2 can raise the loss.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0])
    >>> opt = AdaBound([x], lr=1e-3, final_lr=0.1)
    >>> for _ in range(2000):
    ...     opt.step(grads=[2 * x])
    >>> x.round(6) + 0.0
    array([0., 0.])
    """

    State: ClassVar[Any] = AdaBoundState
    in_paper: ClassVar[dict[str, Any]] = {
        "schedule": "inv-sqrt",
        "eps": 0.0,
        "bias_correction": False,
        "gamma": None,
    }

    def __init__(
        self,
        params: Iterable[Any] | None = None,
        lr: Real = 1e-3,
        betas: tuple[Any, Real] = (0.9, 0.999),
        final_lr: Real = 0.1,
        gamma: Real | None = 1e-3,
        eps: Real = 1e-8,
        weight_decay: Real = 0.0,
        *,
        bounds: Any = None,
        bias_correction: bool = True,
        **shared: Any,
    ) -> None:
        hyperparameters = {
            "lr": lr,
            "betas": betas,
            "final_lr": final_lr,
            "gamma": gamma,
            "eps": eps,
            "bounds": bounds,
            "bias_correction": bias_correction,
        }
        super().__init__(params, hyperparameters, {"weight_decay": weight_decay, **shared})

    @staticmethod
    def symbols(group: dict[str, Any]) -> dict[str, Any]:
        """Check a group's own hyperparameters and return them under the paper's symbols."""
        beta1, beta2 = betas_of(group)
        beta2 = within("betas[1]", beta2, "[0, 1)")
        gamma = 1 - beta2 if group["gamma"] is None else group["gamma"]
        bounds = as_bounds(group["bounds"], group["final_lr"], gamma)
        return {
            "beta1": as_schedule("betas[0]", beta1, "[0, 1)"),
            "beta2": beta2,
            "eta_l": bounds.eta_l,
            "eta_u": bounds.eta_u,
            "eps": within("eps", group["eps"], "[0, inf)"),
            "bias_correction": flag("bias_correction", group["bias_correction"]),
        }

    carries: ClassVar[dict[str, Carry] | None] = {"m": Affine("beta1"), "v": Affine("beta2")}

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, Any]:
        r"""m_t, and v_t, the diagonal of V_t."""
        # \beta_{1t} = \beta_1(t)        [Luo19 Alg. 2, input]
        beta1 = h.beta1(t)
        # m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t        [Luo19 Alg. 2]
        m = beta1 * s.m + (1 - beta1) * g
        # v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2        [Luo19 Alg. 2]
        v = h.beta2 * s.v + (1 - h.beta2) * (g * g)
        return m, AdaBoundState(t, m, v)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t Clip(\alpha / \sqrt{v_t}, \eta_l(t), \eta_u(t)), with bias correction."""
        # c_1 = 1 - b \prod_{i \le t} \beta_{1i}        [released code, b = 1; Luo19, b = 0]
        c1 = 1 - h.beta1.product(t) if h.bias_correction else 1.0
        # c_2 = 1 - b \beta_2^t        [released code, b = 1; Luo19, b = 0]
        c2 = 1 - power(h.beta2, t) if h.bias_correction else 1.0
        # \tilde{\alpha}_t = \alpha \sqrt{c_2} / c_1        [released code; Luo19: \alpha]
        alpha_tilde = h.alpha * sqrt(c2) / c1
        # \hat{\eta}_t = \mathrm{Clip}(\tilde{\alpha}_t / (\sqrt{v_t} + \epsilon),
        #     \eta_l(t), \eta_u(t))        [Luo19 Alg. 2, with \epsilon = 0 and b = 0]
        eta_hat = np.clip(alpha_tilde / (np.sqrt(s.v) + h.eps), h.eta_l(t), h.eta_u(t))
        # \eta_t = s_t \hat{\eta}_t        [Luo19 Alg. 2, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * eta_hat
        return eta
