"""CIFAR-10's and CIFAR-100's binary files: records of one label, or of a coarse and a fine one, and 3,072 bytes of red,
green and blue, row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnviz.errors import DataMissing
from snnviz.places import data_dirs

PIXELS = 3 * 32 * 32


@dataclass(frozen=True, slots=True)
class CifarFormat:
    """File names and record format of CIFAR-10 or of CIFAR-100.

    `home`: the data set whose folder holds the files, in the subfolder `inner`. `labels`: number of label bytes before
    the pixels; `label`: index of the one to use.
    """

    title: str
    home: str
    inner: str
    train: tuple[str, ...]
    test: str
    labels: int
    label: int
    classes: int

    @property
    def record(self) -> int:
        """Size in bytes of one record (one image with its labels) in a binary file."""
        return self.labels + PIXELS

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all files, the training files first."""
        return *self.train, self.test


TEN = CifarFormat(
    "CIFAR-10", "cifar10", "cifar-10-batches-bin", tuple(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin",
    1, 0, 10,
)  # fmt: skip
FINE = CifarFormat("CIFAR-100", "cifar100", "cifar-100-binary", ("train.bin",), "test.bin", 2, 1, 100)
COARSE = CifarFormat("CIFAR-100", "cifar100", "cifar-100-binary", ("train.bin",), "test.bin", 2, 0, 20)

FORMATS = {"cifar10": TEN, "cifar100": FINE, "cifar100-coarse": COARSE}


def find_folder(name: str) -> Path | None:
    """Returns the folder on this machine that holds all files of a CIFAR variant, or None."""
    form = FORMATS[name]
    for folder in data_dirs(form.home):
        for place in (folder / form.inner, folder):
            if all((place / file).is_file() for file in form.files):
                return place
    return None


def image_counts(name: str) -> tuple[int, int] | None:
    """Returns the numbers of training and test images on this machine, or None if the files are missing."""
    place, form = find_folder(name), FORMATS[name]
    if place is None:
        return None
    counts = [(place / file).stat().st_size // form.record for file in form.files]
    return sum(counts[:-1]), counts[-1]


def load_images(name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Returns training images (N, 3, 32, 32), training labels (N,), test images and test labels.

    Raises `DataMissing`, which names a damaged file.
    """
    place, form = find_folder(name), FORMATS[name]
    if place is None:
        raise DataMissing(f"{form.title} is not on this machine: get it by `python -m snnviz data fetch {form.home}`.")
    train = np.concatenate([_records(place / file, form) for file in form.train])
    test = _records(place / form.test, form)
    return *_parted(train, form), *_parted(test, form)


def _records(path: Path, form: CifarFormat) -> NDArray[np.uint8]:
    try:
        raw = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DataMissing(f"The file {path} must be readable, got {type(error).__name__}: replace it.") from None
    if not len(raw) or len(raw) % form.record:
        got = f"got {len(raw):,} bytes"
        raise DataMissing(f"The file {path} must hold records of {form.record:,} bytes, {got}: replace it.")
    records = raw.reshape(-1, form.record)
    if (highest := int(records[:, form.label].max())) >= form.classes:
        rule = f"must hold labels from 0 to {form.classes - 1}"
        raise DataMissing(f"The file {path} {rule}, got {highest}: replace it.")
    return records


def _parted(records: NDArray[np.uint8], form: CifarFormat) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return records[:, form.labels :].reshape(-1, 3, 32, 32), records[:, form.label].astype(np.int64)
