"""5,000,000 steps of reddi-online: NumPy parallel in time beside JAX, a C loop, and torch.

    python tests/benchmarks/bench_counterexample.py [--steps T] [--repeats N]

All run the same update in float64 on one thread: with bias correction, as optax.adam has it.
JAX's compile time is left out; torch's eager loop is timed on 5,000 steps and extrapolated. The
bars: at most 0.6 of the time of JAX's scan over optax.adam, at most 2.5 times the C loop's.
"""

import argparse
import ctypes
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np

from adabound_np import AdaBound, Adam
from problems.online import reddi_online, summarize
from problems.online.parallel_in_time import growing, play

LR, BETA1, BETA2, FINAL_LR, GAMMA, C = 0.5, 0.9, 0.99, 0.1, 1e-3, 101

SOURCE = r"""
#include <math.h>
double run(long T, int bounded) {
    double x = 0, m = 0, v = 0, p1 = 1, p2 = 1;
    const double b1 = 0.9, b2 = 0.99, lr = 0.5, a = 0.1, gamma = 1e-3;
    for (long t = 1; t <= T; t++) {
        double g = t % 101 == 1 ? 1010.0 : -10.0;
        m = b1 * m + (1 - b1) * g;
        v = b2 * v + (1 - b2) * (g * g);
        p1 *= b1; p2 *= b2;
        double eta = lr * sqrt(1 - p2) / (1 - p1) / sqrt(v);
        if (bounded)
            eta = fmin(fmax(eta, a * (1 - 1 / (gamma * t + 1))), a * (1 + 1 / (gamma * t)));
        x -= eta / sqrt((double)t) * m;
        x = x < -1 ? -1 : x > 1 ? 1 : x;
    }
    return x;
}
"""


def ours(T, bounded):
    problem = reddi_online().problem
    kw = {"lr": LR, "betas": (BETA1, BETA2), "eps": 0.0, "schedule": "inv-sqrt"}
    kw["feasible"] = problem.feasible
    opt = AdaBound(**kw, final_lr=FINAL_LR, gamma=GAMMA) if bounded else Adam(**kw)

    def last():
        for chunk in play(problem, opt, 0.0, growing(T, problem.period), lambda c, n: pass_by):
            x = chunk.x[-1]
        return x

    return last, lambda: summarize(problem, opt, T + 1, 0.0, engine="parallel").x


def pass_by(c_t, x):
    """Keep nothing of a step."""


def c_loop(T, bounded, folder):
    if shutil.which("gcc") is None:
        return None
    source, library = folder / "run.c", folder / "run.so"
    source.write_text(SOURCE)
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source, "-lm"], check=True)
    run = ctypes.CDLL(str(library)).run
    run.restype, run.argtypes = ctypes.c_double, [ctypes.c_long, ctypes.c_int]
    return lambda: run(T, int(bounded))


def jax_scan(T, bounded):
    try:
        import jax
        import jax.numpy as jnp
        import optax
    except ModuleNotFoundError:
        return None
    jax.config.update("jax_enable_x64", True)
    opt = optax.adam(lambda count: LR / jnp.sqrt(count + 1.0), b1=BETA1, b2=BETA2, eps=0.0)

    def adam(carry, t):
        x, s = carry
        g = jnp.where(t % C == 1, 10.0 * C, -10.0)
        update, s = opt.update(g, s)
        return (jnp.clip(x + update, -1.0, 1.0), s), None

    def adabound(carry, t):
        x, (m, v) = carry
        g = jnp.where(t % C == 1, 10.0 * C, -10.0)
        m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2
        rate = LR * jnp.sqrt(1 - BETA2**t) / (1 - BETA1**t) / jnp.sqrt(v)
        lower, upper = 1 - 1 / (GAMMA * t + 1), 1 + 1 / (GAMMA * t)
        eta = jnp.clip(rate, FINAL_LR * lower, FINAL_LR * upper) / jnp.sqrt(t)
        return (jnp.clip(x - eta * m, -1.0, 1.0), (m, v)), None

    @jax.jit
    def run():
        x = jnp.float64(0)
        s = (x, x) if bounded else opt.init(x)
        return jax.lax.scan(adabound if bounded else adam, (x, s), jnp.arange(1, T + 1))[0][0]

    run().block_until_ready()
    return lambda: float(run().block_until_ready())


def torch_eager_seconds(T, steps=5000):
    try:
        import torch
    except ModuleNotFoundError:
        return None
    torch.set_num_threads(1)
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    opt = torch.optim.Adam([x], lr=LR, betas=(BETA1, BETA2), eps=0.0)
    begin = time.perf_counter()
    for t in range(1, steps + 1):
        opt.param_groups[0]["lr"] = LR / t**0.5
        x.grad = torch.tensor(10.0 * C if t % C == 1 else -10.0, dtype=torch.float64)
        opt.step()
        with torch.no_grad():
            x.clamp_(-1.0, 1.0)
    return (time.perf_counter() - begin) / steps * T


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    T = args.steps
    print(f"{T:,} steps of reddi-online, one thread, median of {args.repeats}")
    print(f"{'':<34} {'seconds':>9} {'x after T steps':>20}")
    with tempfile.TemporaryDirectory() as folder:
        for bounded in (False, True):
            name = "AdaBound" if bounded else "Adam"
            x_alone, with_regret = ours(T, bounded)
            runs = {
                "here, parallel in time": x_alone,
                "here, with regret and ranges": with_regret,
                "JAX, jitted lax.scan" + ("" if bounded else " of optax.adam"): jax_scan(
                    T, bounded
                ),
                "C loop, gcc -O2": c_loop(T, bounded, Path(folder)),
            }
            runs = {label: run for label, run in runs.items() if run}
            seconds = {label: [] for label in runs}
            for _ in range(args.repeats):
                for label, run in runs.items():
                    begin = time.perf_counter()
                    x = run()
                    seconds[label].append((time.perf_counter() - begin, x))
            median = {
                label: float(np.median([s for s, _ in each])) for label, each in seconds.items()
            }
            for label, each in seconds.items():
                print(f"{name + ': ' + label:<45.45} {median[label]:>9.4f} {each[0][1]:>20.15f}")
            here = next(iter(median.values()))
            if not bounded:
                adam_scan = next((median[k] for k in median if "optax" in k), None)
            if adam_scan:
                print(f"  of JAX's scan of optax.adam: {here / adam_scan:.2f} (bar: 0.6)")
            if "C loop, gcc -O2" in median:
                print(f"  of the C loop: {here / median['C loop, gcc -O2']:.2f} (bar: 2.5)")
    eager = torch_eager_seconds(T)
    if eager:
        print(f"{'Adam: torch, eager (extrapolated)':<45} {eager:>9.1f}")


if __name__ == "__main__":
    main()
