"""The optimizers against the sums the papers define, and against each other's limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adabound_np import (
    CSGD,
    SGD,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AMSBound,
    AMSGrad,
    Box,
    Geometric,
    Harmonic,
    InvSqrt,
    OneMinusInverse,
    RMSprop,
    StepDecay,
)
from adabound_np.algorithm import Algorithm
from problems.conformance.alike import gradients

T, SHAPE = 60, (3, 2)
G = gradients(T, SHAPE)


def path(opt, g=G, x=None):
    """x_1, ..., x_{T+1} and the states."""
    x = np.zeros(g.shape[1:]) if x is None else x
    s = opt.init(x)
    xs, states = [x], [s]
    for g_t in g:
        x, s = opt.update(x, g_t, s)
        xs.append(x)
        states.append(s)
    return np.array(xs), states


def weighted_sums(beta, g):
    """(1 - beta) * sum over i <= t of beta^(t - i) g_i, by Table 1, for each t."""
    t = np.arange(len(g))
    weights = np.tril((1 - beta) * beta ** np.clip(t[:, None] - t, 0, None).astype(float))
    return np.tensordot(weights, g, axes=1)


def table1(phi, psi, alpha, x=0.0):
    """Algorithm 1 from the two functions of Table 1, each given for all t."""
    t = np.arange(1, T + 1).reshape(-1, *[1] * len(SHAPE))
    with np.errstate(invalid="ignore"):
        steps = np.where(psi == 0, 0, alpha / np.sqrt(t) * phi / np.sqrt(psi))
    return x - np.concatenate([np.zeros((1, *SHAPE)), np.cumsum(steps, axis=0)])


COUNT = np.arange(1, T + 1).reshape(-1, 1, 1)
TABLE_1 = {
    "sgd": (SGD.as_in_paper(lr=0.5), G, np.ones_like(G)),
    "sgdm": (SGD.as_in_paper(lr=0.5, momentum=0.9), weighted_sums(0.9, G) / 0.1, np.ones_like(G)),
    "adagrad": (AdaGrad.as_in_paper(lr=0.5), G, np.cumsum(G**2, axis=0) / COUNT),
    "rmsprop": (RMSprop.as_in_paper(lr=0.5, alpha=0.8), G, weighted_sums(0.8, G**2)),
    "adam": (
        Adam.as_in_paper(lr=0.5, betas=(0.9, 0.8)),
        weighted_sums(0.9, G),
        weighted_sums(0.8, G**2),
    ),
    "amsgrad": (
        AMSGrad.as_in_paper(lr=0.5, betas=(0.9, 0.8)),
        weighted_sums(0.9, G),
        np.maximum.accumulate(weighted_sums(0.8, G**2)),
    ),
    "adamnc": (AdamNC.as_in_paper(lr=0.5), weighted_sums(0.9, G), np.cumsum(G**2, axis=0) / COUNT),
}


@pytest.mark.parametrize("name", TABLE_1)
def test_table_1_by_its_sums(name):
    opt, phi, psi = TABLE_1[name]
    xs, _ = path(opt)
    np.testing.assert_allclose(xs, table1(phi, psi, 0.5), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("ams", [False, True])
def test_algorithms_2_and_3_by_their_sums(ams):
    beta1, beta2, alpha, final_lr = 0.9, 0.8, 0.05, 0.1
    cls = AMSBound if ams else AdaBound
    xs, _ = path(cls.as_in_paper(lr=alpha, betas=(beta1, beta2), final_lr=final_lr))
    m, v = weighted_sums(beta1, G), weighted_sums(beta2, G**2)
    if ams:
        v = np.maximum.accumulate(v)
    lower = final_lr * (1 - 1 / ((1 - beta2) * COUNT + 1))
    upper = final_lr * (1 + 1 / ((1 - beta2) * COUNT))
    with np.errstate(divide="ignore"):
        eta_hat = np.clip(alpha / np.sqrt(v), lower, upper)
    assert (eta_hat == lower).any()  # all three cases of the clip occur
    assert (eta_hat == upper).any()
    assert ((lower < eta_hat) & (eta_hat < upper)).any()
    steps = np.cumsum(eta_hat / np.sqrt(COUNT) * m, axis=0)
    np.testing.assert_allclose(xs[1:], -steps, rtol=1e-12, atol=1e-13)


EPS, ALPHA = 0.3, 0.05
M, V = weighted_sums(0.9, G), weighted_sums(0.8, G**2)
C1, C2 = 1 - 0.9**COUNT, 1 - 0.8**COUNT
CODE = {
    "adagrad": (AdaGrad, {}, ALPHA * G / (np.sqrt(np.cumsum(G**2, axis=0)) + EPS)),
    "rmsprop": (RMSprop, {"alpha": 0.8}, ALPHA * G / (np.sqrt(V) + EPS)),
    "adam": (Adam, {"betas": (0.9, 0.8)}, ALPHA * (M / C1) / (np.sqrt(V / C2) + EPS)),
    "amsgrad": (
        AMSGrad,
        {"betas": (0.9, 0.8)},
        ALPHA * (M / C1) / (np.sqrt(np.maximum.accumulate(V) / C2) + EPS),
    ),
    "adamnc": (
        AdamNC,
        {},
        ALPHA * M / (np.sqrt(np.cumsum(G**2, axis=0) / COUNT) + EPS),
    ),
    "adabound": (
        AdaBound,
        {"betas": (0.9, 0.8), "gamma": 0.05},
        M
        * np.clip(
            ALPHA * np.sqrt(C2) / C1 / (np.sqrt(V) + EPS),
            0.1 * (1 - 1 / (0.05 * COUNT + 1)),
            0.1 * (1 + 1 / (0.05 * COUNT)),
        ),
    ),
    "amsbound": (
        AMSBound,
        {"betas": (0.9, 0.8), "gamma": 0.05},
        M
        * np.clip(
            ALPHA * np.sqrt(C2) / C1 / (np.sqrt(np.maximum.accumulate(V)) + EPS),
            0.1 * (1 - 1 / (0.05 * COUNT + 1)),
            0.1 * (1 + 1 / (0.05 * COUNT)),
        ),
    ),
}


@pytest.mark.parametrize("name", CODE)
def test_the_codes_form_by_its_sums(name):
    """PyTorch's and the released code's form: epsilon and bias correction, constant step."""
    cls, kw, steps = CODE[name]
    xs, _ = path(cls(lr=ALPHA, eps=EPS, **kw))
    np.testing.assert_allclose(xs[1:], -np.cumsum(steps, axis=0), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("cls", [Adam, AMSGrad, AdamNC])
def test_epsilon_under_the_root(cls):
    """[Reddi18] Thm. 6: the denominator is sqrt(v_t + epsilon)."""
    opt = cls.as_in_paper(lr=0.5, eps_root=0.3)
    xs, states = path(opt)
    for t, s in enumerate(states[1:], 1):
        v = s.v_hat if cls is AMSGrad else s.v
        step = 0.5 / math.sqrt(t) * s.m / np.sqrt(v + 0.3)
        np.testing.assert_allclose(xs[t - 1] - xs[t], step, rtol=1e-9, atol=1e-12)


def test_pytorchs_first_step_is_not_dampened():
    b = G[0]
    xs, _ = path(SGD(lr=1.0, momentum=0.9, dampening=0.25))
    np.testing.assert_array_equal(xs[1], -b)
    for t in range(1, T):
        b = 0.9 * b + 0.75 * G[t]
        np.testing.assert_allclose(xs[t] - xs[t + 1], b, rtol=1e-10, atol=1e-10)


def test_defaults_are_pytorchs_and_the_released_codes():
    shared = {
        "weight_decay": 0.0,
        "decoupled_weight_decay": False,
        "fixed_decay": False,
        "schedule": "constant",
        "feasible": None,
    }
    both = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "bias_correction": True}
    adam = {**both, "eps_root": 0.0}
    bound = {**both, "final_lr": 0.1, "gamma": 1e-3, "bounds": None}
    for cls, own in {
        SGD: {
            "lr": 1e-3,
            "momentum": 0.0,
            "dampening": 0.0,
            "nesterov": False,
            "dampen_first_step": False,
        },
        CSGD: {"lr": 0.1, "momentum": 0.9, "bias_correction": True},
        AdaGrad: {"lr": 1e-2, "initial_accumulator_value": 0.0, "eps": 1e-10, "average": False},
        RMSprop: {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8},
        Adam: adam,
        AMSGrad: adam,
        AdamNC: {"lr": 1e-3, "betas": (0.9, OneMinusInverse()), "eps": 1e-8, "eps_root": 0.0},
        AdaBound: bound,
        AMSBound: bound,
    }.items():
        assert cls().defaults == {**own, **shared}


def test_csgd_corrects_the_bias_of_dampened_momentum():
    xs, _ = path(CSGD(lr=0.5, momentum=0.9))
    steps = 0.5 * weighted_sums(0.9, G) / (1 - 0.9**COUNT)
    np.testing.assert_allclose(xs[1:], -np.cumsum(steps, axis=0), rtol=1e-12, atol=1e-13)


def test_nesterov_looks_ahead():
    xs, _ = path(SGD(lr=0.5, momentum=0.9, nesterov=True))
    b = weighted_sums(0.9, G) / 0.1
    np.testing.assert_allclose(xs[1:], -np.cumsum(0.5 * (G + 0.9 * b), axis=0), rtol=1e-12)


HYPER = st.fixed_dictionaries(
    {
        "beta1": st.sampled_from([0.0, 0.5, 0.9, 0.99]),
        "beta2": st.sampled_from([0.0, 0.5, 0.9, 0.999]),
        "lr": st.floats(1e-4, 10),
        "seed": st.integers(0, 2**32),
        "paper": st.booleans(),
        "schedule": st.sampled_from(["constant", "inv-sqrt", StepDecay([5, 20])]),
    }
)


@settings(max_examples=60, deadline=None)
@given(HYPER)
def test_open_bounds_are_adam_bit_for_bit(o):
    g = gradients(40, (4,), seed=o["seed"])
    kw = {"lr": o["lr"], "betas": (o["beta1"], o["beta2"]), "schedule": o["schedule"], "eps": 0.0}
    kw["bias_correction"] = not o["paper"]
    for plain, bounded in ((Adam, AdaBound), (AMSGrad, AMSBound)):
        expected, _ = path(plain(None, **kw), g)
        got, _ = path(bounded(None, **kw, bounds=(0.0, math.inf)), g)
        np.testing.assert_array_equal(got, expected)


@settings(max_examples=60, deadline=None)
@given(HYPER)
def test_equal_bounds_are_sgd_bit_for_bit(o):
    g = gradients(40, (4,), seed=o["seed"])
    momentum = {"momentum": o["beta1"], "dampening": o["beta1"], "dampen_first_step": True}
    expected, _ = path(SGD(lr=0.3, schedule=o["schedule"], **momentum), g)
    for bounded in (AdaBound, AMSBound):
        opt = bounded(
            lr=o["lr"],
            betas=(o["beta1"], o["beta2"]),
            schedule=o["schedule"],
            bounds=(0.3, 0.3),
            bias_correction=not o["paper"],
        )
        np.testing.assert_array_equal(path(opt, g)[0], expected)


@settings(max_examples=60, deadline=None)
@given(HYPER, st.floats(1e-3, 10), st.floats(1e-4, 10))
def test_the_rate_never_leaves_its_bounds(o, final_lr, gamma):
    g = gradients(40, (4,), seed=o["seed"])
    for cls in (AdaBound, AMSBound):
        opt = cls(lr=o["lr"], betas=(o["beta1"], o["beta2"]), final_lr=final_lr, gamma=gamma)
        for s in path(opt, g)[1][1:]:
            eta = opt.effective_lr(s)
            assert np.all((opt.hyper.eta_l(s.t) <= eta) & (eta <= opt.hyper.eta_u(s.t)))


def test_changing_lr_scales_the_whole_rate_bounds_included():
    """Clip is positively homogeneous: lr / initial_lr is a schedule, as in the released code."""
    x, y = np.ones(4), np.ones(4)
    by_hand = AdaBound([x], lr=0.01, gamma=0.1)
    scheduled = AdaBound([y], lr=0.01, gamma=0.1, schedule=StepDecay([10, 20], factor=0.5))
    for t, g in enumerate(gradients(30, (4,)), 1):
        by_hand.param_groups[0]["lr"] = 0.01 * 0.5 ** ((t > 10) + (t > 20))
        by_hand.step(grads=[g])
        scheduled.step(grads=[g])
        np.testing.assert_allclose(x, y, rtol=1e-14)
        eta = by_hand.effective_lr()[0] * 2.0 ** ((t > 10) + (t > 20))
        bounds = scheduled.hyper
        tol = 1 + 1e-14
        assert np.all(bounds.eta_l(t) <= eta * tol)
        assert np.all(eta <= bounds.eta_u(t) * tol)


@pytest.mark.parametrize("cls", [AdaGrad, RMSprop, Adam, AMSGrad, AdamNC])
def test_without_second_moment_nothing_moves(cls):
    """0/0 counts as 0: V_t = 0 where all gradients were 0."""
    g = np.array([0.0, 1.0])
    opt = cls.as_in_paper(lr=0.5)
    x, s = np.array([3.0, 3.0]), opt.init(np.zeros(2))
    for _ in range(3):
        x, s = opt.update(x, g, s)
        assert opt.effective_lr(s)[0] == 0
    assert x[0] == 3.0
    assert x[1] < 3.0


def test_zero_second_moment_with_momentum_left_does_not_move():
    """At beta2 = 0 a zero gradient makes V_t = 0 while m_t is not: the coordinate stays."""
    opt = Adam.as_in_paper(lr=0.5, betas=(0.9, 0.0))
    x, s = opt.update(0.0, 1.0, opt.init(0.0))
    assert x != 0
    assert opt.update(x, 0.0, s)[0] == x
    bounded = AdaBound.as_in_paper(lr=0.5, betas=(0.9, 0.0))
    x, s = bounded.update(0.0, 1.0, bounded.init(0.0))
    step = bounded.hyper.eta_u(2) / math.sqrt(2) * 0.9 * s.m
    assert bounded.update(x, 0.0, s)[0] == pytest.approx(x - step)


def test_first_step_safety_is_sharp():
    """On h/2 x^2 the first step never raises f iff (1 - beta1) h eta_u(1) <= 2."""
    opt = AdaBound.as_in_paper(betas=(0.9, 0.999))
    eta_u = opt.hyper.eta_u(1)
    assert eta_u == pytest.approx(100.1)
    limit = 2 / (0.1 * eta_u)
    for h, rises in ((limit * 0.999, False), (limit * 1.001, True)):
        x = 1e-12  # so small that the rate is at its upper bound
        x2, _ = opt.update(x, h * x, opt.init(x))
        assert (abs(x2) > abs(x)) == rises
    for x in (3.15e-4, 1e-6):
        x2, _ = opt.update(x, x, opt.init(x))
        assert (x2 / x) ** 2 == pytest.approx(81.18, abs=5e-3)


@pytest.mark.parametrize("schedule", [Geometric(0.9, 0.5), Harmonic(0.9), lambda t: 0.9 / t])
def test_beta1_schedules(schedule):
    """m_t by the products of the schedule's values, and bias correction by their product."""
    beta = [schedule(t) for t in range(1, T + 1)]
    weights = [(1 - b) * math.prod(beta[i + 1 :]) for i, b in enumerate(beta)]
    opt = Adam(lr=0.1, betas=(schedule, 0.9), eps=0.0)
    xs, states = path(opt)
    m = np.tensordot(weights, G, axes=1)
    np.testing.assert_allclose(states[-1].m, m, rtol=1e-10, atol=1e-14)
    v = states[-1].v / (1 - 0.9**T)
    np.testing.assert_allclose(
        xs[-1], xs[-2] - 0.1 * m / (1 - math.prod(beta)) / np.sqrt(v), rtol=1e-10
    )


