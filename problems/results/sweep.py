"""A grid or a random search over constants, seeds and optimizers."""

from __future__ import annotations

import logging
import statistics
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from adabound_np.checks import within
from problems.loading import call
from problems.manifest import suffix
from problems.online.setting import Setting, title_of
from problems.optimizers import STORY, Spec, labelled
from problems.results.processes import why_here
from problems.results.result import Result, file_name
from problems.sweeps import runner
from problems.sweeps.axes import axes_of
from problems.sweeps.plan import Plan
from problems.sweeps.records import encode, read
from problems.sweeps.runner import Dask, Inline, connect, pool
from problems.text import counted

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["Sweep", "sweep"]


@dataclass(frozen=True)
class Sweep(Result):
    """The records of a sweep.

    Attributes
    ----------
    plan : Plan
        What was run.
    header : dict
        What the file says of the sweep.
    records : list of dict
        A record for each cell: optimizer, seed, parameters, and the results.
    file : Path or None
        The file of records; None if none was asked for.
    computed : int
        Number of cells that this call ran.
    drawn : list of Path
        The figure beside the file; none without axes.
    """

    plan: Plan
    header: dict[str, Any]
    records: list[dict[str, Any]]
    file: Path | None
    computed: int
    drawn: list[Path] = field(default_factory=list)
    command = "sweep"

    @property
    def seed(self) -> int | None:
        """The seed, if there is one alone."""
        return self.plan.seeds[0] if len(self.plan.seeds) == 1 else None

    @property
    def stem(self) -> str:
        """Name of the files."""
        return _stem(self.plan)

    @cached_property
    def best(self) -> list[dict[str, Any] | None]:
        """Each optimizer's point of least average regret, None without a finite one."""
        return [_best(self.plan, self.records, name) for name in self.plan.specs]

    def table(self) -> list[dict[str, Any]]:
        """One row per optimizer: its point of least average regret, by its mean over seeds."""
        rows = []
        for name, best in zip(self.plan.specs, self.best, strict=True):
            row: dict[str, Any] = {"optimizer": name}
            if best is not None:
                row |= best["parameters"]
                for head, key in (("R_T/T", "average_regret"), ("x_T", "x_final")):
                    row |= {head: best[key]["mean"], f"std of {head}": best[key]["std"]}
            rows.append(row)
        return rows

    def record(self) -> dict[str, Any]:
        """The sweep and the best points as plain values."""
        return {
            "problem": self.header["problem"],
            "steps": self.plan.steps,
            "file": None if self.file is None else str(self.file),
            "cells": len(self.plan),
            "computed": self.computed,
            "best": self.best,
        }

    def text(self) -> str:
        """The best points as a table."""
        plan, width = self.plan, max(10, *map(len, self.plan.specs))
        seeds = f", mean and standard deviation over {len(plan.seeds)} seeds"
        heads = [*plan.axes, "R_T/T", "std", "x_T", "std"]
        lines = [
            f"{self.header['problem']}: {counted(len(plan), 'cell')} of "
            f"{counted(plan.steps, 'step')}, {self.computed:,} of them run now",
            f"least average regret of each optimizer{seeds if len(plan.seeds) > 1 else ''}",
            "",
            f"{'optimizer':<{width}}" + "".join(f" {head:>11}" for head in heads),
        ]
        for name, *values in (row.values() for row in self.table()):
            cells = ("-" if value is None else f"{value:.5g}" for value in values)
            row = "".join(f" {cell:>11}" for cell in cells) or " no finite result"
            lines.append(f"{name:<{width}}{row}")
        return "\n".join(lines)

    @property
    def written(self) -> list[Path]:
        """The file of records, and the figure beside it."""
        return [] if self.file is None else [self.file, *self.drawn]

    def figures(self) -> dict[str, Picture]:
        """The least average regret at each value of each axis; nothing without axes."""
        from problems.sweeps.sweep_figure import sweep_figure

        axes = [name for name in self.plan.axes if len({*self._values(name)}) > 1]
        return {"": sweep_figure(self.header["problem"], axes, self.records)} if axes else {}

    def _values(self, axis: str) -> Iterator[float]:
        return (record["parameters"][axis] for record in self.records)

    def write(self, stem: Path) -> list[Path]:
        """The records, as in the file of a sweep."""
        path = stem.with_name(stem.name + ".jsonl")
        path.write_bytes(b"".join(map(encode, [self.header, *self.records])))
        return [path]


