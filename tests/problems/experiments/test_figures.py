"""The paper's figures: what is run, what is concluded, what is drawn and quoted."""

import copy
import json
import math
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import problems
from problems.cli import main
from problems.experiments import runs as figures_runs
from problems.experiments.drawing import curves_figure, draw, sensitivity_figure
from problems.experiments.results import conclude, paired, rate_records, tables
from problems.experiments.runs import Experiment, badness, work
from problems.experiments.settings import (
    FULL,
    OPTIMIZERS,
    QUICK,
    SPEEDS,
    Sensitivity,
    Settings,
    TaskSettings,
)
from problems.learning import tasks
from problems.learning.training import train
from problems.optimizers import entry, title
from problems.results import figures as command
from problems.sweeps.records import RecordsError, encode, read
from problems.sweeps.runner import SweepError

ROOT = Path(__file__).parents[3]
TINY = Settings(
    (TaskSettings("digits-mlp", 2, 1, seeds=3),),
    (Sensitivity("digits-mlp", (1.0, 0.1, 0.01), 1e-3, 1, SPEEDS),),
    rates="digits-mlp",
    rates_epochs=4,
    thin=True,
)
NAMES = TINY.figures()


def without_seconds(records):
    return [{key: value for key, value in r.items() if key != "seconds"} for r in records]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """All of the tiny experiment, run at once."""
    experiment = Experiment(TINY, tmp_path_factory.mktemp("figures") / "runs.jsonl")
    with ThreadPoolExecutor(1) as executor:
        records = experiment.perform(NAMES, executor)
    return experiment, records


@pytest.mark.parametrize("chosen", [FULL, QUICK, TINY])
def test_the_plan(chosen):
    runs = Experiment(chosen, Path("unused")).runs
    assert [run.number for run in runs] == list(range(len(runs)))
    for task in chosen.tasks:
        named = [(name, chosen.search(task, name)) for name in OPTIMIZERS]
        finals = [r for r in runs if r.stage.startswith("final") and r.task == task.name]
        for name, search in named:
            own = [r for r in finals if (r.optimizer, r.stage) == (name, f"final {search}")]
            assert [r.seed for r in own] == list(range(1, task.seeds + 1))
        assert {r.epochs for r in finals} == {task.epochs}
        for name, search in named:
            tried = [r for r in runs if r.stage == f"search {search}" and r.task == task.name]
            own = [r for r in tried if r.optimizer == name]
            assert [r.given for r in own] == chosen.points(name, task.search)
            assert all(r.seed == 0 for r in own)  # none of the seeds that count
            assert {r.epochs for r in own} == {task.search_epochs}
    for each in chosen.sensitivity:
        own = [r for r in runs if r.stage.startswith("sensitivity") and r.task == each.task]
        assert len(own) == each.seeds * (3 * len(each.rates) + len(each.speeds))
        for r in own:
            if r.optimizer == "adabound":  # not what the task has, which may change
                assert set(r.given) == {"lr", "final_lr", "gamma"}


def test_the_full_search_is_the_papers_grid():
    for name in OPTIMIZERS:
        points = FULL.points(name)
        assert len(points) == math.prod(len(values) for values in entry(name).grid.values())
        bounded = name in ("adabound", "amsbound")
        assert all(("final_lr" in point) == bounded for point in points)
        assert {(p["final_lr"], p["gamma"]) for p in points if bounded} <= {(0.1, 1e-3)}
        for axis, values in entry(name).grid.items():
            assert {point[axis] for point in points} == set(values)
    assert all(task.seeds >= 5 for task in FULL.tasks)


