"""What is started asks first where something has to be downloaded or takes long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from snnviz.data import datasets
from snnviz.ui.kit import services, starting
from tests.pages.visit import Visit, by_link

PLACES = {
    "design": ("design", "data.name={}&network.kind=mlp", "train"),
    "skips": ("skips", "data={}&seeds=1&channels=4", "skips-train"),
    "optimise": ("skips", "view=optimise&optimise.data={}", "optimise-start"),
    "cells": ("cells", "data={}", "scoring-train"),
    "cell search": ("cells", "view=search&search.data={}", "cell-search-start"),
    "ttfs": ("ttfs", "data.name={}&network.kind=mlp", "ttfs-relu-train"),
}


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes MNIST a set that is not here; whether a run that wants it fetches it."""
    here = datasets.is_available

    def make(unasked: bool) -> None:
        monkeypatch.setattr(datasets, "is_available", lambda name: name != "mnist" and here(name))
        monkeypatch.setattr(datasets, "is_downloaded_automatically", lambda _: unasked)

    return make


def questions(visit: Visit) -> list[str]:
    return [one.value for one in visit.at.markdown if "is downloaded first" in one.value or "takes about" in one.value]


@pytest.mark.parametrize("place", PLACES)
def test_a_download_is_asked_for(place: str, absent: Callable[[bool], None]) -> None:
    page, query, key = PLACES[place]
    absent(True)
    visit = by_link(page, query.format("mnist"))
    assert visit.at.button(key).label == "Download and start"
    assert questions(visit)[0].startswith("MNIST is downloaded first.")
    menus = [one for one in visit.at.selectbox if "mnist" in str(one.value)]
    assert menus or place == "design"  # where it stands in a tab of its own
    assert all("↓ mnist" in menu.options for menu in menus)
    plainly = by_link(page, query.format("digits"))
    assert plainly.at.button(key).label != "Download and start"
    assert not questions(plainly)


@pytest.mark.parametrize("place", PLACES)
def test_what_must_be_brought_by_hand_is_not_started(place: str, absent: Callable[[bool], None]) -> None:
    page, query, key = PLACES[place]
    absent(False)
    visit = by_link(page, query.format("mnist"))
    assert visit.at.button(key).disabled
    assert "MNIST is not on this machine: get it on the Data page first." in visit.text.replace("\\", "")


def test_what_takes_long_is_asked_for_and_then_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "LONG", 0.0)
    visit = by_link("skips", "seeds=1&channels=4&most_skips=1&controls=without&twins=without")
    assert "This takes about" in questions(visit)[0]
    assert services.store().runs() == []
    visit.press("skips-train")
    assert len(services.store().runs()) == 3
