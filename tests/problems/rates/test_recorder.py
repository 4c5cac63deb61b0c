"""What a recorder makes of rates and bounds given by hand, and what a record's file may hold."""

import csv
import io

import numpy as np
import pytest

from problems.forms import in_paper
from problems.limits import Limits
from problems.online import reddi_online
from problems.online.summary import log_grid
from problems.rates.record import RateRecord, RateRecordError
from problems.rates.recorder import Recorder, mixed_grid, record_online

LOW, HIGH = Limits(0.1, 0.4), Limits(0.2, 0.5)


def kept(*steps, **options):
    """The record of steps, each a list of pairs: rates of a parameter, and their limits."""
    recorder = Recorder(range(1, len(steps) + 1), **options)
    for t, pairs in enumerate(steps, 1):
        rates, limits = zip(*pairs, strict=True)
        recorder.take(t, [f"p{i}" for i in range(len(pairs))], rates, limits)
    return recorder.record()


def test_one_coordinate_counts():
    record = kept([(np.array([0.1]), LOW), (np.array([0.3, 0.5]), HIGH)])
    np.testing.assert_allclose(record.shares[0], [[1, 0, 0], [0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(record.bounds[0], [[0.1, 0.4], [0.2, 0.5], [0.1, 0.5]])
    assert record.bounded


def test_a_parameter_without_bounds_leaves_the_whole_without():
    some = np.array([0.2, 0.3])
    record = kept([(some, LOW), (some, None), (some, HIGH)])
    np.testing.assert_allclose(record.shares[0, [0, 2]], [[0, 1, 0], [0.5, 0.5, 0]])
    assert np.isnan(record.shares[0, [1, 3]]).all()
    np.testing.assert_allclose(record.bounds[0, [0, 2]], [[0.1, 0.4], [0.2, 0.5]])
    assert np.isnan(record.bounds[0, [1, 3]]).all()
    assert record.bounded  # by all the bounds there are


def test_before_any_step_there_is_nothing():
    record = kept([(None, None), (None, None)])
    assert np.isnan(record.bounds).all()
    assert np.isnan(record.quantiles).all()
    assert (record.coordinates == -1).all()
    assert record.dims.tolist() == [0, 0]
    assert not record.bounded


def test_bounds_are_the_optimizers_own_only_if_all_are():
    own, other = (np.array([0.2]), LOW), (np.array([0.2]), LOW._replace(own=False))
    assert kept([own, own], [own, own]).bounded
    assert not kept([own, other]).bounded
    assert not kept([own], [other]).bounded


def test_what_is_not_a_number_is_an_empty_cell(tmp_path):
    kept([(None, None), (np.array([0.2]), LOW)]).write_csv(tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [(row["parameter"], row["q50"], row["lower"]) for row in rows] == [
        ("p0", "", ""),
        ("p1", "0.2", "0.1"),
        ("all", "0.2", "0.1"),
    ]


def test_grids_at_their_ends():
    assert mixed_grid(100, points=1).tolist() == [100]
    assert mixed_grid(100, points=3).tolist() == [100]
    assert mixed_grid(100, points=4).tolist() == [1, 50, 100]
    assert mixed_grid(1).tolist() == [1]


def test_an_online_record_has_the_steps_of_its_grid():
    s, told = reddi_online(), []
    opt = in_paper("adam", lr=0.5, beta1=0.9, beta2=0.99, feasible=s.problem.feasible)
    record = record_online(s.problem, opt, 300, s.x1, points=12, tick=told.append)
    grid = log_grid(300, 12)
    assert record.steps.tolist() == grid.tolist()
    assert told == np.diff(grid, prepend=0).tolist()
    assert record.samples.shape == (len(grid), 1, 1)


class Harm:
    """A pickle that is a program."""

    done = False

    def __reduce__(self):
        return setattr, (Harm, "done", True)


def test_a_pickle_in_the_file_is_not_loaded():
    record = kept([(np.array([0.1]), LOW)])
    whole = dict(np.load(io.BytesIO(record.to_bytes())))
    stream = io.BytesIO()
    np.savez(stream, **{**whole, "names": np.array([Harm(), "all"], dtype=object)})
    Harm.done = False
    with pytest.raises(RateRecordError, match="allow_pickle=False"):
        RateRecord.from_bytes(stream.getvalue())
    assert not Harm.done
    with pytest.raises(ValueError, match="allow_pickle=False"):
        record.to_bytes(note=np.array([object()]))


def test_another_format_is_refused():
    whole = dict(np.load(io.BytesIO(kept([(np.array([0.1]), LOW)]).to_bytes())))
    stream = io.BytesIO()
    np.savez(stream, **{**whole, "format": np.array(2)})
    with pytest.raises(RateRecordError, match="its format is 2, not 1"):
        RateRecord.from_bytes(stream.getvalue())
