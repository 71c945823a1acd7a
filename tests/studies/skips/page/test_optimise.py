"""The Skips page's search: one press, figures from the store, pause and resume, and the way to the editor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

import pytest

from snnviz.errors import InputError
from snnviz.graph.twins import ann_twin
from snnviz.jobs.immediate import Immediate
from snnviz.store import State, Store
from snnviz.studies.skips.charts.search import SearchHistory
from snnviz.studies.skips.optimisation import (
    OPTIMISATIONS,
    Optimisation,
    optimisation_searches,
    retraining_designs,
    starting_design,
)
from snnviz.studies.skips.page.setting import OPTIMISATION
from snnviz.studies.skips.search import Code, Search, Trial, candidate_design, parse_code
from snnviz.ui.kit import services
from snnviz.ui.kit.words import JOINER
from tests.made_up import SMALL, seen
from tests.pages.visit import Visit
from tests.studies.skips.page.test_skips import arrived

TINY = Optimisation(
    layers=2,
    channels=2,
    steps=2,
    train_samples=60,
    validation=20,
    epochs=1,
    shared_epochs=1,
    iterations=1,
    repeats=1,
)
"""3 candidates, of which 2 are tried; they are trained in moments."""


@pytest.fixture
def at_search() -> Callable[[Optimisation], Visit]:
    """Opens the page's search with a setting."""

    def open_page(setting: Optimisation = SMALL) -> Visit:
        return arrived(OPTIMISATION.to_link(setting))

    return open_page


@pytest.fixture
def written() -> Callable[..., None]:
    """Writes what searches are to have said into the pages' store."""

    def write(several: Sequence[SearchHistory], state: State | None = "done") -> None:
        store = Store()
        for one in several:
            store.submit(one.search)
            claim = store.claim("me", one.search.digest)
            assert claim is not None
            assert one.twin is not None
            store.append_rows(claim.run, claim.attempt, [one.twin, *one.trials, *one.models])
            if state:
                store.finish(claim.run, claim.attempt, state)
        store.close()
        services.CACHE.clear()

    return write


def link(visit: Visit) -> str:
    query: str = visit.component("snnviz_address", "optimise-address")["query"]
    return query


def charts(visit: Visit, board: str) -> list[str]:
    return [chart["id"] for chart in visit.component("snnviz_charts", f"optimise-{board}")["charts"]]


def test_before_the_start_the_page_says_what_will_happen(at_search: Callable[..., Visit]) -> None:
    visit = at_search()
    assert visit.at.button("optimise-start").label == "Start 4 searches"
    assert "27 candidates: 3 places for skips with 3 options each; 6 of them are trained in each of" in visit.text
    assert charts(visit, "preview") == ["search_preview"]
    assert len(visit.component("snnviz_charts", "optimise-preview")["charts"][0]["traces"]) == 6
    assert len(visit.at.dataframe) == 0


def test_what_is_in_the_store_is_drawn_for_everybody(
    at_search: Callable[..., Visit], written: Callable[..., None]
) -> None:
    written([seen(search) for search in optimisation_searches(SMALL)])
    visit = at_search()
    assert visit.at.button("optimise-start").disabled
    assert "4 searches, 24 candidates, all from the store." in visit.text
    assert charts(visit, "overview") == ["search_value", "search_accuracy", "search_candidates"]
    assert charts(visit, "belief")[2:] == ["search_importance", "search_effects", "search_skips", "search_operations"]
    assert "What was found" in visit.text
    assert "No candidate leads." in visit.text
    assert visit.at.dataframe[0].value["state"].tolist() == ["done"] * 4
    assert visit.at.dataframe[1].value["seeds"].tolist() == ["0 of 2"] * 3
    assert visit.at.button("optimised-train").label == "Train the table's 6 runs"
    runs = {
        d
        for one in optimisation_searches(SMALL)[::2]
        for ds in retraining_designs(one, best(seen(one))).values()
        for d in ds
    }
    assert visit.at.button("optimise-again-train").label == f"Train again: {len(runs)} runs"
    assert "two trainings differ would make them more" in visit.text


