r"""Wilson's construction: least squares on which adaptive methods find a useless solution.

Every point has its label as a feature, and that feature alone is worth anything on new points.
Gradient methods from w = 0 reach an exact solution of the n equations X w = y, of which there are
many, since d > n. Which one decides what becomes of new points [Wilson17, Sec. 3.3].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import positive_int, within
from problems.forms import released
from problems.loading import call
from problems.optimizers import Spec

__all__ = ["RATES", "Fit", "Wilson", "features", "fit", "loss_and_gradient", "wilson"]

Floats = NDArray[np.float64]

#: Features that all points share, and slots that each has besides.
SHARED, SLOTS = 3, 5
#: Bytes that the points may take.
MOST = 2**31

#: Rates at which each optimizer of the roster fits the default construction.
RATES = {
    "sgd": 0.5,
    "sgdm": 0.1,
    "sgdm-dampened": 0.5,
    "csgd": 0.5,
    "nesterov": 0.1,
    "adagrad": 1e-2,
    "rmsprop": 1e-3,
    "adam": 1e-3,
    "amsgrad": 1e-3,
    "adamnc": 1e-2,
    "adabound": 1e-3,
    "amsbound": 1e-3,
}


def features(labels: NDArray[np.integer]) -> Floats:
    r"""The points of [Wilson17] Sec. 3.3 as rows.

    Parameters
    ----------
    labels : array of int, shape (n,)
        y_i, each -1 or 1.

    Returns
    -------
    array of float64, shape (n, 3 + 5n)
        Feature 1 is y_i, features 2 and 3 are 1. Of the five slots of point i, which no other
        point uses, the first is 1 if y_i = 1, all are 1 if y_i = -1. Zeros elsewhere.

    Raises
    ------
    ValueError
        If a label is neither -1 nor 1, or there are none.

    Examples
    --------
    >>> features(np.array([1, -1])).astype(int)
    array([[ 1,  1,  1,  1,  0,  0,  0,  0,  0,  0,  0,  0,  0],
           [-1,  1,  1,  0,  0,  0,  0,  0,  1,  1,  1,  1,  1]])
    """
    y = np.asarray(labels)
    if y.ndim != 1 or not y.size or not np.all(np.abs(y) == 1):
        raise ValueError(f"labels must be one or more of -1 and 1 on one axis, got {labels!r}")
    n = len(y)
    X = np.zeros((n, SHARED + SLOTS * n))
    X[:, 0], X[:, 1:SHARED] = y, 1
    slots = X[:, SHARED:].reshape(n, n, SLOTS)  # a view: [i, i] are the slots of point i
    slots[np.arange(n), np.arange(n), 0] = 1
    slots[np.arange(n), np.arange(n), 1:] = (y == -1)[:, None]
    return X


@dataclass(frozen=True)
class Wilson:
    r"""Points to fit and new points, with what theory says of them.

    Attributes
    ----------
    y : array of int64, shape (n,)
        Labels to fit.
    y_new : array of int64, shape (m,)
        Labels of new points. Their own slots are none of the d here: nothing is ever learned of
        them, so that on the d features here they have their label and two ones.
    """

    y: NDArray[np.int64]
    y_new: NDArray[np.int64]

    @cached_property
    def X(self) -> Floats:  # noqa: N802 - the paper's symbol
        """The points to fit, shape (n, 3 + 5n)."""
        return features(self.y)

    @cached_property
    def X_new(self) -> Floats:  # noqa: N802
        """The new points on the same features, shape (m, 3 + 5n)."""
        X = np.zeros((len(self.y_new), self.X.shape[1]))
        X[:, 0], X[:, 1:SHARED] = self.y_new, 1
        return X

    @cached_property
    def sign(self) -> Floats:
        r"""sign(X^T y), shape (d,): where AdaGrad, RMSprop and Adam go, up to a factor."""
        return np.sign(self.X.T @ self.y)

    @cached_property
    def c(self) -> float:
        r"""The c of the assumption X sign(X^T y) = c y [Wilson17, Lemma 3.1]; here c = 4.

        Raises
        ------
        ValueError
            If it does not hold: there must be more labels of 1 than of -1.
        """
        # X \mathrm{sign}(X^T y) = c y        [Wilson17 Lemma 3.1]
        ratios = (self.X @ self.sign) * self.y
        if not np.all(ratios == ratios[0]):
            plus = int(np.sum(self.y == 1))
            raise ValueError(
                "X sign(X^T y) = c y must hold for some c, which needs more labels of 1 than of "
                f"-1, got {plus} and {len(self.y) - plus}"
            )
        return float(ratios[0])

    @cached_property
    def adaptive(self) -> Floats:
        r"""The solution of AdaGrad, RMSprop and Adam, sign(X^T y) / c, shape (d,).

        On a new point it gives (y + 2) / c > 0, whatever the label: always 1.

        Raises
        ------
        ValueError
            If the assumption does not hold; see `c`.
        """
        return self.sign / self.c

    @cached_property
    def minimum_norm(self) -> Floats:
        r"""The solution of SGD and heavy ball: w = X^T \alpha, shape (d,), in closed form.

        With n_+ labels of 1 and n_- of -1, X X^T \alpha = y has one \alpha for each label:

        (3 n_+ + 1) \alpha_+ + n_- \alpha_- = 1,   n_+ \alpha_+ + (3 n_- + 5) \alpha_- = -1.

        On a new point it gives 1 - \alpha_+ > 0 for label 1 and -1 - 5 \alpha_-, which is
        negative unless n_- = 0, for label -1: both right.
        """
        plus = int(np.sum(self.y == 1))
        minus = len(self.y) - plus
        determinant = (3 * plus + 1) * (3 * minus + 5) - plus * minus
        # \alpha_+ = (4 n_- + 5) / ((3 n_+ + 1)(3 n_- + 5) - n_+ n_-)
        alpha_plus = (4 * minus + 5) / determinant
        # \alpha_- = -(4 n_+ + 1) / ((3 n_+ + 1)(3 n_- + 5) - n_+ n_-)
        alpha_minus = -(4 * plus + 1) / determinant
        w: Floats = self.X.T @ np.where(self.y == 1, alpha_plus, alpha_minus)
        return w

    @property
    def majority_rate(self) -> float:
        """The share of 1 among the new labels: what predicting 1 everywhere gets right."""
        return float(np.mean(self.y_new == 1))

    def training_error(self, w: Floats) -> float:
        """The share of points to fit of which sign(x w) is not the label."""
        return float(np.mean(np.sign(self.X @ w) != self.y))

    def test_accuracy(self, w: Floats) -> float:
        """The share of new points of which sign(x w) is the label."""
        return float(np.mean(np.sign(self.X_new @ w) == self.y_new))


def wilson(n: int = 100, new: int = 1000, p: float = 0.7, seed: int = 0) -> Wilson:
    """Draw labels: 1 with probability p, else -1.

    Parameters
    ----------
    n, new : int
        Points to fit, and new points; at least 1.
    p : float
        In (1/2, 1).
    seed : int
        Seed of the draws.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these, the points take more than `MOST` bytes, or the draw lacks
        a label or a majority of 1.

    Examples
    --------
    >>> problem = wilson(n=20)
    >>> problem.X.shape, problem.c
    ((20, 103), 4.0)
    >>> problem.test_accuracy(problem.minimum_norm)
    1.0
    >>> problem.test_accuracy(problem.adaptive) == problem.majority_rate
    True
    """
    sizes = positive_int("n", n), positive_int("new", new)
    if 8 * sum(sizes) * (SHARED + SLOTS * n) > MOST:
        raise ValueError(
            f"n and new must make matrices of at most {MOST:,} bytes, 8 (n + new) (5n + 3), "
            f"got n = {n!r}, new = {new!r}"
        )
    share = within("p", p, "(0.5, 1)")
    rng = np.random.default_rng(seed)
    y, y_new = (np.where(rng.random(size) < share, 1, -1) for size in sizes)
    plus = int(np.sum(y == 1))
    if not 0 < n - plus < plus:
        raise ValueError(
            f"n must be large enough for both labels and a majority of 1, got n = {n!r} with p = "
            f"{p!r}, of which seed {seed!r} makes {plus} and {n - plus}"
        )
    return Wilson(y, y_new)


def loss_and_gradient(problem: Wilson, w: Floats) -> tuple[float, Floats]:
    r"""f(w) = |X w - y|^2 / (2n), and its gradient of shape (d,).

    Examples
    --------
    >>> problem = wilson(n=20)
    >>> loss_and_gradient(problem, np.zeros(103))[0]
    0.5
    """
    residual = problem.X @ w - problem.y
    # \nabla f(w) = X^T (X w - y) / n        [Wilson17 Sec. 3.1]
    gradient = problem.X.T @ residual / len(residual)
    return float(residual @ residual) / (2 * len(residual)), gradient


@dataclass(frozen=True)
class Fit:
    """What an optimizer made of the construction.

    Attributes
    ----------
    w : array of float64, shape (d,)
        The last iterate.
    loss : float
        There.
    training_error, test_accuracy : float
        Shares in [0, 1].
    lr : float
        The optimizer's rate.
    gamma : float or None
        The speed of its bounds, if it has any.
    diverged : int or None
        Number of steps after which the loss was not finite; none follows.
    """

    w: Floats
    loss: float
    training_error: float
    test_accuracy: float
    lr: float
    gamma: float | None
    diverged: int | None = None


def fit(
    problem: Wilson,
    optimizer: Spec,
    steps: int = 5000,
    tick: Callable[[], Any] = lambda: None,
    **given: Any,
) -> Fit:
    """Fit the construction from w = 0 with full gradients.

    Parameters
    ----------
    problem : Wilson
        From `wilson`.
    optimizer : str, class or Optimizer
        See `problems.optimizers.entry`.
    steps : int
        Number of steps.
    tick : callable
        Called after each step.
    **given
        Hyperparameters; lr defaults to the one in `RATES`, or else to the optimizer's own.

    Raises
    ------
    TypeError, ValueError
        If the optimizer or a hyperparameter is unknown, or a value is out of range.

    Examples
    --------
    >>> problem = wilson(n=20)
    >>> fit(problem, "sgd", steps=1000).test_accuracy
    1.0
    >>> fit(problem, "adam", steps=1000).test_accuracy == problem.majority_rate
    True
    """
    w = np.zeros(problem.X.shape[1])
    name = call(optimizer)[0] if isinstance(optimizer, str) else None
    usual = {"lr": RATES[name]} if name in RATES else {}
    opt = released(optimizer, [w], **{**usual, **given})
    lr, gamma = opt.defaults["lr"], opt.defaults.get("gamma")
    diverged = None
    with np.errstate(over="ignore", invalid="ignore"):
        loss, gradient = loss_and_gradient(problem, w)
        for t in range(1, positive_int("steps", steps) + 1):
            opt.step(grads=[gradient])
            tick()
            loss, gradient = loss_and_gradient(problem, w)
            if not math.isfinite(loss):  # the gradient is finite as long as that is
                diverged = t
                break
        error, accuracy = problem.training_error(w), problem.test_accuracy(w)
        return Fit(w, loss, error, accuracy, lr, gamma, diverged)
