"""Against optax, on jax with float64 switched on."""

import numpy as np
import pytest

import adabound_np as ab
from tests.oracles.peers import peer
from tests.oracles.runs import STEPS, Problem, assert_same, moved_apart, run_ours


@pytest.fixture(scope="module")
def jax():
    module = peer("jax")
    before = module.config.jax_enable_x64
    module.config.update("jax_enable_x64", True)
    yield module
    module.config.update("jax_enable_x64", before)


@pytest.fixture(scope="module")
def optax(jax):
    return peer("optax")


def run_optax(jax, optax, problem, transformation):
    """All iterates of an optax optimizer, the gradients computed as in Problem.gradient."""
    jnp = jax.numpy

    # One flat array, since optax's transformations are elementwise: it compiles in half the time.
    def step(carry, given):
        x, state = carry
        noise, alive = given
        g = jnp.where(alive, problem.h * (x - problem.c) + noise, 0)
        updates, state = transformation.update(g, state, x)
        x = optax.apply_updates(x, updates)
        return (x, state), x

    x = jnp.asarray(problem.start)
    _, path = jax.lax.scan(step, (x, transformation.init(x)), (problem.noise, problem.alive))
    return np.asarray(path)


def compare(jax, optax, ours, theirs, dtype=np.float64):
    problem = Problem(dtype)
    assert_same(run_ours(problem, ours), run_optax(jax, optax, problem, theirs))


# What agrees: (name and arguments here, name and arguments in optax).
MODES = [
    ("SGD", {"lr": 0.05, "momentum": 0.9}, "sgd", {"momentum": 0.9}),
    (
        "SGD",
        {"lr": 0.05, "momentum": 0.9, "nesterov": True},
        "sgd",
        {"momentum": 0.9, "nesterov": True},
    ),
    (
        "Adam",
        {"lr": 0.05, "betas": (0.5, 0.9), "eps": 0.1},
        "adam",
        {"b1": 0.5, "b2": 0.9, "eps": 0.1},
    ),
    (
        "Adam",
        {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True},
        "adamw",
        {"weight_decay": 0.1},
    ),
    # The maximum of the uncorrected v_t and no correction, as in the paper.
    (
        "AMSGrad",
        {"lr": 0.01, "betas": (0.9, 0.99), "bias_correction": False},
        "amsgrad",
        {"b2": 0.99, "bias_correction_mu": False, "bias_correction_nu": False},
    ),
    # Epsilon outside the root is a choice there; bias correction makes it Adam with beta1 = 0.
    ("RMSprop", {"lr": 0.01}, "rmsprop", {"decay": 0.99, "eps_in_sqrt": False}),
    (
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "eps": 0.1},
        "rmsprop",
        {"decay": 0.9, "eps": 0.1, "eps_in_sqrt": False},
    ),
    (
        "Adam",
        {"lr": 0.01, "betas": (0.0, 0.99)},
        "rmsprop",
        {"decay": 0.99, "eps_in_sqrt": False, "bias_correction": True},
    ),
    # Without epsilon; both let a coordinate rest that is 0/0.
    ("AdaGrad", {"lr": 0.1, "eps": 0.0}, "adagrad", {"eps": 0.0, "initial_accumulator_value": 0.0}),
    (
        "AdaGrad",
        {"lr": 0.1, "eps": 0.0, "initial_accumulator_value": 0.1},
        "adagrad",
        {"eps": 0.0},
    ),
]


def pair(optax, mode):
    our_name, our_own, their_name, their_own = mode
    return (
        lambda params: getattr(ab, our_name)(params, **our_own),
        getattr(optax, their_name)(our_own["lr"], **their_own),
    )


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_float64(jax, optax, mode):
    compare(jax, optax, *pair(optax, mode))


@pytest.mark.parametrize("mode", [MODES[1], MODES[2], MODES[5]], ids=str)
def test_float32(jax, optax, mode):
    compare(jax, optax, *pair(optax, mode), dtype=np.float32)


def test_step_decay(jax, optax):
    compare(
        jax,
        optax,
        lambda params: ab.Adam(params, lr=0.01, schedule=ab.StepDecay([300, 600], factor=0.1)),
        optax.adam(optax.piecewise_constant_schedule(0.01, {300: 0.1, 600: 0.1})),
    )


def test_inverse_root_schedule(jax, optax):
    compare(
        jax,
        optax,
        lambda params: ab.SGD(params, lr=0.1, schedule="inv-sqrt"),
        optax.sgd(lambda count: 0.1 / jax.numpy.sqrt(count + 1.0)),
    )


class AMSGradAsThere(ab.AMSGrad):
    """optax's AMSGrad takes the maximum of the corrected v_t, and corrects no further."""

    @staticmethod
    def moments(h, s, g, t):
        m, new = ab.AMSGrad.moments(h, s, g, t)
        return m, new._replace(v_hat=np.maximum(s.v_hat, new.v / (1 - h.beta2**t)))

    @staticmethod
    def learning_rate(h, s, t):
        return h.alpha / (1 - h.beta1.product(t)) / (np.sqrt(s.v_hat) + h.eps)


