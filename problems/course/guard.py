"""The process that runs a submission: limits, refusals, one question and one answer.

Started as ``python -I guard.py`` with a request on standard input. It is no sandbox.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np  # before the limits, which it would meet

#: The packages that hold the solved lines.
SOLVED = ("adabound_np", "autograd_lite", "problems")
#: Events of the audit hook that start another process, or load foreign code.
_OTHER = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.startfile",
    "subprocess.Popen", "pty.spawn", "ctypes.dlopen", "socket.__new__", "socket.getaddrinfo",
)  # fmt: skip
#: What a file may be named by.
_NAMED = (str, bytes, os.PathLike)


def refuse(roots: list[str]) -> None:
    """Refuse, from now on, imports of the solved packages and files under their folders."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "import" and str(args[0]).partition(".")[0] in SOLVED:
            raise ImportError(f"a submission may not import {args[0]}")
        if event in _OTHER:
            raise PermissionError(f"a submission may not use {event}")
        if event in ("open", "os.listdir", "os.scandir") and isinstance(args[0], _NAMED):
            path = os.path.realpath(os.fsdecode(args[0]))
            if any(path == root or path.startswith(root + os.sep) for root in roots):
                raise PermissionError("a submission may not open the solved packages")

    sys.addaudithook(hook)


def limit(seconds: int, megabytes: int) -> None:
    """Limit processor time, memory and the size of files, where the system can."""
    try:
        import resource  # POSIX has it
    except ImportError:
        return
    for name, value in (
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_AS", megabytes << 20),
        ("RLIMIT_FSIZE", 1 << 20),
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name, None)
        if kind is not None:
            try:
                resource.setrlimit(kind, (value, value))
            except (ValueError, OSError):  # macOS has no limit of the address space
                continue


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a submission prints is no answer
    path = Path(__file__).with_name("runner.py")
    spec: Any = importlib.util.spec_from_file_location("course_runner", path)
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    np.array([0.0]).tolist()
    folder = Path(request["folder"])
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    limit(request["cpu"], request["megabytes"])
    refuse(request["refused"])
    json.dump(runner.run(folder, request), answer)
    answer.flush()


if __name__ == "__main__":
    main()
