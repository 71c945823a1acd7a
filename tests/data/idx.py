"""A small data set in the format of MNIST, published like the real one."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from snnviz.data import datasets
from snnviz.data.datasets import ROLES, DatasetCard, IdxFile

MNIST = datasets.dataset_card("mnist")


@cache
def packed(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=1, mtime=0)


@dataclass(frozen=True)
class Published:
    """Arrays by role, and the bytes of their IDX files."""

    arrays: dict[str, NDArray[np.uint8]]
    content: dict[str, bytes]

    def card(self, download: str) -> DatasetCard:
        files = tuple(
            IdxFile(
                hashlib.sha256(self.content[role]).hexdigest(), hashlib.sha256(packed(self.content[role])).hexdigest()
            )
            for role in ROLES
        )
        return replace(MNIST, download=download, mirrors=(), files=files)


def published(size: tuple[int, int], train: int = 6, test: int = 3, seed: int = 0) -> Published:
    rng = np.random.default_rng(seed)
    shapes = [(train, *size), (train,), (test, *size), (test,)]
    arrays = {role: rng.integers(0, 10, shape, np.uint8) for role, shape in zip(ROLES, shapes, strict=True)}
    return Published(arrays, {role: idx(array) for role, array in arrays.items()})


def idx(array: NDArray[np.uint8]) -> bytes:
    """LeCun's format, written by hand."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()
