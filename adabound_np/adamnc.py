r"""AdamNC: Adam whose \beta_2 grows with t ([Reddi18] Alg. 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Affine, Carry
from adabound_np.checks import Real, within
from adabound_np.optimizer import Optimizer
from adabound_np.schedules import OneMinusInverse, as_schedule, betas_of

__all__ = ["AdamNC", "AdamNCState"]


class AdamNCState(NamedTuple):
    """t steps taken; m and v, the averages of the gradients and of their squares."""

    t: int
    m: Any
    v: Any


class AdamNC(Optimizer):
    r"""AdamNC, which converges since old gradients are not forgotten.

    .. math::
        m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t, \qquad
        v_t = \beta_{2t} v_{t-1} + (1 - \beta_{2t}) g_t^2, \qquad
        x_{t+1} = \Pi_F(x_t - s_t \alpha m_t / (\sqrt{v_t} + \epsilon))

    Parameters
    ----------
    params : iterable or None
        See `Optimizer`, also for `shared`.
    lr : float, default 1e-3
        \alpha > 0.
    betas : pair, default (0.9, OneMinusInverse())
        \beta_1 and \beta_2 in [0, 1), each a number, a Schedule or a callable. The default
        \beta_{2t} = 1 - 1/t makes v_t the mean of the squared gradients.
    eps : float, default 1e-8
        \epsilon >= 0.
    weight_decay : float, default 0
        \lambda >= 0.
    eps_root : float, default 0
        \epsilon_r >= 0, added to v_t under the root, as in [Reddi18] Theorem 6.

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range.

    Notes
    -----
    There is no bias correction: at the default \beta_{21} = 0, v_t has no bias to correct.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0])
    >>> AdamNC([x], lr=0.1, betas=(0.0, lambda t: 1 - 1 / t), eps=0.0).step(grads=[2 * x])
    >>> x
    array([2.9, 3.9])
    """

    State = AdamNCState
    in_paper: ClassVar[dict[str, Any]] = {"schedule": "inv-sqrt", "eps": 0.0}

    def __init__(
        self,
        params: Iterable[Any] | None = None,
        lr: Real = 1e-3,
        betas: tuple[Any, Any] = (0.9, OneMinusInverse()),
        eps: Real = 1e-8,
        weight_decay: Real = 0.0,
        *,
        eps_root: Real = 0.0,
        **shared: Any,
    ) -> None:
        hyperparameters = {"lr": lr, "betas": betas, "eps": eps, "eps_root": eps_root}
        super().__init__(params, hyperparameters, {"weight_decay": weight_decay, **shared})

    @staticmethod
    def symbols(group: dict[str, Any]) -> dict[str, Any]:
        """Check a group's own hyperparameters and return them under the paper's symbols."""
        beta1, beta2 = betas_of(group)
        return {
            "beta1": as_schedule("betas[0]", beta1, "[0, 1)"),
            "beta2": as_schedule("betas[1]", beta2, "[0, 1)"),
            "eps": within("eps", group["eps"], "[0, inf)"),
            "eps_root": within("eps_root", group["eps_root"], "[0, inf)"),
        }

    carries: ClassVar[dict[str, Carry] | None] = {"m": Affine("beta1"), "v": Affine("beta2")}

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, AdamNCState]:
        r"""m_t, and v_t, the diagonal of V_t."""
        # \beta_{1t} = \beta_1(t)        [Reddi18 Alg. 3, input]
        beta1 = h.beta1(t)
        # \beta_{2t} = \beta_2(t)        [Reddi18 Alg. 3, input]
        beta2 = h.beta2(t)
        # m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t        [Reddi18 Alg. 3]
        m = beta1 * s.m + (1 - beta1) * g
        # v_t = \beta_{2t} v_{t-1} + (1 - \beta_{2t}) g_t^2        [Reddi18 Alg. 3]
        v = beta2 * s.v + (1 - beta2) * (g * g)
        return m, AdamNCState(t, m, v)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t \alpha / (\sqrt{v_t} + \epsilon)."""
        # \hat{\eta}_t = \alpha / (\sqrt{v_t + \epsilon_r} + \epsilon)
        #                                        [Reddi18 Alg. 3, with \epsilon = \epsilon_r = 0]
        eta_hat = h.alpha / (np.sqrt(s.v + h.eps_root) + h.eps)
        # \eta_t = s_t \hat{\eta}_t        [Reddi18 Alg. 3, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * eta_hat
        return eta
