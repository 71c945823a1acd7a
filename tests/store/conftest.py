"""A store that is closed, for tests of what may happen to its file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from snnviz.events import Sample
from snnviz.store import Store, opening
from tests.conftest import MakeDesign

ROWS = [Sample(step, step / 100, 1.0, 0.5) for step in range(20_000)]


@pytest.fixture(autouse=True)
def usual_stores(quick_stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere but in tests."""
    for name, usual in quick_stores.items():
        monkeypatch.setattr(opening, name, usual)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a store is, or will be."""
    return tmp_path / "runs.sqlite"


@pytest.fixture
def closed(tmp_path: Path, tiny: MakeDesign) -> Path:
    """A store with a run and its rows, that nobody has open."""
    store = Store(tmp_path / "runs.sqlite")
    store.submit(tiny())
    store.claim("me")
    store.append_rows(tiny().digest, 1, ROWS[:5000])
    store.close()
    assert not list(tmp_path.glob("*-wal"))
    return tmp_path / "runs.sqlite"


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
