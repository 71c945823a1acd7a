"""Frames of recordings take no more of the disk than they may; what was used longest ago makes room."""

from __future__ import annotations

import os
from collections import namedtuple
from pathlib import Path

import pytest

from snnviz.core import frame_cache
from snnviz.errors import DataMissing, InputError


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three files of frames of 0.4 MB, used one after the other, the last one first; 1 MB may be taken."""
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.setenv(frame_cache.BUDGET_VARIABLE, "1")
    found = []
    for number in range(3):
        path = tmp_path / "datasets" / f"set{number % 2}" / f"frames-{number}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(400_000))
        os.utime(path, (1000 - number, 0))
        found.append(path)
    (tmp_path / "datasets" / "set0" / "images.npy").write_bytes(bytes(400_000))
    return found


def there(files: list[Path]) -> list[int]:
    return [number for number, path in enumerate(files) if path.exists()]


def test_what_was_used_longest_ago_makes_room(files: list[Path]) -> None:
    frame_cache.mark_used(files[2])
    frame_cache.free_space(150_000)
    assert there(files) == [0, 2]
    frame_cache.free_space(700_000)
    assert there(files) == []
    assert (files[0].parent / "images.npy").exists()  # no frames


def test_nothing_is_deleted_where_there_is_room_or_never_will_be(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files[0].unlink()
    frame_cache.free_space(200_000)
    with pytest.raises(DataMissing, match="need 2 MB, and 1 MB may be taken here: fewer time steps"):
        frame_cache.free_space(2_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: namedtuple("Usage", "free")(10**9))
    with pytest.raises(DataMissing, match="and 1,000 MB are free"):
        frame_cache.free_space(200_000)
    assert there(files) == [1, 2]


def test_a_budget_that_is_no_number_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(frame_cache.BUDGET_VARIABLE, "much")
    with pytest.raises(InputError, match="SNNVIZ_FRAMES_MEGABYTES must be a whole number, got 'much'"):
        frame_cache.budget_bytes()
