"""What is concluded from the runs: means, deviations, paired tests; and its tables."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from adabound_np import __version__
from problems.experiments.runs import Experiment, Record, last
from problems.experiments.settings import BASELINE, OPTIMIZERS
from problems.learning.tasks import MILESTONE, TASKS
from problems.optimizers import BOUNDS
from problems.rates.record import PERCENTS, RateRecord
from problems.text import counted

__all__ = ["conclude", "paired", "rate_records", "tables"]

#: Pairs that p-values take.
LEAST = 3


def paired(
    values: Sequence[float | None], baseline: Sequence[float | None]
) -> dict[str, float | None]:
    """Two-sided tests of whether paired results differ: Student's t and Wilcoxon's signed ranks.

    Parameters
    ----------
    values, baseline : sequence of float or None
        One result for each seed, of the same seeds; None of a run that diverged.

    Returns
    -------
    dict
        "difference", the mean of values - baseline; "t" and "wilcoxon", the p-values. They are
        None without two pairs, and where a run diverged; two pairs give a difference, but are
        too few for p-values. Equal differences leave t undefined (None) unless they are 0; then
        both p are 1.

    Notes
    -----
    Over n pairs Wilcoxon's p is at least 2^(1 - n): 0.0625 for five seeds.

    Examples
    --------
    >>> {k: round(v, 4) for k, v in paired([3.0, 5.0, 8.0, 9.0], [2.0, 3.0, 4.0, 1.0]).items()}
    {'difference': 3.75, 't': 0.0939, 'wilcoxon': 0.125}
    """
    none: dict[str, float | None] = {"difference": None, "t": None, "wilcoxon": None}
    if len(values) != len(baseline) or len(values) < 2 or None in (*values, *baseline):
        return none
    differences = np.array(values, np.float64) - np.array(baseline, np.float64)
    mean = float(differences.mean())
    if len(differences) < LEAST:
        return {**none, "difference": mean}
    if not differences.any():
        return {"difference": mean, "t": 1.0, "wilcoxon": 1.0}
    spread = np.ptp(differences) > 1e-12 * np.abs(differences).max()
    t = float(stats.ttest_rel(values, baseline).pvalue) if spread else None
    # of all signs if they are few: the exact method knows neither zeros nor ties
    method = stats.PermutationMethod() if len(differences) <= 13 else "auto"
    wilcoxon = float(stats.wilcoxon(differences, method=method).pvalue)
    return {"difference": mean, "t": t, "wilcoxon": wilcoxon}


def conclude(experiment: Experiment, records: Iterable[Record]) -> dict[str, Any]:
    """Return all that the tables and curves say, as JSON has it; what was not run is left out."""
    records = list(records)
    found = experiment.found(records)
    settings = experiment.settings
    tasks = {}
    for task in settings.tasks:
        searches = {name: settings.search(task, name) for name in OPTIMIZERS}
        rows = {}
        for name, search in searches.items():
            sought = f"final {search}", task.name, name
            runs = [r for r in records if (r["stage"], r["task"], r["optimizer"]) == sought]
            if len(runs) == task.seeds:
                rows[name] = _row(runs)
        if rows:
            base = rows.get(BASELINE, {"last": []})["last"]
            for name, row in rows.items():
                row["against"] = None if name == BASELINE else paired(row["last"], base)
                row["hyperparameters"] = found.get((task.name, name, searches[name]), {})
                row["points"] = len(settings.points(name, task.search))
            tasks[task.key] = {
                "task": task.name,
                "title": TASKS[task.name].title,
                "metric": TASKS[task.name].metric,
                "epochs": task.epochs,
                "search_epochs": task.search_epochs,
                "search": task.search,
                "seeds": task.seeds,
                "optimizers": rows,
            }
    of = {r["optimizer"]: _rates(r) for r in records if r["stage"] == "rates"}
    return {
        "version": __version__,
        "settings": settings.plain(),
        "runs": len(records),
        "diverged": sum(r["diverged"] is not None for r in records),
        "seconds": round(sum(r["seconds"] for r in records)),
        "tasks": tasks,
        "sensitivity": {
            each.task: {
                "metric": TASKS[each.task].metric,
                "seeds": each.seeds,
                "lr": each.lr,
                "points": points,
            }
            for each in settings.sensitivity
            if (points := _sensitivity(records, each.task))
        },
        "rates": of,
    }


def _row(runs: Sequence[Record]) -> dict[str, Any]:
    """An optimizer's runs on a task, one for each seed."""
    ends = [last(run) for run in runs]
    good = [end for end in ends if end is not None]
    row: dict[str, Any] = {
        "last": ends,
        "mean": float(f"{np.mean(good):.7g}") if good else None,
        "std": float(f"{np.std(good, ddof=1):.7g}") if len(good) > 1 else None,
        "diverged": len(ends) - len(good),
    }
    for part in ("train", "test"):
        curves = [run[part] for run in runs if run["diverged"] is None]
        if curves:
            values = np.array(curves, np.float64)  # None becomes NaN
            row[part] = {
                "mean": _digits(values.mean(axis=0)),
                "std": _digits(values.std(axis=0, ddof=min(1, len(curves) - 1))),
            }
    return row


