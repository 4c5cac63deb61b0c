"""Runs tests on mutants, each in its own process, forked when all tests are loaded."""

import gc
import importlib.abc
import importlib.machinery
import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from hypothesis import Phase, settings

from tests.mutation.changes import Mutant, changed_tree

#: The most memory of a mutant, in bytes.
MEMORY = 8 * 2**30


class Baseline:
    """Which tests run which lines of the code as it is, and how long they take."""

    def __init__(self, folder: Path, budget: float) -> None:
        import coverage

        self.budget = budget
        self.seconds = json.loads((folder / "seconds.json").read_text())
        data = coverage.CoverageData(str(folder / "coverage"))
        data.read()
        self.contexts = {file: data.contexts_by_lineno(file) for file in data.measured_files()}

    def tests(self, mutant: Mutant) -> list[str]:
        """Tests that run a mutant's lines, or of the module's own statements any of its lines.

        Those beside the module come first, the shortest first, as many as take `budget` seconds.
        """
        lines = self.contexts.get(mutant.file, {})
        wanted = mutant.lines if mutant.running else lines
        names = {c.partition("|")[0] for n in wanted for c in lines.get(n, ()) if c}
        beside = (f"tests/{Path(mutant.file).parent}/", mutant.file)
        order = sorted(
            names & self.seconds.keys(),
            key=lambda name: (not name.startswith(beside), self.seconds[name], name),
        )
        taken = accumulate(self.seconds[name] for name in order)
        within = sum(seconds <= self.budget for seconds in taken)
        return order[: max(within, 1)]


class Outcomes:
    """Notes whether a test failed."""

    failed = False

    def pytest_runtest_logreport(self, report):
        self.failed = self.failed or report.failed


class Forking:
    """In place of pytest's loop over tests: for each mutant a process that runs some of them."""

    def __init__(self, mutants, baseline, processes):
        self.mutants, self.baseline, self.processes = mutants, baseline, processes
        self.killed: dict[Mutant, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        items = {item.nodeid: item for item in session.items}
        functions, caches = defaultdict(list), []
        gc.unfreeze()  # tests/conftest.py puts all away that it has collected
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                functions[os.path.relpath(thing.__code__.co_filename)].append(thing)
            elif hasattr(type(thing), "cache_clear") and thing.__module__.startswith(OURS):
                caches.append(thing)
        unloaded = {mutant.file for mutant in self.mutants} - functions.keys()
        assert not unloaded, f"no test loads {sorted(unloaded)}"

        def work(mutant):
            for cache in caches:  # what was computed without the mutant
                cache.cache_clear()
            replace(functions[mutant.file], mutant)
            chosen = [items[name] for name in self.baseline.tests(mutant) if name in items]
            return any_fails(session, chosen, self.baseline.seconds)

        gc.freeze()
        self.killed = forked(work, self.mutants, self.processes)
        return True


def any_fails(session, items, seconds):
    """Run tests until one fails; whether one did."""
    outcomes, streams = Outcomes(), (sys.stdout, sys.stderr)
    session.config.pluginmanager.register(outcomes)
    for item, following in zip(items, [*items[1:], None], strict=False):
        sys.stdout, sys.stderr = streams  # a test may have left others, that are closed
        signal.setitimer(signal.ITIMER_REAL, 10 + 10 * seconds[item.nodeid])
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        except BaseException:  # KeyboardInterrupt, pytest.exit
            return True
        if outcomes.failed:
            return True
    return False


def replace(functions, mutant):
    """Give live functions the code of a mutant."""
    text = Path(mutant.file).read_text(encoding="utf-8")
    old = compile(text, mutant.file, "exec", dont_inherit=True)
    new = compile(changed_tree(mutant), mutant.file, "exec", dont_inherit=True)
    codes: dict[CodeType, CodeType] = {}

    def pair(one, other):
        codes[one] = other
        ours, theirs = (
            [c for c in code.co_consts if isinstance(c, CodeType)] for code in (one, other)
        )
        if [c.co_name for c in ours] == [c.co_name for c in theirs]:
            for mine, its in zip(ours, theirs, strict=True):
                pair(mine, its)

    pair(old, new)
    for function in functions:
        function.__code__ = codes.get(function.__code__, function.__code__)


def run(mutants, baseline, tests, processes):
    """Run the tests of each mutant; return how each was killed, "" if it was not."""
    running = [m for m in mutants if m.running]
    killed = forked(imported(baseline), [m for m in mutants if not m.running], processes)
    if not running:
        return killed
    plugin = Forking(running, baseline, processes)
    code = pytest.main([*OPTIONS, *tests], plugins=[plugin, Repeatable()])
    assert code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED), "tests are not loaded"
    return {**killed, **plugin.killed}


