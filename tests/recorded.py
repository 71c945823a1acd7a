"""Small recordings of events in the files that N-MNIST comes in, and the real ones where this machine has them."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

ARCHIVE = "nmnist_small.tar.xz"

Events = NDArray[np.int64]
"""(n, 4): x, y, time in microseconds, polarity; in the order of time."""


def packed(events: Events) -> bytes:
    """40 bits an event, big-endian: x, y, one bit of polarity and 23 of time. Written by hand."""
    return b"".join(bytes([x, y]) + (p << 23 | t).to_bytes(3, "big") for x, y, t, p in events.tolist())


def some(seed: int, label: int, count: int = 150) -> Events:
    """Events of 0.3 s in three bursts, crowded around a spot that depends on the label."""
    rng = np.random.default_rng([seed, label])
    x = np.clip(np.round(rng.normal(5 + 2.5 * label, 2.5, count)), 0, 33)
    y = np.clip(np.round(rng.normal(28 - 2 * label, 2.5, count)), 0, 33)
    t = np.sort(rng.integers(0, 3, count) * 100_000 + rng.integers(20_000, 80_000, count))
    return np.stack([x, y, t, rng.integers(0, 2, count)], 1).astype(np.int64)


def put(place: Path, train: int = 40, test: int = 20, count: int = 150) -> None:
    """A data set in the layout of N-MNIST below `place`: Train and Test, a folder for each label."""
    for part, size in (("Train", train), ("Test", test)):
        for index in range(size):
            label = index * 7 % 10
            folder = place / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{index:05}.bin").write_bytes(packed(some(index + 1000 * (part == "Test"), label, count)))


def unpacked(folder: Path) -> Path:
    """A folder with the real recordings, unpacked into `folder` where only their archive is here. Skips without."""
    mounted = os.environ.get("SNNVIZ_DATA")
    if not mounted:
        pytest.skip("SNNVIZ_DATA does not name a folder with NMNIST")
    if any((Path(mounted) / inner).is_dir() for inner in ("NMNIST", "nmnist/NMNIST")):
        return Path(mounted)
    if not (Path(mounted) / ARCHIVE).is_file():
        pytest.skip(f"neither NMNIST nor {ARCHIVE} is in {mounted}")
    with tarfile.open(Path(mounted) / ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder
