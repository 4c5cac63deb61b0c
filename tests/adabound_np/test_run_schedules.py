"""Schedules of a run, and ReduceLROnPlateau call by call, against values found by hand."""

import math

import numpy as np
import pytest

from adabound_np import (
    SGD,
    CosineDecaySchedule,
    JoinedSchedules,
    LinearSchedule,
    ReduceLROnPlateau,
)


def rates(metrics, lr=0.1, **options):
    """lr after each metric; a reduction halves it at once unless options say otherwise."""
    optimizer = SGD([np.ones(2)], lr=lr)
    scheduler = ReduceLROnPlateau(optimizer, **{"factor": 0.5, "patience": 0, **options})
    found = []
    for metric in metrics:
        scheduler.step(metric)
        found.append(optimizer.param_groups[0]["lr"])
    return found


FULL, HALF, QUARTER = 0.1, 0.05, 0.025
#: Options, metrics, and lr after each of them.
PLATEAUS = [
    # what improves less than the threshold does not count; as much is not more
    ({"threshold": 0.5}, [1.0, 0.49, 0.2, 0.1], [FULL, FULL, FULL, HALF]),
    # of negative metrics the share makes the bar lower, as PyTorch has it
    ({"threshold": 0.5}, [-1.0, -0.4, -0.6], [FULL, HALF, HALF]),
    ({"threshold": 0.5, "mode": "max"}, [1.0, 1.6, 2.4, 3.7], [FULL, FULL, HALF, HALF]),
    ({"threshold": 0.5, "mode": "max"}, [-1.0, -1.6, -1.4], [FULL, HALF, HALF]),
    (
        {"threshold": 0.25, "threshold_mode": "abs"},
        [1.0, 0.75, 0.74, 0.48],
        [FULL, HALF, HALF, HALF],
    ),
    (
        {"threshold": 0.25, "threshold_mode": "abs", "mode": "max"},
        [0.0, 0.25, 0.3, 0.6],
        [FULL, HALF, HALF, HALF],
    ),
    ({"threshold": 1.0}, [1.0, 0.5, -0.5], [FULL, HALF, HALF]),
    # a first metric is better than none, but an infinite one is not
    ({"threshold": 0.0}, [math.inf, 1.0, 1.0], [HALF, HALF, QUARTER]),
    ({"threshold": 0.0, "mode": "max"}, [-math.inf, 1.0, 1.0], [HALF, HALF, QUARTER]),
    # the third call without improvement is one too many; then counting begins again
    ({"patience": 2}, [1.0] * 7, [FULL] * 3 + [HALF] * 3 + [QUARTER]),
    ({"patience": 1}, [2.0, 2.0, 1.0, 1.0, 1.0], [FULL] * 4 + [HALF]),
    # two calls after a reduction count for nothing
    ({"cooldown": 2}, [1.0] * 5, [FULL, HALF, HALF, HALF, QUARTER]),
    ({"cooldown": 1, "patience": 1}, [1.0] * 6, [FULL, FULL, HALF, HALF, HALF, QUARTER]),
    ({"min_lr": 0.04}, [1.0] * 4, [FULL, HALF, 0.04, 0.04]),
    # a change of eps or less is not made
    ({"eps": HALF}, [1.0] * 3, [FULL, FULL, FULL]),
    ({"eps": 0.049}, [1.0] * 3, [FULL, HALF, HALF]),
]


