"""One picture of a run for all its viewers: complete, never stale for long, and drawn no more often than needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.events import EpochEnd, LayerState, Sample
from snnviz.store import Claim, Store
from snnviz.ui.design import live_charts
from snnviz.ui.kit import services


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    monkeypatch.setattr(live_charts, "PAUSE_SECONDS", 0.0)
    yield services.store()
    services.store().close()


def report(store: Store, claim: Claim, epoch: int) -> None:
    """An epoch ends."""
    rows = [
        Sample(epoch, float(epoch), 1.0, 0.5),
        LayerState(epoch, float(epoch), 0, "L1", 0.1, 1.0, 0.2),
        EpochEnd(epoch, 0.5, 0.5, 1.0, 1.0, 0.1, 0.01),
    ]
    store.append_rows(claim.run, claim.attempt, rows)


def begin(store: Store) -> Claim:
    store.submit(Design())
    claim = store.claim("test")
    assert claim is not None
    return claim


def drawn(store: Store, run: str) -> dict[str, Any]:
    """The charts as a viewer gets them now."""
    found = store.get(run)
    payload = live_charts.live_charts(found).payload(found)
    return {chart["id"]: chart["traces"] for chart in json.loads(payload)["charts"]}


def test_a_picture_grows_with_its_run(store: Store) -> None:
    claim = begin(store)
    assert drawn(store, claim.run)["accuracy"][0]["x"] == []
    for epoch in (1, 2, 3):
        report(store, claim, epoch)
        assert drawn(store, claim.run)["accuracy"][1]["x"] == list(range(1, epoch + 1))
        assert drawn(store, claim.run)["rate"][0]["x"] == list(range(1, epoch + 1))
    assert live_charts.live_charts(store.get(claim.run)).rows.epochs[-1].epoch == 3


def test_what_did_not_change_is_not_drawn_anew(store: Store) -> None:
    claim = begin(store)
    report(store, claim, 1)
    picture = live_charts.live_charts(store.get(claim.run))
    run = store.get(claim.run)
    first = picture.payload(run)
    assert picture.payload(run) is first
    assert picture.payload(replace(run, revision=run.revision + 1)) is first  # no new row: only progress


def test_a_fast_run_is_drawn_now_and_then_and_once_more_at_its_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_charts, "PAUSE_SECONDS", 1000.0)
    claim = begin(store)
    report(store, claim, 1)
    assert drawn(store, claim.run)["accuracy"][1]["x"] == [1]
    report(store, claim, 2)
    assert drawn(store, claim.run)["accuracy"][1]["x"] == [1]
    store.finish(claim.run, claim.attempt, "done")
    assert drawn(store, claim.run)["accuracy"][1]["x"] == [1, 2]


def test_viewers_at_the_same_time_see_the_same(store: Store) -> None:
    claim = begin(store)
    for epoch in range(1, 30):
        report(store, claim, epoch)
    with ThreadPoolExecutor(16) as viewers:
        seen = list(viewers.map(lambda _: drawn(store, claim.run)["accuracy"][1]["x"], range(64)))
    assert seen == [list(range(1, 30))] * 64


def test_a_run_that_was_deleted_and_came_back_has_a_new_picture(store: Store) -> None:
    claim = begin(store)
    report(store, claim, 1)
    assert drawn(store, claim.run)["accuracy"][1]["x"] == [1]
    store.delete(claim.run)
    again = begin(store)
    assert again.run == claim.run
    assert drawn(store, again.run)["accuracy"][1]["x"] == []
    report(store, again, 1)
    assert drawn(store, again.run)["accuracy"][1]["x"] == [1]