def best(one: SearchHistory) -> list[Code]:
    return [parse_code(trial.code) for trial in one.ranked]


def test_the_search_goes_on_where_it_was_paused(at_search: Callable[..., Visit], written: Callable[..., None]) -> None:
    several = optimisation_searches(SMALL)
    written([seen(several[0])])
    written([seen(several[1], 3)], "cancelled")
    visit = at_search()
    assert visit.at.button("optimise-start").label == "Resume 3 searches"
    assert visit.at.dataframe[0].value["state"].tolist() == ["done", "paused"]
    assert "1 of 4 searches done, 9 candidates kept" in visit.text
    visit.press("optimise-start")
    assert {run.run for run in services.store().runs(of=Search)} == {search.digest for search in several}
    visit.press("optimise-pause")
    assert [run.state for run in services.store().runs(of=Search)].count("cancelled") == 3
    rows = [row for _, row in services.store().rows(several[1].digest, Trial)]
    assert len(rows) >= 3


def test_cancel_forgets_what_is_unfinished(at_search: Callable[..., Visit], written: Callable[..., None]) -> None:
    several = optimisation_searches(SMALL)
    written([seen(several[0])])
    written([seen(several[1], 3), seen(several[2], 1)], "cancelled")
    visit = at_search()
    assert "Forget 2 unfinished searches with 4 candidates, for everybody?" in visit.text
    visit.at.session_state["optimise-cancelling"] = True  # it is open
    visit.press("optimise-forget")
    assert [run.run for run in services.store().runs(of=Search)] == [several[0].digest]
    assert services.store().rows(several[1].digest, Trial) == []
    assert visit.at.button("optimise-start").label == "Start 3 searches"
    assert not visit.at.session_state["optimise-cancelling"]  # what it asked is answered


def test_the_best_is_opened_in_the_editor(at_search: Callable[..., Visit], written: Callable[..., None]) -> None:
    several = [seen(search) for search in optimisation_searches(SMALL)]
    written(several)
    visit = at_search()
    assert visit.at.button("optimise-open").label == "Open the best in the editor"
    visit.press("optimise-open")
    assert visit.design == candidate_design(several[0].search, parse_code(several[0].ranked[0].code))


def test_another_candidate_is_opened_after_a_click(
    at_search: Callable[..., Visit], written: Callable[..., None]
) -> None:
    several = [seen(search) for search in optimisation_searches(SMALL)]
    written(several)
    visit, other = at_search(), several[1].ranked[2]
    visit.at.session_state["optimise_chosen"] = (several[1].search.digest, other.code)
    visit.look()
    assert visit.at.button("optimise-open").label == "Open in the editor"
    assert f"random, seed 0, no. {other.number + 1}:" in visit.text
    visit.press("optimise-open")
    assert visit.design == candidate_design(several[1].search, parse_code(other.code))


def test_from_the_press_to_the_table(at_search: Callable[..., Visit]) -> None:
    """The real thing: two searches, the runs of the table, and the figures of both."""
    store = Store()
    for search in optimisation_searches(TINY):
        Immediate(store).submit(search)
    visit = at_search(TINY)
    assert visit.at.dataframe[0].value["candidates"].tolist() == ["2 of 2"] * 2
    assert charts(visit, "best") == ["search_best"]
    (run,) = [run for run in store.runs(of=Search) if isinstance(run.task, Search) and run.task.strategy == "ucb"]
    best = min((row for _, row in store.rows(run.run, Trial)), key=lambda row: row.value)
    original = starting_design(TINY, 0)
    wanted = [ann_twin(original), original, candidate_design(optimisation_searches(TINY)[0], parse_code(best.code))]
    assert visit.at.button("optimised-train").label == f"Train the table's {len(set(wanted))} runs"
    for one in wanted:
        Immediate(store).submit(one)
    store.close()
    services.CACHE.clear()
    visit.look()
    table = visit.at.dataframe[1].value
    assert table["seeds"].tolist() == ["1 of 1"] * 3
    assert table["test accuracy"].str.endswith(" %").all()
    assert "of one seed. This says little" in visit.text


