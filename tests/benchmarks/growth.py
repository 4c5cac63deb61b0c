"""How cost grows: with steps T, with parameters, with the cells of a sweep."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

import adabound_np as ab
import problems
from problems.online import reddi_theorem1
from problems.style import Picture, Powers, fixed_style
from problems.sweeps.cells import run_cell
from tests.benchmarks.online import Form
from tests.benchmarks.rows import measure
from tests.benchmarks.steps import here, in_torch

#: Title, name of the horizontal axis, unit of the vertical one.
PANELS = {
    "steps": ("AdaBound on reddi-theorem1", "steps T", "seconds"),
    "parameters": ("one step, float32", "parameters", "seconds"),
    "cells": ("a sweep, 20,000 steps a cell", "cells", "seconds"),
}

Curves = dict[str, dict[str, list[float]]]


def curves(quick: bool) -> Curves:
    """Seconds by panel and line; each panel has the sizes under "size"."""
    return {"steps": _steps(quick), "parameters": _parameters(quick), "cells": _cells(quick)}


def _steps(quick: bool) -> dict[str, list[float]]:
    sizes = [10**k for k in range(4, 7 if quick else 10)]
    found: dict[str, list[float]] = {"size": sizes}
    form = Form(reddi_theorem1(), bounded=True, corrected=False)
    with tempfile.TemporaryDirectory() as folder:
        for T in sizes:
            runs = {
                "here": form.here(T),
                "JAX scan": form.in_jax(T, False),
                "C loop, gcc -O2": form.in_c(T, Path(folder), False),
            }
            _add(found, measure(runs, rounds=1 if T > 10**7 else 5))
    return found


def _parameters(quick: bool) -> dict[str, list[float]]:
    sizes = [10**k for k in range(1, 7 if quick else 9)]
    found: dict[str, list[float]] = {"size": sizes}
    for n in sizes:
        steps = {
            "Adam": here(ab.Adam, [(n,)]),
            "AdaBound": here(ab.AdaBound, [(n,)]),
            "torch Adam": in_torch([(n,)]),
        }
        rounds = 3 if n > 10**7 else 9
        _add(found, measure(steps, rounds, count=max(1, 10**5 // n)))
    return found


def _cells(quick: bool) -> dict[str, list[float]]:
    sizes = [20, 60] if quick else [20, 60, 200, 600]
    found: dict[str, list[float]] = {"size": sizes}
    for n in sizes:
        grid = {"lr": np.geomspace(0.01, 1, n // 4).tolist()}
        seconds: dict[str, float | None] = {}
        for workers in (1, 2):
            begin = time.perf_counter()
            result = problems.sweep("reddi-online", grid=grid, steps=20_000, workers=workers)
            seconds[f"{workers} worker{'s' * (workers - 1)}"] = time.perf_counter() - begin
        begin = time.perf_counter()
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            list(pool.map(run_cell, [result.plan.cell(k) for k in range(len(result.plan))]))
        seconds["bare process pool of 2"] = time.perf_counter() - begin
        _add(found, seconds)
    return found


def _add(found: dict[str, list[float]], seconds: dict[str, float | None]) -> None:
    for name, value in seconds.items():
        if value is not None:
            found.setdefault(name, []).append(value)


@fixed_style()
def growth_figure(found: Curves) -> Figure:
    """Draw a panel for each kind of growth, with the peers' lines beside ours."""
    figure = Picture(figsize=(13, 4), layout="constrained")
    for axes, (name, (title, xlabel, ylabel)) in zip(
        figure.subplots(1, len(PANELS)), PANELS.items(), strict=True
    ):
        panel: dict[str, Any] = found[name]
        for k, (line, seconds) in enumerate(p for p in panel.items() if p[0] != "size"):
            axes.plot(panel["size"], seconds, marker="os^D"[k], label=line)
        axes.set(xscale="log", yscale="log", title=title, xlabel=xlabel, ylabel=ylabel)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set(major_formatter=Powers(), minor_formatter=NullFormatter())
        if name == "cells":
            axes.set_xticks(panel["size"], map(str, panel["size"]))
        axes.grid(alpha=0.25)
        axes.legend(frameon=False)
    return figure
