"""Record effective learning rates during runs: quantiles, histograms, the funnel, its shares."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from tqdm import tqdm

from adabound_np import Optimizer
from adabound_np.bounds import DynamicBounds
from problems.analysis.effective_lr import record_online
from problems.analysis.plots import save
from problems.analysis.rate_figures import funnel_figure, histogram_figure, shares_figure
from problems.analysis.rate_record import PERCENTS, RateRecord
from problems.commands.options import name_of, names_of, output_folder, to_json, whole
from problems.online.roster import ROSTER, make
from problems.online.sequences import SEQUENCES, setting
from problems.online.setting import Setting

HELP = "effective learning rates during a run, against AdaBound's bounds"
STORY = "adam,amsgrad,adabound,amsbound"
#: Quantiles of the table, in percent.
SHOWN = (0, 1, 50, 99, 100)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--problem", type=name_of("problem", SEQUENCES), default="reddi-online", metavar="NAME",
        help=f"one of {', '.join(SEQUENCES)} (default: %(default)s)",
    )  # fmt: skip
    add("--steps", type=whole, default=50_000, metavar="T", help="default: %(default)s")
    add(
        "--optimizers", type=names_of("optimizer", ROSTER), default=STORY, metavar="A,B,...",
        help=f"all, or some of {', '.join(ROSTER)} (default: %(default)s)",
    )  # fmt: skip
    add("--lr", type=float, help="step size alpha (default: 0.5 on a problem)")
    add("--final-lr", type=float, default=0.1, help="alpha* of the bounds (default: %(default)s)")
    add("--gamma", type=float, default=1e-3, help="speed of the bounds (default: %(default)s)")
    add("--seed", type=int, default=0, help="of what is random (default: %(default)s)")
    add("--out", default="results", metavar="DIR", help="folder to write to (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    try:
        s = setting(options.problem, seed=options.seed, lr=options.lr)
        reference = s.bounds or DynamicBounds(options.final_lr, options.gamma)
        optimizers = {name: online_optimizer(name, s, options) for name in options.optimizers}
        folder = output_folder(options.out)
    except OSError as error:
        options.parser.error(f"--out must be a folder that can be written, got {error}")
    except (TypeError, ValueError, OverflowError) as error:
        options.parser.error(str(error))
    records = {}
    with tqdm(total=options.steps * len(optimizers), unit="step", delay=1, leave=False) as bar:
        for name, optimizer in optimizers.items():
            records[name] = record_online(
                s.problem, optimizer, options.steps, s.x1, reference=reference, tick=bar.update
            )
    title = f"{options.problem}: {s.problem.formula()}"
    stem = folder / f"effective-lr-{options.problem}"
    figures = {
        "funnel": funnel_figure(records, title),
        "histogram": histogram_figure(records, title, "steps"),
        "shares": shares_figure(records, title, "steps"),
    }
    try:
        written = write(records, figures, stem)
    except OSError as error:
        print(f"the results cannot be written: {error}", file=sys.stderr)
        return 1
    result = {
        "problem": options.problem,
        "steps": options.steps,
        "final_lr": options.final_lr,
        "gamma": options.gamma,
        "seed": options.seed,
        "results": [row(name, record) for name, record in records.items()],
    }
    if options.json:
        print(json.dumps(to_json({**result, "written": written}), indent=2, allow_nan=False))
    else:
        print(f"{title}\n\n{table(result['results'])}\n\nwrote {', '.join(written)}")
    return 0


def online_optimizer(name: str, s: Setting, options: argparse.Namespace) -> Optimizer:
    """An optimizer in the paper's form, as a problem asks for it."""
    return make(
        name, lr=s.lr, beta1=s.beta1, beta2=s.beta2, final_lr=options.final_lr,
        gamma=options.gamma, bounds=s.bounds, eps_root=s.eps_root, schedule="inv-sqrt",
        feasible=s.problem.feasible,
    )  # fmt: skip


def write(
    records: Mapping[str, RateRecord], figures: Mapping[str, Figure], stem: Path
) -> list[str]:
    """Write records and figures; return the files' names."""
    written = []
    for name, figure in figures.items():
        written += save(figure, stem.with_name(f"{stem.name}-{name}"))
    for name, record in records.items():
        path = stem.with_name(f"{stem.name}-{name}")
        record.save(path.with_suffix(".npz"))
        record.write_csv(path.with_suffix(".csv"))
        written += [path.with_suffix(".npz"), path.with_suffix(".csv")]
    return [str(path) for path in written]


def row(name: str, record: RateRecord) -> dict[str, Any]:
    """The last step of a record, over all coordinates."""
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
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a table: quantiles of the rates, and where they lie against the bounds."""
    heads = "".join(f" {f'{p} %':>10}" for p in SHOWN)
    lines = [
        f"effective learning rates at step {rows[0]['step']:,}: quantiles; shares at or below the",
        "lower bound, between, at or above the upper one (* compared with adabound's bounds)",
        "",
        f"{'optimizer':<14}{heads} {'lower':>8} {'between':>8} {'upper':>8}",
    ]
    for each in rows:
        quantiles = "".join(f" {each['quantiles'][str(p)]:>10.4g}" for p in SHOWN)
        shares = each["shares"] or []
        cells = "".join(f" {share:>8.4f}" for share in shares) or f" {'-':>8}" * 3
        lines.append(
            f"{each['optimizer']:<14}{quantiles}{cells}"
            + ("" if each["bounded"] or not shares else " *")
        )
    return "\n".join(lines)