@pytest.mark.parametrize(("options", "metrics", "expected"), PLATEAUS)
def test_lr_after_each_metric(options, metrics, expected):
    found = rates(metrics, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert all(type(lr) is float for lr in found)


def test_a_group_with_several_rates_is_reduced_if_one_changes():
    found = rates([1.0, 1.0], lr=np.array([0.1, 0.01]), eps=0.02)
    np.testing.assert_allclose(found[1], [0.05, 0.005])


def test_a_state_goes_on_elsewhere():
    def begun():
        optimizer = SGD([np.ones(1)], lr=0.1)
        return optimizer, ReduceLROnPlateau(optimizer, factor=0.5, patience=2, cooldown=1)

    optimizer, scheduler = begun()
    other, fresh = begun()
    for metric in (1.0, 1.0, 1.0):
        scheduler.step(metric)
    state = scheduler.state_dict()
    assert "optimizer" not in state
    assert (state["best"], state["num_bad_epochs"], state["mode"]) == (1.0, 2, "min")
    fresh.load_state_dict(state)
    for one in (scheduler, fresh):
        one.step(1.0)
    assert optimizer.param_groups[0]["lr"] == other.param_groups[0]["lr"] == 0.05
    assert fresh.state_dict() == scheduler.state_dict()
    for wrong in ({**state, "more": 1}, {k: v for k, v in state.items() if k != "best"}):
        with pytest.raises(ValueError, match=r"state_dict must have .*got"):
            fresh.load_state_dict(wrong)
    assert fresh.state_dict() == scheduler.state_dict()


BAD = [
    ({"mode": "least"}, "mode must be one of min, max, got 'least'"),
    ({"threshold_mode": "no"}, "threshold_mode must be one of rel, abs, got 'no'"),
    ({"factor": 1.0}, r"factor must be in \(0, 1\), got 1.0"),
    ({"patience": -1}, "patience must be an integer of at least 0, got -1"),
    ({"patience": True}, "patience must be an integer of at least 0, got True"),
    ({"cooldown": -2}, "cooldown must be an integer of at least 0, got -2"),
    ({"cooldown": 1.5}, "cooldown must be an integer of at least 0, got 1.5"),
    ({"threshold": -1e-3}, r"threshold must be in \[0, inf\), got -0.001"),
    ({"min_lr": -1.0}, r"min_lr must be in \[0, inf\), got -1.0"),
    ({"eps": -1.0}, r"eps must be in \[0, inf\), got -1.0"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_options(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ReduceLROnPlateau(SGD([np.ones(1)], lr=0.1), **options)


def test_bad_metrics_and_optimizers():
    with pytest.raises(ValueError, match="metrics must be"):
        rates([math.nan])
    with pytest.raises(TypeError, match="optimizer must be an Optimizer, got 3"):
        ReduceLROnPlateau(3)


def test_no_patience_and_no_cooldown_are_allowed():
    assert rates([1.0, 1.0], patience=0, cooldown=0) == [FULL, HALF]


def test_schedules_of_steps_and_of_arrays_of_steps():
    linear, cosine = LinearSchedule(0.0, 1.0, 4), CosineDecaySchedule(4, 0.2)
    joined = JoinedSchedules([linear, cosine, 0.5], [2, 5])
    t = np.arange(1, 8)
    half = (1 + math.cos(math.pi / 4)) / 2
    for schedule, expected in (
        (linear, [0, 0.25, 0.5, 0.75, 1, 1, 1]),
        (joined, [0, 0.25, 1, 0.2 + 0.8 * half, 0.6, 0.5, 0.5]),
    ):
        np.testing.assert_allclose(schedule(t), expected, atol=1e-15)
        assert schedule(t).shape == (7,)
        each = [schedule(int(k)) for k in t]
        np.testing.assert_allclose(each, expected, atol=1e-15)
        assert all(type(s) is float for s in each)
    marks = JoinedSchedules((1.0, 2.0, 3.0), [np.int64(2), 5]).boundaries
    assert marks == (2, 5)
    assert [type(mark) for mark in marks] == [int, int]


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (lambda: LinearSchedule(-1.0, 0.0, 2), r"init_value must be in \[0, inf\), got -1.0"),
        (lambda: LinearSchedule(0.0, -1.0, 2), r"end_value must be in \[0, inf\), got -1.0"),
        (lambda: LinearSchedule(0.0, 1.0, 0), "transition_steps must be an integer of at least 1"),
        (lambda: CosineDecaySchedule(0), "decay_steps must be an integer of at least 1, got 0"),
        (lambda: CosineDecaySchedule(2, 1.1), r"alpha must be in \[0, 1\], got 1.1"),
        (lambda: JoinedSchedules([1.0, 0.5], [0]), "boundaries must be an integer of at least 1"),
        (lambda: JoinedSchedules([1.0], []), "one fewer than the schedules"),
        (lambda: JoinedSchedules([1.0, 0.5], [2, 3]), "one fewer than the schedules"),
        (lambda: JoinedSchedules([1.0, 0.5, 0.2], [3, 3]), "boundaries must be increasing"),
    ],
)
def test_bad_schedules(schedule, message):
    with pytest.raises((TypeError, ValueError), match=message):
        schedule()
