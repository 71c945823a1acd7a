"""CIFAR-10's binary files: records of a label and 3 x 32 x 32 bytes, in five files for training and one for testing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnviz.errors import DataMissing
from snnviz.places import data_dirs

INNER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
RECORD = 1 + 3 * 32 * 32


def find(name: str) -> Path | None:
    """The folder on this machine that holds all six files, or None."""
    for folder in data_dirs(name):
        for place in (folder / INNER, folder):
            if all((place / file).is_file() for file in (*TRAIN, TEST)):
                return place
    return None


def sizes(name: str) -> tuple[int, int] | None:
    """Training and test images on this machine, or None where there are none."""
    place = find(name)
    if place is None:
        return None
    counts = [(place / file).stat().st_size // RECORD for file in (*TRAIN, TEST)]
    return sum(counts[:-1]), counts[-1]


def load(name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Images (N, 3, 32, 32) and labels of both parts. Raises `DataMissing`, which names a damaged file."""
    place = find(name)
    if place is None:
        raise DataMissing(f"CIFAR-10 is not on this machine: get it by `python -m snnviz data fetch {name}`.")
    train = np.concatenate([_records(place / file) for file in TRAIN])
    test = _records(place / TEST)
    return *_parted(train), *_parted(test)


def _records(path: Path) -> NDArray[np.uint8]:
    try:
        raw = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DataMissing(f"The file {path} must be readable, got {type(error).__name__}: replace it.") from None
    if not len(raw) or len(raw) % RECORD:
        raise DataMissing(f"The file {path} must hold records of {RECORD:,} bytes, got {len(raw):,} bytes: replace it.")
    records = raw.reshape(-1, RECORD)
    if (highest := int(records[:, 0].max())) > 9:
        raise DataMissing(f"The file {path} must hold labels from 0 to 9, got {highest}: replace it.")
    return records


def _parted(records: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)
