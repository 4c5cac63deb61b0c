"""Ctrl-C while a command starts, and a reader that goes away: real processes, no tracebacks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.faults.table import Tally

__all__ = ["tallies"]

ROOT = Path(__file__).resolve().parents[2]
#: Runs the command as `python -m problems` does, and interrupts it at the n-th import from then on.
PROGRAM = """
import os, runpy, signal, sys
count, at = 0, int(sys.argv.pop(1))
def hook(name, args):
    global count
    if name == "import":
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGINT)
import problems
sys.addaudithook(hook)
sys.argv[0] = "problems"
runpy.run_module("problems.__main__", run_name="__main__", alter_sys=True)
"""


def tallies(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Interrupt the start at random imports, and close the pipe after some lines."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    tally = Tally("SIGINT during imports, counterexample")
    command = [sys.executable, "-c", PROGRAM]
    for _ in range(trials):
        at = rng.randint(1, 400)
        ended = subprocess.run(
            [*command, str(at), "--steps", "100", "--out", str(root / "out")],
            env=env,
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        quiet = ended.returncode == 130 and ended.stderr.strip() == "interrupted"
        done = ended.returncode == 0  # fewer imports than that
        tally.note(
            "recovered" if done else "refused" if quiet else "lost", f"import {at}: {ended.stderr}"
        )
    yield tally
    tally = Tally("a reader that goes away, trace")
    for _ in range(trials):
        with subprocess.Popen(
            [sys.executable, "-m", "problems", "trace", "--steps", "3000"],
            env=env,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            for _ in range(rng.randint(0, 20)):
                process.stdout.readline()
            process.stdout.close()
            err = process.stderr.read()
        quiet = process.returncode == 141 and err == ""
        tally.note("refused" if quiet else "lost", f"{process.returncode}: {err}")
    yield tally
