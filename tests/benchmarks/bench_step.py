"""One optimizer step on many float32 parameters, one thread, against torch.

    python tests/benchmarks/bench_step.py [--size N] [--repeats N] [--json FILE]

The optimizers take their steps in turns, so that a change in the machine's load meets them all;
the median over the repetitions is reported.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import time
from pathlib import Path

if __name__ == "__main__":  # before NumPy and torch start their threads
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

import adabound_np as ab
from adabound_np import optimizer

REFERENCE = "torch Adam"
BAR = 0.65  # of the reference's time
UNDER_BAR = ("Adam", "AdaBound")


def our_step(make, size, block=None):
    """A function that takes one step; `block` is the number of bytes of a block."""
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal(size, dtype=np.float32) for _ in range(2))
    opt = make([x])

    def step():
        usual = optimizer.BLOCK
        optimizer.BLOCK = usual if block is None else block
        try:
            opt.step(grads=[g])
        finally:
            optimizer.BLOCK = usual

    return step


def torch_step(torch, make, size):
    rng = np.random.default_rng(0)
    x, g = (torch.from_numpy(rng.standard_normal(size, dtype=np.float32)) for _ in range(2))
    x.requires_grad_()
    x.grad = g
    return make([x]).step


def contenders(size):
    """Steps by name; those of torch only where it is installed."""
    ours = {
        "Adam": our_step(ab.Adam, size),
        "AdaBound": our_step(ab.AdaBound, size),
        "AMSBound": our_step(ab.AMSBound, size),
        "SGD, momentum 0.9": our_step(lambda p: ab.SGD(p, momentum=0.9), size),
        # The whole parameter is one block.
        "Adam, unblocked": our_step(ab.Adam, size, block=4 * size),
    }
    try:
        import torch  # noqa: PLC0415 - may be absent
    except ModuleNotFoundError:
        return ours
    torch.set_num_threads(1)
    adam = torch.optim.Adam
    return {
        REFERENCE: torch_step(torch, adam, size),
        "torch Adam, foreach": torch_step(torch, lambda p: adam(p, foreach=True), size),
        "torch Adam, fused": torch_step(torch, lambda p: adam(p, fused=True), size),
        "torch SGD, momentum 0.9": torch_step(
            torch, lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9), size
        ),
        **ours,
    }


def measure(steps, repeats):
    """Median milliseconds by name, the steps taken in turns after two to warm up."""
    times = {name: [] for name in steps}
    for repeat in range(-2, repeats):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if repeat >= 0:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def table(medians):
    """The rows as text: milliseconds, ratio to the reference, and the bar where it applies."""
    reference = medians.get(REFERENCE)
    lines = [f"{'':26}{'ms':>9}{'ratio':>8}"]
    for name, ms in medians.items():
        line = f"{name:26}{ms:9.2f}"
        if reference is not None:
            ratio = ms / reference
            line += f"{ratio:8.2f}"
            if name in UNDER_BAR:
                line += f"  {'pass' if ratio <= BAR else 'miss'} (at most {BAR})"
        lines.append(line)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=10**7, help="parameters (default 10^7)")
    parser.add_argument("--repeats", type=int, default=15, help="steps of each (default 15)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the medians there too")
    given = parser.parse_args()
    if given.size < 1 or given.repeats < 1:
        parser.error("--size and --repeats must be at least 1")

    steps = contenders(given.size)
    gc.disable()
    medians = measure(steps, given.repeats)
    print(
        f"one step on {given.size:,} float32 parameters, one thread, "
        f"median of {given.repeats}, NumPy {np.__version__}"
    )
    print(table(medians))
    if REFERENCE not in medians:
        print("torch is not installed: no rows of it, no ratios")
    if given.json:
        result = {
            "size": given.size,
            "repeats": given.repeats,
            "numpy": np.__version__,
            "bar": BAR,
            "reference": REFERENCE,
            "milliseconds": medians,
        }
        if "torch" in sys.modules:
            result["torch"] = sys.modules["torch"].__version__
        given.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