def test_the_equal_search_has_twenty_points_for_each():
    for name in OPTIMIZERS:
        points = FULL.points(name, "equal")
        assert len({json.dumps(point, sort_keys=True) for point in points}) == 20
        if "final_lr" in points[0]:  # over the rates of SGD
            assert {p["final_lr"] for p in points} == {p["lr"] for p in FULL.points("sgd")}
        elif name != "adagrad":
            assert max(p["lr"] for p in points) == max(p["lr"] for p in FULL.points(name))
    equal = {task.name for task in FULL.tasks if task.search == "equal"}
    assert equal == {task.name for task in FULL.tasks if task.name.startswith("text")}
    by_name = {task.key: task for task in FULL.tasks}
    for name in equal:  # the paper's runs of Adam and AMSGrad stand for both
        paper, other = by_name[name], by_name[f"{name}-equal"]
        assert replace(other, search="paper") == paper
        assert [o for o in OPTIMIZERS if FULL.search(other, o) == "paper"] == ["adam", "amsgrad"]


def test_a_run_is_that_of_train(tiny):
    experiment, records = tiny
    found = experiment.found(records)
    by = {record["cell"]: record for record in records}
    for stage, optimizer in (
        ("search paper", "adagrad"),
        ("final paper", "adabound"),
        ("rates", "adam"),
    ):
        run = next(r for r in experiment.runs if (r.stage, r.optimizer) == (stage, optimizer))
        given = found[run.task, optimizer, "paper"] if run.given is None else run.given
        history = train(
            run.task,
            optimizer,
            run.seed,
            epochs=run.epochs,
            validate=stage == "search paper",
            **given,
        )
        record = by[run.number]
        assert record["given"] == given
        assert record["test"] == pytest.approx(history.column("test_metric"), rel=1e-6)
        assert record["train"] == pytest.approx(history.column("train_metric"), rel=1e-6)
        assert record["diverged"] is None


def test_only_what_is_needed_is_run_and_the_rest_later(tiny, tmp_path):
    """Figure by figure, resumed, in threads: the same records, each run once."""
    whole, expected = tiny
    experiment = Experiment(TINY, tmp_path / "runs.jsonl")
    counts, total = [], 0
    with ThreadPoolExecutor(3) as executor:
        for names in (["rates"], ["curves-digits-mlp"], ["sensitivity-digits-mlp"], NAMES):
            ticks = []
            records = experiment.perform(
                names,
                executor,
                resume=True,
                begin=lambda r: counts.append(len(r)),
                tick=ticks.append,
            )
            assert sum(ticks) == counts[-1] == len(records) - total
            total = len(records)
    searched = [run for run in whole.runs if run.stage == "search paper"]
    of_rates = [
        run for run in searched if run.optimizer in ("adam", "amsgrad", "adabound", "amsbound")
    ]
    assert counts == [len(of_rates) + 4, len(searched) - len(of_rates) + 27, 14, 0]
    assert without_seconds(records) == without_seconds(expected)


def test_what_was_done_before_a_failure_is_kept(tiny, tmp_path, monkeypatch):
    _, expected = tiny
    experiment = Experiment(TINY, tmp_path / "runs.jsonl")

    def failing(run):
        if run.number == 20:
            raise MemoryError("full")
        return work(run)

    monkeypatch.setattr(figures_runs, "work", failing)
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(SweepError, match="cell 20 failed: MemoryError: full"):
            experiment.perform(NAMES, executor)
        assert len(read(experiment.path)[1]) == 20
        monkeypatch.setattr(figures_runs, "work", work)
        with pytest.raises(RecordsError, match="continued with --resume"):
            experiment.perform(NAMES, executor)
        other = Experiment(QUICK, experiment.path)
        with pytest.raises(RecordsError, match="must be of the same sweep"):
            other.perform(NAMES, executor, resume=True)
        records = experiment.perform(NAMES, executor, resume=True)
    assert without_seconds(records) == without_seconds(expected)


def test_a_run_that_diverges_is_the_worst():
    run = figures_runs.Run(0, "search paper", "digits-mlp", "sgd", 0, 2, {"lr": 1e30})
    record = {"task": "digits-mlp", **work(run)}
    assert record["diverged"]
    assert figures_runs.last(record) is None
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    good = {"task": "digits-mlp", "diverged": None, "test": [0.01], "loss": [9.0]}
    assert badness(good) < badness(record)