def test_a_box_keeps_every_iterate_inside():
    opt = AdaBound.as_in_paper(lr=5.0, feasible=Box(-0.5, 1.0))
    xs, _ = path(opt)
    assert xs.min() == -0.5
    assert xs.max() == 1.0


def test_weight_decay_modes():
    x, g, s0 = 2.0, 1.0, None
    for kw, expected in (
        ({"weight_decay": 0.5}, 2 - 0.1 * (1 + 0.5 * 2)),
        ({"weight_decay": 0.5, "decoupled_weight_decay": True}, 2 * (1 - 0.1 * 0.5) - 0.1),
        (
            {"weight_decay": 0.5, "decoupled_weight_decay": True, "fixed_decay": True},
            2 * (1 - 0.5) - 0.1,
        ),
    ):
        opt = SGD(lr=0.1, **kw)
        s0 = opt.init(x)
        assert opt.update(x, g, s0)[0] == pytest.approx(expected, rel=1e-15)
    decaying = SGD(lr=0.1, weight_decay=0.5, decoupled_weight_decay=True, schedule=InvSqrt())
    _, s = decaying.update(x, g, decaying.init(x))
    x2, _ = decaying.update(x, g, s)
    assert x2 == pytest.approx(2 * (1 - 0.05 / math.sqrt(2)) - 0.1 / math.sqrt(2))


