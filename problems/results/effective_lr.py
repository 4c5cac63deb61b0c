"""Effective learning rates of several optimizers during a run, against AdaBound's bounds."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from adabound_np import AdaBound
from adabound_np.bounds import Bounds, DynamicBounds
from adabound_np.checks import known
from problems.errors import RunError
from problems.forms import on
from problems.learning.tasks import TASKS, Task
from problems.learning.training import prepare, train
from problems.limits import held_notes
from problems.loading import call, load
from problems.manifest import manifest, suffix
from problems.online.sequences import SEQUENCES
from problems.online.sequences import setting as setting_of
from problems.online.setting import Setting, formula_of, name_of
from problems.optimizers import STORY, Spec, labelled, takes
from problems.rates.curvature_run import Snapshots
from problems.rates.record import PERCENTS, RateRecord
from problems.rates.recorder import Recorder, mixed_grid, record_online
from problems.results.counterexample import bounds_of, refuse_bounds
from problems.results.result import Result, file_name
from problems.text import counted

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["FEW", "STEPS", "TASK", "EffectiveLr", "effective_lr"]

TASK = "digits-resnet"
#: Quantiles of the table, in percent.
SHOWN = (0, 1, 50, 99, 100)
#: Steps of an online problem; with `quick`.
STEPS, FEW = 50_000, 2000
#: `quick` divides a task's epochs by it.
QUICK = 6


@dataclass(frozen=True)
class EffectiveLr(Result):
    """Effective learning rates of several optimizers.

    Attributes
    ----------
    kind, name : str
        "task" or "problem", and which.
    title : str
        What ran.
    records : dict of str to RateRecord
        By label.
    ends : dict of str to float or None
        The test metric after the last epoch; empty for online problems.
    final_lr, gamma : float
        Constants of the bounds.
    seed : int
        Seed of what is random.
    """

    kind: str
    name: str
    title: str
    records: dict[str, RateRecord]
    ends: dict[str, float | None]
    final_lr: float
    gamma: float
    seed: int
    added: str = ""
    command = "effective_lr"

    @property
    def stem(self) -> str:
        """Name of the files."""
        return f"effective-lr-{self.name}{self.added}"

    @property
    def of(self) -> str:
        """What the distributions are over."""
        return "coordinates" if self.kind == "task" else "steps"

    def rows(self) -> list[dict[str, Any]]:
        """The last step of each record, over all coordinates."""
        return [self._row(name, record) for name, record in self.records.items()]

    def _row(self, name: str, record: RateRecord) -> dict[str, Any]:
        last = record.quantiles[-1, -1].tolist()
        shares, bounds = (
            None if math.isnan(values[0]) else values
            for values in (record.shares[-1, -1].tolist(), record.bounds[-1, -1].tolist())
        )
        return {
            "optimizer": name,
            "step": int(record.steps[-1]),
            "quantiles": dict(zip(map(str, PERCENTS), last, strict=True)),
            "shares": shares,
            "bounds": bounds,
            "bounded": record.bounded,
            "held": record.held,
            **({"test_metric": self.ends[name]} if name in self.ends else {}),
        }

    def table(self) -> list[dict[str, Any]]:
        """One row per optimizer: quantiles of the last rates, and where they lie in the bounds."""
        return [
            {
                "optimizer": row["optimizer"],
                "step": row["step"],
                **{f"{p} %": row["quantiles"][str(p)] for p in SHOWN},
                **dict(
                    zip(("lower", "between", "upper"), row["shares"] or [None] * 3, strict=True)
                ),
                "bounded": row["bounded"],
            }
            for row in self.rows()
        ]

    def record(self) -> dict[str, Any]:
        """The last rates of each optimizer."""
        return {
            self.kind: self.name,
            "final_lr": self.final_lr,
            "gamma": self.gamma,
            "seed": self.seed,
            "results": self.rows(),
        }

    def text(self) -> str:
        """The table, under what ran."""
        rows = self.table()
        width = max(14, *(len(row["optimizer"]) + 1 for row in rows))
        heads = "".join(f" {f'{p} %':>10}" for p in SHOWN)
        lines = [
            self.title,
            "",
            f"effective learning rates at step {rows[0]['step']:,}: quantiles; shares at or below "
            "the",
            "lower bound, between, at or above the upper one (* compared with adabound's bounds)",
            "",
            f"{'optimizer':<{width}}{heads} {'lower':>8} {'between':>8} {'upper':>8}",
        ]
        for row in rows:
            quantiles = "".join(f" {row[f'{p} %']:>10.4g}" for p in SHOWN)
            shares = [row[place] for place in ("lower", "between", "upper")]
            compared = shares[0] is not None
            cells = "".join(f" {share:>8.4f}" if compared else f" {'-':>8}" for share in shares)
            mark = " *" if compared and not row["bounded"] else ""
            lines.append(f"{row['optimizer']:<{width}}{quantiles}{cells}{mark}")
        lines += held_notes({name: record.held for name, record in self.records.items()})
        return "\n".join(lines)

    def figures(self) -> dict[str, Picture]:
        """The funnel, the histograms, the shares; of a task, kernels as in [Luo19] Figure 1."""
        from problems.rates import figures

        records, title = self.records, self.title
        drawn = {
            "-funnel": figures.funnel_figure(records, title),
            "-histogram": figures.histogram_figure(records, title, self.of),
            "-shares": figures.shares_figure(records, title, self.of),
        }
        if self.kind == "task":
            name = "adam" if "adam" in records else next(iter(records))
            record = records[name]
            chosen = figures.figure1_parameters(record.names[:-1], record.dims.tolist())
            drawn["-kernels"] = figures.heat_figure(record, chosen, f"{name} on {title}")
        return drawn

    def write(self, stem: Path) -> list[Path]:
        """The records, as .npz and CSV."""
        written, made = [], json.dumps(manifest(self.command, self.seed))
        for name, record in self.records.items():
            base = f"{stem.name}-{file_name(name)}"
            record.save(stem.with_name(base + ".npz"), manifest=np.array(made))
            record.write_csv(stem.with_name(base + ".csv"))
            written += [stem.with_name(base + ending) for ending in (".npz", ".csv")]
        return written


def effective_lr(
    task_or_problem: Any = TASK,
    optimizers: Iterable[Spec] | Mapping[str, Spec] = STORY,
    *,
    epochs: int | None = None,
    steps: int | None = None,
    quick: bool = False,
    lr: float | None = None,
    final_lr: float | None = None,
    gamma: float | str | None = None,
    seed: int = 0,
    data: str | Path = "data",
) -> EffectiveLr:
    """Record effective learning rates while networks are trained, or on an online problem.

    Parameters
    ----------
    task_or_problem : str, Task, problem, Setting or callable
        The name of a task (``python -m problems effective-lr --help`` lists them), a
        `problems.learning.tasks.Task`, or a problem as for `counterexample`, in one variable.
    optimizers : list or dict
        As for `counterexample`.
    epochs : int, optional
        Number of epochs of a task (default the task's).
    steps : int, optional
        Number of steps of a problem (default 50,000).
    quick : bool
        Whether to take a sixth of the epochs, or 2,000 steps.
    lr : float, optional
        Step size of all optimizers (default each one's own).
    final_lr, gamma : float, optional
        Constants of AdaBound's bounds, and of those that other rates are compared with;
        ``gamma="paper"`` is 1 - beta2.
    seed : int
        Seed of weights and batches, or of a random problem.
    data : path
        Folder of all data sets.

    Returns
    -------
    EffectiveLr
        With ``records``, a `problems.rates.record.RateRecord` for each optimizer.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, or a value out of range.
    OSError
        If a task's data cannot be read.
    problems.errors.RunError
        If a run diverges before there is anything to record.

    Examples
    --------
    >>> result = effective_lr("reddi-online", ["adam", "adabound"], steps=2000)
    >>> [row["between"] for row in result.table()]  # share of rates between the bounds
    [0.0, 0.0]
    """
    given = {"lr": lr, "final_lr": final_lr, "gamma": gamma}
    values = {key: value for key, value in given.items() if value is not None}
    own = call(task_or_problem)[1] if isinstance(task_or_problem, str) else {}
    added = suffix({**values, **own, **({"seed": seed} if seed else {})}, {})
    what, specs = _loaded(task_or_problem), labelled(optimizers)
    kind = "task" if isinstance(what, Task) else "problem"
    for name, value, other in (("steps", steps, "task"), ("epochs", epochs, "problem")):
        if value is not None and kind == other:
            raise ValueError(f"{name} must not be given with a {kind}, got {value!r}")
    if isinstance(what, Task):
        final = what.hyperparameters("adabound").get("final_lr") if final_lr is None else final_lr
        bounds = bounds_of(final, gamma)
        beta2 = AdaBound().defaults["betas"][1]
    else:
        s = setting_of(what, seed=seed, lr=lr)
        if s.bounds is not None:
            refuse_bounds(name_of(s.problem), final_lr=final_lr, gamma=gamma)
        bounds, beta2 = bounds_of(final_lr, gamma), s.beta2
    speed = 1 - beta2 if bounds["gamma"] is None else bounds["gamma"]
    reference = DynamicBounds(bounds["final_lr"], speed)
    if isinstance(what, Task):
        epochs = epochs or max(1, what.epochs // (QUICK if quick else 1))
        title = f"{what.name}: {what.title}, {counted(epochs, 'epoch')}"
        asked = {**values, **({"gamma": None} if gamma == "paper" else {})}
        records, ends = _of_task(what, specs, epochs, asked, seed, Path(data), reference)
        name = what.name
    else:
        name, ends = name_of(s.problem), {}
        title = f"{name}: {formula_of(s.problem)}"
        records = _of_problem(s, specs, steps or (FEW if quick else STEPS), bounds, reference)
    return EffectiveLr(kind, name, title, records, ends, bounds["final_lr"], speed, seed, added)


def _loaded(spec: Any) -> Any:
    """A task, or what names a problem."""
    if not isinstance(spec, str):
        return spec
    name, _ = call(spec)
    if ":" not in name:
        return TASKS.get(known("task or problem", name, [*TASKS, *SEQUENCES]), spec)
    found = load(name)
    return found if isinstance(found, Task) else spec


def _of_problem(
    s: Setting, specs: Mapping[str, Spec], steps: int, bounds: Mapping[str, Any], reference: Bounds
) -> dict[str, RateRecord]:
    """Run the optimizers, in the papers' form, on an online problem."""
    if np.ndim(s.x1):
        raise ValueError(
            f"problem {name_of(s.problem)} must have one variable, got x1 of shape {np.shape(s.x1)}"
        )
    made = {name: on(s, spec, **bounds) for name, spec in specs.items()}
    total, records = steps * len(made), {}
    with tqdm(total=total, unit="step", delay=1, leave=False, disable=None) as bar:
        for name, optimizer in made.items():
            records[name] = record_online(
                s.problem, optimizer, steps, s.x1, reference=s.bounds or reference, tick=bar.update
            )
    return records


def _of_task(
    task: Task,
    specs: Mapping[str, Spec],
    epochs: int,
    values: Mapping[str, Any],
    seed: int,
    folder: Path,
    reference: Bounds,
) -> tuple[dict[str, RateRecord], dict[str, float | None]]:
    """Train the task's network with each optimizer, in the released code's form."""
    shared = {"epochs": epochs, "data": task.load(folder, True)}
    given, total = {}, 0
    for name, spec in specs.items():
        given[name] = {**shared, **{key: values[key] for key in takes(spec) if key in values}}
        total = prepare(task, spec, seed, **given[name]).total
    records: dict[str, RateRecord] = {}
    ends: dict[str, float | None] = {}
    with tqdm(total=total * len(specs), unit="step", delay=1, leave=False, disable=None) as bar:
        for name, spec in specs.items():
            recorder = Recorder(mixed_grid(total).tolist(), seed=seed, reference=reference)
            watch = Snapshots()

            def both(*seen: Any, recorder: Recorder = recorder, watch: Snapshots = watch) -> None:
                recorder(*seen)
                watch(*seen)

            history = train(
                task,
                spec,
                seed,
                observe=both,
                explain=watch.explain,
                progress=lambda t, n: bar.update(),
                **given[name],
            )
            if history.diverged is not None:
                bar.write(f"note: {name} diverged {history.diverged}", file=sys.stderr)
            if not recorder.rows:
                raise RunError(f"{name} diverged {history.diverged}: nothing to record")
            records[name] = recorder.record()
            ends[name] = None if history.diverged else float(history.column("test_metric")[-1])
    return records, ends
