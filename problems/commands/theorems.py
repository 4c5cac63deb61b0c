"""Run the papers' theorems: each claim, its assumptions, what was measured, the verdict."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from problems.commands.options import names_of, output_folder, to_json
from problems.ledger import LEDGER, Result
from problems.ledger.entry import shown
from problems.ledger.figures import theorem_figure
from problems.plots import save

HELP = "the theorem ledger: every theorem of the papers, executed"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--id", type=names_of("theorem", LEDGER), default="all", metavar="A,B,...",
        help=f"all (the default), or some of {', '.join(LEDGER)}")  # fmt: skip
    add("--quick", action="store_true", help="shorter runs")
    add("--out", default="results", metavar="DIR", help="folder to write to (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON list, and nothing else, on stdout")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code: 1 if a verdict is not the expected one."""
    try:
        folder = output_folder(options.out)
    except OSError as error:
        options.parser.error(f"--out must be a folder that can be written, got {error}")
    results: list[Result] = []
    with tqdm(options.id, unit="theorem", delay=1, leave=False, disable=None) as bar:
        for name in bar:
            bar.set_postfix_str(name)
            results.append(LEDGER[name].run(options.quick))
    try:
        written = write(results, folder)
    except OSError as error:
        print(f"the results cannot be written: {error}", file=sys.stderr)
        return 1
    if options.json:
        records: list[Any] = [to_json(result.record()) for result in results]
        print(json.dumps(records, indent=2, allow_nan=False))
    else:
        print("\n\n".join(details(result) for result in results))
        print("\n" + table(results))
        print("\nwrote " + (", ".join(written) or "no figure"))
    unexpected = [r.entry.id for r in results if r.outcome.verdict != r.entry.expected]
    if unexpected:
        print(f"not the expected verdict: {', '.join(unexpected)}", file=sys.stderr)
    return 1 if unexpected else 0


def write(results: list[Result], folder: Path) -> list[str]:
    """Write the figures; return the files' names."""
    written = []
    for result in results:
        figure = theorem_figure(result)
        if figure is not None:
            written += save(figure, folder / f"theorem-{result.entry.id}")
    return [str(path) for path in written]


def details(result: Result) -> str:
    """A result in a few lines."""
    entry, outcome = result.entry, result.outcome
    given = ", ".join(f"{name} = {plain(value)}" for name, value in outcome.parameters.items())
    assumed = "; ".join(a.text if a.holds else f"{a.text}: DOES NOT HOLD"
                        for a in outcome.assumptions)  # fmt: skip
    lines = [
        f"{entry.id}  {entry.source}: {entry.title}",
        f"  claim     {entry.claim}",
        f"  assumes   {assumed or 'nothing'}",
        f"  run       {given}; T = {outcome.steps:,}",
        f"  measured  {outcome.quantity} = {shown(outcome.measured, 6)}, "
        f"claimed {outcome.relation} {shown(outcome.bound, 6)}",
        *(f"  {'also' if fact.holds else 'broken'}      "[:12] + fact.text
          for fact in dict.fromkeys(outcome.facts)),
        *(f"  note      {text}" for text in (*outcome.remarks, *outcome.rounding)),
        f"  verdict   {outcome.verdict}",
    ]  # fmt: skip
    return "\n".join(lines)


def plain(value: Any) -> str:
    """A parameter for readers."""
    if isinstance(value, list):
        return "[" + ", ".join(plain(item) for item in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def table(results: list[Result]) -> str:
    """All results, a line each."""
    lines = [f"{'theorem':<18}{'source':<41}{'measured':>13}    {'claimed':<13}  verdict"]
    for result in results:
        outcome = result.outcome
        lines.append(
            f"{result.entry.id:<18}{result.entry.source:<41}{shown(outcome.measured):>13} "
            f"{outcome.relation:>2} {shown(outcome.bound):<13}  {outcome.verdict}"
        )
    return "\n".join(lines)