class Repeatable:
    """Hypothesis draws the same examples in every run, and does not make them smaller."""

    @staticmethod
    def pytest_sessionstart():
        phases = [Phase.explicit, Phase.generate]
        settings.register_profile(
            "same", settings.default, derandomize=True, database=None, phases=phases
        )
        settings.load_profile("same")


def imported(baseline):
    """What a process does that imports a mutant and runs tests of its module."""

    def work(mutant):
        for name in list(sys.modules):
            if name.partition(".")[0] in OURS:
                del sys.modules[name]
        sys.meta_path.insert(0, Finder(mutant))
        chosen = baseline.tests(mutant)
        return bool(chosen) and pytest.main([*OPTIONS, "-x", *chosen], [Repeatable()]) != 0

    return work


class Finder(importlib.abc.MetaPathFinder):
    """Finds a mutant in the place of its module."""

    def __init__(self, mutant):
        self.mutant = mutant

    def find_spec(self, name, path, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.origin and os.path.relpath(spec.origin) == self.mutant.file:
            spec.loader = _Loader(name, spec.origin)
            spec.loader.mutant = self.mutant
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname):
        return compile(changed_tree(self.mutant), self.path, "exec", dont_inherit=True)


OURS = ("adabound_np", "autograd_lite", "problems", "tests")
LOADED = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # Hypothesis is loaded already
OPTIONS = ["-q", "-s", *LOADED, "-p", "no:cacheprovider", "-p", "no:xdist"]


def measure(where: str, tests: list[str]) -> None:
    """Run tests on the code as it is; note who runs which line, and the seconds."""
    folder = Path(where)
    folder.mkdir(parents=True, exist_ok=True)
    seconds: Counter[str] = Counter()

    class Times:
        def pytest_runtest_logreport(self, report):
            seconds[report.nodeid] += report.duration

    os.environ["COVERAGE_FILE"] = str(folder / "coverage")
    packages = ["--cov=adabound_np", "--cov=autograd_lite", "--cov=problems"]
    options = [*packages, "--cov-context=test", "--cov-report=", "-q", "-n", "auto", *LOADED]
    assert pytest.main([*options, *tests], plugins=[Times()]) == 0, "the tests must pass"
    (folder / "seconds.json").write_text(json.dumps(seconds))


def forked(work, mutants, processes):
    """Call `work` on each mutant in its own process; return how each was killed, "" if not."""
    waiting, running, killed = list(reversed(mutants)), {}, {}
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            pid = os.fork()
            if pid == 0:
                _child(work, mutant)
            running[pid] = mutant
        pid, status = os.wait()
        if pid not in running:
            continue
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what the mutant has started
        mutant = running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, 1) or code < 0, f"{mutant} cannot be made"
        killed[mutant] = {0: "", 1: "test", -signal.SIGALRM: "time"}.get(code, "crash")
        if len(killed) % 100 == 0:
            print(f"{len(killed)} of {len(mutants)}", file=sys.stderr, flush=True)
    return killed


def _child(work, mutant):
    code, report = 2, os.fdopen(os.dup(2), "w")
    try:
        os.setsid()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 300)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
            code = int(work(mutant))
    except BaseException:
        traceback.print_exc(file=report)
        report.flush()
    finally:
        os._exit(code)