def test_the_search_takes_the_best_and_of_a_tie_the_least_loss():
    experiment = Experiment(FULL, Path("unused"))

    def record(task, lr, test, loss, diverged=None):
        return {
            "stage": "search paper",
            "task": task,
            "optimizer": "sgdm",
            "given": {"lr": lr},
            "test": [0.5, test],
            "loss": [loss],
            "diverged": diverged,
        }

    found = experiment.found(
        [
            record("digits-mlp", 1.0, 0.97, 0.3),
            record("digits-mlp", 0.1, 0.98, 0.2),
            record("digits-mlp", 0.01, 0.98, 0.1),
            record("digits-mlp", 10.0, None, None, "in epoch 1"),
            record("text-lstm1", 1.0, 8.0, 2.1),
            record("text-lstm1", 0.1, 7.0, 1.9),
            record("digits-resnet", 1.0, None, None, "in epoch 1"),
        ]
    )
    assert found["digits-mlp", "sgdm", "paper"] == {"lr": 0.01}
    assert found["text-lstm1", "sgdm", "paper"] == {"lr": 0.1}
    assert found["digits-resnet", "sgdm", "paper"] == {}  # the task's own
    assert set(found) == {
        (t, "sgdm", "paper") for t in ("digits-mlp", "text-lstm1", "digits-resnet")
    }


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=9))
@settings(max_examples=60, deadline=None)
def test_paired_tests_are_scipys(pairs):
    values, baseline = (np.array(column, float) for column in zip(*pairs, strict=True))
    differences = values - baseline
    result = paired(values.tolist(), baseline.tolist())
    assert result["difference"] == pytest.approx(differences.mean())
    sizes = np.abs(differences[differences != 0])
    if not len(sizes):
        assert result == {"difference": 0, "t": 1, "wilcoxon": 1}
        return
    if np.ptp(differences):
        assert result["t"] == pytest.approx(stats.ttest_rel(values, baseline).pvalue)
    else:
        assert result["t"] is None
    if len(set(sizes)) == len(sizes):  # SciPy's exact test has no ties
        nonzero = differences[differences != 0]
        exact = stats.wilcoxon(nonzero, method="exact").pvalue
        assert result["wilcoxon"] == pytest.approx(exact)
    assert result["wilcoxon"] >= 2.0 ** (1 - len(sizes))
    assert result["wilcoxon"] == pytest.approx(signed_ranks(differences))


def test_paired_tests_where_there_is_nothing_to_test():
    none = {"difference": None, "t": None, "wilcoxon": None}
    assert paired([1.0, None], [1.0, 2.0]) == none
    assert paired([1.0], [2.0]) == none
    assert paired([1.0, 4.0], [2.0, 3.0]) == {**none, "difference": 0.0}  # too few for p-values
    assert paired([1.0, 2.0], [1.0, 2.0]) == {**none, "difference": 0.0}
    assert paired([1.0, 2.0], [1.0]) == none
    assert paired([4.0, 5.0, -1.0], [1.0, 2.0, 2.0])["wilcoxon"] == 1.0  # ties share ranks
    more = np.random.default_rng(0).normal(1.0, size=20)
    assert paired(more.tolist(), [0.0] * 20)["wilcoxon"] == stats.wilcoxon(more).pvalue


def signed_ranks(differences):
    """Wilcoxon's two-sided p by enumeration of all signs; zeros are left out, ties share ranks."""
    differences = differences[differences != 0]
    ranks = stats.rankdata(np.abs(differences))
    signs = np.array(np.meshgrid(*[[0, 1]] * len(ranks))).reshape(len(ranks), -1)
    middle = ranks.sum() / 2
    seen = abs(ranks[differences > 0].sum() - middle)
    return float(np.mean(np.abs(ranks @ signs - middle) >= seen - 1e-9))


