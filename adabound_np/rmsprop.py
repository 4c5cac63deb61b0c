r"""RMSprop ([TH12]; [Luo19] Table 1, column 4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Affine, Carry
from adabound_np.checks import Real, within
from adabound_np.optimizer import Optimizer

__all__ = ["RMSprop", "RMSpropState"]


class RMSpropState(NamedTuple):
    """t steps taken; v, the moving average of the squared gradients."""

    t: int
    v: Any


class RMSprop(Optimizer):
    r"""RMSprop: the rate falls with a moving average of the squared gradients.

    .. math::
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \qquad
        x_{t+1} = \Pi_F(x_t - s_t \alpha g_t / (\sqrt{v_t} + \epsilon))

    Parameters
    ----------
    params : iterable or None
        See `Optimizer`, also for `shared`.
    lr : float, default 1e-2
        The step size, the paper's \alpha > 0.
    alpha : float, default 0.99
        PyTorch's name for the smoothing constant, the paper's \beta_2 in [0, 1). Not the
        step size.
    eps : float, default 1e-8
        \epsilon >= 0.
    weight_decay : float, default 0
        \lambda >= 0.

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range.

    Notes
    -----
    As in PyTorch, v_0 = 0 without bias correction. PyTorch's `momentum` and `centered` are not
    in the papers and not here.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0])
    >>> RMSprop([x], lr=0.1, alpha=0.75, eps=0.0).step(grads=[2 * x])
    >>> x
    array([2.8, 3.8])
    """

    State = RMSpropState
    in_paper: ClassVar[dict[str, Any]] = {"schedule": "inv-sqrt", "eps": 0.0}

    def __init__(
        self,
        params: Iterable[Any] | None = None,
        lr: Real = 1e-2,
        alpha: Real = 0.99,
        eps: Real = 1e-8,
        weight_decay: Real = 0.0,
        **shared: Any,
    ) -> None:
        hyperparameters = {"lr": lr, "alpha": alpha, "eps": eps}
        super().__init__(params, hyperparameters, {"weight_decay": weight_decay, **shared})

    @staticmethod
    def symbols(group: dict[str, Any]) -> dict[str, Any]:
        """Check a group's own hyperparameters and return them under the paper's symbols."""
        return {
            "beta2": within("alpha", group["alpha"], "[0, 1)"),
            "eps": within("eps", group["eps"], "[0, inf)"),
        }

    carries: ClassVar[dict[str, Carry] | None] = {"v": Affine("beta2")}

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, RMSpropState]:
        r"""m_t = g_t, and v_t, the diagonal of V_t."""
        # m_t = g_t        [Luo19 Table 1, RMSprop]
        m = g
        # v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2        [Luo19 Table 1, RMSprop]
        v = h.beta2 * s.v + (1 - h.beta2) * (g * g)
        return m, RMSpropState(t, v)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t \alpha / (\sqrt{v_t} + \epsilon)."""
        # \hat{\eta}_t = \alpha / (\sqrt{v_t} + \epsilon)        [Luo19 Alg. 1, with \epsilon = 0]
        eta_hat = h.alpha / (np.sqrt(s.v) + h.eps)
        # \eta_t = s_t \hat{\eta}_t        [Luo19 Alg. 1, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * eta_hat
        return eta
