"""The Cells page's search: one press, figures from the store, pause and resume, and where the best can go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from snnviz.design.cells import parse, to_text
from snnviz.errors import InputError
from snnviz.events import Progress
from snnviz.jobs import machine
from snnviz.jobs.immediate import Immediate
from snnviz.people.hosting import Hosting
from snnviz.people.person import Person
from snnviz.store import State, Store
from snnviz.studies.cells.page import search_figures, search_setting
from snnviz.studies.cells.page.setting import SCORING
from snnviz.studies.cells.scoring import CELL_SEARCHES, Candidate, CellSearch
from snnviz.studies.cells.theory.candidates import rank_candidates
from snnviz.ui.kit import services
from tests.made_up import cell_rows
from tests.pages.visit import Visit
from tests.studies.cells.page.test_cells import arrived

SEARCH = CellSearch(candidates=60, connections="backward", best=5, channels=8)
ROWS = cell_rows(SEARCH)
BEST = [one for one in rank_candidates(ROWS, "sahd") if one.valid]
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
    "candidates": 123,
    "connections": "backward",
    "best": 3,
    "fine_channels": 5,
    "fine_batch": 7,
    "fine_repeats": 4,
}


@pytest.fixture
def written() -> Callable[..., None]:
    """Writes what a search is to have said into the pages' store."""

    def write_down(search: CellSearch, rows: tuple[Candidate, ...], state: State | None = "done") -> None:
        store = Store()
        store.submit(search)
        claim = store.claim("me", search.digest)
        assert claim is not None
        store.append_rows(claim.run, claim.attempt, rows, Progress(len(rows), len(ROWS)), eta_seconds=12, seconds=2.0)
        if state:
            store.finish(claim.run, claim.attempt, state, "It broke." if state == "failed" else None)
        store.close()
        services.CACHE.clear()

    return write_down


def at(search: CellSearch) -> Visit:
    return arrived(search_setting.SEARCH.to_link(search))


def charts(visit: Visit, board: str) -> list[str]:
    sent = visit.component("snnviz_charts", f"cell-search-{board}")
    return [chart["id"] for chart in sent["charts"]] if sent else []


def link(visit: Visit) -> str:
    query: str = visit.component("snnviz_address", "cell-search-address")["query"]
    return query


def live(visit: Visit) -> str:
    """What stands above the progress bar."""
    text: str = visit.at.get("progress")[0].proto.text  # type: ignore[attr-defined]
    return text.replace("\\", "")


def test_before_the_start_it_says_what_will_happen_and_how_long_it_takes() -> None:
    visit = at(SEARCH)
    assert visit.at.button("cell-search-start").label == "Start the search"
    assert "60 cells are drawn, " in visit.text
    assert " on this machine; you may leave meanwhile." in visit.text
    assert charts(visit, "preview") == ["cells_preview"]
    assert len(visit.at.dataframe) == 0


def test_what_is_in_the_store_is_drawn_for_everybody(written: Callable[..., None]) -> None:
    written(SEARCH, ROWS)
    visit = at(SEARCH)
    assert visit.at.button("cell-search-start").disabled
    assert "60 candidates in 2 s, 30 a second, all from the store." in visit.text
    assert charts(visit, "overview") == ["cells_histogram", "cells_rewards", "cells_again"]
    assert charts(visit, "best") == ["cells_best"]
    table = visit.at.dataframe[0].value
    assert table["cell"].tolist() == [one.coarse.cell for one in BEST]
    assert "What was found" in visit.text
    assert "no score\\: no neuron spikes" in visit.text
    assert f"No. 1 of {len(BEST)}: `{BEST[0].coarse.cell}`" in visit.text


def test_while_it_goes_on_it_says_how_fast_and_how_long_still(written: Callable[..., None]) -> None:
    written(SEARCH, ROWS[:30], None)
    visit = at(SEARCH)
    assert visit.at.button("cell-search-pause").label == "Pause"
    assert live(visit) == "30 of 60 candidates, 15 a second, about 12 s left. You may leave: it goes on."
    assert charts(visit, "overview") == ["cells_histogram", "cells_rewards"]
    store = Store()
    store.append_rows(SEARCH.digest, 1, ROWS[30:50])
    services.CACHE.clear()
    visit.look()
    assert live(visit).startswith("50 of 60 candidates, 25 a second")
    store.append_rows(SEARCH.digest, 1, ROWS[50:62])
    services.CACHE.clear()
    visit.look()
    assert live(visit).startswith("Scoring the best 5 again: 2 done, about 12 s left.")
    store.close()


def test_it_goes_on_where_it_was_paused(written: Callable[..., None]) -> None:
    written(SEARCH, ROWS[:30], "cancelled")
    visit = at(SEARCH)
    assert "Paused: 30 of 60 candidates kept. About " in visit.text
    assert visit.at.button("cell-search-start").label == "Resume the search"
    visit.press("cell-search-start")
    assert [run.run for run in services.store().runs(of=CellSearch)] == [SEARCH.digest]
    visit.press("cell-search-pause")
    assert services.store().get(SEARCH.digest).state == "cancelled"


def test_cancel_forgets_it(written: Callable[..., None]) -> None:
    written(SEARCH, ROWS[:30], "cancelled")
    visit = at(SEARCH)
    assert "Forget 1 unfinished search with 30 candidates, for everybody?" in visit.text
    visit.press("cell-search-forget")
    assert services.store().runs(of=CellSearch) == []
    assert services.store().rows(SEARCH.digest, Candidate) == []
    assert visit.at.button("cell-search-start").label == "Start the search"
    assert charts(visit, "overview") == []


