"""What cannot be trained here is left out of the gallery, and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.gallery import making
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.tasks import GalleryEntry
from tests.gallery.conftest import ENTRIES, TINY


def elsewhere(_: Store) -> list[Design]:
    return [Design.check(TINY | {"data": {"name": "nmnist", "train_samples": 20, "test_samples": 10}})]


def test_an_entry_whose_data_are_not_here_is_named_and_the_others_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SNNVIZ_DATA", raising=False)
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SNNVIZ_GALLERY", "0")
    absent = GalleryEntry("absent", "Recordings", "design", "tests.gallery.test_making:elsewhere")
    then = GalleryEntry("then", "After them", "runs", "tests.gallery.conftest:two", after="absent")
    chosen = (absent, ENTRIES[0], then)
    failed = making.train(chosen, tmp_path / "work", lambda _: None, Immediate)
    assert list(failed) == ["absent", "then"]
    assert "N-MNIST is not on this machine" in failed["absent"]
    assert making.finished(chosen, tmp_path / "work") == [ENTRIES[0]]
