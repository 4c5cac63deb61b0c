"""Many runs: what is run and what is kept, who is told, and the CSV meanwhile."""

import csv
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from problems.learning.data import Images
from problems.learning.models import LogisticRegression
from problems.learning.objectives import Classification
from problems.learning.tasks import Task
from problems.learning.training import CheckpointError, train
from problems.learning.trials import Trial, finished, run_trial, run_trials
from problems.sweeps.records import RecordsError, locked
from problems.sweeps.runner import Inline
from tests.problems.learning.kills import interrupted

X, Y = np.random.default_rng(0).random((6, 1, 2, 2), np.float32), np.arange(6)
TASK = Task(
    "small",
    "six images",
    lambda folder, verify: Images(X, Y, X[:3], Y[:3]),
    lambda data, rng: LogisticRegression(4, 10, rng=rng),
    Classification,
    3,
    2,
)
OPTIONS = {"epochs": 2, "batch_size": 3}


def trials_in(folder, count=3):
    return [
        Trial(k, TASK, "sgd", k, OPTIONS, "data", True, str(folder / f"{k}.npz"))
        for k in range(count)
    ]


def whole(trial):
    """A trial's epochs, run alone, without the seconds."""
    return [e[:-1] for e in train(TASK, "sgd", trial.seed, **OPTIONS).epochs]


def rows_of(path):
    with path.open(newline="") as file:
        return [int(row["seed"]) for row in csv.DictReader(file)]


@pytest.fixture
def begun(tmp_path):
    """Three trials: one at its end, one in its midst, one that is still to be run."""
    trials = trials_in(tmp_path)
    run_trial(trials[0])
    interrupted(tmp_path / "1.npz", 3, TASK, "sgd", 1, **OPTIONS)
    return trials


def test_which_trials_are_finished(begun):
    assert [e[:-1] for e in finished(begun[0], True).epochs] == whole(begun[0])
    assert finished(begun[1], True) is finished(begun[2], True) is finished(begun[2], False) is None
    for trial in begun[:2]:
        with pytest.raises(CheckpointError, match=r"must be a new file, .*--resume resumes it"):
            finished(trial, False)


def test_a_trial_goes_on_where_its_checkpoint_is(begun):
    seen = []
    history = run_trial(begun[1], observe=lambda t, model, optimizer: seen.append(t))
    assert seen == [3, 4]
    assert [e[:-1] for e in history.epochs] == whole(begun[1])


def test_trials_are_run_once_and_told_of_once(begun, tmp_path):
    """The CSV has what is done at any time, and one writer."""
    metrics, ran, told = tmp_path / "m.csv", [], []

    def run(trial):
        ran.append(trial.number)
        assert rows_of(metrics) == [seed for seed in range(trial.number) for _ in range(2)]
        with pytest.raises(RecordsError), locked(metrics):
            pass
        return run_trial(trial)

    def ended(trial, history):
        told.append((trial.number, history.identity["seed"], len(history.epochs)))

    histories, computed = run_trials(begun, Inline(), metrics, True, run, ended)
    assert (ran, computed) == ([1, 2], 2)
    assert told == [(k, k, 2) for k in range(3)]
    assert [[e[:-1] for e in h.epochs] for h in histories] == [whole(t) for t in begun]
    assert rows_of(metrics) == [0, 0, 1, 1, 2, 2]
    again, computed = run_trials(begun, Inline(), metrics, True, run)
    assert (again, computed, len(ran)) == (histories, 0, 2)


def test_trials_without_a_csv_leave_checkpoints_alone(tmp_path):
    run_trials(trials_in(tmp_path, 1), Inline(), None)
    assert [path.name for path in tmp_path.iterdir()] == ["0.npz"]


def test_workers_run_trials_side_by_side(tmp_path):
    together = threading.Barrier(3, timeout=5)

    def run(trial):
        together.wait()
        return run_trial(trial)

    with ThreadPoolExecutor(3) as executor:
        histories, computed = run_trials(trials_in(tmp_path), executor, None, function=run)
    assert computed == 3
    assert [h.identity["seed"] for h in histories] == [0, 1, 2]
