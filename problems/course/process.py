"""Runs a package ``student`` in its own process, with limits."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .guard import SOLVED

__all__ = ["USUAL", "Limits", "ask"]


class Limits(NamedTuple):
    """What a process may use.

    Parameters
    ----------
    call : float
        Seconds of one call of a function.
    seconds : int
        Seconds of the process, of processor time and of wall time.
    megabytes : int
        Memory.
    """

    call: float = 2.0
    seconds: int = 20
    megabytes: int = 2048


#: Limits of a submission.
USUAL = Limits()


def ask(folder: Path, runs: list[dict[str, Any]], limits: Limits = USUAL) -> list[Any] | str:
    """Return what `problems.course.runner.run` says of the runs, or why there is no answer.

    Parameters
    ----------
    folder : Path
        Folder with the package ``student``.
    runs : list of dict
        Functions, with what is given in place of their lines.
    limits : Limits
        What the process may use.
    """
    request = {
        "folder": str(folder),
        "runs": runs,
        "seconds": limits.call,
        "cpu": limits.seconds,
        "megabytes": limits.megabytes,
        "refused": _refused(),
    }
    with subprocess.Popen(
        [sys.executable, "-I", str(Path(__file__).with_name("guard.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder,
        env={**_plain_environment(), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        start_new_session=os.name == "posix",
    ) as process:  # fmt: skip
        try:
            out, _ = process.communicate(json.dumps(request).encode(), timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            return f"the process took longer than {limits.seconds} seconds"
        finally:
            _kill(process)
    try:
        answer: Any = json.loads(out)
    except (ValueError, RecursionError):
        return "the process ended without an answer: it left Python, or took too much memory"
    valid = isinstance(answer, list) and len(answer) == len(runs)
    return answer if valid else "the process answered something else"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process, with those that it started and left in its group."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):  # there is none any more
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _plain_environment() -> dict[str, str]:
    kept = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "TEMP")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _refused() -> list[str]:
    """Folders of the solved packages, and of what the answers are compared with."""
    specs = [importlib.util.find_spec(name) for name in SOLVED]
    origins = [spec.origin for spec in specs if spec is not None and spec.origin]
    return [os.path.realpath(Path(origin).parent) for origin in (*origins, __file__)]
