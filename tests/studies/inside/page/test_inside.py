"""The Look inside page, as a visitor sees it without a browser; the process that holds the networks is real."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.store import Run
from snnviz.studies.inside.look import Look
from snnviz.studies.inside.page import client, setting
from tests.pages.visit import Visit, by_link

TINY = Design.check(
    {
        "network": {"kind": "block", "edges": "002/000/000", "channels": 4},
        "neuron": {"threshold": 0.5},
        "data": {"train_samples": 200, "test_samples": 40, "steps": 4},
        "training": {"epochs": 1, "batch_size": 20, "learning_rate": 0.01},
    }
)


@pytest.fixture(autouse=True)
def process_ended() -> Iterator[None]:
    yield
    client.looking().stop()


def charts(visit: Visit, key: str) -> dict[str, Any]:
    return {chart["id"]: chart for chart in visit.component("snnviz_charts", key)["charts"]}


def test_without_a_run_it_says_what_to_do() -> None:
    assert "press Train on the Design page" in by_link("inside", "").text
    assert "This run is not on this server" in by_link("inside", f"look.run={'0' * 16}").text


def test_an_image_is_seen_in_time_and_a_silenced_layer_too(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run, image=7, focus="L1 3")))
    shown = charts(visit, "inside-rasters")["inside_rasters"]
    assert [trace["name"] for trace in shown["traces"]][:3] == ["stem", "L1", "L2"]
    assert len(shown["cursor"]["notes"]) == 4
    neuron = charts(visit, "inside-neuron-0")["inside_neuron_0"]
    assert [trace["name"] for trace in neuron["traces"]][:2] == ["potential u", "threshold"]
    before = {metric.label: metric.value for metric in visit.at.metric}
    visit.at.multiselect[0].set_value(["L1"])
    visit.look()
    assert visit.at.session_state["inside"].silenced == "L1"
    after = {metric.label: metric.value for metric in visit.at.metric}
    assert after["Spikes"] != before["Spikes"]
    grid = visit.component("snnviz_pictures", "inside-grid")
    assert grid is not None


def test_all_images_are_counted_and_troubles_named(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    visit = by_link("inside", setting.to_link(Look(run=run.run), "many"))
    known = charts(visit, "inside-many")
    table = known["inside_confusion"]["traces"][0]
    assert sum(int(cell[0]) for row in table["customdata"] for cell in row) == 40
    silent = by_link("inside", setting.to_link(Look(run=run.run), "why"))
    assert silent.at.success or silent.at.expander
    compared = by_link("inside", setting.to_link(Look(run=run.run), "compare"))
    assert {"inside_raster_0", "inside_raster_1", "inside_difference"} <= charts(compared, "inside-compared").keys()


def test_bad_links_are_one_sentence(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    for link, words in (
        (f"look.run={run.run}&look.image=99", "image must be less than 40"),
        (f"look.run={run.run}&look.silenced=L9", "silenced must name a layer of this network"),
        (f"look.run={run.run}&look.drawn=1x2x2.0f81", "drawn must be a picture of 1x8x8"),
        ("look.run=../../etc/passwd", "must be the name of a run"),
    ):
        visit = by_link("inside", link)
        assert any(words in sentence for sentence in visit.errors), (link, visit.errors)


def test_answers_are_shared_and_a_dead_process_is_a_sentence(trained: Callable[..., Run]) -> None:
    run = trained(TINY)
    first = client.answer("look", Look(run=run.run), 1)
    pid = client.looking().pid
    assert client.answer("look", Look(run=run.run), 1).about == json.loads(json.dumps(dict(first.about)))
    client.looking().stop()
    assert client.looking().pid is None
    assert client.answer("look", Look(run=run.run, image=1), 1).about["image"] == 1
    assert client.looking().pid not in (None, pid)