def test_conclusions_are_means_and_deviations_of_the_runs(tiny):
    experiment, records = tiny
    results = conclude(experiment, records)
    assert json.loads(json.dumps(results, allow_nan=False)) == results
    assert results["runs"] == len(records) == len(experiment.runs)
    rows = results["tasks"]["digits-mlp"]["optimizers"]
    assert list(rows) == list(OPTIMIZERS)
    base = [
        r["test"][-1] for r in records if r["stage"] == "final paper" and r["optimizer"] == "sgdm"
    ]
    for name, row in rows.items():
        own = [r for r in records if r["stage"] == "final paper" and r["optimizer"] == name]
        curves = np.array([r["test"] for r in sorted(own, key=lambda r: r["seed"])])
        assert row["last"] == curves[:, -1].tolist()
        assert row["mean"] == pytest.approx(curves[:, -1].mean(), rel=1e-6)
        assert row["std"] == pytest.approx(curves[:, -1].std(ddof=1), rel=1e-6, abs=1e-12)
        assert row["test"]["mean"] == pytest.approx(curves.mean(axis=0), rel=1e-4)
        assert row["test"]["std"] == pytest.approx(curves.std(axis=0, ddof=1), rel=1e-4)
        if name == "sgdm":
            assert row["against"] is None
        else:
            assert row["against"] == paired(row["last"], base)
    assert len(results["sensitivity"]["digits-mlp"]["points"]) == 14
    for point in results["sensitivity"]["digits-mlp"]["points"]:
        (own,) = [
            r
            for r in records
            if r["stage"] == f"sensitivity {point['axis']}"
            and r["optimizer"] == point["optimizer"]
            and r["given"][point["axis"]] == point["value"]
        ]
        assert point["last"] == [figures_runs.last(own)]
    assert list(results["rates"]) == ["adam", "amsgrad", "adabound", "amsbound"]
    assert [row["bounded"] for row in results["rates"].values()] == [False, False, True, True]
    for name, record in rate_records(records).items():
        for at, step in zip(results["rates"][name]["at"], (36, 48), strict=True):
            assert at["step"] == step  # lr is divided by ten after 3 epochs of 12 steps
            place = record.steps.tolist().index(step)
            assert at["quantiles"]["99"] == pytest.approx(record.quantile(99)[place], rel=1e-4)
            assert at["shares"] == pytest.approx(record.shares[place, -1], abs=1e-4)


def test_an_equal_search_shares_the_papers_runs_of_adam(tmp_path):
    """Its table has the best of 20 points of each; what has the same points is run once."""
    both = (
        TaskSettings("digits-mlp", 1, 1, seeds=2),
        TaskSettings("digits-mlp", 1, 1, seeds=2, search="equal"),
    )
    experiment = Experiment(Settings(both, (), rates="digits-mlp", rates_epochs=1), tmp_path / "r")
    with ThreadPoolExecutor(1) as executor:
        records = experiment.perform(["curves-digits-mlp-equal"], executor)
        assert {(r["optimizer"], r["stage"]) for r in records} == {
            (name, f"{stage} {'paper' if name in ('adam', 'amsgrad') else 'equal'}")
            for name in OPTIMIZERS
            for stage in ("search", "final")
        }
        alone = conclude(experiment, records)["tasks"]
        records = experiment.perform(["curves-digits-mlp"], executor, resume=True)
    results = conclude(experiment, records)["tasks"]
    assert results["digits-mlp-equal"] == alone["digits-mlp-equal"]
    assert {row["points"] for row in results["digits-mlp-equal"]["optimizers"].values()} == {20}
    for name in OPTIMIZERS:
        paper, equal = (results[k]["optimizers"][name] for k in ("digits-mlp", "digits-mlp-equal"))
        if name in ("adam", "amsgrad"):
            assert {**paper, "against": None} == {**equal, "against": None}
        tried = [r for r in records if r["stage"] == "search equal" and r["optimizer"] == name]
        if tried:
            assert equal["hyperparameters"] == min(tried, key=badness)["given"]
    text = tables(conclude(experiment, records), ["curves-digits-mlp-equal"])
    assert "at the best hyperparameters of 20 points (1 epoch, validation part);" in text


def test_conclusions_of_a_part_leave_the_rest_out(tiny):
    experiment, records = tiny
    early = [r for r in records if r["stage"] not in ("final paper", "rates")]
    results = conclude(experiment, early)
    assert results["tasks"] == {}
    assert results["rates"] == {}
    assert tables(results, NAMES).startswith("digits-mlp: test accuracy after the last epoch")
    assert list(draw(results, early, NAMES)) == ["sensitivity-digits-mlp"]