def sweep(
    problem: Any = "reddi-online",
    optimizers: Iterable[Spec] | Mapping[str, Spec] = STORY,
    *,
    steps: int = 100_000,
    grid: Mapping[str, Any] | Iterable[Any] = (),
    random: Mapping[str, Any] | Iterable[Any] = (),
    samples: int | None = None,
    search_seed: int = 0,
    seeds: Iterable[int] = (0,),
    schedule: str = "inv-sqrt",
    engine: str = "auto",
    force: bool = False,
    workers: int | None = 1,
    scheduler: str | None = None,
    scheduler_timeout: float = 10.0,
    file: str | Path | None = None,
    resume: bool = False,
) -> Sweep:
    """Search constants by a grid or at random, with every seed and every optimizer.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        As for `counterexample`.
    optimizers : list or dict
        As for `counterexample`.
    steps : int
        T.
    grid : mapping, or list of str
        Axes and their values, such as ``{"lr": [0.1, 1.0]}`` or ``["lr=log:0.01:1:5"]``.
    random : mapping, or list of str
        Axes and ranges to draw from, such as ``{"lr": "log:0.01:1"}``.
    samples : int, optional
        Number of draws; needed with `random`.
    search_seed : int
        Seed of the draws.
    seeds : list of int
        Seeds of a random problem; each cell runs with each of them.
    schedule : {"inv-sqrt", "constant"}
        s_t, which multiplies every step size: 1/sqrt(t) or 1.
    engine : {"auto", "steps", "parallel"}
        One step after the other, or parallel in time; "auto" prefers the latter.
    force : bool
        Whether to run even if constants break the paper's conditions.
    workers : int or None
        Number of processes: 1 is this process, None is one per core.
    scheduler : str, optional
        Address of a Dask scheduler, in place of processes.
    scheduler_timeout : float
        Seconds to wait for it.
    file : path, optional
        File of records, or a folder with a slash at its end (default none).
    resume : bool
        Whether to run only the cells missing from `file`.

    Returns
    -------
    Sweep
        With ``records``, one for each cell, and ``best``, one for each optimizer.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, cells break the paper's conditions or are out of range, or the file
        cannot be used.
    problems.sweeps.runner.SweepError
        If a worker dies, or a cell fails; with a file, it can be resumed.

    Examples
    --------
    >>> import problems
    >>> result = problems.sweep("reddi-online", ["adam"], grid={"lr": [0.1, 1.0]}, steps=20_000)
    >>> [round(record["x_final"], 3) for record in result.records]
    [0.176, 0.995]
    """
    drawn = axes_of("random", random, drawn=True)
    if drawn and samples is None:
        raise ValueError("samples must say how many draws random takes, got none")
    plan = Plan(
        problem=problem,
        optimizers=labelled(optimizers),
        steps=steps,
        grid=axes_of("grid", grid),
        random=drawn,
        samples=1 if samples is None else samples,
        search_seed=search_seed,
        seeds=tuple(seeds),
        schedule=schedule,
        engine=engine,
        force=force,
    )
    plan.check()
    within("scheduler_timeout", scheduler_timeout, "(0, inf)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.jsonl" if file is None else _file(file, plan)
        with _executor(plan, workers, scheduler, scheduler_timeout) as executor, _Progress() as bar:
            window = 8 if isinstance(executor, Inline) else 1024
            ran = runner.sweep(plan, executor, path, resume, bar.show, window)
        header, records = read(path)
    found = Sweep(plan, header, records, None if file is None else path, ran)
    if file is not None:
        from problems.plots import save

        found.drawn.extend(p for figure in found.figures().values() for p in save(figure, path))
    return found


def _stem(plan: Plan) -> str:
    header, usual = plan.header(), Plan(plan.problem, plan.optimizers, plan.steps).header()
    shared = ("optimizers", "specs", "steps", "cells", "problem")  # not in the name, or plainly
    used, plain = ({k: h[k] for k in h if k not in shared} for h in (header, usual))
    if isinstance(plan.problem, str) and call(plan.problem)[1]:
        used["problem"] = plan.problem
    return f"sweep-{title_of(plan.problem).partition('(')[0]}{suffix(used, plain)}"


def _file(file: str | Path, plan: Plan) -> Path:
    """The file of records; in a folder, under the sweep's own name."""
    if str(file).endswith("/") or Path(file).is_dir():
        return Path(file) / f"{file_name(_stem(plan))}.jsonl"
    return Path(file)


@contextmanager
def _executor(
    plan: Plan, workers: int | None, scheduler: str | None, timeout: float
) -> Iterator[Executor]:
    """What the cells run on: this process, several, or a Dask cluster."""
    if scheduler is not None:
        if workers not in (None, 1):
            raise ValueError(f"workers must not be given with scheduler, got {workers}")
        client = connect(scheduler, timeout)
        with _silent("distributed", "distributed.client"), client:
            for module in _modules(plan):
                client.upload_file(module)
            if not client.nthreads():
                print("note: the cluster has no workers yet; cells wait for one", file=sys.stderr)
            yield Dask(client)
    elif workers == 1:
        yield Inline()
    else:
        reason = why_here({**plan.specs, title_of(plan.problem): plan.problem})
        if reason:
            raise ValueError(f"workers must be 1 here, got {workers}: {reason}")
        with pool(workers) as executor:
            yield executor


@contextmanager
def _silent(*loggers: str) -> Iterator[None]:
    """Keep logs back: what they say of a lost scheduler, with tracebacks, is in the error."""
    levels = {logger: logger.level for logger in map(logging.getLogger, loggers)}
    try:
        for logger in levels:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


def _modules(plan: Plan) -> list[str]:
    """Files of the user's modules, for workers on other machines: no packages."""
    found = {}
    for value in (*plan.specs.values(), plan.problem):
        own = value.problem if isinstance(value, Setting) else value
        if isinstance(own, str):
            name = call(own)[0].rpartition(":")[0]
        else:
            name = getattr(own, "__module__", "")
        file = getattr(sys.modules.get(name), "__file__", None)
        installed = tuple(sysconfig.get_paths()[kind] for kind in ("stdlib", "purelib", "platlib"))
        if file and name != "__main__" and "." not in name and not file.startswith(installed):
            found[name] = file
    return list(found.values())


class _Progress:
    """A bar on standard error, once a sweep has said how much there is."""

    def __init__(self) -> None:
        self.bar: Any = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *failure: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, done: int, total: int) -> None:
        """Say how far it is."""
        if self.bar is None:
            self.bar = tqdm(
                desc="sweep",
                total=total,
                initial=done,
                unit="cell",
                delay=1,
                leave=False,
                disable=None,
            )
        self.bar.update(done - self.bar.n)


def _best(plan: Plan, records: list[dict[str, Any]], optimizer: str) -> dict[str, Any] | None:
    """An optimizer's point of least average regret, by its mean over seeds; None if none has one.

    `std` is the sample standard deviation over seeds, None for a single one.
    """
    points: dict[int, list[dict[str, Any]]] = {}
    for record in records:
        if record["optimizer"] == optimizer:
            point = record["cell"] // (len(plan.seeds) * len(plan.specs))
            points.setdefault(point, []).append(record)
    rows = [
        {
            "optimizer": optimizer,
            "parameters": runs[0]["parameters"],
            "seeds": len(runs),
            "average_regret": {"mean": statistics.fmean(values), "std": _deviation(values)},
            "x_final": {"mean": statistics.fmean(ends), "std": _deviation(ends)},
        }
        for runs in points.values()
        if None not in (values := [run["average_regret"] for run in runs])
        and None not in (ends := [run["x_final"] for run in runs])
    ]
    return min(rows, key=lambda row: row["average_regret"]["mean"], default=None)


def _deviation(values: list[float]) -> float | None:
    """The sample standard deviation of two values or more."""
    return statistics.stdev(values) if len(values) > 1 else None
