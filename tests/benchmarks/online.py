"""Runs of an optimizer on online problems: one step at a time, and parallel in time."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import adabound_np as ab
from problems.forms import on
from problems.online import Setting, reddi_online, reddi_theorem1, summarize
from problems.online.protocol import play
from tests.benchmarks.rows import Row, imported, measure

STEPS = 5_000_000

#: g_t is `up` where t mod P = 1 and `down` elsewhere, as in both problems here.
SOURCE = r"""
#include <math.h>
double run(long T, double x, double lr, double b1, double b2, long P, double up, double down,
           int bounded, int corrected, double a, double gamma, double *xs) {
    double m = 0, v = 0, p1 = 1, p2 = 1;
    for (long t = 1; t <= T; t++) {
        double g = t % P == 1 ? up : down;
        m = b1 * m + (1 - b1) * g;
        v = b2 * v + (1 - b2) * (g * g);
        double eta = lr / sqrt(v);
        if (corrected) {
            p1 *= b1; p2 *= b2;
            eta = lr * sqrt(1 - p2) / (1 - p1) / sqrt(v);
        }
        if (bounded)
            eta = fmin(fmax(eta, a * (1 - 1 / (gamma * t + 1))), a * (1 + 1 / (gamma * t)));
        x -= eta / sqrt((double)t) * m;
        x = x < -1 ? -1 : x > 1 ? 1 : x;
        if (xs) xs[t - 1] = x;
    }
    return x;
}
"""


@dataclass(frozen=True)
class Form:
    """A run that all do alike: a setting, with or without bounds and bias correction."""

    setting: Setting
    bounded: bool
    corrected: bool
    final_lr: float = 0.1
    gamma: float = 1e-3

    def slopes(self) -> tuple[int, float, float]:
        """P, and the slopes at t mod P = 1 and elsewhere."""
        problem: Any = self.setting.problem
        up, down = problem.slopes(1, 3)
        return problem.period, float(up), float(down)

    def here(self, T: int) -> Callable[[], float]:
        """x_{T+1}, with the regret, the ranges and the course of x_t."""
        s = self.setting
        name = "adabound" if self.bounded else "adam"
        bounds = {"final_lr": self.final_lr, "gamma": self.gamma} if self.bounded else {}
        opt = on(s, name, **bounds)
        if self.corrected:
            cls = ab.AdaBound if self.bounded else ab.Adam
            given = {"lr": s.lr, "betas": (s.beta1, s.beta2), "eps": 0.0, "schedule": "inv-sqrt"}
            opt = cls(**given, feasible=s.problem.feasible, **bounds)
        return lambda: summarize(s.problem, opt, T + 1, s.x1, engine="parallel").x  # x_{T+1}

    def in_c(self, T: int, folder: Path, stores: bool) -> Callable[[], float] | None:
        """The same by a loop that gcc -O2 compiles."""
        if shutil.which("gcc") is None:
            return None
        source, library = folder / "run.c", folder / "run.so"
        if not library.exists():
            source.write_text(SOURCE)
            command = ["gcc", "-O2", "-shared", "-fPIC", "-o", library, source, "-lm"]
            subprocess.run(command, check=True)
        run = ctypes.CDLL(str(library)).run
        d, n = ctypes.c_double, ctypes.c_long
        run.restype, run.argtypes = d, [n, d, d, d, d, n, d, d, *[ctypes.c_int] * 2, d, d]
        run.argtypes = [*run.argtypes, ctypes.c_void_p]
        s = self.setting
        xs = np.empty(T) if stores else None
        flags = (int(self.bounded), int(self.corrected), self.final_lr, self.gamma)
        slopes = self.slopes()
        constants = (s.x1, s.lr, s.beta1, s.beta2, *slopes, *flags)
        return lambda: run(T, *constants, None if xs is None else xs.ctypes.data)

    def in_jax(self, T: int, stores: bool) -> Callable[[], float] | None:
        """The same by a jitted scan; of Adam with bias correction, over optax.adam."""
        jax, optax = imported("jax"), imported("optax")
        if jax is None or optax is None:
            return None
        jax.config.update("jax_enable_x64", True)
        jnp, s = jax.numpy, self.setting
        P, up, down = self.slopes()
        opt = optax.adam(lambda n: s.lr / jnp.sqrt(n + 1.0), s.beta1, s.beta2, eps=0.0)
        library = self.corrected and not self.bounded

        def step(carry: Any, t: Any) -> Any:
            x, state = carry
            g = jnp.where(t % P == 1, up, down)
            if library:
                update, state = opt.update(g, state)
                x = jnp.clip(x + update, -1.0, 1.0)
                return (x, state), x if stores else None
            m, v = state
            m, v = s.beta1 * m + (1 - s.beta1) * g, s.beta2 * v + (1 - s.beta2) * g**2
            eta = s.lr / jnp.sqrt(v)
            if self.corrected:
                eta = eta * jnp.sqrt(1 - s.beta2**t) / (1 - s.beta1**t)
            if self.bounded:
                low, high = 1 - 1 / (self.gamma * t + 1), 1 + 1 / (self.gamma * t)
                eta = jnp.clip(eta, self.final_lr * low, self.final_lr * high)
            x = jnp.clip(x - eta / jnp.sqrt(t) * m, -1.0, 1.0)
            return (x, (m, v)), x if stores else None

        @jax.jit
        def run() -> Any:
            x = jnp.float64(s.x1)
            state = opt.init(x) if library else (jnp.float64(0), jnp.float64(0))
            (x, _), xs = jax.lax.scan(step, (x, state), jnp.arange(1, T + 1))
            return (x, xs) if stores else x

        jax.block_until_ready(run())  # compiles
        return lambda: float(jax.tree.leaves(jax.block_until_ready(run()))[0])


def _parallel(quick: bool) -> Iterator[Row]:
    T = STEPS // 10 if quick else STEPS
    forms = [
        # the main job's own form; the loop stores x_t, as the regret here needs it
        ("own form", reddi_theorem1(), False, True, 0.45, 2.5),
        ("with bias correction", reddi_online(), True, False, 0.6, 2.5),
    ]
    with tempfile.TemporaryDirectory() as folder:
        for words, setting, corrected, stores, scan, loop in forms:
            for bounded in (False, True):
                form = Form(setting, bounded, corrected)
                runs = {
                    "here": form.here(T),
                    "JAX scan": form.in_jax(T, stores),
                    "C loop, gcc -O2": form.in_c(T, Path(folder), stores),
                }
                _agree({name: run() for name, run in runs.items() if run})
                seconds = measure(runs, rounds=3 if quick else 9)
                mine = seconds["here"]
                assert mine is not None
                what = f"{'AdaBound' if bounded else 'Adam'}, {T:,} steps, {words}"
                for peer, bar in (("JAX scan", scan), ("C loop, gcc -O2", loop)):
                    yield Row("parallel in time", what, peer, mine, seconds[peer], bar, "s")


def _agree(ends: dict[str, float]) -> None:
    """Raise AssertionError if they do not compute the same x_T."""
    if max(ends.values()) - min(ends.values()) > 1e-6:
        raise AssertionError(f"they do not end at the same point: {ends}")


class Square(NamedTuple):
    """f_t(x) = (x - b)^2 / 2."""

    b: float

    def gradient(self, x: Any) -> Any:
        return x - self.b


class Squares:
    """Targets -0.1 and 0.3 in turn, on [-1, 1]: what is not linear goes step by step."""

    feasible = ab.Box(-1.0, 1.0)

    def __init__(self, T: int) -> None:
        self.targets = np.where(np.arange(T) % 2, 0.3, -0.1).tolist()

    def reveal(self, T: int) -> Iterator[tuple[int, Square]]:
        return enumerate(map(Square, self.targets[:T]), 1)


def _here(problem: Any, opt: ab.Optimizer, T: int) -> None:
    for _ in play(problem, opt, T, 0.5):
        pass


def _one_by_one(quick: bool) -> Iterator[Row]:
    T = 2_000 if quick else 20_000
    problem = Squares(T)
    steps: dict[str, Callable[[], Any] | None] = {
        "Adam": partial(_here, problem, ab.Adam.as_in_paper(lr=0.1), T),
        "AdaBound": partial(_here, problem, ab.AdaBound.as_in_paper(lr=0.1), T),
        "torch Adam": _torch_loop(problem.targets),
        "Python floats": partial(_float_loop, problem.targets),
    }
    us = measure(steps, rounds=3 if quick else 9)
    for name, bar in (("Adam", 0.12), ("AdaBound", 0.16)):
        mine = us[name]
        assert mine is not None
        for peer, allowed in (("torch Adam", bar), ("Python floats", None)):
            other = us[peer]
            scaled = None if other is None else 1e6 * other / T
            what = f"{name}, step by step"
            yield Row("online", what, peer, 1e6 * mine / T, scaled, allowed, "us")


def _torch_loop(targets: list[float]) -> Callable[[], Any] | None:
    torch = imported("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)

    def run() -> None:
        x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
        opt = torch.optim.Adam([x], lr=0.1)
        for t, b in enumerate(targets, 1):
            opt.param_groups[0]["lr"] = 0.1 / t**0.5
            opt.zero_grad()
            ((x - b) ** 2 / 2).backward()
            opt.step()
            with torch.no_grad():
                x.clamp_(-1.0, 1.0)

    return run


def _float_loop(targets: list[float]) -> float:
    x, m, v = 0.5, 0.0, 0.0
    for t, b in enumerate(targets, 1):
        g = x - b
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        x = min(max(x - 0.1 / math.sqrt(t) / math.sqrt(v) * m, -1.0), 1.0)
    return x


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows."""
    yield from _one_by_one(quick)
    yield from _parallel(quick)
