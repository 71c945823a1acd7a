"""A tiny gallery, made once, and a store beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.gallery import making
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store, shipped
from snnviz.tasks import GalleryEntry

TINY = {
    "data": {"train_samples": 200, "test_samples": 50, "steps": 2},
    "network": {"kind": "mlp", "depth": 2, "width": 20},
    "training": {"epochs": 2},
}
ENTRIES = (
    GalleryEntry("one", "The first", "design", "tests.gallery.conftest:one"),
    GalleryEntry("two", "Two seeds", "runs", "tests.gallery.conftest:two", after="one", weights=False),
)


def one(_: Store) -> list[Design]:
    return [Design.check(TINY)]


def two(_: Store) -> list[Design]:
    return [Design.check({**TINY, "seed": seed}) for seed in (0, 1)]


def make(work: Path, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(shipped.VARIABLE, "0")
        making.train(ENTRIES, work, lambda _: None, Immediate)
        making.pack(ENTRIES, work, folder)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a gallery of two runs."""
    place = tmp_path_factory.mktemp("gallery")
    make(place / "work", place / "shipped")
    return place / "shipped"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    return tmp_path


@pytest.fixture
def beside(made: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store of one's own, beside the gallery."""
    monkeypatch.setenv(shipped.VARIABLE, str(made))
    opened = Store(cache / "runs.sqlite")
    yield opened
    opened.close()
