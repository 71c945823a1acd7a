"""Neurons are chosen by their place in a layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from snnviz.store import Run
from snnviz.studies.inside.look import Look
from snnviz.studies.inside.page import setting
from tests.pages.visit import Visit, by_link
from tests.studies.inside.page.shown import TINY, charts

PLACES = ("channel", "row", "column")


def choose(visit: Visit, press: str = "show", **place: int) -> Visit:
    for name, value in place.items():
        visit.at.number_input(f"inside-neuron-{name}").set_value(value)
    return visit.press(f"inside-neuron-{press}")


def test_a_neuron_is_chosen_by_layer_channel_row_and_column_or_by_number(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run)))
    visit.at.selectbox("inside-neuron-layer").set_value("L2")
    visit.look()
    choose(visit, channel=3, row=1, column=2)
    number = np.ravel_multi_index((3, 1, 2), (4, 8, 8))
    assert f"look.focus=L2+{number}" in visit.link
    title = charts(visit, "inside-neuron-0")["inside_neuron_0"]["title"]
    assert title == "L2, channel 3, row 1, column 2"
    choose(visit, "add", channel=1, row=7, column=7)
    assert visit.at.session_state["inside"].focus == f"L2 {number}; L2 127"
    assert [visit.at.number_input(f"inside-neuron-{name}").value for name in PLACES] == [1, 7, 7]
    visit.at.selectbox("inside-neuron-layer").set_value("readout")
    visit.look()
    choose(visit, number=9)
    assert visit.at.session_state["inside"].focus == "readout 9"
    linked = by_link("inside", visit.link)
    assert linked.at.selectbox("inside-neuron-layer").value == "readout"
    assert linked.at.number_input("inside-neuron-number").value == 9


@pytest.mark.parametrize(
    ("layer", "place", "sentence"),
    [
        ("L1", {"channel": 4}, "channel must be from 0 to 3 in L1, got 4."),
        ("L1", {"row": -1}, "row must be from 0 to 7 in L1, got -1."),
        ("L1", {"column": 100}, "column must be from 0 to 7 in L1, got 100."),
        ("readout", {"number": 10}, "number must be from 0 to 9 in readout, got 10."),
    ],
)
def test_a_neuron_that_a_layer_lacks_is_one_sentence_and_what_was_chosen_stays(
    trained: Callable[..., Run], layer: str, place: dict[str, int], sentence: str
) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run, focus=f"{layer} 5")))
    choose(visit, **place)
    assert visit.errors == [sentence]
    assert visit.at.session_state["inside"].focus == f"{layer} 5"
    assert charts(visit, "inside-neuron-0")
    choose(visit, **dict.fromkeys(place, 1))
    assert visit.errors == []


def test_a_link_to_neurons_that_are_not_there_leads_on(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run, focus="L9 3")))
    assert any("focus must name neurons of layers of this network" in sentence for sentence in visit.errors)
    visit.press("inside-no-focus")
    assert visit.errors == []
    assert charts(visit, "inside-rasters")


def test_of_several_neurons_one_is_closed(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run, focus="L1 c0")))
    assert len([one for one in visit.at.button if str(one.key).startswith("inside-close-")]) == 64
    choose(visit, "add", channel=1)
    assert visit.errors == ["focus must name at most 64 neurons, got 65."]
    visit = by_link("inside", setting.to_link(Look(run=run.run, focus="L1 3; L2 0 5")))
    visit.press("inside-close-1")
    assert visit.at.session_state["inside"].focus == "L1 3; L2 5"
