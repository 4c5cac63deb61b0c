"""Against the authors' own package, adabound 0.0.5."""

import pickle

import numpy as np
import pytest

import adabound_np as ab
from tests.oracles.peers import peer
from tests.oracles.runs import STEPS, Problem, assert_same, moved_apart, run_ours, run_torch

# The package calls add_(Number, Tensor), a signature that PyTorch has deprecated since.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:[\s\S]*This overload of add_? is deprecated:UserWarning"
)


@pytest.fixture(scope="module")
def torch():
    return peer("torch")


@pytest.fixture(scope="module")
def released(torch):
    return peer("adabound").AdaBound


MODES = [
    {},
    {"weight_decay": 5e-4},
    {"lr": 0.01, "weight_decay": 0.1},
    {"gamma": 0.1, "final_lr": 0.01},
    {"gamma": 1e-5, "final_lr": 1.0},
    {"lr": 0.05, "betas": (0.5, 0.9), "gamma": 0.01},
    {"betas": (0.0, 0.99), "eps": 0.1},
]


def compare(torch, released, mode, *, amsbound, dtype=np.float64, before=lambda opt, t: None):
    problem = Problem(dtype)
    ours = ab.AMSBound if amsbound else ab.AdaBound
    assert_same(
        run_ours(problem, lambda params: ours(params, **mode), before),
        run_torch(
            torch, problem, lambda params: released(params, **mode, amsbound=amsbound), before
        ),
    )


@pytest.mark.parametrize(
    ("mode", "amsbound"),
    [*((mode, False) for mode in MODES), *((mode, True) for mode in MODES[::2])],
    ids=str,
)
def test_float64(torch, released, mode, amsbound):
    compare(torch, released, mode, amsbound=amsbound)


@pytest.mark.parametrize(
    ("mode", "amsbound"),
    [({"weight_decay": 5e-4}, False), ({"betas": (0.5, 0.9), "gamma": 0.1}, True)],
)
def test_float32(torch, released, mode, amsbound):
    compare(torch, released, mode, amsbound=amsbound, dtype=np.float32)


def test_the_clip_is_active_and_inactive():
    # The comparison means something only where rates lie at, and between, the bounds.
    problem = Problem()
    opt = None
    at_bound = []

    def make(params):
        nonlocal opt
        opt = ab.AdaBound(params, lr=0.01)
        return opt

    def before(opt, t):
        if t:
            bounds = ab.DynamicBounds(0.1, 1e-3)
            eta = np.concatenate([e.reshape(-1) for e in opt.effective_lr()])
            at_bound.append([np.mean(eta == bounds.eta_l(t)), np.mean(eta == bounds.eta_u(t))])

    run_ours(problem, make, before)
    lower, upper = np.array(at_bound).T
    assert lower.max() > 0.5 and upper[:20].min() > 0.1 and (lower + upper).min() < 0.1


@pytest.mark.parametrize("amsbound", [False, True])
def test_a_changed_rate_scales_the_bounds(torch, released, amsbound):
    factors = {200: 3.0, 400: 0.0, 450: 0.5, 800: 1.0}

    def before(opt, t):
        if t in factors:
            opt.param_groups[0]["lr"] = 0.01 * factors[t]

    mode = {"lr": 0.01, "weight_decay": 0.01}
    compare(torch, released, mode, amsbound=amsbound, before=before)


def test_step_decay_is_step_lr(torch, released):
    schedule = ab.StepDecay(range(300, STEPS, 300), factor=0.1)
    scheduler = None

    def before(opt, t):
        nonlocal scheduler
        if t == 0:
            scheduler = torch.optim.lr_scheduler.StepLR(opt, step_size=300, gamma=0.1)
        else:
            scheduler.step()

    problem = Problem()
    assert_same(
        run_ours(problem, lambda params: ab.AdaBound(params, lr=0.01, schedule=schedule)),
        run_torch(torch, problem, lambda params: released(params, lr=0.01), before),
    )


@pytest.mark.parametrize("amsbound", [False, True])
def test_the_papers_rate_is_a_schedule_of_theirs(torch, released, amsbound):
    # lr_t = lr / sqrt(t) scales final_lr too: eta_t = Clip(...) / sqrt(t), line 4 of Algorithm 2.
    def before(opt, t):
        opt.param_groups[0]["lr"] = 0.01 / np.sqrt(t + 1)

    problem = Problem()
    ours = ab.AMSBound if amsbound else ab.AdaBound
    assert_same(
        run_ours(problem, lambda params: ours(params, lr=0.01, schedule="inv-sqrt")),
        run_torch(
            torch, problem, lambda params: released(params, lr=0.01, amsbound=amsbound), before
        ),
    )