def test_to_forget_what_somebody_else_wants_too_is_to_let_go_of_it(
    written: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    written(SEARCH, ROWS[:30], "cancelled")
    store = services.store()
    for person in ("ann", "bob"):
        store.acting_as(Person(person)).submit(SEARCH)
    monkeypatch.setattr(services, "current_person", lambda: (Person("bob"), Hosting()))
    visit = at(SEARCH)
    visit.press("cell-search-forget")
    assert visit.errors == []
    (kept,) = store.runs(of=CellSearch)
    assert store.owners([kept.run]) == {kept.run: ("ann",)}
    assert len(store.rows(kept.run, Candidate)) == 30


def test_a_search_that_failed_says_why_and_keeps_what_it_has(written: Callable[..., None]) -> None:
    written(SEARCH, ROWS[:30], "failed")
    visit = at(SEARCH)
    assert "It broke." in visit.errors
    assert "Stopped: 30 of 60 candidates kept." in visit.text
    assert charts(visit, "best") == ["cells_best"]


def test_a_search_without_a_score_says_so(written: Callable[..., None]) -> None:
    written(SEARCH, cell_rows(SEARCH, dead=60))
    visit = at(SEARCH)
    assert "No cell has a score: no neuron spikes." in visit.text
    assert len(visit.at.dataframe) == 0


def test_what_is_too_large_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = at(SEARCH)
    monkeypatch.setattr(machine, "free_bytes", lambda: 10_000_000)
    visit.press("cell-search-start")
    (sentence,) = visit.errors
    assert sentence.startswith("setting must fit into the 0.0 GB of memory that are free, got one that needs ")
    assert services.store().runs(of=None) == []


def test_the_best_is_opened_in_the_editor_with_its_precise_setting(written: Callable[..., None]) -> None:
    written(SEARCH, ROWS)
    visit = at(SEARCH)
    assert visit.at.button("cell-search-open").label == "Open the best in the editor"
    visit.press("cell-search-open")
    shown = visit.at.session_state["scoring"]
    assert shown == SEARCH.fine.model_copy(update={"cell": parse(BEST[0].coarse.cell)})
    assert visit.at.session_state["cells_view"] == "draw"
    assert visit.component("snnviz_address", "cells-address")["query"] == SCORING.to_link(shown)


def test_a_ticked_row_or_a_clicked_drawing_is_opened_instead(written: Callable[..., None]) -> None:
    written(SEARCH, ROWS)
    visit = at(SEARCH)
    visit.at.session_state[search_figures.CHOSEN] = (SEARCH.digest, BEST[7].coarse.cell)
    visit.look()
    assert visit.at.button("cell-search-open").label == "Open the chosen in the editor"
    assert f"No. 8 of {len(BEST)}: `{BEST[7].coarse.cell}`" in visit.text
    visit.press("cell-search-open")
    assert to_text(visit.at.session_state["scoring"].cell) == BEST[7].coarse.cell
    assert visit.at.session_state["scoring"].channels == SEARCH.channels


def test_the_best_is_trained_as_a_network_of_its_cell(written: Callable[..., None]) -> None:
    written(SEARCH, ROWS)
    visit = at(SEARCH)
    visit.press("cell-search-train")
    network: Any = visit.design.network
    assert (network.kind, to_text(network.cell), network.channels) == (
        "cell",
        BEST[0].coarse.cell,
        SEARCH.fine_channels,
    )


class TestTheLink:
    @pytest.mark.parametrize("name", OTHER)
    def test_every_field_is_in_it(self, name: str) -> None:
        setting = CellSearch.check({name: OTHER[name]})
        query = search_setting.SEARCH.to_link(setting)
        assert f"search.{name}=" in query
        visit = arrived(query)
        assert visit.at.session_state["cell_search"] == setting
        assert link(visit) == query

    def test_of_the_default_is_the_view_alone(self) -> None:
        assert link(arrived("view=search")) == "view=search"

    def test_what_is_wrong_in_it_is_said_and_the_default_shown(self) -> None:
        visit = arrived("view=search&search.candidates=0&search.seed=3")
        (sentence,) = visit.errors
        assert sentence == (
            "search.candidates must be a whole number from 1 to 5000, got 0. The default search is shown instead."
        )
        assert visit.at.session_state["cell_search"] == CellSearch()
        with pytest.raises(InputError):
            search_setting.SEARCH.from_link({"search.nothing": "1"})

    def test_a_named_search_and_widgets_change_it(self) -> None:
        visit = arrived("view=search")
        widgets = {widget.key.partition("@")[0]: widget for widget in visit.at.get("button_group") if widget.key}
        widgets["cell-search-connections"].set_value("backward")
        visit.look()
        assert link(visit) == "view=search&search.connections=backward"
        preset = next(w for w in visit.at.get("button_group") if (w.key or "").startswith("cell-search-preset"))
        preset.set_value("quick")
        visit.look()
        assert visit.at.session_state["cell_search"] == CELL_SEARCHES["quick"]
        assert link(visit) == "view=search&search.candidates=200&search.best=10"


def test_from_the_press_to_the_table() -> None:
    """The real thing."""
    tiny = CellSearch(candidates=12, channels=2, hidden=8, steps=2, batch=6, best=3, fine_channels=3, fine_batch=8)
    store = Store()
    Immediate(store).submit(tiny)
    rows = [row for _, row in store.rows(tiny.digest, Candidate)]
    store.close()
    visit = at(tiny)
    assert visit.at.dataframe[0].value["cell"].tolist() == [one.coarse.cell for one in rank_candidates(rows, "sahd")]
    assert charts(visit, "overview") == ["cells_histogram", "cells_rewards", "cells_again"]
