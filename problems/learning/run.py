"""One run of training: all of its state, step by step, and in a checkpoint and back."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer, __version__
from autograd_lite import Tensor, nn
from problems.forms import plain, released
from problems.learning.checkpoints import CheckpointError
from problems.learning.images import Images
from problems.learning.objectives import Step
from problems.learning.tasks import DECAY, MILESTONE, Data, Task
from problems.learning.text import Corpus
from problems.limits import EARLY, share_at_bounds
from problems.manifest import manifest
from problems.optimizers import Spec, entry, label

__all__ = ["LOOKS", "Epoch", "History", "Run"]

#: Steps after which a run looks at where the rates lie in their bounds.
LOOKS = (1, 2, 5, 10, 20, 50, EARLY)


class Epoch(NamedTuple):
    """Results of one epoch.

    Attributes
    ----------
    epoch : int
        From 1.
    train_loss, train_metric : float
        Over the epoch's steps, as learning went on (with dropout and augmentation).
    test_loss, test_metric : float
        After the epoch, in evaluation, on the part that is kept for it.
    lr : float
        The rate of the epoch's steps: `lr` of the optimizer's constructor.
    seconds : float
        The time of the steps, without the evaluation.
    """

    epoch: int
    train_loss: float
    train_metric: float
    test_loss: float
    test_metric: float
    lr: float
    seconds: float


@dataclass
class History:
    """What a run was, and what came of it.

    Attributes
    ----------
    identity : dict
        What tells this run from another: task, optimizer, seed, epochs, batch_size, part (of the
        data that is kept: "test" or "validation"), hyperparameters.
    epochs : list of Epoch
        Those that were finished.
    diverged : str or None
        Where and why the run ended early.
    held : int or None
        The first of the steps looked at (`LOOKS`, and the last of each epoch) since which more
        than half of the coordinates have a bound for their rate; None if they do not now.
    """

    identity: dict[str, Any]
    epochs: list[Epoch] = field(default_factory=list)
    diverged: str | None = None
    held: int | None = None

    def column(self, name: str) -> NDArray[np.float64]:
        """One value of each epoch, such as ``"test_metric"``."""
        return np.array([getattr(epoch, name) for epoch in self.epochs], np.float64)


class Run:
    """A network in training.

    Iterating takes one step after the other and gives their numbers from 1; between two of them
    the run may be saved (`state`), and another one resumed from there (`restore`).

    Parameters
    ----------
    task : Task
        What to learn.
    optimizer : str, class or Optimizer
        See `problems.optimizers.entry`.
    seed : int
        Seed of the weights and of all draws; the weights do not depend on the optimizer.
    data : Images, Corpus or None
        What to learn from.
    epochs, batch_size : int
        Number of epochs, and of examples in a batch.
    part : str
        Name of the data's test part, for the record.
    hyperparameters : mapping of str to float
        For `problems.forms.released`.
    name : str, optional
        Name of the optimizer for the record; by default its label.

    Attributes
    ----------
    model, optimizer, history
        As they are now.
    t : int
        Steps taken.
    total : int
        Steps of the whole run.
    """

    def __init__(
        self,
        task: Task,
        optimizer: Spec,
        seed: int,
        data: Data,
        epochs: int,
        batch_size: int,
        part: str,
        hyperparameters: Mapping[str, float],
        name: str | None = None,
    ) -> None:
        weights, self.rng = np.random.default_rng(seed).spawn(2)
        self.model: nn.Module = task.build(data, weights)
        self.optimizer: Optimizer = released(optimizer, self.model.parameters(), **hyperparameters)
        self.objective = task.objective(data, batch_size)
        self.data, self.epochs = data, epochs
        self.total = epochs * self.objective.steps
        self.history = History(
            {
                "task": task.name,
                "optimizer": name or label(optimizer),
                "seed": seed,
                "epochs": epochs,
                "batch_size": batch_size,
                "part": part,
                "hyperparameters": {**hyperparameters, **plain(entry(optimizer).given)},
            }
        )
        self.t = 0
        self._begin()

    def _begin(self) -> None:
        """Be before an epoch's first batch."""
        self.batch, self.seconds = 0, 0.0
        self.carry: Any = None
        self.loss, self.metric, self.count = 0.0, 0.0, 0
        self.begun = self.rng.bit_generator.state

    @property
    def done(self) -> bool:
        """Whether there is no step to take any more."""
        return len(self.history.epochs) == self.epochs or self.history.diverged is not None

    def __iter__(self) -> Iterator[int]:
        while not self.done:
            yield from self._epoch()

    def _epoch(self) -> Iterator[int]:
        """Take the steps that the epoch still lacks, and measure."""
        number = len(self.history.epochs)
        for group in self.optimizer.param_groups:
            decayed = number >= MILESTONE * self.epochs
            group["lr"] = group["initial_lr"] * (DECAY if decayed else 1)
        now, self.rng.bit_generator.state = self.rng.bit_generator.state, self.begun
        batches = self.objective.batches(self.rng)  # draws the order
        if self.batch:  # the epoch goes on after a checkpoint
            self.rng.bit_generator.state = now
        for batch in islice(batches, self.batch, None):
            start = time.perf_counter()
            step = self._step(batch)
            if step is None:
                return
            self.loss, self.metric = self.loss + step.loss, self.metric + step.metric
            self.count, self.carry = self.count + step.n, step.carry
            self.t, self.batch = self.t + 1, self.batch + 1
            self.seconds += time.perf_counter() - start
            if self.t in LOOKS or self.batch == self.objective.steps:
                share = share_at_bounds(self.optimizer) or 0.0
                self.history.held = (self.history.held or self.t) if share > 0.5 else None
            yield self.t
        with np.errstate(all="ignore"):
            measured = self.objective.measured(self.model, self.loss, self.metric, self.count)
        if not math.isfinite(measured.test_loss):
            self._diverge(f"the test loss is {measured.test_loss}")
            return
        rate = self.optimizer.param_groups[0]["lr"]
        self.history.epochs.append(Epoch(number + 1, *measured, rate, self.seconds))
        self._begin()

    def _step(self, batch: Any) -> Step | None:
        """Take a step; None if that cannot be, since something is not finite."""
        with np.errstate(all="ignore"):
            try:
                step = self.objective.step(self.model, self.optimizer, batch, self.carry, self.rng)
            except ValueError:
                gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
                if all(np.isfinite(g).all() for g in gradients):
                    raise
                self._diverge("a gradient is not finite")
                return None
        if not math.isfinite(step.loss):
            self._diverge(f"the loss is {step.loss}")
            return None
        return step

    def _diverge(self, reason: str) -> None:
        epoch = len(self.history.epochs) + 1
        self.history.diverged = f"in epoch {epoch}, after {self.t} steps in all: {reason}"

    def _generators(self) -> list[np.random.Generator]:
        """All that is drawn from: this run's generator, and those of the model's parts."""
        found = {id(self.rng): self.rng}
        for module in self.model.modules():
            rng = vars(module).get("rng")
            if isinstance(rng, np.random.Generator):
                found[id(rng)] = rng
        return list(found.values())

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """All that another run needs to resume here: header and arrays of a checkpoint."""
        saved = self.optimizer.state_dict()
        carried = [] if self.carry is None else [a for pair in self.carry for a in pair]
        header = {
            "identity": self._identity,
            "manifest": manifest("train", self.history.identity["seed"]),
            "epochs": [list(epoch) for epoch in self.history.epochs],
            "diverged": self.history.diverged,
            "held": self.history.held,
            "t": self.t,
            "batch": self.batch,
            "sums": [self.loss, self.metric, self.count],
            "seconds": self.seconds,
            "begun": self.begun,
            "generators": [rng.bit_generator.state for rng in self._generators()],
            "steps": {str(i): s["t"] for i, s in saved["state"].items()},
            "lr": [group["lr"] for group in saved["param_groups"]],
            "carried": len(carried),
        }
        arrays = {f"model/{name}": array for name, array in self.model.state_dict().items()}
        for i, s in saved["state"].items():
            arrays |= {f"optimizer/{i}/{name}": a for name, a in s.items() if name != "t"}
        arrays |= {f"carry/{k}": a.data for k, a in enumerate(carried)}
        return header, arrays

    def restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Resume from a checkpoint of the same run.

        Raises
        ------
        CheckpointError
            If it is of another run, or lacks a part of this one. Then nothing is changed.
        """
        before = self.state()
        try:
            self._restore(header, arrays)
        except CheckpointError:
            raise
        except Exception as error:
            self._restore(*before)
            raise CheckpointError(
                f"the checkpoint must be of this run, but does not fit it "
                f"({type(error).__name__}: {error})"
            ) from error

    def _restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        own, found = self._identity, header.get("identity", {})
        for name in own:
            if found.get(name) != own[name]:
                raise CheckpointError(
                    f"the checkpoint must be of this run: its {name} is {found.get(name)!r}, "
                    f"not {own[name]!r}"
                )
        parts: dict[str, dict[str, Any]] = {"model": {}, "optimizer": {}, "carry": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            parts[part][rest] = array
        self.model.load_state_dict(parts["model"])
        state: dict[int, dict[str, Any]] = {int(i): {"t": t} for i, t in header["steps"].items()}
        for name, array in parts["optimizer"].items():
            i, _, symbol = name.partition("/")
            state[int(i)][symbol] = array
        groups = self.optimizer.state_dict()["param_groups"]
        for group, lr in zip(groups, header["lr"], strict=True):
            group["lr"] = lr
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        for rng, drawn in zip(self._generators(), header["generators"], strict=True):
            rng.bit_generator.state = drawn
        carried = [Tensor(parts["carry"][str(k)]) for k in range(header["carried"])]
        self.carry = tuple(zip(carried[::2], carried[1::2], strict=True)) or None
        begun = np.random.default_rng(0)  # refuses what is no state
        begun.bit_generator.state = header["begun"]
        self.begun = begun.bit_generator.state
        self.t, self.batch = header["t"], header["batch"]
        loss, metric, count = header["sums"]
        self.loss, self.metric, self.count = float(loss), float(metric), int(count)
        self.seconds = float(header["seconds"])
        self.history.epochs = [Epoch(int(n), *map(float, rest)) for n, *rest in header["epochs"]]
        self.history.diverged, self.history.held = header["diverged"], header["held"]
        steps = self.objective.steps
        taken = len(self.history.epochs) * steps + self.batch
        whole = type(self.t) is type(self.batch) is int
        if not whole or not 0 <= self.batch <= steps or self.t != taken or taken > self.total:
            raise ValueError(f"{self.t} steps cannot be taken in {len(self.history.epochs)} epochs")
        if not isinstance(self.history.diverged, str | None) or (
            type(self.history.held) not in (int, type(None))
        ):
            raise TypeError("what it says of divergence and bounds is of another type")

    @cached_property
    def _identity(self) -> dict[str, Any]:
        """What a checkpoint of this run says of it, as JSON gives it back; data take a while."""
        cls = type(self.optimizer)
        return {
            **self.history.identity,
            "class": f"{cls.__module__}:{cls.__qualname__}",
            "data": fingerprint(self.data),
            "version": __version__,
        }


def fingerprint(data: Data) -> str:
    """A CRC-32 of what is learned and tested."""
    if isinstance(data, Images):
        parts: list[Any] = [
            data.train_images,
            data.train_labels,
            data.test_images,
            data.test_labels,
        ]
    elif isinstance(data, Corpus):
        parts = [data.train, data.test]
    else:
        parts = []
    total = 0
    for part in parts:
        array = np.ascontiguousarray(part)
        total = zlib.crc32(array.reshape(-1).view(np.uint8).data, total)
    return f"{total:08x}"
