"""What came with snnviz, on the pages: it is shown, marked, and takes the place of no training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.events import EpochEnd, LayerState
from snnviz.graph.atlas import atlas_design
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store, shipped
from snnviz.theory.atlas import AtlasInfo, file_name, write_atlas
from snnviz.ui.kit import services
from snnviz.ui.kit.rows import rows as rows_of_run
from tests.gallery.conftest import TINY, make
from tests.pages.visit import Visit
from tests.theory.test_atlas import rows

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
    assert Store(cache / "runs.sqlite").runs(include_shipped=False) == []
    visit.at.button(key="train-here").click()
    visit.look()
    (own,) = Store(cache / "runs.sqlite").runs(include_shipped=False)
    assert own.state == "queued"
    assert visit.at.button(key="train").label == "Watch its training"
    Immediate(services.store())._see_to(own.run)
    services.CACHE.clear()
    visit.look()
    assert visit.at.button(key="train").label == "Show the trained result"
    assert "came with snnviz" not in _texts(visit).lower()


def test_figures_read_its_rows() -> None:
    Visit(LINK)
    shown = services.store().runs()
    assert len(shown) == 2
    for run in shown:
        assert len(rows_of_run(run, EpochEnd)) == run.design.training.epochs
        assert rows_of_run(run, LayerState)


def test_it_is_on_the_list_of_runs_and_is_kept(cache: Path) -> None:
    visit = Visit("", "runs")
    marks = visit.at.dataframe[0].value["marks"]
    assert [*marks] == ["gallery", "gallery"]
    assert cache.exists()


def test_the_drawn_matrix_is_found_in_the_atlas(gallery: Path) -> None:
    about = AtlasInfo(atlas_design(3, 0, 0).digest, (MACHINE,), "2026-11-30", 120.0)
    write_atlas(gallery / file_name(3), about, rows(3, noise=0.01))
    visit = Visit(links.to_query(atlas_design(3, 9, 0)))
    assert "In the atlas's small setting (8 channels, 1,000 images, 6 epochs) this matrix reaches **8" in _texts(visit)
    assert "place 1 to " in _texts(visit)
    visit.at.session_state["atlas-more"] = True
    visit.look()
    said = _texts(visit)
    assert f"All 27 matrices, 5 seeds; 2 min of training, on one core each, until 2026-11-30, on {MACHINE}" in said
    assert visit.at.button(key="atlas-take").disabled
    beside, effects = (visit.at.dataframe[n].value for n in range(2))
    assert [*beside["skip"]][:2] == ["in → L2 none", "in → L2 ASC"]
    assert [*beside["verdict"]][:2] == ["worse", "worse"]
    assert effects.set_index("skip").loc["in → L2 DSC", "verdict"] == "told apart"
    other = Visit(links.to_query(Design.check({"network": {"kind": "block", "edges": "0010/0000/0000/0000"}})))
    assert "In the atlas's small setting" in _texts(other)
    other.at.session_state["atlas-more"] = True
    other.look()
    other.at.button(key="atlas-take").click()
    other.look()
    assert other.design == atlas_design(3, 9, 0)
    write_atlas(gallery / file_name(3), AtlasInfo("of before"), rows(3))
    assert any("by formulas of before" in each.value for each in Visit(links.to_query(other.design)).at.error)
    (gallery / file_name(3)).unlink()
    assert "In the atlas" not in _texts(Visit(links.to_query(other.design)))
