"""The exported file runs beside the package, bit for bit, with nothing of ours installed."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import problems
from tests.roster import CASES, gradients


def loaded(text, path, name):
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", CASES)
def test_every_optimizer_bit_for_bit(case, tmp_path):
    cls, kw = CASES[case]
    name = f"one_file_{case.replace('-', '_')}"
    try:
        module = loaded(problems.export(cls), tmp_path / f"{name}.py", name)
        settings = {key: here(module, value) for key, value in kw.items()}
        x, y = np.ones((2, 3)), np.ones((2, 3))
        ours, alone = cls([x], **kw), getattr(module, cls.__name__)([y], **settings)
        for step, g in enumerate(gradients(60, (2, 3))):
            if step == 30:
                alone.load_state_dict(alone.state_dict())
                ours.param_groups[0]["lr"] *= 0.5
                alone.param_groups[0]["lr"] *= 0.5
            ours.step(grads=[g])
            alone.step(grads=[g])
            np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(ours.effective_lr()[0], alone.effective_lr()[0])
    finally:
        sys.modules.pop(name, None)


def here(module, value):
    """A schedule of the package as the one of the exported module."""
    if isinstance(value, tuple):
        return tuple(here(module, item) for item in value)
    if type(value).__module__.startswith("adabound_np"):
        fields = {k: v for k, v in vars(value).items() if not k.startswith("_")}
        return getattr(module, type(value).__name__)(**fields)
    return value


EXAMPLE = """
import sys
import numpy as np
from adabound import AdaBound

x = np.array([-1.0, 1.0])
opt = AdaBound([x], lr=1e-2, final_lr=1e-3)
for step in range(20_000):
    a, b = x
    opt.step(grads=[np.array([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)])])
print(x.round(4), [m for m in sys.modules if m.startswith(("adabound_np", "problems", "scipy"))])
"""


def test_it_trains_with_nothing_else_of_ours(tmp_path):
    (tmp_path / "adabound.py").write_text(problems.export("AdaBound"), encoding="utf-8")
    (tmp_path / "run.py").write_text(EXAMPLE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[1. 1.] []\n", done.stderr


def test_what_it_holds():
    text = problems.export("AdaBound")
    for part in (
        "Permission is hereby granted",
        "[Luo19 Alg. 2]",
        "class DynamicBounds",
        "def state_dict",
    ):
        assert part in text
    assert "class AMSGrad" not in text
    assert "\nfrom adabound_np" not in text
    with pytest.raises(ValueError, match="unknown optimizer 'AdaBond'; did you mean"):
        problems.export("AdaBond")