def _digits(values: Any) -> list[float | None]:
    return [float(f"{v:.5g}") if math.isfinite(v) else None for v in values.tolist()]


def _sensitivity(records: Sequence[Record], task: str) -> list[dict[str, Any]]:
    """Results of the points of each axis on a task, over seeds."""
    points: dict[tuple[str, str, float], list[float | None]] = {}
    for record in records:
        kind, _, axis = record["stage"].partition(" ")
        if (kind, record["task"]) == ("sensitivity", task):
            key = record["optimizer"], axis, record["given"][axis]
            points.setdefault(key, []).append(last(record))
    return [
        {"optimizer": optimizer, "axis": axis, "value": value, "last": ends}
        for (optimizer, axis, value), ends in points.items()
    ]


def rate_records(records: Iterable[Record]) -> dict[str, RateRecord]:
    """The effective rates that were recorded, by optimizer."""
    return {
        r["optimizer"]: RateRecord.from_bytes(base64.b64decode(r["rates"]))
        for r in records
        if r["stage"] == "rates"
    }


def _rates(record: Record) -> dict[str, Any]:
    """A record of rates before lr is divided by ten, and at the end."""
    rates = RateRecord.from_bytes(base64.b64decode(record["rates"]))
    before = int(np.searchsorted(rates.steps, MILESTONE * rates.steps[-1], side="right")) - 1
    return {
        "hyperparameters": record["given"],
        "bounded": rates.bounded,
        "at": [
            {
                "step": int(rates.steps[place]),
                "quantiles": {str(p): float(f"{rates.quantile(p)[place]:.5g}") for p in PERCENTS},
                "shares": [float(f"{share:.5g}") for share in rates.shares[place, -1]],
                "bounds": [float(f"{bound:.5g}") for bound in rates.bounds[place, -1]],
            }
            for place in (max(before, 0), -1)
        ],
    }


def tables(results: Mapping[str, Any], figures: Sequence[str]) -> str:
    """The tables that belong to some figures."""
    parts = []
    for name, task in results["tasks"].items():
        if f"curves-{name}" in figures:
            parts.append(_task_table(name, task))
    for name, each in results["sensitivity"].items():
        if f"sensitivity-{name}" in figures:
            parts.append(_sensitivity_table(name, each))
    if "rates" in figures and results["rates"]:
        parts.append(_rates_table(results))
    return "\n\n".join(parts)


