"""The paper's figures and tables, from runs on small tasks."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from adabound_np.checks import known
from problems.experiments.results import conclude, tables
from problems.experiments.runs import Experiment, Record, Run, seconds_an_epoch
from problems.experiments.settings import FIGURES, FULL, QUICK
from problems.files import write_text
from problems.learning.tasks import TASKS
from problems.manifest import manifest
from problems.results.processes import one_thread_each
from problems.results.result import Result, read_result
from problems.sweeps.runner import pool, processors
from problems.text import counted

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["Figures", "figures"]


@dataclass(frozen=True)
class Figures(Result):
    """What is concluded from the runs of the paper's experiments.

    Attributes
    ----------
    names : list of str
        The figures, out of `problems.experiments.settings.FIGURES`.
    results : dict
        What is concluded, as in the file figures.json.
    records : list of dict
        The runs; none if the results were read from a file.
    """

    names: list[str]
    results: dict[str, Any]
    records: list[Record]
    command = "figures"
    stem = "figures"

    def table(self) -> list[dict[str, Any]]:
        """One row per optimizer and task: last test metric over seeds, and tests against SGDM."""
        rows = []
        for name, task in self.results["tasks"].items():
            if f"curves-{name}" not in self.names:
                continue
            for optimizer, row in task["optimizers"].items():
                against = row["against"] or {}
                rows.append(
                    {
                        "task": name,
                        "optimizer": optimizer,
                        "metric": task["metric"],
                        **{key: row[key] for key in ("mean", "std", "diverged")},
                        **{key: against.get(key) for key in ("difference", "t", "wilcoxon")},
                    }
                )
        return rows

    def record(self) -> dict[str, Any]:
        """What is concluded."""
        return {"results": self.results}

    def to_dict(self) -> dict[str, Any]:
        """Return what is concluded as plain values; what a file says, as it says it."""
        made = super().to_dict()
        return made if self.records else {"manifest": made["manifest"], **self.results}

    def text(self) -> str:
        """The tables."""
        return tables(self.results, self.names) or "no results of these figures"

    def figures(self) -> dict[str, Picture]:
        """The figures; effective rates need the runs' records."""
        from problems.experiments.drawing import draw

        return draw(self.results, self.records, self.names)

    def save(self, folder: str | Path = "results/figures") -> list[Path]:
        """Write the figures under their own names, and figures.json; return the files."""
        from problems.plots import save

        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        drawn = [path for n, figure in self.figures().items() for path in save(figure, place / n)]
        text = json.dumps(self.results, indent=1, allow_nan=False) + "\n"
        write_text(place / "figures.json", text)
        return [*drawn, place / "figures.json"]


def figures(
    only: str | Iterable[str] = "all",
    *,
    quick: bool = False,
    workers: int | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    show: str | Path | None = None,
    report: Callable[[str], Any] = lambda text: None,
) -> Figures:
    """Run the paper's experiments on small tasks, and draw its figures and tables from them.

    Parameters
    ----------
    only : str or list of str
        "all", or some of `problems.experiments.settings.FIGURES`, such as "curves-digits-mlp".
    quick : bool
        Whether to take fewer tasks, epochs, seeds and points.
    workers : int, optional
        Number of processes (default one per core).
    folder : path, optional
        Folder for the records of the runs (default none).
    resume : bool
        Whether to run only what is missing from `folder`.
    show : path, optional
        File ``figures.json`` of an earlier run, to read in place of running anything.
    report : callable
        Function that is called with the plan, a str.

    Returns
    -------
    Figures
        With ``results`` and ``records``.

    Raises
    ------
    ValueError
        If a name is unknown, or a file is not what it should be.
    problems.sweeps.runner.SweepError
        If a run fails.
    """
    given = [only] if isinstance(only, str) else list(only)
    names = FIGURES if given == ["all"] else [known("figure", name, FIGURES) for name in given]
    if show is not None:
        return read_result(Path(show), "figures.json", lambda said: Figures(list(names), said, []))
    settings = QUICK if quick else FULL
    wanted = [name for name in FIGURES if name in names and name in settings.figures()]
    if not wanted:
        raise ValueError(
            f"only must name a figure of quick ({', '.join(settings.figures())}), "
            f"got {','.join(names)}"
        )
    workers = workers or processors()
    place = tempfile.TemporaryDirectory() if folder is None else nullcontext(folder)
    with place as where:
        experiment = Experiment(settings, Path(where) / "runs.jsonl")
        for task in {run.task for run in experiment.needed(wanted)}:
            TASKS[task].load(Path("data"), True)
        with (
            one_thread_each(),
            pool(workers) as executor,
            tqdm(unit="run", delay=1, leave=False, disable=None) as bar,
        ):

            def begin(missing: list[Run]) -> None:
                report(_plan(missing, workers))
                bar.reset(len(missing))

            records = experiment.perform(wanted, executor, resume, begin, bar.update)
    results = {**conclude(experiment, records), "manifest": manifest("figures")}
    return Figures(wanted, results, records)


def _plan(missing: Sequence[Run], workers: int) -> str:
    """How many runs there are to do, and how long they may take, from an epoch of each task."""
    if not missing:
        return "no runs to do"
    stages = Counter(run.stage.split()[0] for run in missing)
    epochs = Counter[str]()
    for run in missing:
        epochs[run.task] += run.epochs
    costs = {task: seconds_an_epoch(task) for task in epochs}
    total = sum(costs[task] * count for task, count in epochs.items())
    lines = [
        f"{counted(len(missing), 'run')}: "
        + ", ".join(f"{n} {stage}" for stage, n in stages.items())
    ]
    lines += [
        f"  {task:<16} {counted(count, 'epoch'):>13} of {costs[task]:.2f} s"
        for task, count in epochs.items()
    ]
    return "\n".join(
        [*lines, f"about {total / workers / 60:.0f} min on {counted(workers, 'process')}"]
    )
