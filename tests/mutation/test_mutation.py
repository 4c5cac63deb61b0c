"""What is mutated, that live code becomes the mutant, and which tests are run on it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

if sys.platform == "win32":
    pytest.skip("mutants run in forked processes", allow_module_level=True)

from tests.mutation import __main__ as command
from tests.mutation import runner
from tests.mutation.changes import changed_tree, mutants
from tests.oracles.peers import peer

ROOT = Path(__file__).parents[2]
TEXT = '''import functools
LIMIT = 3

def inside(x, most=LIMIT):
    """Not this."""
    if 0 <= x < most and not x.bad:
        raise ValueError(f"{x} at 1" + "2")
    total = 0
    for y in x:
        total += y
        x.seen = True
    return any(y == -1 for y in x) or max(total, 2) / 5

def same(x, y):
    return x is y is None

@functools.cache
def kept():
    return 7

def outer(n):
    def add(x):
        return x + n
    return add
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The text as a module, and the path of its file."""
    (tmp_path / "sample.py").write_text(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "sample", raising=False)
    import sample

    return sample


def test_what_is_changed(module):
    found = mutants("sample.py")
    pairs = {(m.before.partition("\n")[0], m.after.partition("\n")[0]) for m in found}
    condition = "if 0 <= x < most and (not x.bad):"
    returned = "return any((y == -1 for y in x)) or max(total, 2) / 5"
    assert {
        ("LIMIT = 3", "LIMIT = 4"),
        (condition, "if True or (0 <= x < most and (not x.bad)):"),
        (condition, "if False and (0 <= x < most and (not x.bad)):"),
        (condition, "if 0 <= x < most or not x.bad:"),
        (condition, "if 0 < x < most and (not x.bad):"),
        (condition, "if 0 <= x <= most and (not x.bad):"),
        (condition, "if 0 <= x < most and x.bad:"),
        ("total += y", "total -= y"),
        ("total += y", "if False:"),
        ("x.seen = True", "if False:"),
        ("x.seen = True", "x.seen = False"),
        (returned, returned.replace("any", "all")),
        (returned, returned.replace("max", "min")),
        (returned, returned.replace("-1", "1")),
        (returned, returned.replace(" or ", " and ")),
        (returned, returned.replace(" / ", " + ")),
        ("return x + n", "return x - n"),
    } <= pairs
    changed = {m.before.partition("\n")[0] for m in found}
    assert not [text for text in changed if "Not this" in text or "raise" in text]
    assert {m.place for m in found} == {"", "inside", "same", "kept", "outer.add"}
    assert {len(m.lines) > 1000 for m in found if m.place == "kept"} == {True}
    assert {m.before for m in found if not m.running} == {"LIMIT = 3"}
    assert not [m for m in mutants("sample.py", frozenset({2})) if m.before == "LIMIT = 3"]


def test_every_mutant_is_a_module_that_differs(module):
    for mutant in mutants("sample.py"):
        compile(changed_tree(mutant), "sample.py", "exec")
        assert mutant.before != mutant.after


def chosen(after):
    (mutant,) = (m for m in mutants("sample.py") if m.after == after)
    return mutant


def test_live_functions_become_the_mutant(module):
    adds = module.outer(10)
    runner.replace([module.inside, module.outer, adds], chosen("return x - n"))
    assert adds(1) == -9
    assert module.outer(5)(1) == -4


def test_a_module_that_is_imported_is_the_mutant(module):
    mutant = chosen("LIMIT = 4")
    finder = runner.Finder(mutant)
    spec = finder.find_spec("sample", None)
    found = SimpleNamespace()
    exec(spec.loader.get_code("sample"), vars(found))
    assert found.LIMIT == 4
    assert finder.find_spec("json", None).loader is not spec.loader


def baseline(budget):
    made = runner.Baseline.__new__(runner.Baseline)
    made.budget = budget
    made.seconds = {"tests/t.py::b[1]": 1.0, "tests/t.py::b[2]": 2.0, "tests/t.py::a": 3.0}
    made.contexts = {"sample.py": {n: [f"{name}|run" for name in made.seconds] for n in (6, 7)}}
    return made