@pytest.mark.parametrize("cls", [AdaGrad, RMSprop, Adam, AMSGrad, AdamNC, AdaBound])
def test_a_rate_of_zero_moves_nothing(cls):
    """0 times an infinite rate is no NaN: a schedule may start at 0, and lr may end there."""
    kw = {"bounds": (0.0, math.inf)} if cls is AdaBound else {}
    g = np.array([1.0, 0.0])
    x = np.array([1.0, 2.0])
    opt = cls.as_in_paper([x], lr=0.1, **kw)
    opt.step(grads=[g])
    opt.param_groups[0]["lr"] = 0.0
    before = x.copy()
    opt.step(grads=[g])
    np.testing.assert_array_equal(x, before)
    pure = cls.as_in_paper(lr=0.1, **{**kw, "schedule": lambda t: 0.0})
    np.testing.assert_array_equal(pure.update(x, g, pure.init(x))[0], x)
    y, _ = pure.update(1.0, 0.0, pure.init(1.0))
    assert y == 1.0


def test_an_algorithm_has_its_lines():
    """The framework itself has none."""
    for call in (
        lambda: Algorithm.moments(None, None, None, 1),
        lambda: Algorithm.learning_rate(None, None, 1),
        lambda: Algorithm.symbols({}),
    ):
        with pytest.raises(NotImplementedError):
            call()
