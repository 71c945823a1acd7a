"""What a button changes elsewhere is said, and undone by a click."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.store import Run
from tests.conftest import MakeDesign
from tests.pages.visit import Visit

START = "neuron.threshold=0.6&network.edges=001/000/000"

Step = Callable[[Visit], object]


def start_from(widget: str, name: str) -> Step:
    def press(visit: Visit) -> object:
        found = next(one for one in visit.at.get("button_group") if (one.key or "").startswith(widget))
        found.set_value(name)
        return visit.look()

    return press


TO_DESIGN = {
    "activity": ("use", "Taken from Activity.", "Time steps T 1 instead of 5"),
    "shortcuts": ("shortcuts-edit", "Taken from Shortcuts.", "Shortcut branches linear"),
    "ttfs": ("ttfs-edit", "Taken from TTFS.", "What a neuron says when it spikes once instead of how often it spikes"),
    "cells": ("cells-train", "Taken from Cells.", "Kind of network cell instead of block"),
}


def notice(visit: Visit) -> str:
    found = [one.value for one in visit.at.markdown if one.value.startswith(":material/info:")]
    return found[0].replace("\\", "").replace("\u2060", "") if found else ""


@pytest.mark.parametrize("page", TO_DESIGN)
def test_what_another_page_brings_into_the_design_is_said_and_undone(page: str) -> None:
    button, done, change = TO_DESIGN[page]
    visit = Visit(START)
    before = visit.design
    visit.go(page).press(button)
    assert visit.design != before
    assert done in notice(visit)
    told = notice(visit) + "".join(one.help or "" for one in visit.at.markdown)
    assert change in told.replace("\\", "")
    visit.press("undo")
    assert visit.design == before
    assert not notice(visit)


def test_a_set_taken_on_the_data_page_and_a_run_that_is_opened(trained: Callable[..., Run], tiny: MakeDesign) -> None:
    run = trained(tiny(), "mine")
    visit = Visit(START)
    before = visit.design
    visit.go("runs").tick(0).press("open")
    assert visit.design == run.design
    assert "Opened run mine." in notice(visit)
    assert visit.at.session_state["watched"] == run.run
    visit.press("undo")
    assert visit.design == before
    assert visit.at.session_state["watched"] is None
    visit.go("data")
    visit.at.session_state["data_other"] = links.change(before, {"data.name": "mnist"})
    visit.look().press("data-use")
    assert "Taken from Data. Data set MNIST instead of Digits" in notice(visit).replace("**", "")
    assert visit.press("undo").design == before


def test_a_field_that_changes_others_says_which() -> None:
    visit = Visit("network.kind=mlp&data.encoding=rate").open("Neuron")
    before = visit.design
    visit.put("neuron.kind", "relu")
    for change in ("Time steps T 1 instead of 5", "Encoding direct instead of rate", "Initialisation kaiming"):
        assert change in notice(visit)
    visit.press("undo")
    assert visit.design == before
    visit.put("neuron.threshold", 0.7)
    assert not notice(visit)
    visit.put("neuron.kind", "relu")
    visit.put("seed", 3)  # it is no longer what the notice tells of
    assert not notice(visit)


def test_a_size_and_an_examples_neuron_come_back() -> None:
    visit = Visit("network.kind=resnet18&network.width=0.25&neuron.threshold=2").open("Network")
    for button, change in (("full-size", "Width (original: 1)"), ("like-example", "Threshold θ")):
        before = visit.design
        visit.press(button)
        assert change.partition(" ")[0] in notice(visit)
        assert visit.press("undo").design == before


@pytest.mark.parametrize(
    ("page", "state", "steps", "done"),
    [
        ("activity", "setting", [lambda visit: visit.press("bring")], "Loaded from Design."),
        ("skips", "sweep", [start_from("skips-preset", "half the channels")], "Started from"),
        ("shortcuts", "shortcuts_design", [start_from("shortcuts-start", "Design page")], "Started from Design page."),
        ("ttfs", "ttfs_design", [start_from("ttfs-start", "small cnn")], "Started from"),
    ],
)
def test_a_pages_own_setting_that_is_replaced_comes_back(page: str, state: str, steps: list[Step], done: str) -> None:
    visit = Visit(START).go(page)
    before = visit.at.session_state[state]
    for step in steps:
        step(visit)
    assert visit.at.session_state[state] != before
    assert done in notice(visit)
    visit.press("undo")
    assert visit.at.session_state[state] == before
    assert not notice(visit)


def test_a_refusal_is_said_once_and_mended_by_a_click() -> None:
    visit = Visit("network.edges=001/000/010").open("Network")
    visit.put("network.norm", "batch")
    assert visit.errors == ["Normalisation must be none in a block with backward connections, not batch."]
    assert not visit.at.toast
    visit.press("design-nearest")
    assert visit.errors == []
    assert visit.design == links.change(Design(), {"network.edges": "001/000/000", "network.norm": "batch"})
    assert "Skips 1 DSC instead of 1 DSC + 1 backward" in notice(visit)
    visit.press("undo")
    assert visit.design == links.change(Design(), {"network.edges": "001/000/010"})
    visit.put("network.norm", "batch").press("close-refusal")
    assert visit.errors == []
