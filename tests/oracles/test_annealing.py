"""Schedules of a run of known length, and ReduceLROnPlateau, against Optax and PyTorch."""

import itertools

import numpy as np
import pytest

from adabound_np import (
    SGD,
    AdaBound,
    CosineDecaySchedule,
    JoinedSchedules,
    L2Ball,
    LinearSchedule,
    ReduceLROnPlateau,
)
from tests.oracles.peers import peer

T = np.arange(1, 40)


@pytest.fixture(scope="module")
def optax():
    return peer("optax")


@pytest.fixture(scope="module")
def torch():
    return peer("torch")


@pytest.mark.parametrize(("a", "b", "n"), [(0.0, 1.0, 10), (1.0, 0.1, 7), (0.3, 0.3, 1)])
def test_linear(optax, torch, a, b, n):
    ours = LinearSchedule(a, b, n)
    theirs = optax.linear_schedule(a, b, n)
    np.testing.assert_allclose([ours(int(t)) for t in T], [theirs(t - 1) for t in T], atol=1e-7)
    np.testing.assert_allclose(ours(T), [ours(int(t)) for t in T], rtol=1e-15)
    if a:  # torch allows no start at 0
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, a, b, n)
        assert_follows(ours, optimizer, scheduler)


@pytest.mark.parametrize(("n", "alpha"), [(10, 0.0), (25, 0.1)])
def test_cosine(optax, torch, n, alpha):
    ours, theirs = CosineDecaySchedule(n, alpha), optax.cosine_decay_schedule(1.0, n, alpha)
    np.testing.assert_allclose([ours(int(t)) for t in T], [theirs(t - 1) for t in T], atol=1e-7)
    np.testing.assert_allclose(ours(T), [ours(int(t)) for t in T], atol=1e-15)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n, alpha)
    assert_follows(ours, optimizer, scheduler, n)


def test_one_after_the_other(optax):
    ours = JoinedSchedules([LinearSchedule(0, 1, 5), CosineDecaySchedule(20, 0.1), 0.5], [5, 25])
    theirs = optax.join_schedules(
        [optax.linear_schedule(0, 1, 5), optax.cosine_decay_schedule(1.0, 20, 0.1), lambda t: 0.5],
        [5, 25],
    )
    np.testing.assert_allclose([ours(int(t)) for t in T], [theirs(t - 1) for t in T], atol=1e-7)
    np.testing.assert_allclose(ours(T), [ours(int(t)) for t in T], rtol=1e-15)
    warm = optax.warmup_cosine_decay_schedule(0.0, 1.0, 5, 25, 0.1)
    np.testing.assert_allclose(ours(T[:25]), [warm(t - 1) for t in T[:25]], atol=1e-7)


def assert_follows(ours, optimizer, scheduler, steps=30):
    for t in range(1, steps + 1):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(ours(t), abs=1e-12)
        optimizer.step()
        scheduler.step()


OPTIONS = [
    {"factor": 0.5, "patience": 2},
    {"mode": "max", "patience": 1, "cooldown": 3},
    {"threshold": 0.05, "threshold_mode": "abs", "patience": 0, "min_lr": 2e-3},
    {"mode": "max", "threshold": 0.2, "threshold_mode": "abs", "patience": 0, "eps": 1e-2},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_plateau(torch, options):
    rng = np.random.default_rng(0)
    x = np.zeros(2)
    ours = AdaBound([{"params": [x]}, {"params": [np.zeros(1)], "lr": 0.5}], lr=0.1)
    theirs = torch.optim.SGD(
        [{"params": [torch.zeros(2)]}, {"params": [torch.zeros(1)], "lr": 0.5}], lr=0.1
    )
    here = ReduceLROnPlateau(ours, **options)
    there = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    for k in range(60):
        metric = float(rng.normal() - 0.02 * k)
        here.step(metric)
        there.step(metric)
        assert [g["lr"] for g in ours.param_groups] == pytest.approx(
            [g["lr"] for g in theirs.param_groups], rel=1e-12
        )
        if k == 30:  # a resumed one goes on
            state = here.state_dict()
            here = ReduceLROnPlateau(ours)
            here.load_state_dict(state)


@pytest.mark.parametrize("feasible", [None, L2Ball(5.0)])
@pytest.mark.parametrize("cls", [SGD, AdaBound])
def test_a_rate_of_zero_moves_nothing_and_is_no_error(cls, feasible):
    x = np.array([1.0, -2.0])
    schedule = JoinedSchedules([LinearSchedule(0.0, 1.0, 3), CosineDecaySchedule(3)], [3])
    opt = cls([x], lr=0.1, schedule=schedule, feasible=feasible)
    path = [x.copy()]
    for _ in range(8):
        opt.step(grads=[np.array([1.0, 0.0])])
        path.append(x.copy())
    moved = [bool(np.any(a != b)) for a, b in itertools.pairwise(path)]
    assert moved == [False, True, True, True, True, True, False, False]
    assert np.all(np.isfinite(path))
