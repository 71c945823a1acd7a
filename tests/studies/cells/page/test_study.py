"""The Cells page, "Does it predict?": searches and ordinary runs, queued by two presses; its setting is its link."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest

from snnviz.errors import InputError
from snnviz.store import Run, Store
from snnviz.studies.cells.page import study as cells_study
from snnviz.studies.cells.study import STUDIES, CellStudy, distinct_designs, study_runs, study_searches
from snnviz.ui.kit import services
from tests.made_up import candidates
from tests.pages.visit import Visit, by_link

TINY = CellStudy(cells=3, seeds=1, channels=2, steps=2, epochs=1, train_samples=64, score_channels=2, score_batch=4)


@pytest.fixture
def at_study() -> Callable[[CellStudy], Visit]:
    """Opens that part of the page with a study that trains in moments."""

    def open_page(study: CellStudy) -> Visit:
        visit = Visit(page="cells")
        visit.at.session_state["cells_view"] = "study"
        visit.at.session_state["cells_study"] = study
        visit.at.session_state["cells_study_revision"] = 1
        return visit.look()

    return open_page


def search_done(study: CellStudy) -> None:
    """As if the searches had been made."""
    store: Store = services.store()
    for search in study_searches(study).values():
        store.submit(search)
        claim = store.claim("test", search.digest)
        assert claim is not None
        store.append_rows(claim.run, claim.attempt, candidates(search))
        store.finish(claim.run, claim.attempt, "done")
    services.CACHE.clear()


def test_a_press_scores_and_another_trains(at_study: Callable[[CellStudy], Visit]) -> None:
    visit = at_study(TINY)
    assert visit.at.button("cells_study_search-start").label == "Score 3 cells"
    assert visit.at.button("cells_study-train").label == "Train these 3 runs"
    visit.press("cells_study_search-start")
    (search,) = study_searches(TINY).values()
    assert services.store().get(search.digest).state in ("queued", "running", "done")
    visit.press("cells_study-train")
    assert {run.run for run in services.store().runs()} == {d.digest for d in distinct_designs(study_runs(TINY, {}))}
    visit.press("cells_study-cancel")
    assert {run.state for run in services.store().runs()} == {"cancelled"}


def test_what_is_scored_and_trained_is_drawn(
    at_study: Callable[[CellStudy], Visit], trained: Callable[..., Run]
) -> None:
    search_done(TINY)
    for design in distinct_designs(study_runs(TINY, {}))[:2]:
        trained(design)
    visit = at_study(TINY)
    assert visit.at.button("cells_study_search-start").label == "All scored"
    table = visit.at.dataframe[-1].value
    (search,) = study_searches(TINY).values()
    scores = {c.cell: c.sahd for c in candidates(search)}
    assert [scores[cell] for cell in table["cell"]] == pytest.approx(table["SAHD"].tolist())
    assert table["accuracy"].is_monotonic_decreasing
    assert "One seed each" in " ".join(each.value for each in visit.at.markdown)


def test_which_cell_is_the_best_is_known_after_the_search(at_study: Callable[[CellStudy], Visit]) -> None:
    study = TINY.model_copy(update={"question": "search", "samples": 10, "random": 1})
    visit = at_study(study)
    assert not [button for button in visit.at.button if button.key == "cells_study-train"]
    search_done(study)
    assert at_study(study).at.button("cells_study-train").label == "Train these 3 runs", "best of 1, best of 10, random"


def test_another_question_begins_with_its_study_and_the_data_shown(at_study: Callable[[CellStudy], Visit]) -> None:
    visit = at_study(TINY.model_copy(update={"data": "mnist"}))
    visit.widgets["cells_study-question"].set_value("steps")
    visit.look()
    assert visit.at.session_state["cells_study"] == STUDIES["steps"].model_copy(update={"data": "mnist"})


@pytest.mark.parametrize("study", [*STUDIES.values(), TINY])
def test_a_study_survives_its_link(study: CellStudy) -> None:
    query = dict(parse_qsl(cells_study.STUDY.to_link(study)))
    assert query.pop("view") == "study"
    assert cells_study.STUDY.from_link(query) == study


def test_a_broken_link_is_one_sentence_and_the_default() -> None:
    with pytest.raises(InputError):
        cells_study.STUDY.from_link({"study.cells": "1000"})
    visit = by_link("cells", {"view": "study", "study.cells": "1000"})
    assert visit.errors == [
        "study.cells must be a whole number from 2 to 200, got 1000. The default study is shown instead."
    ]
    assert visit.component("snnviz_address", "cells-study-address")["query"] == "view=study"
