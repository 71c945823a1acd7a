"""The Skips page: ordinary runs, queued once by one press, drawn as they end; its setting is its link."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl

import pytest

from snnviz.design.experiment import distinct_designs
from snnviz.errors import InputError
from snnviz.store import Run
from snnviz.studies.skips.page import skips
from snnviz.studies.skips.sweep import SWEEPS, SkipSweep, sweep_points
from snnviz.ui.kit import services
from snnviz.ui.kit.words import JOINER
from tests.pages.visit import Visit, by_link

TINY = SkipSweep(most_skips=1, seeds=1, depth=2, channels=2, steps=2, train_samples=100, epochs=1)


@pytest.fixture
def at_skips() -> Callable[[SkipSweep], Visit]:
    """Opens the Skips page with a sweep that trains in moments."""

    def open_page(sweep: SkipSweep) -> Visit:
        visit = Visit(page="skips")
        visit.at.session_state["sweep"] = sweep
        visit.at.session_state["skips_revision"] = 1
        return visit.look()

    return open_page


arrived = partial(by_link, "skips")


def link(visit: Visit) -> str:
    query: str = visit.component("snnviz_address", "skips-address")["query"]
    return query


def test_one_press_queues_all_of_them_once(at_skips: Callable[[SkipSweep], Visit]) -> None:
    visit = at_skips(TINY)
    assert visit.at.button("skips-train").label == "Train these 6 runs"
    visit.press("skips-train")
    assert {run.run for run in services.store().runs()} == {
        design.digest for design in distinct_designs(sweep_points(TINY))
    }
    assert at_skips(TINY).at.button("skips-train").disabled
    visit.press("skips-cancel")
    assert {run.state for run in services.store().runs()} == {"cancelled"}


def test_what_is_trained_is_drawn_for_everybody(
    at_skips: Callable[[SkipSweep], Visit], trained: Callable[..., Run]
) -> None:
    designs = distinct_designs(sweep_points(TINY))
    for design in designs[:4]:
        trained(design)
    visit = at_skips(TINY)
    assert visit.at.button("skips-train").label == "Train the missing 2 runs"
    table = visit.at.dataframe[-1].value
    assert table["state"].tolist() == ["done"] * 4
    assert table["neurons"].tolist() == ["SNN", "ANN"] * 2
    assert table["test"].between(0, 100).all()
    assert table["rate"].isna().tolist() == [False, True] * 2
    charts = visit.component("snnviz_charts", "skips-charts")["charts"]
    assert [chart["id"] for chart in charts][:2] == ["skips_accuracy", "skips_drop"]
    assert set(table["counts"]) == {"counted"}
    next(one for one in visit.at.get("button_group") if one.key == "skips-count").set_value("neurobench")
    visit.look()
    assert link(visit).endswith("count=neurobench")
    shown = {chart["id"]: chart for chart in visit.component("snnviz_charts", "skips-charts")["charts"]}
    assert "NeuroBench (Yik et al. 2025)" in shown["skips_operations"]["caption"]
    assert "DSC, ANN, all" in [trace["name"] for trace in shown["skips_energy"]["traces"]]
    assert visit.at.dataframe[-1].value["MACs"].max() >= table["MACs"].max()
    names = [trace["name"] for trace in charts[0]["traces"]]
    assert names == ["DSC", "DSC, ANN", "ASC", "ASC, ANN"]


def test_a_run_is_opened_on_the_design_page(
    at_skips: Callable[[SkipSweep], Visit], trained: Callable[..., Run]
) -> None:
    design = distinct_designs(sweep_points(TINY))[1]
    trained(design)
    visit = at_skips(TINY)
    visit.at.session_state["skips-table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    visit.look()
    visit.press("skips-open")
    assert visit.design == design


def test_its_widgets_change_the_sweep_and_the_link() -> None:
    visit = Visit(page="skips")
    assert link(visit) == "gain=2&controls=with"
    visit.widgets["skips-types"].set_value("asc")
    visit.look()
    visit.widgets["skips-beta"].set_value(0.5)
    visit.look()
    assert visit.at.session_state["sweep"] == SkipSweep(types="asc", beta=0.5, gain=2, controls="with")
    assert link(visit) == "types=asc&beta=0.5&gain=2&controls=with"
    visit.widgets["skips-preset"].set_value("normalised")
    visit.look()
    assert visit.at.session_state["sweep"] == SWEEPS["normalised"]
    assert link(visit) == "norm=batch&controls=with"
    assert visit.widgets["skips-types"].value == "both"


def test_how_networks_learn_is_set_by_widgets_and_by_a_papers_recipe() -> None:
    visit = Visit(page="skips")
    visit.widgets["skips-optimizer"].set_value("sgd")
    visit.look()
    visit.widgets["skips-optimizer.sgd.momentum"].set_value(0.8)
    visit.look()
    visit.widgets["skips-learning_rate"].set_value(0.1)
    visit.look()
    assert "optimizer=sgd:momentum=0.8&learning_rate=0.1" in link(visit)
    visit.widgets["skips-recipe"].set_value("skips, CIFAR10-DVS")
    visit.look()
    sweep = visit.at.session_state["sweep"]
    assert (dict(sweep.optimizer), sweep.learning_rate) == ({"kind": "sgd", "momentum": 0.9, "weight_decay": 0}, 0.025)
    assert (sweep.epochs, sweep.steps, sweep.gain) == (100, 6, 2)
    assert "nor are the time steps" in visit.text


BEFORE = {
    "norm=batch": SkipSweep(norm="batch"),
    "types=asc&beta=0.5": SkipSweep(types="asc", beta=0.5),
    "types=dsc&seeds=2": SkipSweep(types="dsc", seeds=2),
    "gain=0.33": SkipSweep(),
}


@pytest.mark.parametrize("query", BEFORE)
def test_a_link_of_before_gives_the_designs_of_before(query: str) -> None:
    """Weak weights and no controls, whatever the page opens with."""
    found = distinct_designs(sweep_points(skips.SWEEP.from_link(dict(parse_qsl(query)))))
    assert found == distinct_designs(sweep_points(BEFORE[query]))
    assert {design.init["gain"] for design in found if design.neuron.kind == "lif"} == {0.33}


def test_what_is_left_of_it_is_said_with_its_interval(
    at_skips: Callable[[SkipSweep], Visit], trained: Callable[..., Run]
) -> None:
    sweep = TINY.model_copy(update={"controls": "with", "twins": "without", "types": "dsc", "channels": 4})
    for design in distinct_designs(sweep_points(sweep)):
        trained(design)
    visit = at_skips(sweep)
    said = visit.text.replace(JOINER, "").replace("\\", "")
    assert " over a plain block of equal parameters: " in said
    assert "points, of one seed" in said
    assert "of the neurons of the network without skips spike in a time step" in said
    charts = visit.component("snnviz_charts", "skips-charts")["charts"]
    assert [chart["id"] for chart in charts][:2] == ["skips_accuracy", "skips_left"]
    table = visit.at.dataframe[-1].value
    assert table["control for"].dropna().tolist() == ["1 DSC parameters", "1 DSC operations"]
    visit = at_skips(sweep.model_copy(update={"controls": "without"}))
    assert "No control" in visit.text


@pytest.mark.parametrize("sweep", [SkipSweep(), TINY, *SWEEPS.values(), SkipSweep(data="mnist", twins="without")])
def test_every_sweep_survives_its_link(sweep: SkipSweep) -> None:
    assert skips.SWEEP.from_link(dict(parse_qsl(skips.SWEEP.to_link(sweep)))) == sweep


BAD = {
    "seeds=99": "seeds must be a whole number from 1 to 10, got 99",
    "types=csd": "types must be one of both, dsc, asc, got 'csd'",
    "data=minst": "data must be one of digits, mnist, fashion-mnist",
    "sed=3": "sed must be a field of a sweep, got 3",
    f"data={'x' * 9000}": "link must be at most 8,192 characters long, got 9,004 characters",
}


@pytest.mark.parametrize(("query", "sentence"), BAD.items(), ids=list(range(len(BAD))))
def test_a_bad_link_is_one_sentence_and_the_default_sweep(query: str, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        skips.SWEEP.from_link(dict(parse_qsl(query)))
    assert str(error.value).startswith(sentence)
    visit = arrived(query)
    assert visit.at.session_state["sweep"] == SWEEPS["small"]
    assert len(visit.at.error) == 1
    assert "The default sweep is shown instead" in visit.at.error[0].value.replace(JOINER, "")


def test_a_link_says_how_operations_are_counted() -> None:
    visit = arrived("types=dsc&count=neurobench")
    assert visit.at.session_state["skips_count"] == "neurobench"
    assert visit.at.session_state["sweep"] == SkipSweep(types="dsc")
    assert arrived("types=dsc").at.session_state["skips_count"] == "additions"
    wrong = arrived("types=dsc&count=synops")
    assert "count must be one of additions, neurobench" in wrong.at.error[0].value.replace(JOINER, "")


def test_a_link_gives_its_sweep() -> None:
    visit = arrived("types=dsc&seeds=2")
    assert visit.at.session_state["sweep"] == SkipSweep(types="dsc", seeds=2)
    assert len(visit.at.error) == 0
    assert visit.at.button("skips-train").label == "Train these 16 runs"
    assert "The paper's numbers, full scale" in visit.text
