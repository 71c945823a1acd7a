"""The Cells page: a cell drawn and scored; its setting is its link, and what was scored before is shown at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
import streamlit as st

from snnviz.design.cells import to_text
from snnviz.errors import InputError
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.cells.page import cell_drawing
from snnviz.studies.cells.page.setting import SCORING
from snnviz.studies.cells.scoring import Candidate, CellSearch, Report, Scoring
from snnviz.studies.cells.theory.sahd import ScoringResult
from snnviz.ui.kit import fragments, services
from snnviz.ui.kit.words import JOINER
from tests.pages.visit import Visit, by_link
from tests.scored import findings

TINY = Scoring.check({"cell": "0203 0010 0000 0400", "channels": 2, "hidden": 16, "steps": 2, "batch": 8, "repeats": 1})
OTHER = {
    "data": "mnist",
    "metric": "hd",
    "normalisation": "code",
    "channels": 3,
    "hidden": 20,
    "steps": 7,
    "batch": 64,
    "repeats": 3,
    "size": 32,
    "seed": 9,
    "cell": "0003 0000 0000 0100",
}


@pytest.fixture
def scored() -> Callable[[Scoring, ScoringResult], None]:
    """Writes what a scoring is to have found into the pages' store."""

    def write_down(setting: Scoring, found: ScoringResult) -> None:
        store = Store()
        store.submit(setting)
        claim = store.claim("me", setting.digest)
        assert claim is not None
        store.append_rows(claim.run, claim.attempt, [Report(0, found.write())])
        store.finish(claim.run, claim.attempt, "done")
        store.close()
        services.CACHE.clear()

    return write_down


arrived = partial(by_link, "cells")


def at(setting: Scoring) -> Visit:
    return arrived(SCORING.to_link(setting))


def charts(visit: Visit) -> list[str]:
    sent = visit.component("snnviz_charts", "cells-charts")
    return [chart["id"] for chart in sent["charts"]] if sent else []


def link(visit: Visit) -> str:
    query: str = visit.component("snnviz_address", "cells-address")["query"]
    return query


def test_a_first_visit_shows_a_published_cell_ready_to_score() -> None:
    visit = Visit(page="cells")
    assert visit.component("snnviz_cell_editor")["edges"] == [list(row) for row in Scoring().cell]
    assert visit.at.button("scoring-train").label == "Score the cell"
    assert visit.at.button("scoring-cancel").disabled
    assert "32 × 8×8" in [part["shape"] for part in visit.component("snnviz_flow")["parts"]]
    words = visit.component("snnviz_flow")["caption"]
    assert "the text (Kim et al. 2022, Fig. 5) has a LIF in the stem too" in words
    assert "and that of the reduction last" in words
    assert charts(visit) == []
    assert link(visit) == ""


@pytest.mark.parametrize("field", OTHER)
def test_every_field_survives_the_link(field: str) -> None:
    setting = Scoring.check({field: OTHER[field]})
    query = SCORING.to_link(setting)
    assert query.startswith(f"{field}=")
    assert SCORING.from_link(dict(parse_qsl(query))) == setting
    assert SCORING.from_link({"view": "search", "search.batch": "4", **dict(parse_qsl(query))}) == setting
    visit = arrived(query)
    assert visit.at.session_state["scoring"] == setting
    assert link(visit) == query
    assert not visit.at.error


BAD = {
    "batch=1": "batch must be a whole number from 2 to 512, got 1",
    "cell=0303": "cell must have 4 rows of 4 operations",
    "cell=0300+2000+0000+0000": "cell[1][0] must be 0 (node 0 feeds node 1 already, and a pair has one connection)",
    "metric=hamming": "metric must be",
    "data=nmnist": "data must be a data set of images, not of recordings",
    "wide=3": "wide must be",
}


@pytest.mark.parametrize("query", BAD)
def test_a_bad_link_is_one_sentence_and_the_default(query: str) -> None:
    with pytest.raises(InputError):
        SCORING.from_link(dict(parse_qsl(query)))
    visit = arrived(query)
    assert visit.at.session_state["scoring"] == Scoring()
    assert len(visit.at.error) == 1
    said = visit.at.error[0].value.replace(JOINER, "").replace("\\", "")
    assert said.startswith(BAD[query])
    assert said.endswith("The default cell is shown instead.")


def test_a_score_in_the_store_is_shown_at_once(scored: Callable[[Scoring, ScoringResult], None]) -> None:
    found = findings()
    scored(TINY, found)
    visit = at(TINY)
    assert visit.at.button("scoring-train").disabled
    assert charts(visit) == ["score_kernel", "score_sahd", "score_hd", "score_silence"]
    by = {one.label: one.value for one in visit.at.metric}
    assert by["Score by SAHD"] == f"{found.scores['sahd'].mean:.1f}"
    assert by["Score by HD"] == f"{found.scores['hd'].mean:.1f}"
    assert f"standard deviation {found.scores['sahd'].deviation:.2g} over 2 repeats" in visit.text
    assert "What the score rewards" in visit.text
    assert "Sparsity-aware" in visit.text
    assert "of the neurons and time steps on average" in visit.text