def _task_table(name: str, task: Mapping[str, Any]) -> str:
    accuracy = task["metric"] == "accuracy"
    unit, scale = ("%", 100.0) if accuracy else ("", 1.0)
    seeds = counted(task["seeds"], "seed")
    points = [row["points"] for row in task["optimizers"].values()]
    least, most = min(points), max(points)
    lines = [
        f"{name}: {task['title']}",
        f"test {task['metric']} after {counted(task['epochs'], 'epoch')}, "
        f"mean and standard deviation over {seeds},",
        "at the best hyperparameters of "
        + (f"the paper's grids of {least} to {most}" if least < most else f"{most}")
        + f" points ({counted(task['search_epochs'], 'epoch')}, validation part);",
        f"difference from {BASELINE}, "
        + (
            "p of the paired t test and of Wilcoxon's test, unadjusted"
            if task["seeds"] >= LEAST
            else f"without p-values, for which {seeds} are too few"
        ),
        "",
        f"{'optimizer':<14} {f'test {unit}'.strip():>9} {'std':>7} {'diff.':>8} {'t':>7} {'W':>7}"
        "  hyperparameters",
    ]
    for optimizer, row in task["optimizers"].items():
        given = _given(row["hyperparameters"])
        against = row["against"] or {"difference": None, "t": None, "wilcoxon": None}
        cells = [
            _cell(row["mean"], 9, 2, scale),
            _cell(row["std"], 7, 2, scale),
            _cell(against["difference"], 8, 2, scale, sign=True),
            _p(against["t"]),
            _p(against["wilcoxon"]),
        ]
        note = f"  ({row['diverged']} diverged)" if row["diverged"] else ""
        lines.append(f"{optimizer:<14} {' '.join(cells)}  {given}{note}")
    return "\n".join(lines)


def _p(value: float | None) -> str:
    return f"{'<0.0001':>7}" if value is not None and value < 1e-4 else _cell(value, 7, 4)


def _given(hyperparameters: Mapping[str, float]) -> str:
    """Hyperparameters as text; bounds at their defaults go without saying."""
    return ", ".join(
        f"{name} = {value:g}"
        for name, value in hyperparameters.items()
        if BOUNDS.get(name) != value
    )


def _cell(
    value: float | None, width: int, digits: int, scale: float = 1.0, sign: bool = False
) -> str:
    if value is None:
        return f"{'-':>{width}}"
    return f"{value * scale:{'+' if sign else ''}{width}.{digits}f}"


def _sensitivity_table(name: str, each: Mapping[str, Any]) -> str:
    scale, unit = (100.0, " %") if each["metric"] == "accuracy" else (1.0, "")
    lines = [
        f"{name}: test {each['metric']} after the last epoch, mean and standard deviation",
        f"(seeds: {each['seeds']}; adabound's lr = {each['lr']:g})",
        "",
        f"{'optimizer':<10} {'axis':<10} {'value':>7} {'test' + unit:>9} {'std':>7}",
    ]
    for point in each["points"]:
        good = [end for end in point["last"] if end is not None]
        lost = len(point["last"]) - len(good)
        mean = float(np.mean(good)) if good else None
        std = float(np.std(good, ddof=1)) if len(good) > 1 else None
        lines.append(
            f"{point['optimizer']:<10} {point['axis']:<10} {point['value']:>7g} "
            f"{_cell(mean, 9, 2, scale)} {_cell(std, 7, 2, scale)}"
            + (f"  ({lost} diverged)" if lost else "")
        )
    return "\n".join(lines)


def _rates_table(results: Mapping[str, Any]) -> str:
    lines = [
        f"{results['settings']['rates']}, {counted(results['settings']['rates_epochs'], 'epoch')}: "
        "effective learning rates before lr is divided by ten, and at",
        "the end: quantiles; decades from the 1 % to the 99 % quantile; shares at or below the",
        "lower bound, between, at or above the upper one (* compared with adabound's bounds)",
        "",
        f"{'optimizer':<9} {'step':>6} {'0 %':>8} {'1 %':>8} {'50 %':>8} {'99 %':>8} {'100 %':>8} "
        f"{'decades':>7} {'lower':>6} {'betw.':>6} {'upper':>6}",
    ]
    for name, row in results["rates"].items():
        for at in row["at"]:
            q = at["quantiles"]
            quantiles = " ".join(f"{q[p]:>8.3g}" for p in ("0", "1", "50", "99", "100"))
            decades = f"{math.log10(q['99'] / q['1']):>7.2f}" if q["1"] > 0 else f"{'-':>7}"
            shares = " ".join(f"{share:>6.3f}" for share in at["shares"])
            mark = "" if row["bounded"] else " *"
            lines.append(f"{name:<9} {at['step']:>6,} {quantiles} {decades} {shares}{mark}")
    lines += [
        "",
        *(f"{name}: {_given(row['hyperparameters'])}" for name, row in results["rates"].items()),
    ]
    return "\n".join(lines)
