"""What came with snnviz, on the pages: it is shown, marked, and takes the place of no training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store, shipped
from snnviz.ui.kit import services
from tests.gallery.conftest import TINY, make
from tests.pages.visit import Visit

LINK = links.to_query(Design.check(TINY))
MACHINE = "Abacus 1, 10 beads"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of two runs that another machine trained."""
    place = tmp_path_factory.mktemp("gallery")
    make(place / "work", place / "shipped")
    manifest = place / "shipped" / shipped.MANIFEST
    machine = json.loads(manifest.read_text())["runs"][Design.check(TINY).digest]["machine"]
    manifest.write_text(manifest.read_text().replace(machine, MACHINE))
    return place / "shipped"


@pytest.fixture(autouse=True)
def came(gallery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shipped.VARIABLE, str(gallery))


def _texts(visit: Visit) -> str:
    return "\n".join(each.value for kind in ("markdown", "caption") for each in visit.at.get(kind)).replace("\\", "")


def test_train_offers_to_show_it_and_to_train_it_here(cache: Path) -> None:
    visit = Visit(LINK)
    said = _texts(visit)
    assert "**Came with snnviz: " in said
    assert f"on {MACHINE}. Another machine than this one: trained here, last digits may differ." in said
    assert not [button for button in visit.at.button if button.key == "train"]
    visit.at.button(key="train-show").click()
    visit.look()
    assert any("came with snnviz" in each.value for each in visit.at.markdown)
    assert Store(cache / "runs.sqlite").runs(came=False) == []
    visit.at.button(key="train-here").click()
    visit.look()
    (own,) = Store(cache / "runs.sqlite").runs(came=False)
    assert own.state == "queued"
    assert visit.at.button(key="train").label == "Watch its training"
    Immediate(services.store())._see_to(own.run)
    services.CACHE.clear()
    visit.look()
    assert visit.at.button(key="train").label == "Show the trained result"
    assert "came with snnviz" not in _texts(visit).lower()


def test_it_is_on_the_list_of_runs_and_is_kept(cache: Path) -> None:
    visit = Visit("", "runs")
    marks = visit.at.dataframe[0].value["marks"]
    assert [*marks] == ["gallery", "gallery"]
    assert cache.exists()
