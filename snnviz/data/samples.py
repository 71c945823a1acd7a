"""Single samples of any data set by number: an image, or the events of a recording, read or simulated on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data import datasets, frames, owndata, recordings
from snnviz.data.datasets import Split
from snnviz.data.files import eventfiles
from snnviz.data.frames import Array
from snnviz.design.networks import Shape

Ints = NDArray[np.int64]

SIMULATION_VERSION = "/".join(
    map(
        str,
        (frames.SACCADE_PATH, frames.SACCADE_US, frames.PARTS, frames.DARK_INTENSITY, frames.THRESHOLD, frames.ALMOST),
    )
)
"""Parameters of the simulation of recordings, as text; part of the name of cached frames."""


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """The training or the test recordings of a data set of event recordings, read on demand.

    `sensor`: (P, H, W). `labels`: (N,). `read(numbers)`: returns the events of the recordings with these numbers, in
    that order; raises `DataMissing`. `fingerprint(number)`: returns a text that changes when the file of that recording
    changes, used as a cache key. `folder`: where frames are cached.
    """

    sensor: Shape
    labels: Ints
    read: Callable[[Sequence[int]], list[Array]]
    fingerprint: Callable[[int], str]
    folder: str

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, numbers: Sequence[int]) -> RecordingSet:
        """Returns the subset of the recordings with these numbers, in that order."""
        kept = list(numbers)
        return replace(
            self,
            labels=self.labels[kept],
            read=lambda some: self.read([kept[number] for number in some]),
            fingerprint=lambda number: self.fingerprint(kept[number]),
        )


def list_recordings(
    name: str, seed: int = 0, on_progress: Callable[[str], None] = lambda _: None
) -> tuple[RecordingSet, RecordingSet]:
    """Returns the training and the test recordings of a data set. Raises `DataMissing`.

    `seed` splits data sets without a test set; `on_progress` gets progress messages of downloads.
    """
    about = datasets.dataset_card(name)
    if about.simulated:
        return _simulated(name, datasets.load_images(about.simulated, seed, on_progress))
    if about.layout == "own":
        found, ends, labels = owndata.load_events(name)
        train, test = (_own(name, found, ends, labels, part) for part in owndata.split_indices(name, seed))
        return train, test
    train, test = (
        _in_files(name, paths, labels)
        for paths, labels in recordings.train_test_files(name, datasets.recordings_folder(name), seed)
    )
    return train, test


def _in_files(name: str, paths: list[Path], labels: list[int]) -> RecordingSet:
    about = datasets.dataset_card(name)
    reading = eventfiles.read_gesture_recording if about.layout == "gesture" else eventfiles.read_recording

    def told(number: int) -> str:
        with suppress(OSError):  # an unreadable file is a sentence when it is read
            seen = paths[number].stat()
            return f"{paths[number]}:{seen.st_size}:{seen.st_mtime_ns}"
        return ""

    def read(some: Sequence[int]) -> list[Array]:
        return [reading(paths[number], about.shape) for number in some]

    return RecordingSet(about.shape, np.array(labels, np.int64), read, told, name)


def _own(name: str, found: NDArray[Any], ends: Ints, labels: Ints, part: Ints) -> RecordingSet:
    def read(some: Sequence[int]) -> list[Array]:
        numbers = part[list(some)]
        return [_typed(found[(ends[n - 1] if n else 0) : ends[n]]) for n in numbers.tolist()]

    return RecordingSet(
        datasets.dataset_card(name).shape, labels[part], read, lambda number: f"{name}:{part[number]}", name
    )


def _typed(found: NDArray[Any]) -> Array:
    made = np.zeros(len(found), frames.EVENT)
    for axis in ("x", "y", "t", "p"):
        made[axis] = found[axis]
    return made


def _simulated(name: str, split: Split) -> tuple[RecordingSet, RecordingSet]:
    sensor = datasets.dataset_card(name).shape

    def part(images: NDArray[np.uint8], labels: Ints) -> RecordingSet:
        def read(some: Sequence[int]) -> list[Array]:
            return frames.simulate_saccades_batch(images[list(some)].astype(np.float32) / split.white)

        def told(number: int) -> str:
            return f"{SIMULATION_VERSION}:{hashlib.sha256(images[number].tobytes()).hexdigest()}"

        return RecordingSet(sensor, np.asarray(labels), read, told, name)

    return part(split.train_images, split.train_labels), part(split.test_images, split.test_labels)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One sample of a data set with its label: the image (C, H, W) in [0, 1] or None, and its events or None; simulated
    recordings have both.
    """

    label: int
    image: NDArray[np.float64] | None
    events: Array | None


def load_sample(name: str, number: int, *, test: bool = False, seed: int = 0) -> Sample:
    """Returns training or test sample `number` of a data set on this machine.

    Raises `DataMissing`, and `IndexError` for a number beyond the last.
    """
    about, image, found = datasets.dataset_card(name), None, None
    if about.counts is None or about.simulated:
        split = _loaded(about.simulated or name, seed, _stamp(about.simulated or name))
        images, labels = (split.test_images, split.test_labels) if test else (split.train_images, split.train_labels)
        image = images[number].astype(np.float64) / split.white
        image, label = image if image.ndim == 3 else image[None], int(labels[number])
        if about.simulated:
            found = frames.simulate_saccades(image)
        return Sample(label, image, found)
    part = _listed(name, seed, _stamp(name))[test]
    return Sample(int(part.labels[number]), None, part.read([number])[0])


@lru_cache(maxsize=1)  # up to 200 MB
def _loaded(name: str, seed: int, _: str) -> Split:
    return datasets.load_images(name, seed)


def _stamp(name: str) -> str:
    """Changes where the data set was removed or came back."""
    return f"{name}:{datasets.is_available(name)}"


def load_labels(name: str, *, test: bool = False, seed: int = 0) -> Ints:
    """Returns the labels (N,) of all training or test samples of a data set on this machine. Raises `DataMissing`."""
    about = datasets.dataset_card(name)
    if about.counts is None or about.simulated:
        split = _loaded(about.simulated or name, seed, _stamp(about.simulated or name))
        return split.test_labels if test else split.train_labels
    return _listed(name, seed, _stamp(name))[test].labels


@lru_cache(maxsize=2)
def _listed(name: str, seed: int, _: str) -> tuple[RecordingSet, RecordingSet]:
    return list_recordings(name, seed)
