"""Output that nobody takes, or that an encoding cannot hold; settings of the user's."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from problems.cli import main

ROOT = Path(__file__).parents[3]
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
#: A short run of each command that needs no network.
RUNS = {
    "counterexample": ["--steps", "200"],
    "phase": ["--steps", "20", "--x", "beta1=0:0.9:2", "--y", "beta2=0.5:0.9:2"],
    "sweep": ["--steps", "50", "--optimizers", "adam", "--workers", "1"],
    "theorems": ["--quick", "--id", "reddi-2,reddi-gamma"],
    "effective-lr": ["--problem", "reddi-online", "--steps", "50", "--optimizers", "adabound"],
    "figures": ["--show", str(ROOT / "docs" / "results" / "figures.json")],
    "train": ["--epochs", "1", "--workers", "1", "--optimizers", "sgdm"],
    "wilson": ["--points", "20", "--steps", "20", "--optimizers", "sgd"],
    "equations": [],
    "trace": [],
    "--help": [],
    "--version": [],
}
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def called(args):
    try:
        return main(args)
    except SystemExit as stop:
        return stop.code


def output(args, encoding, monkeypatch, errors="strict"):
    """A command's bytes on a standard output of some encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)
    monkeypatch.setattr(sys, "stdout", stream)
    assert called(args) == 0
    assert (stream.encoding, stream.errors) == (encoding, errors)  # as it was
    return stream.buffer.getvalue()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
@pytest.mark.parametrize("command", ["theorems", "trace", "equations", "notation", "html"])
def test_narrow_encodings(command, encoding, tmp_path, monkeypatch):
    """The whole text, with the letters that the encoding lacks in ASCII."""
    monkeypatch.chdir(tmp_path)
    args = {
        "notation": ["equations", "--notation"],
        "html": ["equations", "--format", "html", "--only", "sgd.SGD"],
    }.get(command, [command, *RUNS.get(command, [])])
    wide = output(args, "utf-8", monkeypatch).decode()
    text = output(args, encoding, monkeypatch).decode(encoding)
    assert text.count("\n") == wide.count("\n")
    assert "?" not in text.replace("?", "", wide.count("?"))
    assert "\\u" not in text.replace("\\u", "", wide.count("\\u"))
    if command == "html":
        assert text == wide
    if command == "trace":
        heads, *rows = text.partition("\n\n")[2].splitlines()
        assert {len(row) for row in rows} == {len(heads)}  # columns stay columns
    if command == "theorems" and encoding == "ascii":
        assert "Adam fails for every beta1 < sqrtbeta2" in text


def test_a_name_that_is_no_text(tmp_path, monkeypatch):
    name = os.fsdecode(b"caf\xe9") if sys.platform.startswith("linux") else "cafe"
    monkeypatch.chdir(tmp_path)
    args = ["counterexample", "--steps", "50", "--out", name]
    assert os.fsencode(name) in output(args, "utf-8", monkeypatch)


