"""Against torch.optim."""

import itertools

import numpy as np
import pytest

import adabound_np as ab
from tests.oracles.peers import peer
from tests.oracles.runs import STEPS, Problem, assert_same, moved_apart, run_ours, run_torch


@pytest.fixture(scope="module")
def torch():
    return peer("torch")


def compare(torch, ours, theirs, dtype=np.float64, before=lambda opt, t: None):
    problem = Problem(dtype)
    assert_same(run_ours(problem, ours, before), run_torch(torch, problem, theirs, before))


SGD_MODES = [
    {"momentum": momentum, "dampening": dampening, "nesterov": nesterov, "weight_decay": decay}
    for momentum, dampening, nesterov, decay in itertools.product(
        (0.0, 0.9), (0.0, 0.3), (False, True), (0.0, 0.02)
    )
    if (momentum > 0 or dampening == 0) and (not nesterov or (momentum > 0 and dampening == 0))
]
MODES = [
    ("SGD", "SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, {}, {}),
    ("AdaGrad", "Adagrad", {"lr": 0.1}, {}, {}),
    ("AdaGrad", "Adagrad", {"lr": 0.01, "eps": 0.1, "weight_decay": 0.02}, {}, {}),
    ("AdaGrad", "Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.5}, {}, {}),
    (
        "AdaGrad",
        "Adagrad",
        {"lr": 0.5, "eps": 1e-3},
        {"schedule": ab.InverseTime(0.01)},
        {"lr_decay": 0.01},
    ),
    ("RMSprop", "RMSprop", {"lr": 0.01}, {}, {}),
    ("RMSprop", "RMSprop", {"lr": 1e-3, "alpha": 0.9, "eps": 0.1, "weight_decay": 0.02}, {}, {}),
    ("RMSprop", "RMSprop", {"lr": 1e-3, "alpha": 0.0}, {}, {}),
    ("Adam", "Adam", {}, {}, {}),
    ("Adam", "Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 0.1}, {}, {}),
    ("Adam", "Adam", {"lr": 0.01, "betas": (0.0, 0.99), "weight_decay": 0.02}, {}, {}),
    ("AMSGrad", "Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 0.1}, {}, {"amsgrad": True}),
    ("AMSGrad", "Adam", {"lr": 0.01, "weight_decay": 0.02}, {}, {"amsgrad": True}),
    (
        "Adam",
        "AdamW",
        {"lr": 0.01, "weight_decay": 0.1},
        {"decoupled_weight_decay": True},
        {},
    ),
    (
        "AMSGrad",
        "AdamW",
        {"lr": 0.01, "betas": (0.5, 0.9), "weight_decay": 0.1},
        {"decoupled_weight_decay": True},
        {"amsgrad": True},
    ),
]


def pair(torch, mode):
    """Constructors of ours and of torch's for an entry of MODES."""
    our_name, their_name, both, our_own, their_own = mode
    return (
        lambda params: getattr(ab, our_name)(params, **both, **our_own),
        lambda params: getattr(torch.optim, their_name)(params, **both, **their_own),
    )


@pytest.mark.parametrize("mode", SGD_MODES, ids=lambda mode: "-".join(map(str, mode.values())))
def test_sgd_in_every_mode(torch, mode):
    compare(
        torch,
        lambda params: ab.SGD(params, lr=0.05, **mode),
        lambda params: torch.optim.SGD(params, lr=0.05, **mode),
    )


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_float64(torch, mode):
    compare(torch, *pair(torch, mode))


@pytest.mark.parametrize("mode", [MODES[i] for i in (0, 4, 6, 8, 11, 13)], ids=str)
def test_float32(torch, mode):
    compare(torch, *pair(torch, mode), dtype=np.float32)


@pytest.mark.parametrize("implementation", ["foreach", "fused"])
def test_each_implementation_of_adam(torch, implementation):
    mode = {"lr": 0.01, "weight_decay": 0.02}
    compare(
        torch,
        lambda params: ab.AMSGrad(params, **mode),
        lambda params: torch.optim.Adam(params, **mode, amsgrad=True, **{implementation: True}),
    )


CHANGING = [
    ("SGD", "SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.02}, {}, {}),
    ("AdaGrad", "Adagrad", {"lr": 0.1}, {}, {}),
    ("RMSprop", "RMSprop", {"lr": 0.01}, {}, {}),
    ("Adam", "Adam", {"lr": 0.01}, {}, {}),
    ("AMSGrad", "Adam", {"lr": 0.01}, {}, {"amsgrad": True}),
    ("Adam", "AdamW", {"lr": 0.01, "weight_decay": 0.1}, {"decoupled_weight_decay": True}, {}),
]


@pytest.mark.parametrize("mode", [CHANGING[i] for i in (0, 2, 4, 5)], ids=str)
def test_step_decay_is_step_lr(torch, mode):
    _, theirs = pair(torch, mode)
    schedule = ab.StepDecay(range(300, STEPS, 300), factor=0.1)
    our_name, _, both, our_own, _ = mode
    schedulers = {}

    def before(opt, t):
        if t == 0:
            schedulers[opt] = torch.optim.lr_scheduler.StepLR(opt, step_size=300, gamma=0.1)
        else:
            schedulers[opt].step()

    def ours(params):
        return getattr(ab, our_name)(params, **both, **our_own, schedule=schedule)

    problem = Problem()
    assert_same(run_ours(problem, ours), run_torch(torch, problem, theirs, before))


@pytest.mark.parametrize("mode", CHANGING[:1] + CHANGING[2:], ids=str)
def test_groups_and_rates_changed_by_hand(torch, mode):
    our_name, their_name, both, our_own, their_own = mode
    own = [{}, {"lr": 0.03, "weight_decay": 0.0}, {"lr": 0.005, "weight_decay": 0.3}]
    if our_name in ("Adam", "AMSGrad"):
        own[1]["betas"] = (0.5, 0.8)

    def grouped(params):
        parts = params[:1], params[1:3], params[3:]
        return [{"params": part, **more} for part, more in zip(parts, own, strict=True)]

    factors = {200: 3.0, 400: 0.0, 450: 0.5, 800: 1.0}  # warmer, stopped, cooler, as before

    def before(opt, t):
        if t in factors:
            opt.param_groups[1]["lr"] = 0.03 * factors[t]
        if t == 500:
            opt.param_groups[0]["lr"] *= 0.1
            opt.param_groups[2]["weight_decay"] = 0.01

    compare(
        torch,
        lambda params: getattr(ab, our_name)(grouped(params), **both, **our_own),
        lambda params: getattr(torch.optim, their_name)(grouped(params), **both, **their_own),
        before=before,
    )


def test_first_step_dampened_or_not(torch):
    # torch starts with b_1 = g_1. Dampened from the start (dampen_first_step) b_t lacks
    # tau gamma^{t-1} g_1, so after t steps of gradients that do not depend on x the iterate is
    # ahead by alpha tau g_1 (1 + gamma + ... + gamma^{t-1}).
    lr, gamma, tau = 0.05, 0.9, 0.3
    problem = Problem(quadratic=False)
    dampened = run_ours(
        problem,
        lambda params: ab.SGD(params, lr=lr, momentum=gamma, dampening=tau, dampen_first_step=True),
    )
    theirs = run_torch(
        torch,
        problem,
        lambda params: torch.optim.SGD(params, lr=lr, momentum=gamma, dampening=tau),
    )
    t = np.arange(1, STEPS + 1)[:, None]
    g_1 = problem.gradient(0, problem.start)
    ahead = lr * tau * g_1 * (1 - gamma**t) / (1 - gamma)
    assert_same(dampened - ahead, theirs)
    assert moved_apart(dampened, theirs) > 1e-3


def test_dampening_without_momentum(torch):
    problem = Problem()
    ours = run_ours(problem, lambda params: ab.SGD(params, lr=0.05, dampening=0.3))
    theirs = run_torch(
        torch, problem, lambda params: torch.optim.SGD(params, lr=0.05, dampening=0.3)
    )
    assert_same(ours, theirs)


def test_epsilon_of_adabound_is_not_that_of_adam(torch):
    # AdaBound adds epsilon before bias correction, Adam after it. Unbounded AdaBound is thus Adam
    # with the epsilon of step t divided by sqrt(1 - beta2^t).
    def before(opt, t):
        opt.param_groups[0]["eps"] = 1e-2 / (1 - 0.999 ** (t + 1)) ** 0.5

    problem = Problem()
    unbounded = run_ours(
        problem, lambda params: ab.AdaBound(params, lr=0.01, eps=1e-2, bounds=(0, np.inf))
    )
    moving = run_torch(
        torch, problem, lambda params: torch.optim.Adam(params, lr=0.01, eps=1e-2), before
    )
    assert_same(unbounded, moving)
    fixed = run_torch(torch, problem, lambda params: torch.optim.Adam(params, lr=0.01, eps=1e-2))
    assert moved_apart(unbounded, fixed) > 1e-3


def test_zero_over_zero(torch):
    # With epsilon = 0 a coordinate without a gradient so far is 0/0: it stays here, and is NaN
    # in torch from its first step on.
    problem = Problem()
    ours = run_ours(problem, lambda params: ab.Adam(params, eps=0.0))
    theirs = run_torch(torch, problem, lambda params: torch.optim.Adam(params, eps=0.0))
    seen = problem.alive[0]
    assert 0 < np.count_nonzero(~seen) < seen.size
    assert_same(ours[:, seen], theirs[:, seen])
    assert np.isnan(theirs[:, ~seen]).all()
    np.testing.assert_array_equal(ours[0, ~seen], problem.start[~seen])
    never = ~problem.alive.any(axis=0)
    np.testing.assert_array_equal(ours[-1, never], problem.start[never])