def test_the_shortest_tests_come_first(module):
    mutant = next(m for m in mutants("sample.py") if 6 in m.lines)
    first = ["tests/t.py::b[1]", "tests/t.py::b[2]", "tests/t.py::a"]
    assert baseline(100).tests(mutant) == first
    assert baseline(4.5).tests(mutant) == first[:2]
    assert baseline(0.1).tests(mutant) == first[:1]
    assert baseline(100).tests(chosen("LIMIT = 4")) == first
    assert baseline(100).tests(chosen("return x - n")) == []


@pytest.mark.slow
def test_a_baseline_says_who_runs_a_line_and_its_mutants_are_noticed(tmp_path):
    peer("pytest_cov")
    code = (
        "import sys; from tests.mutation.runner import measure; measure(sys.argv[1], sys.argv[2:])"
    )
    call = [sys.executable, "-c", code, str(tmp_path), "adabound_np/carries.py"]
    subprocess.run(call, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    made = runner.Baseline(tmp_path, 10)
    assert made.seconds
    lines = made.contexts["adabound_np/carries.py"]
    assert {name.partition("|")[0] for names in lines.values() for name in names} - {""} == {
        *made.seconds
    }
    call = ["-m", "tests.mutation", "--only", "adabound_np/carries.py", "--baseline", str(tmp_path)]
    result = tmp_path / "result.json"
    subprocess.run([sys.executable, *call, "--json", str(result)], cwd=ROOT, check=False)
    (counts,) = json.loads(result.read_text())["rooms"].values()
    assert counts["mutants"] > counts["killed"] > 0


def test_an_earlier_result_is_brought_up_to_date():
    counts = {"mutants": 10, "killed": 6, "by time": 1, "equivalent": 1, "survived": 3}
    left = [["a.py", "f", "x", "y", 1, ""]]
    again = {"mutants": 4, "killed": 2, "by time": 0, "equivalent": 1, "survived": 1}
    rooms = {"autograd_lite": counts, "problems/online": counts}
    new = {"seconds": 2, "rooms": {"autograd_lite": again}, "unnoticed": left}
    result = command.merged({"seconds": 5, "rooms": rooms, "unnoticed": []}, new)
    assert result["seconds"] == 7
    assert result["unnoticed"] == left
    assert result["rooms"]["autograd_lite"] == {
        "mutants": 10,
        "killed": 8,
        "by time": 1,
        "equivalent": 1,
        "survived": 1,
    }
    assert command.short(result) == {}
    assert command.short({"rooms": {"problems/ledger": counts}}) == {
        "problems/ledger": pytest.approx(100 * 6 / 9)
    }
    table = command.table({"rooms": {"autograd_lite": counts}})
    assert table.splitlines()[-1] == "| `autograd_lite` | 10 | 6 | 1 | 1 | 3 | 66.7 % | 85 % |"
    assert command.survivors(new) == "- a.py:1, `f`: `x` → `y`"
    words = "so it goes "
    assert command.difference(f"{words}a < b {words}", f"{words}a <= b {words}", 2) == (
        "goes a < b so",
        "goes a <= b so",
    )


@pytest.mark.parametrize(
    "arguments", [["--room", "problems/rates", "--only", "nosuch"], ["--show", "pyproject.toml"]]
)
def test_what_the_command_was_given_is_named(arguments, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


def test_the_last_result_has_todays_reasons():
    """Each reason fits a mutant that was not noticed, and each of these has the first that fits."""
    result = json.loads((ROOT / "docs/results/mutants.json").read_text(encoding="utf-8"))
    used = set()
    for file, name, _, after, _, reason in result["unnoticed"]:
        place = f"{file.removesuffix('.py').replace('/', '.')}.{name}"
        assert command.reason_for(command.EQUIVALENT, place, after) == reason
        used |= {
            e for e in command.EQUIVALENT if place.endswith(e.place) and re.search(e.after, after)
        }
    assert [e for e in command.EQUIVALENT if e not in used] == []


def test_how_a_process_ended_is_counted(module):
    found = mutants("sample.py")[:3]
    ends = dict(zip(found, (0, 1, -9), strict=True))

    def work(mutant):
        if ends[mutant] < 0:
            os.kill(os.getpid(), -ends[mutant])
        return bool(ends[mutant])

    assert list(runner.forked(work, found, 2).values()).count("") == 1
    assert runner.forked(work, found, 1) == dict(zip(found, ("", "test", "crash"), strict=True))
