r"""SGD, with momentum, dampening and Nesterov's look-ahead ([Luo19] Table 1, columns 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Affine, Carry
from adabound_np.checks import Real, flag, within
from adabound_np.optimizer import Optimizer
from adabound_np.schedules import Constant, as_schedule

__all__ = ["SGD", "SGDState"]


class SGDState(NamedTuple):
    """t steps taken; b, the momentum buffer."""

    t: int
    b: Any


class SGD(Optimizer):
    r"""Stochastic gradient descent.

    .. math::
        b_t = \gamma b_{t-1} + (1 - \tau) g_t, \qquad
        m_t = b_t \ \text{or}\ g_t + \gamma b_t\ \text{(Nesterov)}, \qquad
        x_{t+1} = \Pi_F(x_t - s_t \alpha m_t)

    With \tau = 0 this is Table 1's SGDM, m_t = \sum_{i \le t} \gamma^{t-i} g_i.

    Parameters
    ----------
    params : iterable or None
        See `Optimizer`, also for `shared`.
    lr : float, default 1e-3
        \alpha > 0.
    momentum : float, Schedule or callable, default 0
        \gamma in [0, 1).
    dampening : float, default 0
        \tau in [0, 1]; as in PyTorch, without momentum there is nothing to dampen (\tau = 0).
    weight_decay : float, default 0
        \lambda >= 0.
    nesterov : bool, default False
        Needs momentum and no dampening, as in PyTorch.
    dampen_first_step : bool, default False
        PyTorch starts with b_1 = g_1, undampened; True starts with b_1 = (1 - \tau) g_1, the
        form AdaBound's m_t has.

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range.

    See Also
    --------
    CSGD : dampened momentum with bias correction.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0])
    >>> opt = SGD([x], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     opt.step(grads=[2 * x])  # f(x) = x^2
    >>> x
    array([0.46])
    """

    State = SGDState

    def __init__(
        self,
        params: Iterable[Any] | None = None,
        lr: Real = 1e-3,
        momentum: Any = 0.0,
        dampening: Real = 0.0,
        weight_decay: Real = 0.0,
        nesterov: bool = False,
        *,
        dampen_first_step: bool = False,
        **shared: Any,
    ) -> None:
        hyperparameters = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "nesterov": nesterov,
            "dampen_first_step": dampen_first_step,
        }
        super().__init__(params, hyperparameters, {"weight_decay": weight_decay, **shared})

    @staticmethod
    def symbols(group: dict[str, Any]) -> dict[str, Any]:
        """Check a group's own hyperparameters and return them under the paper's symbols."""
        gamma = as_schedule("momentum", group["momentum"], "[0, 1)")
        tau = within("dampening", group["dampening"], "[0, 1]")
        nesterov = flag("nesterov", group["nesterov"])
        none = gamma.value == 0 if isinstance(gamma, Constant) else False
        if nesterov and (np.all(none) or np.any(tau != 0)):
            raise ValueError(
                "nesterov must go with momentum > 0 and dampening = 0, got "
                f"momentum = {group['momentum']!r} and dampening = {group['dampening']!r}"
            )
        tau = tau * (1 - none)
        first = flag("dampen_first_step", group["dampen_first_step"])
        return {"gamma": gamma, "tau": tau, "nesterov": nesterov, "dampen_first_step": first}

    carries: ClassVar[dict[str, Carry] | None] = {"b": Affine("gamma")}

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, SGDState]:
        r"""m_t = \phi_t(g_1, ..., g_t); \psi_t is the identity."""
        # \gamma_t = \gamma(t)        [Luo19 Table 1, SGDM: constant]
        gamma = h.gamma(t)
        # \tau_t = \tau \max([t > 1], \delta_1)        [torch.optim.SGD, \delta_1 = 0: b_1 = g_1]
        tau = h.tau * ((t > 1) | h.dampen_first_step)
        # b_t = \gamma_t b_{t-1} + (1 - \tau_t) g_t        [Luo19 Table 1, SGDM, for \tau = 0]
        b = gamma * s.b + (1 - tau) * g
        # m_t = \nu (g_t + \gamma_t b_t) + (1 - \nu) b_t
        #              [Luo19 Table 1, \nu = 0; Nesterov's form, Sutskever et al. 2013, \nu = 1]
        m = g + gamma * b if h.nesterov else b
        return m, SGDState(t, b)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t \alpha: V_t is the identity."""
        # \eta_t = s_t \alpha        [Luo19 Alg. 1, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * h.alpha
        return eta
