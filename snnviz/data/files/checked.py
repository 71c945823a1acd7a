"""An uploaded data set that was checked and can be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files.limits import Kind
from snnviz.data.files.reading import Conversion, join_names

LIMIT = 255
"""Largest number of events per pixel and polarity that a frame counts."""

FRAMES = 5
"""Number of frames per recording for which clipped events are counted here: the default number of time steps."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedDataset:
    """A checked upload: the samples as arrays, and what to show about them before they are stored.

    `form`: the file format, in words. `shape`: (C or P, H, W). `train`, `test`: number of samples, training samples
    first; if `drawn`, the split is drawn by a design's seed. `arrays`: as `owndata` stores them. `milliseconds`:
    durations of the shortest, median and longest recording; `dropped`: events beyond `LIMIT` per pixel and polarity in
    one of `FRAMES` equal parts. `done`: conversions that were applied. `scale`: how values were mapped to black and
    white, or where the sensor's size comes from; `order`: the order of axes or columns. `remarks`: sentences on unusual
    but valid properties.
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
        """Number of samples of the data set, training and test together."""
        return len(self.arrays["labels"])

    @property
    def trainable(self) -> bool:
        """Whether a network can be trained and tested on it: two classes or more, a training and a test sample."""
        return self.classes >= 2 and self.train >= 1 and self.test >= 1

    @property
    def per_class(self) -> tuple[int, ...]:
        """Number of samples of each class, training and test together."""
        return tuple(np.bincount(self.arrays["labels"], minlength=self.classes).tolist())

    @property
    def split(self) -> str:
        """How the samples are split into training and test set, as a sentence."""
        how = "by the seed" if self.drawn else "as it is"
        return f"{self.train:,} for training, {self.test:,} for testing, {how}"

    def facts(self) -> dict[str, str]:
        """Returns the facts that are shown to the user before the data set is stored, such as sizes and classes: title
        to text.
        """
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
        """Returns image `number` as an array (C, H, W) with intensities in [0, 1]."""
        found: NDArray[np.float64] = self.arrays["images"][number] / self.white
        return found

    def events(self, number: int) -> NDArray[Any]:
        """Returns the events of recording `number`: an array (n,) with fields x, y, t (microseconds from the first
        event) and p.
        """
        ends = self.arrays["ends"]
        found: NDArray[Any] = self.arrays["events"][(ends[number - 1] if number else 0) : ends[number]]
        return found

    def label(self, number: int) -> int:
        """Returns the class of sample `number`: an index from 0."""
        return int(self.arrays["labels"][number])


def duration_range(events: NDArray[Any], ends: NDArray[np.int64]) -> tuple[float, float, float]:
    """Returns the durations in ms of the shortest, median and longest recording.

    `events`: all recordings one after the other, each starting at time 0; `ends`: the index at which each ends.
    """
    lengths = np.sort(events["t"][ends - 1]) / 1000
    return float(lengths[0]), float(lengths[len(lengths) // 2]), float(lengths[-1])


def count_clipped_events(
    events: NDArray[Any], ends: NDArray[np.int64], shape: tuple[int, int, int], frames: int = FRAMES, limit: int = LIMIT
) -> int:
    """Returns how many events exceed `limit` per pixel and polarity in one of `frames` equal parts of their
    recording.
    """
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
    """Returns a tuple with one sentence on the classes without samples, or () if there are none."""
    missing = np.flatnonzero(np.bincount(labels, minlength=classes) == 0).tolist()
    if not missing:
        return ()
    shown = ", ".join(map(str, missing[:5])) + (" and more" if len(missing) > 5 else "")
    return (f"No sample has the label {shown}.",)