def test_amsgrad_maximises_the_corrected_v(jax, optax):
    problem = Problem()
    theirs = run_optax(jax, optax, problem, optax.amsgrad(0.01, b2=0.9))
    ours = run_ours(problem, lambda params: ab.AMSGrad(params, lr=0.01, betas=(0.9, 0.9)))
    emulated = run_ours(problem, lambda params: AMSGradAsThere(params, lr=0.01, betas=(0.9, 0.9)))
    assert_same(emulated, theirs)
    assert moved_apart(ours, theirs) > 1e-3
    # The corrected v_t are the larger, so the rates there are never above ours, and below them
    # once the largest corrected v_t is an early one.
    pure, there = (cls(lr=0.01, betas=(0.9, 0.9)) for cls in (ab.AMSGrad, AMSGradAsThere))
    x = np.zeros(2)
    s = [pure.init(x), there.init(x)]
    for t in range(1, 100):
        g = np.array([0.9**t, 1.1**t])
        s = [opt.update(x, g, state)[1] for opt, state in zip((pure, there), s, strict=True)]
        eta, eta_there = pure.effective_lr(s[0]), there.effective_lr(s[1])
        assert np.all(eta_there <= eta * (1 + 1e-12))
        if t > 1:
            assert eta_there[0] < eta[0]
        # Growing gradients: the last v_t is the largest either way, and the rates agree.
        assert eta_there[1] == pytest.approx(eta[1], rel=1e-12)


class RMSpropAsThere(ab.RMSprop):
    """optax's RMSprop has epsilon under the root, and v_0 of the user's choice."""

    v_0 = 0.0

    @staticmethod
    def learning_rate(h, s, t):
        return h.alpha / np.sqrt(s.v + h.eps)

    def fresh(self, h, x):
        return self.State(0, np.full_like(x, self.v_0))


class RMSpropFromOne(RMSpropAsThere):
    v_0 = 1.0


@pytest.mark.parametrize(("cls", "initial_scale"), [(RMSpropAsThere, 0.0), (RMSpropFromOne, 1.0)])
def test_rmsprop_has_epsilon_under_the_root(jax, optax, cls, initial_scale):
    mode = {"lr": 0.01, "alpha": 0.9, "eps": 1e-2}
    problem = Problem()
    theirs = run_optax(
        jax, optax, problem, optax.rmsprop(0.01, decay=0.9, eps=1e-2, initial_scale=initial_scale)
    )
    assert_same(run_ours(problem, lambda params: cls(params, **mode)), theirs)
    # sqrt(eps) outside is the nearest of ours: sqrt(v) <= sqrt(v + eps) <= sqrt(v) + sqrt(eps).
    ours = run_ours(problem, lambda params: ab.RMSprop(params, **{**mode, "eps": 1e-2**0.5}))
    assert moved_apart(ours, theirs) > 1e-3


class AdaGradAsThere(ab.AdaGrad):
    """optax's AdaGrad has epsilon under the root, and rests where G_t = 0."""

    @staticmethod
    def learning_rate(h, s, t):
        return h.alpha * (s.G > 0) / np.sqrt(s.G + h.eps)


@pytest.mark.parametrize("start", [0.0, 0.1])
def test_adagrad_has_epsilon_under_the_root(jax, optax, start):
    mode = {"lr": 0.1, "eps": 1e-2, "initial_accumulator_value": start}
    problem = Problem()
    theirs = run_optax(
        jax,
        optax,
        problem,
        optax.adagrad(0.1, eps=1e-2, initial_accumulator_value=start),
    )
    assert_same(run_ours(problem, lambda params: AdaGradAsThere(params, **mode)), theirs)
    ours = run_ours(problem, lambda params: ab.AdaGrad(params, **mode))
    assert moved_apart(ours, theirs) > 1e-4


def test_adagrad_starts_elsewhere_by_default(jax, optax):
    # G_0 is 0.1 there by default, 0 here and in torch. With gradients of size a, all alive,
    # step t is lr a / sqrt(G_0 + a^2 t): the defaults differ, and by exactly this.
    problem = Problem(quadratic=False, sizes=(0.5, 0.5))
    problem.alive[:] = True
    t = np.arange(1, STEPS + 1)[:, None]
    for G_0, path in (
        (0.0, run_ours(problem, lambda params: ab.AdaGrad(params, lr=0.1, eps=0.0))),
        (0.1, run_optax(jax, optax, problem, optax.adagrad(0.1, eps=0.0))),
    ):
        steps = 0.1 * problem.noise / np.sqrt(G_0 + 0.25 * t)
        assert_same(problem.start - np.cumsum(steps, axis=0), path)


def test_rmsprop_zero_over_zero(jax, optax):
    # With epsilon = 0 a coordinate without a gradient so far is 0/0: it stays here, NaN there.
    problem = Problem()
    mode = {"lr": 0.01, "eps": 0.0}
    ours = run_ours(problem, lambda params: ab.RMSprop(params, **mode))
    theirs = run_optax(jax, optax, problem, optax.rmsprop(0.01, decay=0.99, eps=0.0))
    seen = problem.alive[0]
    assert_same(ours[:, seen], theirs[:, seen])
    assert np.isnan(theirs[:, ~seen]).all()
    np.testing.assert_array_equal(ours[0, ~seen], problem.start[~seen])
