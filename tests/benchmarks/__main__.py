"""All benchmarks: one table, with the bars, beside peers in the same run.

    python -m tests.benchmarks [NAME ...] [--quick] [--json FILE] [--growth]
    python -m tests.benchmarks --show FILE [--draw FOLDER]

One thread. --show prints the table of an earlier run as Markdown, --draw its figure of growth.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

# Before NumPy: one thread; and the processor's own BLAS kernel, whatever the environment forces.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from tests.benchmarks.rows import Row, describe, machine, markdown, table

#: What is measured, a module each.
GROUPS = ("start_up", "steps", "online", "explorer", "training", "resnet34")


def show(path: Path, draw: Path | None) -> None:
    """Print an earlier run as Markdown; draw its growth."""
    record = json.loads(path.read_text())
    names = Row.__dataclass_fields__
    print(", ".join(f"{name} {value}" for name, value in record["machine"].items()) + ".\n")
    print(markdown(Row(**{k: row[k] for k in names}) for row in record["rows"]))
    if draw is not None:
        from problems.plots import save
        from tests.benchmarks.growth import growth_figure

        save(growth_figure(record["growth"]), draw / "growth")


def main() -> int:
    """Run what was asked for; return 1 if a bar was missed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__.splitlines()[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller runs")
    parser.add_argument("--growth", action="store_true", help="measure how cost grows, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all of it there")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print such a file as Markdown")
    parser.add_argument("--draw", type=Path, metavar="FOLDER", help="with --show, the figure")
    given = parser.parse_args()
    unknown = set(given.names) - set(GROUPS)
    if unknown:
        parser.error(f"NAME must be one of {', '.join(GROUPS)}, got {', '.join(sorted(unknown))}")
    if given.show:
        show(given.show, given.draw)
        return 0
    warnings.filterwarnings("ignore", module="torch|adabound|jax|autograd")
    rows: list[Row] = []
    for name in given.names or GROUPS:
        group = import_module(f"tests.benchmarks.{name}")
        for row in group.rows(given.quick):
            rows.append(row)
            print(".", end="", file=sys.stderr, flush=True)
    print("\n" + table(rows))
    record: dict[str, Any] = {"machine": machine(), "rows": describe(rows)}
    missing = [k for k, v in record["machine"].items() if v == "not installed"]
    if missing:
        print(f"not installed, so not compared with: {', '.join(missing)}")
    if given.growth:
        from tests.benchmarks.growth import curves

        record["growth"] = curves(given.quick)
    if given.json:
        given.json.write_text(json.dumps(record, indent=1) + "\n")
    return int(any(row.verdict == "short" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
