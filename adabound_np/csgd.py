r"""CSGD: SGD with dampened, bias-corrected momentum ([Sav19] Sec. 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Affine, Carry
from adabound_np.checks import Real, flag
from adabound_np.optimizer import Optimizer
from adabound_np.schedules import as_schedule

__all__ = ["CSGD", "CSGDState"]


class CSGDState(NamedTuple):
    """t steps taken; m, the moving average of the gradients."""

    t: int
    m: Any


class CSGD(Optimizer):
    r"""SGD whose momentum is dampened by \beta and divided by 1 - \beta^t.

    .. math::
        m_t = \beta m_{t-1} + (1 - \beta) g_t, \qquad
        x_{t+1} = \Pi_F(x_t - s_t \alpha m_t / (1 - \beta^t))

    [Sav19] compares AdaBound with it, since AdaBound's m_t is dampened momentum too.

    Parameters
    ----------
    params : iterable or None
        See `Optimizer`, also for `shared`.
    lr : float, default 0.1
        \alpha > 0.
    momentum : float, Schedule or callable, default 0.9
        \beta in [0, 1).
    weight_decay : float, default 0
        \lambda >= 0.
    bias_correction : bool, default True
        Whether to divide by 1 - \beta^t (1 - \prod_{i \le t} \beta_i under a schedule).

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range.

    Examples
    --------
    The first step is SGD's, whatever the momentum:

    >>> import numpy as np
    >>> x = np.array([1.0])
    >>> CSGD([x], lr=0.25, momentum=0.5).step(grads=[2 * x])
    >>> x
    array([0.5])
    """

    State = CSGDState

    def __init__(
        self,
        params: Iterable[Any] | None = None,
        lr: Real = 0.1,
        momentum: Any = 0.9,
        weight_decay: Real = 0.0,
        *,
        bias_correction: bool = True,
        **shared: Any,
    ) -> None:
        hyperparameters = {"lr": lr, "momentum": momentum, "bias_correction": bias_correction}
        super().__init__(params, hyperparameters, {"weight_decay": weight_decay, **shared})

    @staticmethod
    def symbols(group: dict[str, Any]) -> dict[str, Any]:
        """Check a group's own hyperparameters and return them under the paper's symbols."""
        return {
            "beta": as_schedule("momentum", group["momentum"], "[0, 1)"),
            "bias_correction": flag("bias_correction", group["bias_correction"]),
        }

    carries: ClassVar[dict[str, Carry] | None] = {"m": Affine("beta")}

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, CSGDState]:
        r"""m_t = \phi_t(g_1, ..., g_t); \psi_t is the identity."""
        # \beta_t = \beta(t)        [Sav19 Sec. 5: constant]
        beta = h.beta(t)
        # m_t = \beta_t m_{t-1} + (1 - \beta_t) g_t        [Sav19 Sec. 5]
        m = beta * s.m + (1 - beta) * g
        return m, CSGDState(t, m)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t \alpha / (1 - \beta^t)."""
        # \hat{\eta}_t = \alpha / (1 - b \prod_{i \le t} \beta_i)        [Sav19 Sec. 5, b = 1]
        eta_hat = h.alpha / (1 - h.beta.product(t) if h.bias_correction else 1.0)
        # \eta_t = s_t \hat{\eta}_t        [Luo19 Alg. 1, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * eta_hat
        return eta
