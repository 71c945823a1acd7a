"""A network of cells on the Design page: its cell is drawn there, and is the design's at once."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.design.cells import parse, to_text
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.ui.kit import fragments, state
from tests.pages.visit import Visit

LINK = "network.kind=cell&network.cell=0303+0030+2002+0200"


def test_a_link_shows_its_cell_in_the_editor() -> None:
    visit = Visit("network.kind=cell&network.cell=0123/0000/0001/0000")
    sent = visit.component("snnviz_cell_editor")
    assert sent["edges"] == [[0, 1, 2, 3], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert sent["rev"] == visit.at.session_state["editor_revision"]
    assert visit.component("snnviz_block_editor") is None


@pytest.mark.parametrize("rev", ["now", "before"])
def test_what_is_drawn_is_the_designs_at_once(monkeypatch: pytest.MonkeyPatch, rev: str) -> None:
    told = _as_if(monkeypatch)
    state.st.session_state["cell"] = {"drawn": {"rev": rev, "edges": parse("0003 0000 0000 0100")}}
    state.put_cell()
    network = state.design().network
    assert network.kind == "cell"
    assert to_text(network.cell) == ("0003 0000 0000 0100" if rev == "now" else "0303 0030 2002 0200")
    assert told == [["preview", "expected"]]


def test_a_cell_that_leads_nowhere_stays_in_the_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _as_if(monkeypatch)
    state.st.session_state["cell"] = {"drawn": {"rev": "now", "edges": [[0] * 4] * 4}}
    before = state.design()
    state.put_cell()
    assert state.design() == before
    assert state.st.session_state["problem"] == (
        "Cell must lead from node 0 to node 3, not 0000 0000 0000 0000. The design keeps 0303 0030 2002 0200."
    )
    assert state.editor_revision() == "now"
    state.st.session_state["cell"] = {"drawn": {"rev": "now", "edges": parse("0001 0000 0000 0000")}}
    state.put_cell()
    assert state.st.session_state["problem"] == ""
    assert told[0] == told[2] == []  # the whole page: a sentence came, and went


def test_the_editor_is_beside_its_network_alone() -> None:
    visit = Visit(LINK)
    visit.put("network.kind", "block")
    assert visit.component("snnviz_cell_editor") is None
    visit.put("network.kind", "cell")
    assert visit.component("snnviz_cell_editor") is not None


def _as_if(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A session at the page, without one; what each callback asks to be drawn anew."""
    asked: list[Any] = []
    design = change(Design(), {"network.kind": "cell", "network.cell": "0303 0030 2002 0200"})

    class Session(dict[str, Any]):
        __getattr__ = dict.__getitem__
        __setattr__ = dict.__setitem__

    session = Session(design=design, problem="", editor_revision="now", compared=False)
    monkeypatch.setattr(state.st, "session_state", session)
    monkeypatch.setattr(fragments, "_resolved", list)
    monkeypatch.setattr(state.st, "rerun", lambda scope=(): asked.append(list(scope)))
    return asked