@pytest.mark.parametrize("amsbound", [False, True])
def test_groups(torch, released, amsbound):
    own = [
        {"lr": 0.02, "final_lr": 0.01},
        {"betas": (0.5, 0.8), "weight_decay": 0.0},
        {"gamma": 0.05, "eps": 1e-3},
    ]

    def grouped(params):
        parts = params[:1], params[1:3], params[3:]
        return [{"params": part, **more} for part, more in zip(parts, own, strict=True)]

    def before(opt, t):
        if t == 500:
            opt.param_groups[1]["lr"] *= 0.1

    mode = {"weight_decay": 0.01}
    problem = Problem()
    ours = ab.AMSBound if amsbound else ab.AdaBound
    assert_same(
        run_ours(problem, lambda params: ours(grouped(params), **mode), before),
        run_torch(
            torch,
            problem,
            lambda params: released(grouped(params), **mode, amsbound=amsbound),
            before,
        ),
    )


def test_epsilon_comes_before_bias_correction(torch, released):
    # With bounds too wide to matter (final_lr gamma t <= rate <= final_lr / (gamma t)) the
    # package is torch's Adam with the epsilon of step t divided by sqrt(1 - beta2^t).
    wide = {"final_lr": 1.0, "gamma": 1e-9}

    def before(opt, t):
        opt.param_groups[0]["eps"] = 1e-2 / (1 - 0.999 ** (t + 1)) ** 0.5

    problem = Problem()
    ours = run_ours(problem, lambda params: ab.AdaBound(params, lr=0.01, eps=1e-2, **wide))
    theirs = run_torch(torch, problem, lambda params: released(params, lr=0.01, eps=1e-2, **wide))
    adam = run_torch(
        torch, problem, lambda params: torch.optim.Adam(params, lr=0.01, eps=1e-2), before
    )
    assert_same(ours, theirs)
    assert_same(ours, adam)


def test_both_are_adam_without_epsilon_and_bounds(torch, released):
    # Where no v_t is zero: there torch's Adam gives NaN, and the package's clip a rate.
    problem = Problem(quadratic=False, sizes=(0.5, 2.0))
    problem.alive[:] = True
    wide = {"final_lr": 1.0, "gamma": 1e-9, "eps": 0.0}
    theirs = run_torch(torch, problem, lambda params: released(params, lr=0.01, **wide))
    assert_same(run_ours(problem, lambda params: ab.Adam(params, lr=0.01, eps=0.0)), theirs)
    assert_same(
        run_torch(torch, problem, lambda params: torch.optim.Adam(params, lr=0.01, eps=0.0)),
        theirs,
    )


def test_unpickled_in_the_middle_of_a_run(torch, released):
    # torch pickles defaults, state and groups only: the package loses `base_lrs` (its issue 13)
    # and cannot step again. Ours continues as if nothing had happened.
    problem = Problem()
    straight = run_ours(problem, ab.AdaBound)
    half = STEPS // 2

    def resumed(params, grads):
        opt = ab.AdaBound(params)

        def step(t):
            nonlocal opt, params
            if t == half:
                opt = pickle.loads(pickle.dumps(opt))
                originals, params = params, opt.param_groups[0]["params"]
                copies.extend((old, new) for old, new in zip(originals, params, strict=True))
            opt.step(grads=grads)
            for old, new in copies:
                old[...] = new

        return step

    copies = []
    np.testing.assert_array_equal(problem.run(resumed), straight)
    assert len(copies) == 4

    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    x.grad = torch.ones_like(x)
    opt = released([x])
    opt.step()
    back = pickle.loads(pickle.dumps(opt))
    assert vars(opt).keys() - vars(back).keys() >= {"base_lrs"}
    with pytest.raises(AttributeError, match="base_lrs"):
        back.step()
    back.base_lrs = [1e-3]  # all that it lacks
    back.param_groups[0]["params"][0].grad = torch.ones_like(x)
    back.step()
    opt.step()
    assert torch.equal(back.param_groups[0]["params"][0], x)


def test_groups_added_later(torch, released):
    # The package pairs groups with the base_lrs of its constructor, so a group added later is
    # never stepped. Here it is, as if it had been there from the start.
    def added(params, cls):
        opt = cls(params[:2], lr=0.01)
        opt.add_param_group({"params": params[2:]})
        return opt

    problem = Problem()
    whole = run_ours(problem, lambda params: ab.AdaBound(params, lr=0.01))
    ours = run_ours(problem, lambda params: added(params, ab.AdaBound))
    theirs = run_torch(torch, problem, lambda params: added(params, released))
    np.testing.assert_array_equal(ours, whole)
    assert_same(whole[:, :6], theirs[:, :6])
    np.testing.assert_array_equal(theirs[-1, 6:], problem.start[6:])
    assert moved_apart(ours, theirs) > 1e-3
