r"""AMSGrad ([Reddi18] Alg. 2)."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.adam import Adam
from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Affine, Carry, RunningMax
from adabound_np.checks import power, sqrt

__all__ = ["AMSGrad", "AMSGradState"]


class AMSGradState(NamedTuple):
    r"""t steps taken; m and v as Adam's; v_hat, the maximum of all v so far."""

    t: int
    m: Any
    v: Any
    v_hat: Any


class AMSGrad(Adam):
    r"""AMSGrad: Adam whose V_t never falls, so that the rate never rises.

    .. math::
        m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t, \quad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \quad
        \hat v_t = \max(\hat v_{t-1}, v_t), \quad
        x_{t+1} = \Pi_F(x_t - s_t \alpha m_t / \sqrt{\hat v_t})

    Constructor and hyperparameters are `Adam`'s. With ``bias_correction=True`` this is
    PyTorch's ``Adam(amsgrad=True)``: the maximum is taken of the uncorrected v, and corrected
    then; \epsilon is added to \sqrt{\hat v_t / (1 - \beta_2^t)}. The theory has neither.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0])
    >>> AMSGrad([x], lr=0.1, eps=0.0).step(grads=[2 * x])
    >>> x
    array([2.9, 3.9])
    """

    State = AMSGradState
    carries: ClassVar[dict[str, Carry] | None] = {
        "m": Affine("beta1"),
        "v": Affine("beta2"),
        "v_hat": RunningMax(),
    }

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, AMSGradState]:
        r"""m_t, and \hat v_t, the diagonal of V_t."""
        # \beta_{1t} = \beta_1(t)        [Reddi18 Alg. 2, input]
        beta1 = h.beta1(t)
        # m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t        [Reddi18 Alg. 2]
        m = beta1 * s.m + (1 - beta1) * g
        # v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2        [Reddi18 Alg. 2]
        v = h.beta2 * s.v + (1 - h.beta2) * (g * g)
        # \hat{v}_t = \max(\hat{v}_{t-1}, v_t)        [Reddi18 Alg. 2]
        v_hat = np.maximum(s.v_hat, v)
        return m, AMSGradState(t, m, v, v_hat)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t \alpha / \sqrt{\hat{v}_t}, with bias correction and \epsilon."""
        # c_1 = 1 - b \prod_{i \le t} \beta_{1i}        [torch.optim.Adam, b = 1; Reddi18, b = 0]
        c1 = 1 - h.beta1.product(t) if h.bias_correction else 1.0
        # c_2 = 1 - b \beta_2^t        [torch.optim.Adam, b = 1; Reddi18, b = 0]
        c2 = 1 - power(h.beta2, t) if h.bias_correction else 1.0
        # \tilde{\alpha}_t = \alpha \sqrt{c_2} / c_1        [KB15 Sec. 2]
        alpha_tilde = h.alpha * sqrt(c2) / c1
        # \hat{\epsilon}_t = \epsilon \sqrt{c_2}        [KB15 Sec. 2]
        eps_hat = h.eps * sqrt(c2)
        # \hat{\eta}_t = \tilde{\alpha}_t / (\sqrt{\hat{v}_t + \epsilon_r} + \hat{\epsilon}_t)
        #                                [Reddi18 Alg. 2, with \epsilon = \epsilon_r = 0 and b = 0]
        eta_hat = alpha_tilde / (np.sqrt(s.v_hat + h.eps_root) + eps_hat)
        # \eta_t = s_t \hat{\eta}_t        [Reddi18 Alg. 2, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * eta_hat
        return eta
