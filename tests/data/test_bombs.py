"""Files that say, or unpack to, much: a sentence, little memory, little time, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnviz.data import sandbox, uploads
from snnviz.data.files.limits import UploadLimits
from snnviz.data.uploads import ChoiceNeeded, UploadChoices
from snnviz.errors import InputError
from snnviz.places import ROOT
from tests.bombs import BOMBS
from tests.data.test_brought import IMAGES, LABELS, recordings
from tests.hostile import COUNT, hostile, outcome
from tests.packed import npz, zipped

QUICK = [
    "h5 of 100 million that were never written",
    "h5 of 40 million that were never written",
    "npz in a zip",
    "events zipped",
    "idx packed by gzip",
    "png with a note",
]
"""One of each way; the others are slow ones."""


def exploded(names: list[str], folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bombs", *names], cwd=ROOT, env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [row[0] for row in rows] == names
    for name, said, seconds, megabytes in rows:
        assert " must " in said, (name, said)
        assert megabytes < 600, (name, megabytes)
        assert seconds < 10, (name, seconds)
    assert list(folder.iterdir()) == []


def test_bombs_of_each_kind_take_little(tmp_path: Path) -> None:
    exploded(QUICK, tmp_path)


@pytest.mark.slow
def test_all_bombs_take_little(tmp_path: Path) -> None:
    exploded([name for name in BOMBS if name not in QUICK], tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("npy of truth", "images must be an array of numbers (.npy), got shape (True, 8, 8)"),
        ("npy of nothing, and large", "must be an array of numbers (.npy), got shape (0, 4611686018427387904"),
        ("npy of no bytes", "must be an array of numbers (.npy), got numbers of no bytes (|S0)"),
    ],
)
def test_headers_that_no_array_has_are_sentences(name: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        uploads.check_upload(BOMBS[name]())
    assert words in str(caught.value)


def same(one: Any, other: Any) -> None:
    for name in ("kind", "form", "shape", "classes", "train", "test", "drawn", "labels", "white", "scale", "order"):
        assert getattr(one, name) == getattr(other, name)
    assert (one.done, one.remarks, one.facts()) == (other.done, other.remarks, other.facts())
    assert list(one.arrays) == list(other.arrays)
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name])


def test_a_process_of_its_own_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    images = {"x.npz": npz(images=IMAGES / 200, labels=LABELS, more=LABELS)}
    with pytest.raises(ChoiceNeeded) as asked:
        sandbox.check_in_subprocess(images)
    assert set(asked.value.choices) == {"unit", "bytes", "max"}
    for files, choices in (
        (images, UploadChoices(scale="max")),
        ({"x.zip": zipped(recordings("a", "b"))}, UploadChoices()),
    ):
        same(sandbox.check_in_subprocess(files, choices=choices), uploads.check_upload(files, choices=choices))
    assert list(tmp_path.iterdir()) == []


def test_whoever_takes_too_long_or_too_much_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(InputError, match="upload must be read within 0 s, got one that takes longer"):
        sandbox.check_in_subprocess({"x.npz": npz(images=IMAGES, labels=LABELS)}, UploadLimits(seconds=0))
    many = np.asfortranarray(np.zeros((5000, 64, 64)))  # cannot be read in pieces
    with pytest.raises(InputError, match="upload must be read within 40 MB of memory, got one that takes more"):
        sandbox.check_in_subprocess(
            {"x.npz": _stored(images=many, labels=np.arange(5000) % 2)}, UploadLimits(memory=40)
        )
    assert list(tmp_path.iterdir()) == []


def _stored(**arrays: Any) -> bytes:
    import io

    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_spoiled_files_are_a_sentence_or_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    found = [outcome(uploads.check_upload, hostile(number)) for number in range(0, COUNT, 5)]
    assert [words for what, words in found if what == "traceback"] == []
    assert {what for what, _ in found} == {"kept", "refused"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_all_spoiled_files_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    found = [outcome(sandbox.check_in_subprocess, hostile(number)) for number in range(COUNT)]
    assert [words for what, words in found if what == "traceback"] == []
    assert [words for _, words in found if "one that ends whoever reads it" in words] == []
    assert list(tmp_path.iterdir()) == []


def test_it_is_said_how_large_an_upload_would_be_and_how_large_it_may_be() -> None:
    """16 MB, and 100 for each that arrived."""
    limits = UploadLimits(megabytes=512)
    limits.check_unpacked_size(116_000_000, 1_000_000)
    with pytest.raises(InputError, match=r"unpack to at most 116 MB, 100 times what arrived, got 117 MB$"):
        limits.check_unpacked_size(117_000_000, 1_000_000)
    with pytest.raises(InputError, match=r"be at most 512 MB, got 513 MB$"):
        limits.check_size(513_000_000)
