r"""What is kept of the effective learning rates \eta_t of a run, and its files."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.files import arrays_of, replacing, write_csv

__all__ = ["EDGES", "PERCENTS", "RateRecord", "RateRecordError"]

#: Quantiles that are kept, in percent: 0 is the least rate, 100 the greatest.
PERCENTS = (0, 1, 5, 25, 50, 75, 95, 99, 100)
#: Edges of the histograms' bins: ten a decade. A rate of 0 is below all of them.
EDGES = 10.0 ** np.linspace(-12, 8, 201)
FORMAT = 1


class RateRecordError(ValueError):
    """A file is not a record of effective learning rates."""


@dataclass(frozen=True)
class RateRecord:
    r"""\eta_t at some steps, for each parameter and, last, for all of them together.

    Attributes
    ----------
    steps : array of int, shape (n,)
        The steps t that were looked at.
    names : tuple of str, length P + 1
        Names of the P parameters, then "all".
    dims : array of int, shape (P,)
        The number of axes of each parameter: 4 for the kernel of a convolution.
    quantiles : array of float, shape (n, P + 1, 9)
        Quantiles of \eta_t over coordinates, at `PERCENTS`; NaN for a parameter that has made no
        step.
    histograms : array of int, shape (n, P + 1, 202)
        Numbers of coordinates below the first of `EDGES`, in the bins between them, above.
    samples : array of float, shape (n, P, k)
        \eta_t of the sampled coordinates.
    coordinates : array of int, shape (P, k)
        Which they are, in the flattened parameter; -1 if it never made a step.
    shares : array of float, shape (n, P + 1, 3)
        Shares of coordinates at the lower bound, between, at the upper one; NaN without bounds.
    bounds : array of float, shape (n, P + 1, 2)
        s_t \eta_l(t) and s_t \eta_u(t); for "all", the least and the greatest.
    bounded : bool
        Whether the bounds are the optimizer's own, or those it was only compared with.
    """

    steps: NDArray[np.int64]
    names: tuple[str, ...]
    dims: NDArray[np.int64]
    quantiles: NDArray[np.float64]
    histograms: NDArray[np.int64]
    samples: NDArray[np.float64]
    coordinates: NDArray[np.int64]
    shares: NDArray[np.float64]
    bounds: NDArray[np.float64]
    bounded: bool

    def quantile(self, percent: int, name: str = "all") -> NDArray[np.float64]:
        """A quantile's course; shape (n,).

        Raises
        ------
        ValueError
            If the percentage is not one of `PERCENTS`, or no parameter has this name.
        """
        if percent not in PERCENTS:
            raise ValueError(f"percent must be one of {PERCENTS}, got {percent!r}")
        if name not in self.names:
            raise ValueError(f"name must be one of {', '.join(self.names)}, got {name!r}")
        course: NDArray[np.float64] = self.quantiles[
            :, self.names.index(name), PERCENTS.index(percent)
        ]
        return course

    @property
    def held(self) -> int | None:
        """The first step since which more than half of the rates are at the optimizer's bounds.

        None if they are not in the end, and without bounds of its own.
        """
        free = np.flatnonzero(~(self.shares[:, -1, [0, 2]].sum(axis=-1) > 0.5))
        first = int(free[-1]) + 1 if len(free) else 0
        return int(self.steps[first]) if self.bounded and first < len(self.steps) else None

    def save(self, path: str | os.PathLike[str], **notes: Any) -> None:
        """Write all of it as .npz, whole or not at all; `notes` are further arrays."""
        with replacing(Path(path)) as temporary:
            temporary.write_bytes(self.to_bytes(**notes))

    def to_bytes(self, **notes: Any) -> bytes:
        """All of it, and `notes`, as the content of an .npz file."""
        arrays: dict[str, Any] = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        stream = io.BytesIO()
        np.savez_compressed(stream, allow_pickle=False, format=np.array(FORMAT), **arrays, **notes)
        return stream.getvalue()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RateRecord:
        """Read what `save` wrote.

        Raises
        ------
        RateRecordError
            If the file is another or damaged.
        OSError
            If it cannot be read.
        """
        try:
            return cls.from_bytes(Path(path).read_bytes())
        except RateRecordError as error:
            raise RateRecordError(f"{path} {error}") from error

    @classmethod
    def from_bytes(cls, content: bytes) -> RateRecord:
        """Read what `to_bytes` made.

        Raises
        ------
        RateRecordError
            If it is not that.
        """
        try:
            found = arrays_of(content)
            if int(found["format"]) != FORMAT:
                raise ValueError(f"its format is {found['format']}, not {FORMAT}")
            arrays = {f.name: found[f.name] for f in fields(cls)}
            names, bounded = tuple(arrays.pop("names").tolist()), bool(arrays.pop("bounded"))
            record = cls(names=names, bounded=bounded, **arrays)
            record._check()
        except Exception as error:  # what is in the arrays may raise nearly anything
            raise RateRecordError(
                f"must be a record of effective learning rates, as .npz: {error}"
            ) from error
        return record

    def _check(self) -> None:
        """Raise ValueError if the shapes do not go together."""
        n, P = len(self.steps), len(self.names) - 1
        k = self.coordinates.shape[-1]
        for name, shape in (
            ("dims", (P,)),
            ("quantiles", (n, P + 1, len(PERCENTS))),
            ("histograms", (n, P + 1, len(EDGES) + 1)),
            ("samples", (n, P, k)),
            ("coordinates", (P, k)),
            ("shares", (n, P + 1, 3)),
            ("bounds", (n, P + 1, 2)),
        ):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {getattr(self, name).shape}")

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write quantiles, shares and bounds, a row for each step and parameter."""
        header = [
            "step",
            "parameter",
            *(f"q{p}" for p in PERCENTS),
            "share_lower",
            "share_between",
            "share_upper",
            "lower",
            "upper",
        ]
        rows = (
            (t, name, *(_cell(v) for part in (q, s, b) for v in part))
            for t, *each in zip(
                self.steps.tolist(), self.quantiles, self.shares, self.bounds, strict=True
            )
            for name, q, s, b in zip(self.names, *each, strict=True)
        )
        write_csv(Path(path), header, rows)


def _cell(value: float) -> float | str:
    """A number for CSV; nothing for NaN."""
    return "" if np.isnan(value) else float(value)
