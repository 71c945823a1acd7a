"""How long pages take is kept for the host, of the last runs alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData

from snnviz.ui.server import page_times, streamlit_patches
from snnviz.ui.server.page_times import KEPT, MOST_PAGES, PageTime, PageTimes


def test_the_slowest_page_is_first_and_parts_are_apart() -> None:
    times = PageTimes()
    for number in range(1, 101):
        times.note("runs", number / 100, part=False)
    times.note("runs", 0.01, part=True)
    first, second = times.summary()
    assert first == PageTime("runs", False, 100, pytest.approx(0.505), pytest.approx(0.9505), 1.0)
    assert second == PageTime("runs", True, 1, 0.01, 0.01, 0.01)


def test_no_more_is_kept_than_the_last_and_of_so_many_pages() -> None:
    times = PageTimes()
    for number in range(KEPT + 50):
        times.note("runs", float(number), part=False)
    for number in range(2 * MOST_PAGES):
        times.note(f"page {number}", 0.0, part=False)
    found = times.summary()
    assert (found[0].runs, len(found)) == (KEPT, MOST_PAGES)
    assert found[0].median > 50


def test_a_run_of_a_page_is_noted_by_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    times, pages = PageTimes(), PagesManager("main.py")
    pages._set_pages({"abc": {"page_script_hash": "abc", "script_path": "", "url_pathname": "runs"}})  # type: ignore[typeddict-unknown-key]
    pages.set_current_page_script_hash("abc")
    monkeypatch.setattr(streamlit_patches, "TIMES", times)
    monkeypatch.setattr(streamlit_patches, "_run_script", lambda *_: None)
    runner = SimpleNamespace(_pages_manager=pages)
    streamlit_patches._run_in_turn(runner, RerunData())  # type: ignore[arg-type]
    streamlit_patches._run_in_turn(runner, RerunData(fragment_id_queue=["f"]))  # type: ignore[arg-type]
    assert sorted((one.page, one.part, one.runs) for one in times.summary()) == [("runs", False, 1), ("runs", True, 1)]
    assert page_times.TIMES is not times