def test_a_diverged_run_is_told(tiny):
    experiment, records = tiny
    records = [dict(r) for r in records]
    lost = next(r for r in records if r["stage"] == "final paper" and r["optimizer"] == "adam")
    lost.update(diverged="in epoch 2", test=lost["test"][:1])
    results = conclude(experiment, records)
    row = results["tasks"]["digits-mlp"]["optimizers"]["adam"]
    assert row["diverged"] == 1
    assert row["last"].count(None) == 1
    assert row["std"] == pytest.approx(np.std([v for v in row["last"] if v is not None], ddof=1))
    assert row["against"]["t"] is None
    line = next(t for t in tables(results, NAMES).splitlines() if t.startswith("adam "))
    assert "(1 diverged)" in line


def test_tables_say_what_the_results_say(tiny):
    results = conclude(*tiny)
    text = tables(results, ["curves-digits-mlp"])
    for name, row in results["tasks"]["digits-mlp"]["optimizers"].items():
        line = next(t for t in text.splitlines() if re.match(rf"{name} ", t)).split()
        assert float(line[1]) == pytest.approx(100 * row["mean"], abs=0.00501)
        assert float(line[2]) == pytest.approx(100 * row["std"], abs=0.00501)
        if name != "sgdm":
            assert float(line[4]) == pytest.approx(row["against"]["t"], abs=0.0000501)
            assert float(line[5]) == pytest.approx(row["against"]["wilcoxon"], abs=0.0000501)
        assert f"lr = {row['hyperparameters']['lr']:g}" in " ".join(line)


def test_figures_draw_the_results(tiny):
    experiment, records = tiny
    results = conclude(experiment, records)
    assert list(draw(results, records, NAMES)) == [
        "curves-digits-mlp",
        "sensitivity-digits-mlp",
        "rates-funnel",
        "rates-histogram",
        "rates-shares",
        "rates-kernels",
    ]
    task = results["tasks"]["digits-mlp"]
    figure = curves_figure(task)
    for part in ("train", "test"):
        panels = [a for a in figure.axes if a.get_ylabel() == f"{part} accuracy (%)"]
        assert len({axes.get_ylim() for axes in panels}) == 1  # on one scale
        low, high = panels[0].get_ylim()
        drawn, looks = [], set()
        for axes in panels:
            assert axes.get_xlabel() == "epoch"
            lines = [line for line in axes.lines if line.get_label() in OPTIMIZERS]
            names = [line.get_label() for line in lines]
            assert len(names) <= 5
            drawn += names
            for line in lines:
                assert low < line.get_ydata()[-1] < high
                mean = task["optimizers"][line.get_label()][part]["mean"]
                np.testing.assert_allclose(line.get_ydata(), 100 * np.array(mean))
                looks.add((line.get_linestyle(), line.get_marker()))
        assert drawn == list(OPTIMIZERS)
        assert len(looks) == len(OPTIMIZERS)  # they differ in grey
    labels = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
    assert all(title(name) in labels for name in OPTIMIZERS)
    sensitivity = results["sensitivity"]["digits-mlp"]
    left, right = sensitivity_figure(sensitivity, "title").axes
    for line, (optimizer, axis) in zip(
        [c.lines[0] for c in (*left.containers, *right.containers)],
        [("sgdm", "lr"), ("csgd", "lr"), ("adabound", "final_lr"), ("adabound", "gamma")],
        strict=True,
    ):
        points = {
            p["value"]: p["last"][0]
            for p in sensitivity["points"]
            if (p["optimizer"], p["axis"]) == (optimizer, axis)
        }
        assert list(line.get_xdata()) == sorted(points)
        expected = [np.nan if points[x] is None else 100 * points[x] for x in sorted(points)]
        np.testing.assert_allclose(line.get_ydata(), expected)


