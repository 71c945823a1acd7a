"""Own sets are named by their content, and runs name them: what was read rightly keeps its name.

Three of them had another name on some processors until sums were exact (docs/errata.md).
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnviz.data import uploads
from snnviz.data.files.imagefiles import ROLES
from tests.data.aedat import aedat4
from tests.data.idx import idx
from tests.packed import npz, zipped
from tests.recorded import packed, put, some

RNG = np.random.default_rng(17)
IMAGES = RNG.integers(0, 256, (30, 8, 6), np.uint8)
LABELS = np.arange(30) % 3
COLOURS = RNG.integers(0, 256, (10, 3, 5, 4), np.uint8)
TWO = np.arange(10) % 2


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def folder(place: Path) -> Path:
    put(place / "mine", 20, 10, 40)
    return place / "mine"


def of_idx(place: Path) -> Path:
    arrays = (IMAGES, LABELS.astype(np.uint8), IMAGES[:7], LABELS[:7].astype(np.uint8))
    for role, array in zip(ROLES, arrays, strict=True):
        (place / f"{role}.gz").write_bytes(gzip.compress(idx(array)))
    return place


def words(*folders: str, files: int = 3) -> dict[str, bytes]:
    return {
        f"{folder}/{number}.npy": npy(some(number, place, 20))
        for place, folder in enumerate(folders)
        for number in range(files)
    }


RECORD = bytes([3]) + bytes(range(256)) * 12
CIFAR = {**{f"x/data_batch_{n}.bin": 2 * RECORD for n in range(1, 6)}, "x/test_batch.bin": b"\x01" + RECORD[1:]}

GIVEN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "bytes": (lambda _: npz(images=IMAGES, labels=LABELS), "own-2e93bcef19df"),
    "sixteen levels": (lambda _: npz(images=IMAGES // 16, labels=LABELS), "own-b61ad72ca282"),
    "levels as floats": (lambda _: npz(images=(IMAGES // 16).astype(np.float32), labels=LABELS), "own-b61ad72ca282"),
    "from 0 to 1": (
        lambda _: npz(images=(IMAGES / 255).astype(np.float32), labels=LABELS.astype(float)),
        "own-2e93bcef19df",
    ),
    "bytes with fractions": (lambda _: npz(images=IMAGES * 0.997, labels=LABELS), "own-a778dffb8344"),
    "true and false": (lambda _: npz(images=IMAGES > 99, labels=LABELS), "own-45e53874dfc2"),
    "a test part": (
        lambda _: npz(x_train=COLOURS, y_train=TWO, x_test=COLOURS[:4], y_test=TWO[:4]),
        "own-ca9f69405b9f",
    ),
    "colours last": (lambda _: npz(images=COLOURS.transpose(0, 2, 3, 1), labels=TWO), "own-04b698e61b0f"),
    "IDX": (of_idx, "own-ba46c22f9eb2"),
    "CIFAR-10": (lambda _: zipped(CIFAR), "own-d8e85a18cad2"),
    "Train and Test": (folder, "own-edfe9f16ecd9"),
    "a folder a class": (lambda _: zipped(words("left", "right")), "own-c7f79d5295ac"),
    "below a folder": (lambda _: zipped(words("my/moves/left", "my/moves/right")), "own-c7f79d5295ac"),
    "numbers": (lambda _: zipped({**words("0", "2"), "README.md": b"mine"}), "own-be7acedd3fa3"),
    "Train and Test by names": (
        lambda _: words("data/train/a", "data/train/b", "data/test/a", "data/test/b"),
        "own-5ff80f0c0f1b",
    ),
    "an accent": (lambda _: zipped(words("caf\u00e9", "the\u0301")), "own-d79807d02946"),
    "every form": (
        lambda _: zipped(
            {
                "left/a.bin": packed(some(0, 1, 30)),
                "left/b.npy": npy(some(0, 1, 30)),
                "right/c.aedat4": aedat4(some(0, 1, 30)),
                "right/d.aedat4": aedat4(some(1, 1, 30), "lz4"),
            }
        ),
        "own-f2a4588c6b38",
    ),
}


@pytest.mark.parametrize("what", GIVEN)
def test_what_was_read_rightly_keeps_its_name(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    (tmp_path / "given").mkdir()
    make, name = GIVEN[what]
    assert uploads.store_upload(uploads.check_upload(make(tmp_path / "given")), "Mine") == name
