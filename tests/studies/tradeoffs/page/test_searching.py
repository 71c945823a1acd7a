"""The view Search: few of an experiment's combinations, judged by what is held out, and what is found."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.design.experiment import Experiment
from snnviz.store import Store
from snnviz.studies.tradeoffs.charts.searching import front_table, search_charts
from snnviz.studies.tradeoffs.search import FrontSearch, FrontSetting, FrontTrial, front_searches
from snnviz.studies.tradeoffs.theory.fronts import FrontHistory
from snnviz.ui.kit import services
from snnviz.views.chart import payload
from tests.pages.visit import Visit, by_link
from tests.studies.tradeoffs.compute.test_searching import make, tried

BASE = "network.kind=mlp&network.depth=1&network.width=8&data.steps=2&data.train_samples=80&data.test_samples=40"
LINK = f"{BASE}&training.epochs=1&training.batch_size=20&vary.1=neuron.threshold=0.5,1,1.5&vary.2=network.width=4,8"
VIEW = f"{LINK}&view=search&search.iterations=2"


def searches(visit: Visit) -> tuple[FrontSearch, ...]:
    asked: Experiment = visit.at.session_state["experiment"]
    setting: FrontSetting = visit.at.session_state["front"]
    return front_searches(asked.base, asked.vary, setting)


def planted(store: Store, search: FrontSearch) -> None:
    """As if it had been run: the wider, the better and the dearer, but for the last."""
    store.submit(search)
    claim = store.claim("test", search.digest)
    assert claim is not None
    rows = [
        FrontTrial(
            n, 0, n // 2, f"{n % 3}-{n % 2}", 0.6 + 0.1 * n, None, 1000.0 * (1 + n) if n < 3 else 9000.0, None, 1
        )
        for n in range(search.trials)
    ]
    store.append_rows(claim.run, claim.attempt, rows)
    store.finish(claim.run, claim.attempt, "done")


def test_a_link_opens_the_view_with_its_setting() -> None:
    visit = by_link("tradeoffs", VIEW)
    assert visit.at.session_state["front"] == FrontSetting(iterations=2)
    assert "view=search" in visit.link
    assert "search.iterations=2" in visit.link
    assert "4 of 6 combinations" in visit.text
    assert "(3 × 2)" in visit.text
    assert "chosen on the test images" in visit.text
    assert [(one.strategy, one.design.data.validation) for one in searches(visit)] == [("qlognehvi", 0), ("random", 0)]


def test_images_are_held_out_at_a_press_of_which_the_link_tells() -> None:
    visit = by_link("tradeoffs", VIEW)
    visit.at.button(key="search-hold-out").click()
    visit = visit.look()
    assert [one.design.data.validation for one in searches(visit)] == [0.15, 0.15]
    assert "chosen by validation accuracy; the test images had no say" in visit.text
    assert "data.validation=0.15" in visit.link
    assert not [one for one in visit.at.button if one.key == "search-hold-out"]


def test_a_second_cost_is_another_search() -> None:
    visit = by_link("tradeoffs", VIEW)
    menus = [one for one in visit.at.selectbox if (one.key or "").startswith("front-cost@")]
    menus[1].set_value("rate")
    visit = visit.look()
    assert {one.costs for one in searches(visit)} == {"operations,rate"}
    assert "search.costs=operations%2Crate" in visit.link or "search.costs=operations,rate" in visit.link


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("&search.costs=speed", "costs must be of "),
        ("&search.iterations=0", "iterations must be a whole number from 1 to 200"),
    ],
)
def test_a_broken_link_is_a_sentence(more: str, sentence: str) -> None:
    visit = by_link("tradeoffs", f"{LINK}&view=search{more}")
    assert sentence in visit.text
    assert visit.at.session_state["front"] == FrontSetting()


def test_what_cannot_be_searched_is_said_and_nothing_can_be_started() -> None:
    visit = by_link("tradeoffs", f"{BASE}&vary.1=data.validation=0,0.2&view=search")
    assert "leave seed and data.validation as they are in a search" in visit.text
    assert not [one for one in visit.at.button if (one.key or "").startswith("front-start")]


def test_a_search_that_is_done_shows_its_front_and_opens_it() -> None:
    visit = by_link("tradeoffs", VIEW)
    for one in searches(visit):
        planted(services.store(), one)
    services.CACHE.clear()
    visit = by_link("tradeoffs", VIEW)
    assert "2 searches, 8 candidates" in visit.text
    table = next(one.value for one in visit.at.dataframe if "no." in one.value)
    assert table["search"].tolist() == ["qLogNEHVI"] * 4 + ["random"] * 4
    assert table["accuracy"].tolist()[:4] == pytest.approx([90, 80, 70, 60])
    assert "3 other seeds" in visit.text + str([one.label for one in visit.at.button])


def test_the_front_is_trained_with_other_seeds_at_a_press(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ordinary runs, each design of the front by qLogNEHVI three times."""
    store = services.store()
    visit = by_link("tradeoffs", VIEW)
    several = searches(visit)
    for one in several:
        planted(store, one)
    services.CACHE.clear()
    visit = by_link("tradeoffs", VIEW)
    trials = [trial for _, trial in store.rows(several[0].digest, FrontTrial)]
    front = FrontHistory.from_rows(several[0], trials).front
    monkeypatch.setattr(services, "engine", lambda: store)  # nobody works at it
    visit.press("search-again-train")
    wanted = {one.design.model_copy(update={"seed": seed}).digest for one in front for seed in (1, 2, 3)}
    assert len(wanted) == 3 * len(front) > 0
    assert {run.run for run in store.runs()} == wanted
    assert {run.state for run in store.runs()} == {"queued"}


def test_figures_are_ones_that_a_browser_takes() -> None:
    search = make(iterations=3, costs="operations,rate")
    both = [search, make(iterations=3, costs="operations,rate", strategy="random")]
    histories = [FrontHistory.from_rows(one, tried(one)) for one in both]
    shown = search_charts(histories)
    assert [chart.id for chart in shown] == ["search_operations", "search_rate", "search_covered"]
    payload(shown, "/lib.js")
    covered: list[dict[str, Any]] = shown[-1].figure["data"]
    assert [len(line["y"]) for line in covered] == [6, 6]
    assert all(a <= b for line in covered for a, b in zip(line["y"], line["y"][1:], strict=False))
    two = [*histories, FrontHistory.from_rows(search.model_copy(update={"seed": 1}), tried(search)[:4])]
    drawn: list[dict[str, Any]] = search_charts(two)[-1].figure["data"]
    assert [(line["name"], len(line["y"]), line["showlegend"]) for line in drawn] == [
        ("qLogNEHVI", 6, False),
        ("qLogNEHVI", 4, False),
        ("qLogNEHVI", 4, True),  # the mean, as far as both have come
        ("random", 6, True),
    ]
    assert drawn[2]["y"] == pytest.approx(
        [(a + b) / 2 for a, b in zip(drawn[0]["y"], drawn[1]["y"], strict=False)], abs=1e-3
    )
    table = front_table(histories)
    assert {"validation_accuracy", "accuracy", "operations", "rate"} <= {*table}
    assert len(table) == sum(len(one.front) for one in histories)
