"""Against ports that cannot be installed beside the rest: Keras (two of them) and ensmallen.

The Keras ports need Keras 2 over a graph of TensorFlow 1, ensmallen is C++. So their published
update is written out here once more, number by number, from these sources:

- keras-adabound 0.6.0, github.com/CyberZHG/keras-adabound, keras_adabound/optimizers.py, and
  github.com/titu1994/keras-adabound, adabound.py, which computes the same;
- ensmallen, github.com/mlpack/ensmallen, include/ensmallen_bits/ada_bound/ada_bound_update.hpp
  and ams_bound_update.hpp.
"""

import math

import numpy as np
import pytest

import adabound_np as ab
from tests.oracles.runs import STEPS, Problem, assert_same, moved_apart, run_ours

KERAS_EPSILON = 1e-7  # K.epsilon(), the default of both ports


def run_flat(problem, update):
    """All iterates of x <- update(t, x, g), with t from 1, on the flat vector of parameters."""
    x = problem.start.copy()
    path = np.empty((STEPS, x.size))
    for t in range(1, STEPS + 1):
        x = np.array([*map(float, update(t, x, problem.gradient(t - 1, x)))])
        path[t - 1] = x
    return path


class Keras:
    """The ports' step. `decay` divides the rate by 1 + decay (t - 1), and the bounds with it."""

    def __init__(
        self,
        size,
        *,
        lr=1e-3,
        final_lr=0.1,
        beta_1=0.9,
        beta_2=0.999,
        gamma=1e-3,
        epsilon=KERAS_EPSILON,
        decay=0.0,
        weight_decay=0.0,
        ams=False,
    ):
        self.base_lr, self.lr, self.final_lr = lr, lr, final_lr
        self.beta_1, self.beta_2, self.gamma = beta_1, beta_2, gamma
        self.epsilon, self.decay, self.weight_decay, self.ams = epsilon, decay, weight_decay, ams
        self.m, self.v, self.vhat = np.zeros((3, size))

    def __call__(self, t, x, g):
        g = g + self.weight_decay * x
        lr = self.lr / (1.0 + self.decay * (t - 1))
        lr_t = lr * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        final_lr = self.final_lr * lr / self.base_lr
        lower = final_lr * (1 - 1 / (self.gamma * t + 1))
        upper = final_lr * (1 + 1 / (self.gamma * t))
        for i in range(len(x)):
            self.m[i] += (1 - self.beta_1) * (g[i] - self.m[i])
            self.v[i] += (1 - self.beta_2) * (g[i] ** 2 - self.v[i])
            self.vhat[i] = max(self.vhat[i], self.v[i])
            v = self.vhat[i] if self.ams else self.v[i]
            step = lr_t / (math.sqrt(v) + self.epsilon)
            yield x[i] - min(max(step, lower), upper) * self.m[i]


@pytest.mark.parametrize("ams", [False, True])
def test_keras(ams):
    # K.epsilon() is ten times the released code's; with ours set to it, the step is the same.
    ours = ab.AMSBound if ams else ab.AdaBound
    problem = Problem()
    theirs = run_flat(problem, Keras(len(problem.start), lr=0.01, weight_decay=0.02, ams=ams))
    mode = {"lr": 0.01, "weight_decay": 0.02}
    assert_same(run_ours(problem, lambda params: ours(params, **mode, eps=KERAS_EPSILON)), theirs)


def test_keras_epsilon_is_larger():
    # Seen where gradients are small: a first step of g / (|g| + epsilon / sqrt(1 - beta2)) lr.
    g, lr = 1e-5, 1e-3
    wide = {"final_lr": 1.0, "gamma": 1e-9}
    (x,) = Keras(1, lr=lr, **wide)(1, np.zeros(1), np.array([g]))
    y = np.zeros(1)
    ab.AdaBound([y], lr=lr, **wide).step(grads=[np.array([g])])
    assert x == pytest.approx(-lr * g / (g + KERAS_EPSILON / math.sqrt(0.001)), rel=1e-9)
    assert y[0] == pytest.approx(-lr * g / (g + 1e-8 / math.sqrt(0.001)), rel=1e-9)
    assert abs(x) < 0.8 * abs(y[0])


@pytest.mark.parametrize("ams", [False, True])
def test_keras_decay_is_a_schedule(ams):
    ours = ab.AMSBound if ams else ab.AdaBound
    problem = Problem()
    theirs = run_flat(problem, Keras(len(problem.start), lr=0.01, decay=0.01, ams=ams))
    mode = {"lr": 0.01, "eps": KERAS_EPSILON}
    decayed = ab.InverseTime(0.01)
    assert_same(run_ours(problem, lambda p: ours(p, **mode, schedule=decayed)), theirs)
    assert moved_apart(run_ours(problem, lambda p: ours(p, **mode)), theirs) > 1e-3


def test_keras_constraints_are_unweighted():
    # A port applies the variable's constraint, such as MaxNorm, to the result of the step: the
    # nearest point, whatever the rates. Algorithm 2 weighs the coordinates with 1 / eta_t.
    y, eta = np.array([3.0, 4.0]), np.array([1.0, 100.0])
    ball = ab.L2Ball(1.0)
    nearest = y / np.linalg.norm(y)
    np.testing.assert_allclose(ball.project(y, np.ones(2)), nearest, rtol=1e-12)
    weighted = ball.project(y, eta)

    def distance(x):
        return np.sum((x - y) ** 2 / eta)

    assert np.linalg.norm(weighted) <= 1 + 1e-12
    assert distance(weighted) < 0.9 * distance(nearest)
    # For a box the weights drop out: the constraint MinMax of a port is the projection.
    np.testing.assert_array_equal(ab.Box(-1, 2).project(y, eta), np.clip(y, -1, 2))


def ensmallen(
    size,
    ams,
    step_size=1e-3,
    final_lr=0.1,
    gamma=1e-3,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
    decay=lambda t: 1.0,
):
    """ensmallen's Update; `decay` is what its DecayPolicyType makes of the step size."""
    m, v, v_improved = np.zeros((3, size))

    def update(t, x, g):
        size_now = step_size * decay(t)
        rate = size_now * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        fl = final_lr * size_now / step_size  # the first step's size
        lower, upper = fl * (1 - 1 / (gamma * t + 1)), fl * (1 + 1 / (gamma * t))
        for i in range(len(x)):
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
            v_improved[i] = max(v_improved[i], v[i])
            root = math.sqrt(v_improved[i] if ams else v[i])
            yield x[i] - min(max(rate / (root + epsilon), lower), upper) * m[i]

    return update


@pytest.mark.parametrize("ams", [False, True])
def test_ensmallen(ams):
    # The released code's step at its defaults.
    ours = ab.AMSBound if ams else ab.AdaBound
    problem = Problem()
    theirs = run_flat(problem, ensmallen(len(problem.start), ams, step_size=0.01))
    assert_same(run_ours(problem, lambda params: ours(params, lr=0.01)), theirs)


def test_ensmallen_scales_the_bounds_by_the_first_step_size():
    # Its bounds follow stepSize / (stepSize of the first step): a schedule, if it starts at 1.
    problem = Problem()
    halved = ab.StepDecay([300, 600], factor=0.5)
    theirs = run_flat(problem, ensmallen(len(problem.start), False, step_size=0.01, decay=halved))
    ours = run_ours(problem, lambda params: ab.AdaBound(params, lr=0.01, schedule=halved))
    assert_same(ours, theirs)
