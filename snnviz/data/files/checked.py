"""A data set of one's own that was looked through and may be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files.limits import Kind
from snnviz.data.files.reading import Conversion, join_names

LIMIT = 255
"""Events of a polarity on a pixel that a frame counts."""

FRAMES = 5
"""Of a recording, in which they are counted here: as many as a design has unless it says otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedDataset:
    """A data set that may be kept, and what to show of it. Its arrays are those that `owndata` keeps.

    `form`: what it was, in words. `shape` (C or P, H, W). `train` and `test` samples: the first and the others, unless
    `drawn`: then a design's seed draws them. `duration_range`: of recordings the shortest, the one in
    the middle and the longest; `count_clipped_events`: their events that are more than `LIMIT` of a polarity on a pixel
    in one of `FRAMES` equal parts. `done`: what was done to what was given. `scale`: how values became black and white,
    or where the sensor's size comes from; `order`: of axes or columns. `remarks`: sentences on what is unusual and no
    fault.
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
    milliseconds: tuple[float, ...] = ()
    dropped: int = 0
    scale: str = ""
    order: str = ""
    done: tuple[Conversion, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Samples of both parts."""
        return len(self.arrays["labels"])

    @property
    def trainable(self) -> bool:
        """Whether it can be kept: a network can learn to tell something apart, and be tested."""
        return self.classes >= 2 and self.train >= 1 and self.test >= 1

    @property
    def per_class(self) -> tuple[int, ...]:
        """Samples of each class."""
        return tuple(np.bincount(self.arrays["labels"], minlength=self.classes).tolist())

    @property
    def split(self) -> str:
        """How training and test samples part, in words."""
        how = "by the seed" if self.drawn else "as it is"
        return f"{self.train:,} for training, {self.test:,} for testing, {how}"

    def facts(self) -> dict[str, str]:
        """What to know before it is kept, by title."""
        counts = [
            f"{self.labels[label] if label < len(self.labels) else label}: {count:,}"
            for label, count in enumerate(self.per_class)
        ]
        found = {"split": self.split, "classes": f"{self.classes} ({join_names(counts, 20, 48)})"}
        if self.scale:
            found["scale" if self.kind == "images" else "sensor"] = self.scale
        mixed = any(np.any(np.diff(part) < 0) for part in np.split(self.arrays["labels"], [self.train]))
        found["order"] = ", ".join(filter(None, (self.order, "classes mixed" if mixed else "one class after another")))
        if self.kind == "events":
            shortest, middle, longest = self.milliseconds
            found["length"] = (
                f"{shortest:,.1f} to {longest:,.1f} ms from the first event on, the median is {middle:,.1f} ms"
            )
            found["limit"] = (
                f"{self.dropped:,} of {len(self.arrays['events']):,} events are dropped: beyond {LIMIT} of a pixel in "
                f"one of {FRAMES} frames"
            )
        return found

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


def duration_range(events: NDArray[Any], ends: NDArray[np.int64]) -> tuple[float, float, float]:
    """Of recordings, whose times begin at 0: the shortest, the one in the middle and the longest."""
    lengths = np.sort(events["t"][ends - 1]) / 1000
    return float(lengths[0]), float(lengths[len(lengths) // 2]), float(lengths[-1])


def count_clipped_events(
    events: NDArray[Any], ends: NDArray[np.int64], shape: tuple[int, int, int], frames: int = FRAMES, limit: int = LIMIT
) -> int:
    """Events that are more than `limit` of a polarity on a pixel in one of so many equal parts of a recording."""
    _, height, width = shape
    lost = first = 0
    for end in ends.tolist():
        one, first = events[first:end], end
        if len(one) <= limit:
            continue
        passed = one["t"].astype(np.int64)
        step = np.minimum(passed // max(int(passed[-1]) // frames, 1), frames - 1)
        counts = np.bincount(((step * 2 + one["p"]) * height + one["y"]) * width + one["x"])
        lost += int(np.sum(counts[counts > limit] - limit))
    return lost


def missing_classes_remark(labels: NDArray[np.int64], classes: int) -> tuple[str, ...]:
    """A sentence on classes that have no sample."""
    missing = np.flatnonzero(np.bincount(labels, minlength=classes) == 0).tolist()
    if not missing:
        return ()
    shown = ", ".join(map(str, missing[:5])) + (" and more" if len(missing) > 5 else "")
    return (f"No sample has the label {shown}.",)
