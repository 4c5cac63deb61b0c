"""The explorer in Chromium: five million steps of four optimizers, and the answer to a slider."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import problems
from tests.benchmarks.rows import Row, imported
from tests.site import browser

STEPS = 5_000_000
#: Milliseconds of runs as the worker does them, in the page.
RUNS = """
const done = arguments[1], setting = { ...COMMON, ...DATA.problems["reddi-theorem1"].defaults,
  problem: "reddi-theorem1", T: arguments[0] };
(async () => {
  const begin = performance.now();
  for (const name of ["adam", "amsgrad", "adabound", "amsbound"]) await course(name, setting);
  done(performance.now() - begin);
})();
"""
#: Milliseconds from a slider's event until all charts of the runs are drawn, at T = 10^4.
SLIDE = """
const done = arguments[1], slider = document.querySelector("[data-key=alpha] input[type=range]");
delete document.body.dataset.ready;
const begin = performance.now();
new MutationObserver((_, observer) => {
  if (!document.body.dataset.ready) return;
  observer.disconnect();
  done(performance.now() - begin);
}).observe(document.body, { attributes: true });
slider.value = Number(slider.value) + arguments[0];
slider.dispatchEvent(new Event("input", { bubbles: true }));
"""


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows; none without a browser, which is said."""
    found = browser.installed()
    if found is None or not imported("selenium"):
        print("without chromium and selenium the explorer is not measured", file=sys.stderr)
        return
    steps = STEPS // 10 if quick else STEPS
    begin = time.perf_counter()
    problems.counterexample("reddi-theorem1", steps=steps)
    python = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder, browser.chromium(*found) as window:
        (path,) = problems.explore().save(Path(folder))
        window.get(path.as_uri())
        seconds = window.execute_async_script(RUNS, steps) / 1000
        times = [window.execute_async_script(SLIDE, 0.01) for _ in range(3 if quick else 15)]
    what = f"explorer: {steps:.0e} steps, 4 optimizers".replace("e+0", "e")
    yield Row("explorer", what, "counterexample, parallel in time", seconds, python, unit="s")
    yield Row("explorer", what, "three seconds", seconds, 3.0, 1.0, unit="s")
    slide = statistics.median(times[1:])
    yield Row("explorer", "explorer: a slider's answer, T = 1e4", "100 ms", slide, 100.0, 1.0)
