"""A command in a child process, in which a fault happens at a chosen event.

Events are what the process does to files below a folder: it opens, renames, removes or makes one,
or asks for one to be on disk. They are counted, so that a fault happens at the same point of the
program each time, not after some time. The child is forked from this process, which has imported
everything already.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from problems.cli import main

__all__ = ["Ended", "events_of", "run"]

#: Audited calls that are events (docs.python.org, "Audit events table"), and which argument is the
#: path.
AUDITED = {"open": 0, "os.rename": 1, "os.remove": 0, "os.mkdir": 0}


class Ended(NamedTuple):
    """How a child ended: exit code (negative: signal), and what it printed."""

    code: int
    out: str
    err: str

    @property
    def quiet(self) -> bool:
        """Whether it printed no traceback."""
        return "Traceback" not in self.err + self.out


def run(args: list[str], folder: Path, fault: Callable[[int, str], Any] | None = None) -> Ended:
    """Run a command in a child; `fault` is called with the number of each event, from 1,
    and its name."""
    out, err = folder.parent / "out", folder.parent / "err"
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            for number, path in ((1, out), (2, err)):
                target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
                os.dup2(target, number)
            sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8") for n in (1, 2))  # noqa: PTH123, SIM115
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if fault is not None:
                _watch(folder, fault)
            code = main(args)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), out.read_text(), err.read_text())


def _watch(folder: Path, fault: Callable[[int, str], Any]) -> None:
    """Count this process's events below a folder, from now on."""
    count, inside, fsync = 0, os.fspath(folder.resolve()), os.fsync

    def happens(name: str) -> None:
        nonlocal count
        count += 1
        fault(count, name)

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if name in AUDITED and multiprocessing.parent_process() is None:
            path = args[AUDITED[name]]
            if isinstance(path, (str, os.PathLike)) and os.path.abspath(path).startswith(inside):  # noqa: PTH100
                happens(name)

    def on_disk(number: int) -> None:
        happens("os.fsync")
        fsync(number)

    os.fsync = on_disk
    sys.addaudithook(hook)


def events_of(args: list[str], folder: Path) -> int:
    """Number of events of a command that nothing happens to."""
    seen = folder.parent / "count"

    def note(number: int, name: str) -> None:
        with os.fdopen(os.open(seen, os.O_WRONLY | os.O_CREAT), "w") as file:
            file.write(str(number))

    ended = run(args, folder, note)
    assert ended.code == 0, ended.err
    return int(seen.read_text())


def signalled(number: int, at: int, process: int | None = None) -> Callable[[int, str], None]:
    """A fault: this process, or another one, gets a signal at an event."""

    def fault(event: int, name: str) -> None:
        if event == at:
            os.kill(os.getpid() if process is None else process, number)

    return fault


def full(at: int) -> Callable[[int, str], None]:
    """A fault: no space is left on the device from an event on; files can still be removed."""

    def fault(event: int, name: str) -> None:
        if event >= at and name != "os.remove":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return fault


def forbidden(at: int) -> Callable[[int, str], None]:
    """A fault: the folder may not be changed from an event on."""

    def fault(event: int, name: str) -> None:
        if event >= at:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    return fault


def limited(size: int) -> Callable[[int, str], None]:
    """A fault: files may not grow beyond a size, as with ``ulimit -f``."""

    def fault(event: int, name: str) -> None:
        if event == 1:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return fault


def removed(at: int, folder: Path) -> Callable[[int, str], None]:
    """A fault: somebody removes the folder at an event."""

    def fault(event: int, name: str) -> None:
        if event == at:
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            folder.rmdir()

    return fault


def worker_killed(at: int) -> Callable[[int, str], None]:
    """A fault: a worker of the pool dies at an event, or at the first after it that has one."""
    done = False

    def fault(event: int, name: str) -> None:
        nonlocal done
        workers = multiprocessing.active_children()
        if event >= at and workers and not done:
            done = True
            workers[0].kill()

    return fault