def test_bars_of_equal_results():
    """Their mean is not always equal to them."""
    values = [0.8132702392002724] * 3
    assert np.mean(values) > max(values)
    points = [
        {"optimizer": name, "axis": axis, "value": value, "last": values}
        for name, axis in (("sgdm", "lr"), ("csgd", "lr"), ("adabound", "final_lr"))
        for value in (0.1, 1.0)
    ]
    each = {"metric": "accuracy", "seeds": 3, "lr": 1e-3, "points": points}
    assert len(sensitivity_figure(each, "title").axes[0].containers) == 3


def test_the_command(tmp_path, capsys, monkeypatch):
    """--quick on the tiny settings, in a worker process; then --resume, --show and --json."""
    monkeypatch.setattr(command, "QUICK", TINY)
    args = [
        "figures",
        "--quick",
        "--only",
        "curves-digits-mlp",
        "--workers",
        "1",
        "--out",
        str(tmp_path),
    ]
    assert main(args) == 0
    out = capsys.readouterr().out
    assert out.startswith("45 runs: 18 search, 27 final\n")
    assert "on 1 process\n" in out
    results = json.loads((tmp_path / "figures.json").read_text())
    table = tables(results, ["curves-digits-mlp"])
    assert table in out
    names = {"runs.jsonl", "figures.json", "index.html"}
    names |= {"curves-digits-mlp.png", "curves-digits-mlp.svg"}
    assert {path.name for path in tmp_path.iterdir()} == names
    with pytest.raises(SystemExit) as stop:
        main(args)
    assert stop.value.code == 2
    assert "is continued with --resume" in capsys.readouterr().err
    before = (tmp_path / "figures.json").read_bytes()
    assert main([*args, "--resume", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("no runs to do")
    printed = json.loads(captured.out)
    assert printed["results"] == results
    header, _ = read(tmp_path / "runs.jsonl")
    assert printed["manifest"] == results["manifest"] == header["manifest"]
    assert printed["manifest"]["command"] == "figures"
    assert (tmp_path / "figures.json").read_bytes() == before
    assert main(["figures", "--show", str(tmp_path / "figures.json")]) == 0
    assert capsys.readouterr().out == table + "\n"
    assert main(["figures", "--show", str(tmp_path / "figures.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == results


def test_the_function(tiny, tmp_path, monkeypatch):
    """From a file, with figures of what it holds; and run, in threads, without a folder."""
    experiment, records = tiny
    path = tmp_path / "figures.json"
    path.write_text(json.dumps(conclude(experiment, records)))
    shown = problems.figures(["curves-digits-mlp"], show=path)
    assert str(shown) == tables(shown.results, ["curves-digits-mlp"])
    assert [row["optimizer"] for row in shown.table()] == list(OPTIMIZERS)
    row = shown.results["tasks"]["digits-mlp"]["optimizers"]["adam"]
    found = next(r for r in shown.table() if r["optimizer"] == "adam")
    assert (found["mean"], found["wilcoxon"]) == (row["mean"], row["against"]["wilcoxon"])
    assert len(shown.plot().axes) == 4
    assert "<td>csgd</td>" in shown._repr_html_()
    plain = shown.to_dict()
    assert plain.pop("manifest")["command"] == "figures"  # the file has none
    assert plain == json.loads(path.read_text())

    @contextmanager
    def threads(workers):
        with ThreadPoolExecutor(workers) as executor:
            yield executor

    monkeypatch.setattr(command, "QUICK", TINY)
    monkeypatch.setattr(command, "pool", threads)
    monkeypatch.chdir(tmp_path)
    plans = []
    ran = problems.figures("curves-digits-mlp", quick=True, workers=1, report=plans.append)
    assert plans[0].startswith("45 runs: 18 search, 27 final\n")
    assert ran.results["tasks"] == shown.results["tasks"]
    assert [p.name for p in ran.save(tmp_path / "new")] == [
        "curves-digits-mlp.png",
        "curves-digits-mlp.svg",
        "figures.json",
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figures.json", "new"]


def test_another_machine_may_resume(tiny, tmp_path):
    """The manifest in the header says where the file was begun, and is no reason to refuse it."""
    whole, _ = tiny
    path = tmp_path / "runs.jsonl"
    header, *lines = whole.path.read_bytes().splitlines(keepends=True)
    entry = json.loads(header)
    del entry["crc32"]
    entry["manifest"]["platform"] = "another machine"
    path.write_bytes(encode(entry) + b"".join(lines))
    with ThreadPoolExecutor(1) as executor:
        records = Experiment(TINY, path).perform(NAMES, executor, resume=True)
    assert len(records) == len(lines)
    assert read(path)[0]["manifest"]["platform"] == "another machine"


def test_two_seeds_and_one_epoch(tiny):
    """A table says that there are no p-values, and counts as English does."""
    results = copy.deepcopy(conclude(*tiny))
    task = results["tasks"]["digits-mlp"]
    task.update(seeds=2, epochs=1)
    base = task["optimizers"]["sgdm"]["last"][:2]
    for name, row in task["optimizers"].items():
        row["against"] = None if name == "sgdm" else paired(row["last"][:2], base)
    text = tables(results, ["curves-digits-mlp"])
    assert "after 1 epoch, mean and standard deviation over 2 seeds," in text
    assert "difference from sgdm, without p-values, for which 2 seeds are too few" in text
    line = next(line for line in text.splitlines() if line.startswith("adam ")).split()
    assert float(line[3]) == pytest.approx(
        100 * task["optimizers"]["adam"]["against"]["difference"], abs=0.00501
    )
    assert line[4:6] == ["-", "-"]


@pytest.mark.parametrize("module", ["sklearn", "sklearn.datasets"])
def test_without_the_extra(module, tmp_path, capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    tasks._digits.cache_clear()
    with pytest.raises(SystemExit) as stop:
        main(["figures", "--quick", "--only", "rates", "--workers", "1", "--out", str(tmp_path)])
    assert stop.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert 'python -m pip install -e ".[test]"' in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--only", "curves-digits-ml"], "did you mean 'curves-digits-mlp'?"),
        (["--quick", "--only", "curves-text-lstm3"], "only must name a figure of quick"),
        (["--workers", "0"], "must be a whole number of at least 1"),
        (["--show", "nowhere.json"], "show must be a file that can be read"),
        (["--show", __file__], "show must be a figures.json"),
    ],
)
def test_bad_usage(args, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["figures", *args, "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert not (tmp_path / "out").exists()


def test_the_page_quotes_the_results():
    """Every table of docs/experiments.md is what its command prints from the committed results."""
    results = json.loads((ROOT / "docs" / "results" / "figures.json").read_text())
    page = (ROOT / "docs" / "experiments.md").read_text()
    quoted = re.findall(
        r"<!-- output: python -m problems figures --show docs/results/figures.json --only (.+?) -->"
        r"\n```text\n(.*?)```\n",
        page,
        re.DOTALL,
    )
    kinds = ("funnel", "histogram", "shares", "kernels")
    figures = [
        *(f"curves-{name}" for name in results["tasks"]),
        *(f"sensitivity-{name}" for name in results["sensitivity"]),
        "rates",
    ]
    assert {name for name, _ in quoted} == set(figures)
    for name, text in quoted:
        assert text == tables(results, [name]) + "\n"
    shown = {Path(name).stem for name in re.findall(r"\((results/\S+)\)", page)}
    assert {*figures[:-1], *(f"rates-{kind}" for kind in kinds)} <= shown
    assert all((ROOT / "docs" / "results" / f"{name}.png").exists() for name in shown)


def test_the_notebook_quotes_the_published_numbers():
    notebook = json.loads((ROOT / "docs" / "notebooks" / "visualization.ipynb").read_text())
    text = "".join("".join(cell["source"]) for cell in notebook["cells"])
    page = (ROOT / "docs" / "experiments.md").read_text()
    row = re.compile(
        r"^\| (?:SGD|Ad\w+|AMS\w+) \|(?: \d\d\.\d\d(?: \(\d+\))? \|){4}$", re.MULTILINE
    )
    assert len(row.findall(page)) == 6
    assert row.findall(page) == row.findall(text)
