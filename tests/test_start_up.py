"""What each start loads: lists of packages, which say more than a time."""

import subprocess
import sys

import pytest

from problems.commands import COMMANDS

#: Packages that take a while to load. Those that a start does not name must not be loaded by it.
SLOW = {
    *("numpy", "scipy", "scipy.stats", "scipy.optimize", "matplotlib", "tqdm", "sympy"),
    *("adabound_np", "autograd_lite", "asyncio"),
    *("dask", "distributed", "torch", "sklearn", "pooch"),
}


def loaded(*args, cwd):
    command = [sys.executable, "-X", "importtime", *args]
    done = subprocess.run(command, check=True, cwd=cwd, capture_output=True, text=True)
    modules = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "sys" in modules or "encodings" in modules
    return SLOW & modules


@pytest.mark.parametrize(
    ("args", "packages"),
    [
        (["-c", "import problems"], set()),
        (["-c", "import adabound_np"], {"adabound_np", "numpy"}),
        (["-c", "import autograd_lite"], {"autograd_lite", "numpy"}),
        (["-m", "problems", "--help"], set()),
        (["-m", "problems", "-h"], set()),
        (["-m", "problems", "--version"], {"adabound_np", "numpy"}),
        (["-m", "problems", "--cite"], {"adabound_np", "numpy"}),
        (["-m", "problems", "trace"], {"adabound_np", "numpy", "tqdm"}),
        (
            ["-m", "problems", "--steps", "2000", "--json"],
            {"adabound_np", "numpy", "tqdm", "matplotlib"},
        ),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_a_start_loads_no_more_than_it_uses(args, packages, tmp_path):
    assert loaded(*args, cwd=tmp_path) == packages


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_draws_nothing(command, tmp_path):
    packages = loaded("-m", "problems", command, "--help", cwd=tmp_path)
    assert not {name for name in packages if name.startswith(("scipy", "matplotlib", "sympy"))}
