"""Seconds per step of CIFAR-10's ResNet-34 here and in PyTorch, from the same weights.

Run as ``python -m tests.benchmarks.bench_resnet34 [--batch 32] [--steps 3] [--threads 1]``. A
step is forward, backward and AdaBound's update; both take it in turn, on as many threads, and the
losses must agree.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import warnings


def report(times: dict[str, list[tuple[float, float]]]) -> None:
    """Print the medians of elapsed and of processor time."""
    for i, what in enumerate(("seconds per step", "CPU seconds per step")):
        here_s, torch_s = (statistics.median(t[i] for t in times[n]) for n in ("here", "torch"))
        print(f"{what}: here {here_s:.3f}, torch {torch_s:.3f}, ratio {here_s / torch_s:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(given.threads)

    import numpy as np
    import torch

    from autograd_lite import ops
    from problems.forms import released
    from problems.learning.models import parameter_count, resnet34
    from tests.oracles import torch_models
    from tests.oracles.twins import copy_weights

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import adabound

        torch.set_num_threads(given.threads)
        ours = resnet34(rng=0)
        theirs = torch_models.resnet(torch, [3, 4, 6, 3], [64, 128, 256, 512], 3)
        copy_weights(torch, ours, theirs)
        our_opt = released("adabound", ours.parameters())
        their_opt = adabound.AdaBound(theirs.parameters())
    rng = np.random.default_rng(0)
    x = rng.normal(size=(given.batch, 3, 32, 32)).astype(np.float32)
    labels = rng.integers(10, size=given.batch)
    tx, tl = torch.tensor(x), torch.tensor(labels)

    def here() -> float:
        our_opt.zero_grad()
        loss = ops.cross_entropy(ours(x), labels)
        loss.backward()
        our_opt.step()
        return loss.item()

    def there() -> float:
        their_opt.zero_grad()
        loss = torch.nn.functional.cross_entropy(theirs(tx), tl)
        loss.backward()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            their_opt.step()
        return loss.item()

    times: dict[str, list[tuple[float, float]]] = {"here": [], "torch": []}
    print(
        f"ResNet-34, {parameter_count(ours):,} parameters, batch {given.batch}, "
        f"threads {given.threads}"
    )
    for k in range(given.steps + 1):  # the first is not counted
        losses = {}
        for name, step in (("here", here), ("torch", there)):
            begin = time.perf_counter(), time.process_time()
            losses[name] = step()
            if k:
                end = time.perf_counter(), time.process_time()
                times[name].append((end[0] - begin[0], end[1] - begin[1]))
        print(f"step {k}: loss here {losses['here']:.5f}, torch {losses['torch']:.5f}")
        if k == 0 and abs(losses["here"] - losses["torch"]) > 1e-3:
            sys.exit("they do not compute the same loss")
    report(times)


if __name__ == "__main__":
    main()
