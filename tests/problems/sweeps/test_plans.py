"""What may be swept: axes, plans and planes at the edge of what they allow."""

import numpy as np
import pytest

from problems.online import setting
from problems.sweeps import axes, cells, phase, plan
from problems.sweeps.axes import Axis, Span, axes_of, axis_of, spaced
from problems.sweeps.plan import Plan, listed

OPTIONS = {"schedule": "inv-sqrt", "final_lr": 0.1, "gamma": None, "seed": 0}


# Axes


def test_the_middle_of_a_span():
    assert Span(0.01, 100.0, log=True).at(0.5) == 1.0
    assert Span(1.0, 4.0).at(0.25) == 1.75


def test_as_many_values_as_are_allowed(monkeypatch):
    monkeypatch.setattr(axes, "MOST", 4)
    assert spaced("lr", Span(1, 4), 4) == (1.0, 2.0, 3.0, 4.0)
    for count in (1, 5):
        with pytest.raises(ValueError, match=f"lr must take 2 to 4 values .*got {count}"):
            spaced("lr", Span(1, 4), count)


def test_an_axis_from_a_name_and_values():
    axis = Axis("lr", (1.0, 2.0))
    assert axis_of(axis) is axis
    assert axis_of("C=3,5") == axis_of(("C", [3.0, 5.0])) == Axis("cycle", (3.0, 5.0))
    drawn = axis_of(("lr", Span(0.1, 1.0, log=True)), drawn=True)
    assert drawn == Axis("lr", Span(0.1, 1.0, log=True), log=True)
    assert isinstance(drawn.values, Span)
    with pytest.raises(ValueError, match="lr must go from a number to a greater one, got 1 to 0"):
        axis_of(("lr", Span(1.0, 0.0)), drawn=True)


@pytest.mark.parametrize(
    ("given", "shown"), [("final-lr = some", "final-lr = some"), (("lr", "some"), "lr=some")]
)
def test_the_text_of_a_bad_axis_is_shown(given, shown):
    with pytest.raises(ValueError, match=rf"an axis must be AXIS=.*, got '{shown}'"):
        axis_of(given)


def test_one_axis_is_a_list_of_one():
    assert axes_of("grid", "lr=0.1,1") == axes_of("grid", ["lr=0.1,1"]) == {"lr": (0.1, 1.0)}


# Plans


def a_plan(**given):
    return Plan(**{"problem": "reddi-online", "optimizers": ["adam"], "steps": 10, **given})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"schedule": "cosine"}, "unknown schedule 'cosine'"),
        ({"engine": "fast"}, "unknown engine 'fast'"),
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"samples": 0}, "samples must be an integer of at least 1, got 0"),
        ({"optimizers": []}, "optimizers must have one value or more, got none"),
        ({"optimizers": ["adamm"]}, "adamm"),
        ({"seeds": []}, "seeds must have one value or more, got none"),
        ({"problem": "luo-theorem1", "seeds": (0, 1)}, "seeds must be one seed for luo-theorem1"),
        ({"samples": 2}, "samples must be 1 without axes to draw, got 2"),
        ({"grid": {"lr": Span(2.0, 1.0)}}, "lr must go from a number to a greater one"),
        ({"random": {"lr": Span(-1.0, 1.0, log=True)}}, "lr must be positive on a log scale"),
        ({"grid": {"lr": [0.1]}, "random": {"lr": [0.1]}}, "axis 'lr' must be of the grid or"),
    ],
)
def test_what_cannot_be_planned(given, message):
    with pytest.raises((TypeError, ValueError), match=message):
        a_plan(**given)


def test_as_many_cells_as_are_allowed(monkeypatch):
    monkeypatch.setattr(plan, "MOST", 4)
    assert len(a_plan(grid={"lr": [1, 2, 3, 4]})) == 4
    with pytest.raises(ValueError, match="a sweep must have at most 4 cells, got 5"):
        a_plan(grid={"lr": [1, 2, 3, 4, 5]})


def test_values_that_come_twice():
    assert listed("seeds", (1, 2)) == (1, 2)
    with pytest.raises(ValueError, match="seeds must have each value once, got 2 twice"):
        listed("seeds", [1, 2, 3, 2])