def test_a_score_stands_among_those_of_a_search_with_the_same_setting(
    scored: Callable[[Scoring, ScoringResult], None],
) -> None:
    found = findings(repeats=1)
    mean = found.scores["sahd"].mean
    assert mean is not None
    scored(TINY, found)
    fields = {name: value for name, value in TINY.model_dump().items() if name != "cell"}
    search, store = CellSearch.check({**fields, "candidates": 8, "metric": "hd"}), Store()
    store.submit(search)
    claim = store.claim("me", search.digest)
    assert claim is not None
    scores = {
        "0002 0000 0000 0000": mean - 2,
        "0203 0002 0000 0000": mean - 1,
        "0023 0000 0002 0000": mean - 1.5,  # the one before, by another name of its node
        "0303 0001 0000 0000": mean + 1,
        to_text(TINY.cell): mean,
        "0001 0000 0000 0000": None,
        "0003 0000 0000 0000": mean,  # what is left of the cell itself
    }
    drawn = [*scores, "0002 0000 0000 0000"]
    rows = [Candidate(n, 0, cell, scores[cell], 0.0, None, None, None, 0.1) for n, cell in enumerate(drawn)]
    store.append_rows(claim.run, claim.attempt, rows)
    store.close()
    told = "Higher than 2 of 3 other random cells (67 %), all different, that a search scored in the same way."
    assert told in at(TINY).text
    assert "random cells" not in at(Scoring.check({**TINY.model_dump(), "seed": 1})).text


def test_a_score_that_is_none_says_why(scored: Callable[[Scoring, ScoringResult], None]) -> None:
    scored(TINY, findings(alike=True))
    visit = at(TINY)
    assert visit.at.metric[0].value == "invalid"
    assert "No score: images 1 and 2 of the batch make the same spikes." in visit.text
    silent = Scoring.check({**TINY.model_dump(), "seed": 3})
    scored(silent, findings(rate=0))
    visit = at(silent)
    assert "No score: no neuron spikes." in visit.text
    assert charts(visit) == ["score_silence"]


def test_another_setting_keeps_the_figures_and_says_so(scored: Callable[[Scoring, ScoringResult], None]) -> None:
    scored(TINY, findings())
    visit = at(TINY)
    visit.widgets["scoring-batch"].set_value(16)
    visit.look()
    assert charts(visit)
    assert visit.at.button("scoring-train").label == "Score the cell"
    assert "The figures are of another setting: images 8 instead of 16." in visit.at.warning[0].value
    visit.widgets["scoring-batch"].set_value(8)
    visit.look()
    assert not visit.at.warning


def test_one_press_queues_the_scoring_which_can_be_cancelled() -> None:
    visit = at(TINY)
    visit.press("scoring-train")
    assert services.store().get(TINY.digest).task == TINY
    assert visit.at.button("scoring-train").disabled
    visit.press("scoring-cancel")
    assert services.store().get(TINY.digest).state == "cancelled"


def test_what_the_engine_finds_is_what_the_page_draws() -> None:
    store = Store()
    Immediate(store).submit(TINY)
    (report,) = [row for _, row in store.rows(TINY.digest, Report)]
    store.close()
    visit = at(TINY)
    assert charts(visit) == ["score_kernel", "score_sahd", "score_hd", "score_silence"]
    mean = ScoringResult.read(report.text).scores["sahd"].mean
    assert visit.at.metric[0].value == ("invalid" if mean is None else f"{mean:.1f}")


def test_what_is_drawn_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    session: Any = Session(scoring=Scoring(), scoring_revision_of_cell="now", scoring_link_problem="old")
    session["cells-drawing"] = {"drawn": {"rev": "now", "edges": TINY.cell}}
    asked: list[Any] = []
    monkeypatch.setattr(st, "session_state", session)
    monkeypatch.setattr(st, "rerun", asked.append)
    monkeypatch.setattr(fragments, "_resolved", list)
    cell_drawing._drawn()
    assert session["scoring"] == Scoring.check({"cell": TINY.cell})
    assert asked == [["cells-settings", "cells-found"]]
    assert session["scoring_link_problem"] == ""


def test_a_cell_found_elsewhere_is_opened_in_the_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    session: Any = Session(scoring=Scoring(), scoring_revision_of_cell="now", cells_view="search")
    monkeypatch.setattr(st, "session_state", session)
    cell_drawing.open_cell(TINY.cell, channels=4)
    assert session["scoring"] == Scoring.check({"cell": TINY.cell, "channels": 4})
    assert session["cells_view"] == "draw"
    assert session["scoring_revision_of_cell"] != "now"


def test_its_cell_can_be_trained() -> None:
    visit = at(Scoring.check({**TINY.model_dump(), "channels": 6}))
    visit.press("cells-train")
    network = visit.design.network
    assert network.kind == "cell"
    assert (to_text(network.cell), network.channels, network.enlarge) == ("0203 0010 0000 0400", 6, 2)
    assert (visit.design.data.name, visit.design.data.steps) == ("digits", 2)


class Session(dict[str, Any]):
    """A session state outside of a page."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__  # type: ignore[assignment]
