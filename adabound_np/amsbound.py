r"""AMSBound ([Luo19] Alg. 3)."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.adabound import AdaBound
from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Affine, Carry, RunningMax
from adabound_np.checks import power, sqrt

__all__ = ["AMSBound", "AMSBoundState"]


class AMSBoundState(NamedTuple):
    r"""t steps taken; m and v as AdaBound's; v_hat, the maximum of all v so far."""

    t: int
    m: Any
    v: Any
    v_hat: Any


class AMSBound(AdaBound):
    r"""AMSBound: AdaBound on the maximum of all v_t so far, as AMSGrad is Adam on it.

    .. math::
        m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t, \quad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \quad
        \hat v_t = \max(\hat v_{t-1}, v_t), \quad
        \eta_t = s_t \,\mathrm{Clip}(\alpha / \sqrt{\hat v_t}, \eta_l(t), \eta_u(t)), \quad
        x_{t+1} = \Pi_F(x_t - \eta_t \odot m_t)

    Constructor, hyperparameters and `as_in_paper` are `AdaBound`'s; \epsilon is added to
    \sqrt{\hat v_t}. With the bounds (c, c) this is SGD with rate c, with (0, inf) AMSGrad.

    Warnings
    --------
    The published regret bound ([Luo19] Thm. 5) is false as stated; [Sav19] repairs it. At the
    defaults \eta_u(1) = 100.1: a first step on a curvature above 0.2 can raise the loss.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0])
    >>> opt = AMSBound([x], lr=1e-3, final_lr=0.1)
    >>> for _ in range(2000):
    ...     opt.step(grads=[2 * x])
    >>> x.round(6) + 0.0
    array([0., 0.])
    """

    State = AMSBoundState
    carries: ClassVar[dict[str, Carry] | None] = {
        "m": Affine("beta1"),
        "v": Affine("beta2"),
        "v_hat": RunningMax(),
    }

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, AMSBoundState]:
        r"""m_t, and \hat v_t, the diagonal of V_t."""
        # \beta_{1t} = \beta_1(t)        [Luo19 Alg. 3, input]
        beta1 = h.beta1(t)
        # m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t        [Luo19 Alg. 3]
        m = beta1 * s.m + (1 - beta1) * g
        # v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2        [Luo19 Alg. 3]
        v = h.beta2 * s.v + (1 - h.beta2) * (g * g)
        # \hat{v}_t = \max(\hat{v}_{t-1}, v_t)        [Luo19 Alg. 3]
        v_hat = np.maximum(s.v_hat, v)
        return m, AMSBoundState(t, m, v, v_hat)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t Clip(\alpha / \sqrt{\hat{v}_t}, \eta_l(t), \eta_u(t)), bias-corrected."""
        # c_1 = 1 - b \prod_{i \le t} \beta_{1i}        [released code, b = 1; Luo19, b = 0]
        c1 = 1 - h.beta1.product(t) if h.bias_correction else 1.0
        # c_2 = 1 - b \beta_2^t        [released code, b = 1; Luo19, b = 0]
        c2 = 1 - power(h.beta2, t) if h.bias_correction else 1.0
        # \tilde{\alpha}_t = \alpha \sqrt{c_2} / c_1        [released code; Luo19: \alpha]
        alpha_tilde = h.alpha * sqrt(c2) / c1
        # \hat{\eta}_t = \mathrm{Clip}(\tilde{\alpha}_t / (\sqrt{\hat{v}_t} + \epsilon),
        #     \eta_l(t), \eta_u(t))        [Luo19 Alg. 3, with \epsilon = 0 and b = 0]
        eta_hat = np.clip(alpha_tilde / (np.sqrt(s.v_hat) + h.eps), h.eta_l(t), h.eta_u(t))
        # \eta_t = s_t \hat{\eta}_t        [Luo19 Alg. 3, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * eta_hat
        return eta