def test_what_a_header_says_of_axes_and_optimizers():
    random = {"lr": Span(0.1, 1, log=True), "beta2": (0.9, 1)}
    header = a_plan(random={**random, "beta2": (0.5, 0.75)}, samples=2).header()
    assert header["random"] == {
        "lr": {"low": 0.1, "high": 1.0, "log": True},
        "beta2": [0.5, 0.75],
    }
    assert "specs" not in header
    header = a_plan(optimizers={"mine": "adam(lr=0.5)"}).header()
    assert header["optimizers"] == ["mine"]
    assert header["specs"] == {"mine": "adam(lr=0.5)"}


def test_the_engine_is_tried_where_it_was_asked_for(monkeypatch):
    """An own optimizer that "auto" would warn of is not looked at once for each cell."""
    asked = []
    monkeypatch.setattr(cells, "choose", lambda engine, *rest: asked.append(engine))
    for engine in ("auto", "steps", "parallel"):
        cells.prepare(a_plan(engine=engine).cell(0))
    assert asked == ["parallel"]


def test_an_engine_that_cannot_run_is_refused_before_anything_runs():
    with pytest.raises(ValueError, match=r"1 of 1 cells .*engine must be 'steps' or 'auto' here"):
        a_plan(optimizers=["nesterov(weight_decay=0.1)"], engine="parallel").check()


# Planes


def plane(problem="reddi-theorem2", optimizer="adam", *, x, y, steps=60, **options):
    return phase.phase(problem, optimizer, x, y, steps, {**OPTIONS, **options})


def test_values_of_a_plane_rise(monkeypatch):
    monkeypatch.setattr(phase, "MOST", 3)
    y = Axis("beta2", (0.9, 0.95))
    assert plane(x=Axis("lr", (0.1, 0.2, 0.3)), y=y).x_final.shape == (2, 3)
    for values in ((0.1,), (0.1, 0.2, 0.3, 0.4), (0.1, 0.1), (0.1, 0.3, 0.2), (0.1, 0.1, 0.2)):
        with pytest.raises(ValueError, match="lr must take 2 to 3 increasing values, got"):
            plane(x=Axis("lr", values), y=y)


def test_a_plane_without_constants_says_why():
    """beta1 must be below sqrt(beta2): the message is of the first cell, here 0.9 and 0.1."""
    reasons = []
    for beta1, beta2 in ((0.9, 0.1), (0.95, 0.1)):
        with pytest.raises(ValueError, match="beta1 must be") as caught:
            setting("reddi-theorem2", force=True, beta1=beta1, beta2=beta2)
        reasons.append(str(caught.value))
    assert reasons[0] != reasons[1]
    with pytest.raises(ValueError, match="no cell of the plane has constants") as caught:
        plane(x=Axis("beta1", (0.9, 0.95)), y=Axis("beta2", (0.1, 0.2)))
    assert str(caught.value).endswith(reasons[0])


@pytest.mark.parametrize(
    ("problem", "optimizer"), [("reddi-theorem2", "adam"), ("savarese", "adabound")]
)
def test_a_plane_of_one_cell(problem, optimizer):
    """All others have no constants."""
    x, y = Axis("beta1", (0.3, 0.95)), Axis("beta2", (0.05, 0.5))
    result = plane(problem, optimizer, x=x, y=y)
    assert np.isfinite(result.x_final).tolist() == [[False, False], [True, False]]
    assert result.holds[1, 0]


def test_conditions_of_a_plane_may_be_broken():
    """reddi-theorem1 wants beta1 = 0; its cells are run, and said not to hold."""
    result = plane("reddi-theorem1", x=Axis("beta1", (0.0, 0.5)), y=Axis("lr", (0.1, 0.2)))
    assert np.isfinite(result.x_final).all()
    assert result.holds.tolist() == [[True, False], [True, False]]


def test_gamma_of_a_plane_is_by_default_the_optimizers():
    x, y = Axis("lr", (0.001, 0.002)), Axis("beta2", (0.75, 0.9))
    given = plane("reddi-online", "adabound", x=x, y=y, steps=3, final_lr=1e-5, gamma=0.25)
    usual = plane("reddi-online", "adabound", x=x, y=y, steps=3, final_lr=1e-5)
    assert np.array_equal(given.x_final[0], usual.x_final[0])  # 1 - beta2
    assert not np.array_equal(given.x_final[1], usual.x_final[1])
