r"""AdaGrad ([Duchi11]; [Luo19] Table 1, column 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from adabound_np.algorithm import Hyperparameters
from adabound_np.carries import Carry, Sum
from adabound_np.checks import Real, flag, within
from adabound_np.optimizer import Optimizer

__all__ = ["AdaGrad", "AdaGradState"]


class AdaGradState(NamedTuple):
    """t steps taken; G, the sum of the squared gradients."""

    t: int
    G: Any


class AdaGrad(Optimizer):
    r"""AdaGrad: the rate falls with the sum of the squared gradients.

    .. math::
        G_t = G_{t-1} + g_t^2, \qquad V_t = G_t / t\ \text{(paper)}\ \text{or}\ G_t, \qquad
        x_{t+1} = \Pi_F(x_t - s_t \alpha g_t / (\sqrt{V_t} + \epsilon))

    The paper's \alpha_t = \alpha/\sqrt{t} and V_t = G_t/t, and PyTorch's constant \alpha and
    V_t = G_t, are the same step at \epsilon = 0: the two \sqrt{t} cancel.

    Parameters
    ----------
    params : iterable or None
        See `Optimizer`, also for `shared`.
    lr : float, default 1e-2
        \alpha > 0.
    weight_decay : float, default 0
        \lambda >= 0.
    initial_accumulator_value : float, default 0
        G_0 >= 0.
    eps : float, default 1e-10
        \epsilon >= 0.
    average : bool, default False
        Whether V_t = G_t / t, as in Table 1.

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range.

    Notes
    -----
    PyTorch's `lr_decay` is the schedule `InverseTime`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0])
    >>> AdaGrad([x], lr=0.5, eps=0.0).step(grads=[2 * x])
    >>> x
    array([2.5, 3.5])
    """

    State = AdaGradState
    in_paper: ClassVar[dict[str, Any]] = {"schedule": "inv-sqrt", "eps": 0.0, "average": True}

    def __init__(
        self,
        params: Iterable[Any] | None = None,
        lr: Real = 1e-2,
        weight_decay: Real = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: Real = 1e-10,
        *,
        average: bool = False,
        **shared: Any,
    ) -> None:
        hyperparameters = {
            "lr": lr,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "average": average,
        }
        super().__init__(params, hyperparameters, {"weight_decay": weight_decay, **shared})

    @staticmethod
    def symbols(group: dict[str, Any]) -> dict[str, Any]:
        """Check a group's own hyperparameters and return them under the paper's symbols."""
        G0 = group["initial_accumulator_value"]
        return {
            "G0": within("initial_accumulator_value", G0, "[0, inf)"),
            "eps": within("eps", group["eps"], "[0, inf)"),
            "average": flag("average", group["average"]),
        }

    carries: ClassVar[dict[str, Carry] | None] = {"G": Sum()}

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, AdaGradState]:
        r"""m_t = g_t, and the sum from which V_t follows."""
        # m_t = g_t        [Luo19 Table 1, AdaGrad]
        m = g
        # G_t = G_{t-1} + g_t^2        [Luo19 Table 1, AdaGrad: \sum_{i \le t} g_i^2]
        G = s.G + g * g
        return m, AdaGradState(t, G)

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t = s_t \alpha / (\sqrt{V_t} + \epsilon)."""
        # V_t = G_t / t^a        [Luo19 Table 1, AdaGrad, a = 1; torch.optim.Adagrad, a = 0]
        V = s.G / t if h.average else s.G
        # \hat{\eta}_t = \alpha / (\sqrt{V_t} + \epsilon)        [Luo19 Alg. 1, with \epsilon = 0]
        eta_hat = h.alpha / (np.sqrt(V) + h.eps)
        # \eta_t = s_t \hat{\eta}_t        [Luo19 Alg. 1, with s_t = 1 / \sqrt{t}]
        eta = h.schedule(t) * eta_hat
        return eta

    def fresh(self, h: Hyperparameters, x: Any) -> AdaGradState:
        """State before the first step, with G_0 in place of 0."""
        return AdaGradState(0, np.full_like(x, h.G0))
