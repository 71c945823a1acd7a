"""Event recordings: where their files are, and statistics of their event counts.

An event is (x, y, time in microseconds, polarity 0 or 1). A recording becomes T frames of counts, one for each T-th of
its duration. Recordings are read in `snnviz.core.recordings`; nothing here opens one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnviz.errors import DataMissing
from snnviz.places import data_dirs

Floats = NDArray[np.float64]

PARTS = ("Train", "Test")


@dataclass(frozen=True, slots=True)
class EventCountStatistics:
    """Statistics of the events per pixel and polarity in one of T frames, measured over real recordings.

    `shares[i]`: shares of (pixel, frame) pairs with 0, 1, 2, ... events, for T = `steps[i]`. `alike[i]`: the mean E[x_s
    x_t] / sqrt(E[x_s^2] E[x_t^2]) over s != t, x being counts shifted and scaled to mean 0 and variance 1. `course`:
    E[x_t^2] in each of `len(course)` equal parts of a recording.
    """

    steps: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]
    alike: tuple[float, ...]
    course: tuple[float, ...]

    def shares_at(self, steps: int) -> Floats:
        """Returns the shares of 0, 1, 2, ... events for any T: a mixture of the two nearest measured T with the right
        mean.
        """
        levels = np.arange(max(map(len, self.shares)))
        table = np.array([[*row, *[0.0] * (len(levels) - len(row))] for row in self.shares])
        table /= table.sum(1, keepdims=True)
        means = table @ levels
        wanted = means[0] * self.steps[0] / steps
        above = int(np.clip(np.searchsorted(self.steps, steps), 1, len(self.steps) - 1))
        weight = float(np.clip((wanted - means[above]) / (means[above - 1] - means[above]), 0, 1))
        found: Floats = weight * table[above - 1] + (1 - weight) * table[above]
        return found

    def statistics(self, steps: int) -> tuple[float, float]:
        """Returns mean and standard deviation of the counts in one of T = `steps` frames."""
        return _statistics(self, steps)

    def second_moments_at(self, steps: int) -> Floats:
        """Returns E[x_t^2] for each of T = `steps` frames, an array (T,) scaled to mean 1."""
        edges = np.linspace(0, len(self.course), steps + 1)
        found = np.diff(np.interp(edges, range(len(self.course) + 1), np.cumsum([0.0, *self.course])))
        scaled: Floats = found / found.mean()
        return scaled

    def correlation_at(self, steps: int) -> float:
        """Returns the correlation of two frames for any T, interpolated linearly in log T."""
        return float(np.interp(np.log(steps), np.log(self.steps[1:]), self.alike[1:]))

    def moments(self, steps: int) -> Floats:
        """Returns the second moments E[x_s x_t] of the normalised counts between frames s and t, for T = `steps`
        frames: an array (T, T).
        """
        alike, scale = self.correlation_at(steps), np.sqrt(self.second_moments_at(steps))
        found: Floats = np.outer(scale, scale) * (alike + (1 - alike) * np.eye(steps))
        return found


@lru_cache(maxsize=256)
def _statistics(counts: EventCountStatistics, steps: int) -> tuple[float, float]:
    shares = counts.shares_at(steps)
    levels = np.arange(len(shares))
    mean = float(shares @ levels)
    return mean, float(np.sqrt(shares @ levels**2 - mean**2))


Files = tuple[list[Path], list[int]]
"""Paths of recordings and the label of each."""


class _Parted:
    """N-MNIST: Train and Test, in them a folder for each digit."""

    inner, ending, pattern = "NMNIST", ".bin", "{Train,Test}/<digit>/*.bin"

    def holds(self, place: Path) -> bool:
        return all(any(_held(label, self.ending) for label in _labels(place / part)) for part in PARTS)

    def parts(self, place: Path, _: int) -> tuple[Files, Files]:
        return recording_files(place, PARTS[0]), recording_files(place, PARTS[1])

    def sizes(self, place: Path) -> tuple[int, int]:
        train, test = (sum(_count(label, self.ending) for label in _labels(place / part)) for part in PARTS)
        return train, test


class _Classes:
    """CIFAR10-DVS: a folder for each class, all in one. A tenth of each is for testing."""

    inner, ending, pattern = "CIFAR10DVS", ".aedat4", "<class>/*.aedat4"
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

    def holds(self, place: Path) -> bool:
        return all((place / name).is_dir() and _held(place / name, self.ending) for name in self.names)

    def parts(self, place: Path, seed: int) -> tuple[Files, Files]:
        train: Files = [], []
        test: Files = [], []
        for label, name in enumerate(self.names):
            found = sorted(_readable(place / name, self.ending))
            order = np.random.default_rng([seed, 0xC1FA, label]).permutation(len(found)).tolist()
            kept = self._tested(len(found))
            for part, chosen in ((test, order[:kept]), (train, order[kept:])):
                part[0].extend(found[index] for index in sorted(chosen))
                part[1].extend(label for _ in chosen)
        return train, test

    def sizes(self, place: Path) -> tuple[int, int]:
        counts = [_count(place / name, self.ending) for name in self.names]
        test = sum(map(self._tested, counts))
        return sum(counts) - test, test

    @staticmethod
    def _tested(count: int) -> int:
        return min(max(1, round(count / 10)), count)


class _People:
    """DVS Gesture: a folder for training and one for tests, in them one for each person and light, in it LABEL.npy."""

    inner, ending, pattern = "DVSGesture", ".npy", "{ibmGestureTrain,ibmGestureTest}/<person>/<label>.npy"
    folders = ("ibmGestureTrain", "ibmGestureTest")

    def holds(self, place: Path) -> bool:
        return all(any(_held(person, self.ending) for person in _folders(place / part)) for part in self.folders)

    def parts(self, place: Path, _: int) -> tuple[Files, Files]:
        train, test = (self._part(place / part) for part in self.folders)
        return train, test

    def sizes(self, place: Path) -> tuple[int, int]:
        train, test = (sum(_count(p, self.ending) for p in _folders(place / part)) for part in self.folders)
        return train, test

    def _part(self, folder: Path) -> Files:
        paths = [path for person in _folders(folder) for path in sorted(_readable(person, self.ending))]
        for path in paths:
            if not (path.stem.isascii() and path.stem.isdecimal() and int(path.stem) < 11):
                raise DataMissing(f"The recording {path} must be called by its label, 0.npy to 10.npy: remove it.")
        return paths, [int(path.stem) for path in paths]


LAYOUTS: dict[str, _Parted | _Classes | _People] = {
    "nmnist": _Parted(),
    "cifar10-dvs": _Classes(),
    "dvs-gesture": _People(),
}


def find_folder(name: str) -> Path | None:
    """Returns the folder on this machine that holds the published files of the recordings of data set `name`, or
    None.
    """
    layout = LAYOUTS[name]
    for folder in data_dirs(name):
        for place in (folder / layout.inner, folder, *sorted(folder.glob(f"*/{layout.inner}"))):
            with suppress(OSError):  # a folder that may not be read holds nothing for us
                if layout.holds(place):
                    return place
    return None


def train_test_files(name: str, place: Path, seed: int) -> tuple[Files, Files]:
    """Returns training and test recordings in `place`, as paths and labels. Raises `DataMissing`.

    `seed` splits data sets without a test set of their own.
    """
    return LAYOUTS[name].parts(place, seed)


def recording_files(place: Path, part: str) -> Files:
    """Returns the recordings of N-MNIST's folder `part` and their labels, sorted by file name, as MNIST's images are.

    Raises `DataMissing` for a folder that cannot be read.
    """
    labelled = [(int(label.name), path) for label in _labels(place / part) for path in _readable(label, ".bin")]
    labelled.sort(key=lambda found: (found[1].name, found[0]))
    return [path for _, path in labelled], [label for label, _ in labelled]


def recording_counts(name: str) -> tuple[int, int] | None:
    """Returns the numbers of training and test recordings on this machine, or None unless there are some of both."""
    place = find_folder(name)
    return None if place is None else LAYOUTS[name].sizes(place)


def _labels(folder: Path) -> list[Path]:
    return [folder / str(label) for label in range(10) if (folder / str(label)).is_dir()]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _recordings(folder: Path, ending: str) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        yield from (Path(entry.path) for entry in entries if entry.name.endswith(ending))


def _readable(folder: Path, ending: str) -> list[Path]:
    try:
        return list(_recordings(folder, ending))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataMissing(f"The folder {error.filename} of recordings cannot be read ({reason}): repair it.") from None


def _held(folder: Path, ending: str) -> bool:
    return any(True for _ in _recordings(folder, ending))


def _count(folder: Path, ending: str) -> int:
    try:
        return _counted(folder, ending, folder.stat().st_mtime_ns)
    except OSError:
        return 0


@lru_cache(maxsize=1024)
def _counted(folder: Path, ending: str, _: int) -> int:
    """Of one folder, as long as its time of change stays; a page asks at every click."""
    return sum(1 for _ in _recordings(folder, ending))


def parse_probabilities(text: str) -> tuple[float, ...]:
    """Returns probabilities parsed from text, in which they are written in units of 1e-5."""
    return tuple(int(number) / 1e5 for number in text.split())


NMNIST = EventCountStatistics(
    steps=(1, 2, 3, 5, 10, 20, 50, 100),
    shares=(
        parse_probabilities("65306 6389 2462 2561 3240 4512 4350 3093 2559 2180 1629 973 461 180 65 25 10 4 2 1"),
        parse_probabilities("75566 5509 2923 3202 3900 4227 2696 1063 464 245 127 54 19 4 1"),
        parse_probabilities("81081 5006 2745 2901 3286 3080 1533 313 43 9 2 1"),
        parse_probabilities("86483 4662 2541 2211 1951 1456 594 91 9 1"),
        parse_probabilities("91856 3576 1797 1241 862 493 155 18 1"),
        parse_probabilities("94995 2768 1116 673 334 98 14 1"),
        parse_probabilities("97161 2190 564 81 3"),
        parse_probabilities("98275 1663 62 1"),
    ),
    alike=(1.0, 0.313, 0.239, 0.162, 0.102, 0.082, 0.056, 0.036),
    course=(
        *(0.11, 0.38, 1.20, 2.27, 2.82, 2.66, 1.57, 0.30, 0.12, 0.12),
        *(0.17, 0.27, 0.95, 1.85, 2.29, 2.13, 1.34, 0.38, 0.15, 0.22),
        *(0.19, 0.08, 0.55, 1.70, 1.87, 2.07, 1.22, 0.64, 0.28, 0.09),
    ),
)
"""Measured over 1,000 training recordings, about a hundred of each digit. The course's three bumps are the saccades."""
