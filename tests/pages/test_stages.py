"""A network of blocks on the Design page: chosen, resized, drawn, copied, taken back."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from snnviz.catalog.examples import get_example
from snnviz.design import adjacency, links
from snnviz.design.design import Design
from snnviz.design.networks import StagedNetwork
from snnviz.design.staged import StagedKind
from snnviz.graph.twins import ann_twin
from snnviz.ui.components.stages import clicked
from snnviz.ui.kit import fragments, state
from tests.pages.visit import Session, Visit

KINDS = get_args(StagedKind)
DRAWN = "000100/000000/000002/000000/000000/000000"


def network(visit: Visit) -> StagedNetwork:
    found = visit.design.network
    assert isinstance(found, StagedNetwork)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_chosen_in_a_size_that_trains_soon_and_a_click_makes_it_whole(kind: str) -> None:
    visit = Visit()
    visit.put("network.kind", kind)
    small = get_example(f"{kind}-digits").network
    assert visit.design.network == small
    assert visit.design.neuron == Design().neuron
    assert len(visit.component("snnviz_stages")["cards"]) == len(network(visit).originals) + 2 + (kind == "mobilenetv2")
    visit.press("full-size")
    assert visit.design.network == StagedNetwork(kind=kind)  # type: ignore[arg-type]
    assert visit.link == f"network.kind={kind}"
    visit.press("small-size")
    assert visit.design.network == small
    visit.press("like-example")
    assert visit.design == get_example(f"{kind}-digits")
    assert visit.errors == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_the_form_is_there_and_matrices_are_not(kind: str) -> None:
    fields = ("kind", "code", "width", "depth", "dsc_fraction", "norm")
    visit = Visit(f"network.kind={kind}")
    assert set(visit.open("Network").widgets) == {f"network.{name}" for name in fields}
    visit.put("network.width", 0.5).put("network.norm", "none").put("network.dsc_fraction", 0.5)
    assert visit.link == f"network.kind={kind}&network.width=0.5&network.dsc_fraction=0.5&network.norm=none"
    assert visit.errors == []


def test_the_twin_of_a_staged_network_is_on_the_same_page() -> None:
    visit = Visit("network.kind=densenet121&network.width=0.125&network.depth=0.25")
    before = visit.design
    visit.open("Neuron").put("neuron.kind", "relu")
    assert visit.design == ann_twin(before)
    assert visit.component("snnviz_stages")["opened"] == 1
    visit.open("Network").press("like-example")
    assert (visit.design.data.steps, visit.errors) == (1, [])


def test_a_link_opens_the_first_block_that_is_drawn() -> None:
    visit = Visit({"network.kind": "resnet18", "network.blocks": f";;{DRAWN};"})
    assert visit.component("snnviz_stages")["opened"] == 3
    editor = visit.component("snnviz_block_editor")
    assert editor["edges"] == [list(row) for row in adjacency.parse(DRAWN, rows=6)]
    assert editor["labels"] == ["in", "L1", "L2", "L3", "L4", "out"]
    assert [preset["name"] for preset in editor["presets"]] == [
        "original",
        "sequential",
        "resnet-like",
        "densenet-like",
    ]
    assert [card["changed"] for card in visit.component("snnviz_stages")["cards"]] == [False] * 3 + [True] + [False] * 2


def test_a_matrix_goes_to_all_blocks_of_its_size_and_all_go_back() -> None:
    visit = Visit({"network.kind": "resnet18", "network.width": "0.125", "network.blocks": f";{DRAWN};;"})
    revision = visit.component("snnviz_block_editor")["rev"]
    visit.press("copy-block")
    assert network(visit).blocks == ";".join([DRAWN] * 4)
    assert visit.component("snnviz_block_editor")["rev"] != revision
    assert visit.component("snnviz_stages")["opened"] == 2
    assert visit.at.button("copy-block").disabled
    visit.press("original-blocks")
    assert network(visit).blocks == ""
    assert links.from_query(visit.link) == visit.design


def test_another_depth_keeps_the_blocks_that_fit_says_which_do_not_and_brings_them_back() -> None:
    blocks = ["", "", "", "", adjacency.to_compact_text(adjacency.sequential(4)), "", "002/000/000"]
    visit = Visit({"network.kind": "mobilenetv2", "network.width": "0.125", "network.blocks": ";".join(blocks)})
    before = visit.design
    visit.put("network.depth", 0.5)
    assert network(visit).depth == 0.5
    assert network(visit).blocks == ";;;;;;002/000/000"  # of one layer, then as now
    assert [toast.value for toast in visit.at.toast] == [
        "What was drawn in block 5 does not fit the new number of layers. It comes back at depth 1."
    ]
    assert visit.errors == []
    visit.put("network.depth", 1.0)
    assert visit.design == before
    visit.put("network.depth", None)
    assert visit.design == before


def test_kinds_come_back_as_they_were() -> None:
    visit = Visit({"network.kind": "resnet18", "network.width": "0.125", "network.blocks": f";{DRAWN};;"})
    before = visit.design
    visit.put("network.kind", "block").put("network.kind", "mobilenetv2").put("network.kind", "resnet18")
    assert visit.design == before
    assert visit.component("snnviz_stages")["opened"] == 2


def test_a_drawn_block_reruns_what_depends_on_it_and_no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit("network.kind=resnet18&network.width=0.125")
    rev, asked = visit.component("snnviz_block_editor")["rev"], []
    names = ("design", "problem", "editor_revision", "revision", "compared", "opened")
    session: Any = {name: visit.at.session_state[name] for name in names}
    edges = [list(row) for row in adjacency.parse(DRAWN, rows=6)]
    session |= {"resnet18-2": {"drawn": {"rev": rev, "edges": edges}}}
    monkeypatch.setattr(state.st, "session_state", Session(session))
    monkeypatch.setattr(fragments, "_resolved", list)
    monkeypatch.setattr(state.st, "rerun", lambda *scope: asked.append(scope))
    state.put_drawn(2)
    assert asked == [(["preview", "expected", "stages"],)]
    assert state.design().network.blocks == f";{DRAWN};;"  # type: ignore[union-attr]
    for wrong in ([[0, 0, 1], [0, 0, 0], [0, 0, 0]], [[0] * 6] * 5 + [[0, 1, 0, 0, 0, 0]], "x"):
        state.st.session_state["resnet18-2"] = {"drawn": {"rev": rev, "edges": wrong}}
        state.put_drawn(2)
    state.put_drawn(9)
    assert state.design().network.blocks == f";{DRAWN};;"  # type: ignore[union-attr]


@pytest.mark.parametrize("sent", [0, 5, True, "2", None, [2], 2.0])
def test_no_click_opens_what_is_no_block(sent: object) -> None:
    assert clicked("nowhere", 4) is None
    state.st.session_state["row"] = {"opened": sent}
    assert clicked("row", 4) is None
    state.st.session_state["row"] = {"opened": 4}
    assert clicked("row", 4) == 4
    del state.st.session_state["row"]