@needs_full
@pytest.mark.parametrize("command", RUNS)
def test_a_full_output(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert called([command, *RUNS[command]]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("python -m problems: the output cannot be written: [Errno 28]")


@needs_full
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("command", RUNS)
def test_a_full_standard_error(command, tmp_path, monkeypatch, capsys):
    """Messages are lost, nothing else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stderr", full)
        assert called([command, *RUNS[command]]) == 0
        assert called([command, "--nonsense"]) == 2 or command.startswith("--")
    assert capsys.readouterr().out


WAYS = {
    "| head": ("| head -c 1 >/dev/null", 141, 2),
    "> full": (">/dev/full", 1, 2),
    "> closed": (">&-", 1, 2),
    "2> full": ("2>/dev/full >/dev/null", 0, 2),
    "2> closed": ("2>&- >/dev/null", 0, 2),
    "all closed": ("<&- >&- 2>&-", 1, 2),
}


@needs_full
@pytest.mark.parametrize("buffered", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize("way", WAYS)
def test_exit_codes_in_a_shell(way, buffered, tmp_path):
    """The code that the shell sees, and nothing of Python's on standard error."""
    redirection, good, bad = WAYS[way]
    env = {**ENV, "PYTHONUNBUFFERED": "" if buffered else "1"}
    for args, expected in (("--steps 3000", good), ("--steps x", bad)):
        command = f'"{sys.executable}" -m problems trace {args} {redirection}'
        result = subprocess.run(
            ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == expected, result.stderr
        assert "Traceback" not in result.stderr
        assert "Exception ignored" not in result.stderr


def test_memory_that_is_not_there(monkeypatch, capsys):
    def greedy(*args, **options):
        raise MemoryError("Unable to allocate 1. TiB")

    monkeypatch.setattr("problems.wilson", greedy)
    assert called(["wilson"]) == 1
    assert capsys.readouterr().err == (
        "python -m problems: not enough memory: Unable to allocate 1. TiB\n"
    )


DRAWN = ("counterexample", "phase", "theorems", "effective-lr")


@pytest.mark.slow
def test_the_users_matplotlibrc_changes_nothing(tmp_path):
    """Neither figures nor the page of equations, byte for byte; nor does the locale."""
    (tmp_path / "none").write_text("")
    (tmp_path / "matplotlibrc").write_text(
        "text.usetex: True\nfont.family: monospace\nfont.size: 30\nmathtext.fontset: stix\n"
        "axes.grid: True\nfigure.facecolor: red\nsavefig.dpi: 30\nsavefig.bbox: tight\n"
        "svg.fonttype: none\nlines.linewidth: 9\npath.simplify: False\naxes.prop_cycle: "
        "cycler('color', ['k'])\n"
    )
    script = (
        "import sys\nfrom problems.cli import main\n"
        f"for name, args in {[(name, RUNS[name]) for name in DRAWN]}:\n    main([name, *args])\n"
        "main(['equations', '--format', 'html', '--only', 'sgd.SGD'])\n"
    )
    pages = []
    settings = (
        {"MATPLOTLIBRC": str(tmp_path / "none")},
        {
            "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONWARNDEFAULTENCODING": "1",
        },
    )
    for number, env in enumerate(settings):
        (tmp_path / str(number)).mkdir()
        result = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path / str(number),
            env={**ENV, **env},
            capture_output=True,
            check=True,
        )
        pages.append(result.stdout[result.stdout.index(b"<!DOCTYPE") :].replace(b"\r\n", b"\n"))
        warned = [s for s in result.stderr.decode().splitlines() if "EncodingWarning" in s]
        # ours, and not those of an environment that lies in the repository's folder
        ours = [str(ROOT / package) for package in ("adabound_np", "autograd_lite", "problems")]
        assert not [line for line in warned if line.startswith(tuple(ours))]
    assert pages[0] == pages[1]
    one, two = (sorted((tmp_path / str(number) / "results").iterdir()) for number in (0, 1))
    assert [path.name for path in one] == [path.name for path in two]
    assert len([path for path in one if path.suffix in (".png", ".svg")]) >= 10
    for a, b in zip(one, two, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name


@pytest.mark.parametrize("name", ["adabound_np", "autograd_lite"])
def test_a_file_that_hides_a_package(name, tmp_path):
    """One line says which, and what to do."""
    (tmp_path / f"{name}.py").write_text("x = 1")
    result = subprocess.run(
        [sys.executable, "-m", "problems"],
        cwd=tmp_path,
        env=ENV,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert f"{tmp_path / name}.py hides the package {name}" in line
    assert "rename that file, or start Python in another folder" in line


def test_the_installed_command_does_not_look_in_the_current_folder(tmp_path):
    """Nor do its worker processes."""
    for name in ("problems", "adabound_np", "autograd_lite"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file')")
    script = tmp_path / "bin" / "adabound-np.py"  # as an installer writes it
    script.parent.mkdir()
    script.write_text(
        "import sys\nfrom problems.cli import main\n"
        "if __name__ == '__main__':\n    sys.exit(main())"
    )
    result = subprocess.run(
        [sys.executable, script, *["sweep", *RUNS["sweep"]], "--json"],
        cwd=tmp_path,
        env=ENV,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["computed"] == 1
