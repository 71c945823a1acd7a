"""What is drawn on the Design page, and what is offered where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from snnviz.design import links
from snnviz.graph.nearest import nearest_design
from snnviz.graph.ttfs import ttfs_network
from snnviz.ui.kit import fragments, state
from snnviz.views import changes
from tests.pages.visit import Session, Visit

IN_A_ROW = "Neurons that spike once stand in layers in a row, without skips"

Begin = Callable[[str], tuple[dict[str, Any], list[Any]]]


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Opens a link; returns its session and what will be asked to rerun.

    The test then calls the editor's callback: AppTest has no browser that would fire it.
    """

    def begin(link: str) -> tuple[dict[str, Any], list[Any]]:
        asked: list[Any] = []
        visit = Visit(link)
        sent = visit.component("snnviz_block_editor")
        session: Any = {"block": {"drawn": {"rev": sent["rev"]}}}
        for name in ("design", "problem", "editor_revision", "revision", "compared"):
            session[name] = visit.at.session_state[name]
        monkeypatch.setattr(state.st, "session_state", Session(session))
        monkeypatch.setattr(fragments, "_resolved", list)
        monkeypatch.setattr(state.st, "rerun", lambda *scope: asked.append(scope))
        return state.st.session_state, asked

    return begin


def test_what_is_drawn_is_the_design_once_the_page_hears_of_it(drawing: Begin) -> None:
    session, asked = drawing("seed=3")
    session["block"]["drawn"]["edges"] = [[0, 0, 1], [0, 0, 0], [0, 1, 0]]
    state.put_drawn()
    assert asked == [(["preview", "expected"],)]
    assert links.to_query(state.design()) == "network.edges=001/000/010&seed=3"
    session["block"]["drawn"] = {"rev": "stale", "edges": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}
    state.put_drawn()
    assert links.to_query(state.design()) == "network.edges=001/000/010&seed=3"


def test_what_is_drawn_against_a_rule_is_a_sentence_and_the_editor_is_set_back(drawing: Begin) -> None:
    session, asked = drawing("network.norm=batch")
    before, revision = session["design"], session["editor_revision"]
    session["block"]["drawn"]["edges"] = [[0, 0, 1], [0, 0, 0], [0, 1, 0]]
    state.put_drawn()
    assert session["problem"] == "Normalisation must be none in a block with backward connections, not batch."
    assert session["design"] == before
    assert session["editor_revision"] != revision
    assert asked[0] == ()
    session["block"]["drawn"] = {"rev": session["editor_revision"], "edges": [[0, 0, 1], [0, 0, 0], [0, 0, 0]]}
    asked.clear()
    state.put_drawn()  # the sentence goes
    assert session["problem"] == ""
    assert asked[0] == ()


def test_what_stands_in_the_way_of_one_spike_a_neuron_goes_at_a_click_and_comes_back_at_another() -> None:
    visit = Visit("network.edges=0010/0002/0000/0200").open("Network")
    start = visit.design
    visit.put("network.code", "ttfs")
    assert visit.design == start
    assert visit.errors == [f"{IN_A_ROW}, and this block has 1 DSC + 1 ASC + 1 backward."]
    near = nearest_design(start, code="ttfs")
    assert f"What works changes: {changes.nearest_changes(near)}." in visit.text.replace("\\", "")
    assert "Skips none instead of 1 DSC + 1 ASC + 1 backward" in changes.nearest_changes(near)
    assert not visit.at.toast
    visit.press("design-nearest")
    assert visit.design == near.design
    assert visit.errors == []
    visit.press("undo")
    assert visit.design == start
    visit.put("network.code", "ttfs").press("design-nearest").put("network.code", "rate")
    assert visit.design == links.change(start, {"network.edges": "0000/0000/0000/0000"})
    visit.put("network.kind", "resnet18")
    visit.put("network.code", "ttfs").press("design-nearest")
    assert (visit.design.network.kind, visit.design.network.code) == ("vgg", "ttfs")
    visit.put("seed", 5)
    assert not any(button.key == "undo" for button in visit.at.button)


def test_a_link_to_what_cannot_be_offers_what_can() -> None:
    visit = Visit("network.kind=vgg&network.code=ttfs")
    assert visit.errors == [
        "neuron.kind must be relu where network.code is ttfs, got 'lif'. The default design is shown instead."
    ]
    visit.press("design-nearest")
    assert visit.design == ttfs_network(links.from_query("network.kind=vgg"))


def test_a_skip_drawn_in_a_row_of_layers_is_offered_with_the_neurons_of_before(drawing: Begin) -> None:
    session, asked = drawing("network.edges=000/000/000&network.code=ttfs&neuron.kind=relu&data.steps=1&init=kaiming")
    session["parts"] = {"rate": links.from_query("network.edges=000/000/000&neuron.threshold=0.5").document()}
    row = session["design"]
    session["block"]["drawn"]["edges"] = [[0, 0, 2], [0, 0, 0], [0, 0, 0]]
    state.put_drawn()
    assert session["problem"] == f"{IN_A_ROW}, and this block has 1 ASC."
    assert session["design"] == row
    assert asked[0] == ()
    offer = session["offer"]
    assert offer.design == links.from_query("network.edges=002/000/000&neuron.threshold=0.5")
    assert "network.edges=002/000/000 (was 000/000/000)" in offer.summary
    assert "neuron.kind=lif (was relu)" in offer.summary


def test_what_one_spike_a_neuron_cannot_have_is_offered_with_the_code_of_before() -> None:
    visit = Visit("network.kind=cnn&neuron.threshold=0.7").open("Network").put("network.code", "ttfs")
    timed = visit.design
    visit.put("network.norm", "batch")
    assert visit.errors == ["Neurons that spike once have no batch normalisation."]
    assert visit.design == timed
    visit.press("design-nearest")
    assert visit.design == links.from_query("network.kind=cnn&neuron.threshold=0.7&network.norm=batch")
    assert visit.press("undo").design == timed