def test_its_widgets_change_the_setting_and_the_link() -> None:
    visit = arrived("view=optimise")
    assert link(visit) == "view=optimise"
    visit.widgets["optimise-skips"].set_value("asc")
    visit.look()
    visit.widgets["optimise-iterations"].set_value(5)
    visit.look()
    assert visit.at.session_state["optimisation"] == Optimisation(skips="asc", iterations=5)
    assert link(visit) == "view=optimise&optimise.skips=asc&optimise.iterations=5"
    visit.widgets["optimise-preset"].set_value("DenseNet-121")
    visit.look()
    assert visit.at.session_state["optimisation"] == OPTIMISATIONS["DenseNet-121"]
    assert "optimise-block" in visit.widgets
    assert "optimise-layers" not in visit.widgets
    assert visit.at.warning.len == 0
    visit.widgets["optimise-weights"].set_value("carried")
    visit.look()
    assert "a candidate that is trained later starts from weights that were trained longer" in visit.text


def test_the_switch_turns_to_the_sweep_and_back() -> None:
    visit = Visit(page="skips")
    assert visit.component("snnviz_address", "skips-address")["query"] == "gain=2&controls=with"
    for name, mine, other in (("optimise", "optimise", "skips"), ("sweep", "skips", "optimise")):
        (switch,) = [one for one in visit.at.get("button_group") if one.key == "skips-view"]
        switch.set_value(name)  # type: ignore[attr-defined]
        visit.look()
        assert visit.component("snnviz_address", f"{mine}-address") is not None
        assert visit.component("snnviz_address", f"{other}-address") is None


@pytest.mark.parametrize("setting", [Optimisation(), SMALL, TINY, *OPTIMISATIONS.values()])
def test_every_setting_survives_its_link(setting: Optimisation) -> None:
    assert OPTIMISATION.from_link(dict(parse_qsl(OPTIMISATION.to_link(setting)))) == setting


BAD = {
    "optimise.iterations=0": "optimise.iterations must be a whole number from 1 to 200, got 0",
    "optimise.network=vgg": "optimise.network must be one of",
    "optimise.block=2": "optimise.block must be at most 1 for this network, got 2",
    "optimise.iteration=3": "optimise.iteration must be a field of an optimisation, got 3",
}


@pytest.mark.parametrize(("query", "sentence"), BAD.items(), ids=list(range(len(BAD))))
def test_a_bad_link_is_one_sentence_and_the_default_search(query: str, sentence: str) -> None:
    with pytest.raises(InputError):
        OPTIMISATION.from_link(dict(parse_qsl(query)))
    visit = arrived(f"view=optimise&{query}")
    assert visit.at.session_state["optimisation"] == Optimisation()
    assert len(visit.at.error) == 1
    said = visit.at.error[0].value.replace(JOINER, "").replace("\\", "")
    assert said.startswith(sentence)
    assert said.endswith("The default optimisation is shown instead.")


def test_a_field_without_its_prefix_is_not_dropped_without_a_word() -> None:
    visit = arrived("view=optimise&repeats=3")
    assert visit.at.error[0].value.replace(JOINER, "").startswith("repeats must be a field of a sweep, got 3")


def test_a_view_that_there_is_not_is_one_sentence() -> None:
    visit = arrived("view=both")
    assert len(visit.at.error) == 1
    assert visit.at.error[0].value.replace(JOINER, "").startswith("view must be one of sweep, optimise, got 'both'")
