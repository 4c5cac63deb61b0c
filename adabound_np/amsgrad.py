r"""AMSGrad ([Reddi18] Alg. 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Affine, Carry, RunningMax
from adabound_np.checks import Real, flag, power, sqrt, within
from adabound_np.optimizer import Optimizer
from adabound_np.schedules import as_schedule, betas_of

__all__ = ["AMSGrad", "AMSGradState"]


class AMSGradState(NamedTuple):
    r"""t steps taken; m and v as Adam's; v_hat, the maximum of all v so far."""

    t: int
    m: Any
    v: Any
    v_hat: Any


class AMSGrad(Optimizer):
    r"""AMSGrad: Adam whose V_t never falls, so that the rate never rises.

    .. math::
        m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t, \quad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \quad
        \hat v_t = \max(\hat v_{t-1}, v_t), \quad
        x_{t+1} = \Pi_F(x_t - s_t \alpha m_t / \sqrt{\hat v_t})

    Parameters
    ----------
    params : iterable or None
        See `Optimizer`, also for `shared`.
    lr : float, default 1e-3
        \alpha > 0.
    betas : pair, default (0.9, 0.999)
        \beta_1 and \beta_2 in [0, 1); \beta_1 may be a Schedule or a callable.
    eps : float, default 1e-8
        \epsilon >= 0, added to \sqrt{\hat v_t / (1 - \beta_2^t)}.
    weight_decay : float, default 0
        \lambda >= 0.
    bias_correction : bool, default True
        As PyTorch's ``Adam(amsgrad=True)``: the maximum is taken of the uncorrected v, and
        corrected then. The theory has none (False).
    eps_root : float, default 0
        \epsilon_r >= 0, added to \hat v_t under the root, as in [Reddi18] Theorem 6.

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0])
    >>> AMSGrad([x], lr=0.1, eps=0.0).step(grads=[2 * x])
    >>> x
    array([2.9, 3.9])
    """

    State = AMSGradState
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
            "b": flag("bias_correction", group["bias_correction"]),
        }

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
        r"""\eta_t = s_t \alpha_t / (\sqrt{\hat v_t} + \hat\epsilon_t)."""
        # c_1 = 1 - b \prod_{i \le t} \beta_{1i}        [torch.optim.Adam, b = 1; Reddi18, b = 0]
        c1 = 1 - (h.b and h.beta1.product(t))
        # c_2 = 1 - b \beta_2^t        [torch.optim.Adam, b = 1; Reddi18, b = 0]
        c2 = 1 - (h.b and power(h.beta2, t))
        # \alpha_t = \alpha \sqrt{c_2} / c_1        [KB15 Sec. 2]
        alpha = h.alpha * sqrt(c2) / c1
        # \hat{\epsilon}_t = \epsilon \sqrt{c_2}        [KB15 Sec. 2]
        eps_hat = h.eps * sqrt(c2)
        # \hat{\eta}_t = \alpha_t / (\sqrt{\hat{v}_t + \epsilon_r} + \hat{\epsilon}_t)
        #                                                                 [Reddi18 Alg. 2]
        eta_hat = alpha / (np.sqrt(s.v_hat + h.eps_root) + eps_hat)
        # \eta_t = s_t \hat{\eta}_t        [Reddi18 Alg. 2]
        eta = h.schedule(t) * eta_hat
        return eta
