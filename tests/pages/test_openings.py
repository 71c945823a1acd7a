"""What comes with snnviz is what each page opens with: on a fresh server none is empty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from snnviz.store import Store, shipped
from snnviz.tasks import gallery_entries, resolve
from snnviz.ui.kit import starting
from tests.pages.visit import by_link

OPENINGS = [
    ("skips", "sweep", "skips-sweep"), ("skips", "optimise", "skips-search"), ("activity", "", "activity-study"),
    ("cells", "draw", "cells-score"), ("cells", "search", "cells-search"), ("cells", "study", "cells-scored"),
    ("shortcuts", "compare", "shortcuts-runs"), ("shortcuts", "before", "shortcuts-survey"),
    ("ttfs", "naive", "ttfs-naive"), ("ttfs", "penalty", "ttfs-penalties"), ("ttfs", "limits", "ttfs-limits"),
    ("tradeoffs", "ask", "tradeoffs-experiment"), ("tradeoffs", "compare", "tradeoffs-experiment"),
    ("tradeoffs", "search", "tradeoffs-searches"),
]  # fmt: skip


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The entry of each task that comes, by its digest."""
    store = Store(tmp_path_factory.mktemp("fresh") / "runs.sqlite")
    found = {}
    for entry in gallery_entries():
        for task in resolve(entry.tasks)(store, *entry.arguments):
            found.setdefault(task.digest, entry.name)
    store.close()
    return found


@pytest.mark.parametrize(("page", "view", "entry"), OPENINGS)
def test_what_a_page_would_train_first_comes_with_snnviz(
    page: str, view: str, entry: str, named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    button = starting.start_button

    def seen(place: Any, label: str, tasks: Sequence[Any], *more: Any) -> str:
        asked.extend(task.digest for task in tasks)
        return button(place, label, tasks, *more)

    monkeypatch.setattr(starting, "start_button", seen)
    by_link(page, f"view={view}" if view else "")
    assert asked
    assert [digest for digest in asked if digest not in named] == []
    assert entry in {named[digest] for digest in asked}


def test_entries_are_named_once_and_lead_to_pages() -> None:
    entries = gallery_entries()
    names = [entry.name for entry in entries]
    assert len({*names}) == len(names)
    for entry in entries:
        assert (shipped.ROOT / "pages" / f"{entry.page}.py").exists()
        assert entry.after in ("", *names)


@pytest.mark.skipif(not (shipped.FOLDER / shipped.MANIFEST).exists(), reason="no gallery was made yet: make gallery")
def test_the_gallery_of_this_release_is_found_by_the_designs_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.setenv(shipped.VARIABLE, "")
    found = shipped.shipped()
    assert found is not None, shipped.problem()
    assert shipped.outdated(found) == ()
    assert (shipped.FOLDER / shipped.ARCHIVE).stat().st_size < 20e6
