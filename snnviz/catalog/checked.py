"""A data set of one's own that was looked through and may be kept, and the limits that it keeps to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.owndata import Kind
from snnviz.errors import Described, InputError

Source = Callable[[], bytes]
"""Reads a file when it is needed."""

Files = dict[tuple[str, ...], Source]
"""By the last parts of their places; whoever wrote these, they are looked at for an ending and a label alone."""

FEWEST_SIDE = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What a data set of one's own may be. A host sets them by environment."""

    megabytes: int = 512
    """Of the files, and of what they unpack to."""

    samples: int = 200_000
    events: int = 50_000_000
    """Of all recordings together."""

    side: int = 512
    classes: int = 1000
    sets: int = 100
    """Of one's own data sets on this machine."""

    kept: int = 8000
    """Megabytes of all of them together."""

    @classmethod
    def here(cls) -> Limits:
        """Those of this machine: SNNVIZ_UPLOAD_MEGABYTES and so on. Raises `InputError` for what is no number."""
        found = {}
        for name in cls.__dataclass_fields__:
            variable = f"SNNVIZ_UPLOAD_{name.upper()}"
            if text := os.environ.get(variable):
                if not (text.isascii() and text.isdecimal() and len(text) < 12):
                    raise InputError(variable, "be a whole number", text)
                found[name] = int(text)
        return cls(**found)

    def fit(self, size: int) -> None:
        """Raises `InputError` where so many bytes are too many."""
        if size > self.megabytes * 10**6:
            raise InputError("upload", f"be at most {self.megabytes:,} MB", Described(f"{size / 1e6:,.0f} MB"))

    def fit_samples(self, count: int) -> None:
        """Raises `InputError` where so many samples, or files, are too many."""
        if count > self.samples:
            raise InputError("upload", f"hold at most {self.samples:,} samples", Described(f"{count:,}"))

    def fit_sides(self, height: int, width: int) -> None:
        """Raises `InputError` for pictures that are too large or too small."""
        if not FEWEST_SIDE <= min(height, width) <= max(height, width) <= self.side:
            rule = f"be of {FEWEST_SIDE} to {self.side} pixels a side"
            raise InputError("images", rule, Described(f"{height}x{width}"))


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A data set that may be kept, and what to show of it. Its arrays are those that `owndata` keeps.

    `form`: what it was, in words. `shape` (C or P, H, W). `train` and `test` samples: the first and the others, unless
    `drawn`: then a design's seed draws them. `remarks`: sentences on what is unusual and no fault.
    """

    kind: Kind
    form: str
    shape: tuple[int, int, int]
    classes: int
    train: int
    test: int
    drawn: bool
    arrays: Mapping[str, NDArray[Any]] = field(repr=False)
    labels: tuple[str, ...] = ()
    white: int = 255
    remarks: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Samples of both parts."""
        return len(self.arrays["labels"])

    @property
    def trainable(self) -> bool:
        """Whether it can be kept: a network can learn to tell something apart, and be tested."""
        return self.classes >= 2 and self.train >= 1 and self.test >= 1

    def image(self, number: int) -> NDArray[np.float64]:
        """(C, H, W) from 0 to 1."""
        found: NDArray[np.float64] = self.arrays["images"][number] / self.white
        return found

    def events(self, number: int) -> NDArray[Any]:
        """(n,) with x, y, t in microseconds from the first event on, and p."""
        ends = self.arrays["ends"]
        found: NDArray[Any] = self.arrays["events"][(ends[number - 1] if number else 0) : ends[number]]
        return found

    def label(self, number: int) -> int:
        """The class of a sample, from 0."""
        return int(self.arrays["labels"][number])


def unseen(labels: NDArray[np.int64], classes: int) -> tuple[str, ...]:
    """A sentence on classes that have no sample."""
    missing = np.flatnonzero(np.bincount(labels, minlength=classes) == 0).tolist()
    if not missing:
        return ()
    shown = ", ".join(map(str, missing[:5])) + (" and more" if len(missing) > 5 else "")
    return (f"No sample has the label {shown}.",)
