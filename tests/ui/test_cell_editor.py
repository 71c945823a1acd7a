"""The Python half of the cell editor: whatever a browser sends, a valid cell comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from snnviz.design import cells
from snnviz.design.cells import PUBLISHED_CELLS, parse, random_cell
from snnviz.ui.components.cell_editor import accept, answer
from tests.ui.test_block_editor import ANYTHING

OLD = parse("0303 0030 2002 0200")
NEW = parse("0101 0000 0400 0000")


def app() -> None:
    import streamlit as st

    from snnviz.design.cells import parse
    from snnviz.ui.components.cell_editor import cell_editor, drawn

    old = parse("0303 0030 2002 0200")
    readonly = st.session_state.get("readonly", False)
    seen = drawn("editor", old, "now")
    st.session_state.result = (seen, cell_editor(old, rev="now", key="editor", readonly=readonly))


@given(ANYTHING)
def test_anything_sent_leaves_a_valid_cell(sent: Any) -> None:
    for value in (sent, {"rev": "now", "edges": sent}):
        assert parse(accept(value, OLD, "now"))


@given(ANYTHING, st.dictionaries(st.sampled_from(["id", "text", "number", "backward", "seed"]), ANYTHING))
def test_any_question_gets_an_answer_or_none(asked: Any, question: dict[str, Any]) -> None:
    for value in (asked, question, {**question, "id": "1"}):
        given_back = answer(value)
        assert given_back is None or json.dumps(given_back)


def test_a_drawing_on_an_older_revision_is_ignored() -> None:
    assert accept({"rev": "before", "edges": NEW}, OLD, "now") == OLD
    assert accept({"rev": "now", "edges": NEW}, OLD, "now") == NEW


@pytest.mark.parametrize(("i", "j"), [(0, 0), (1, 0), (3, 0)])
def test_no_browser_draws_a_pair_both_ways_or_a_node_to_itself(i: int, j: int) -> None:
    edges = [[0, 1, 0, 1], [0] * 4, [0] * 4, [0] * 4]
    edges[i][j] = 2
    assert accept({"rev": "now", "edges": edges}, OLD, "now") == OLD


@pytest.mark.parametrize("size", [3, 5])
def test_a_cell_keeps_its_four_nodes(size: int) -> None:
    assert accept({"rev": "now", "edges": [[0] * size] * size}, OLD, "now") == OLD


@pytest.mark.parametrize("backward", [False, True])
def test_a_random_cell_is_that_of_a_search(backward: bool) -> None:
    for number in (0, 17):
        reply = answer({"id": "1", "number": number, "seed": 5, "backward": backward})
        assert reply == {"id": "1", "edges": random_cell(5, number, backward=backward)}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"number": -1}, "number must be a whole number from 0 to 4999, got -1"),
        ({"seed": 1.5}, "seed must be a whole number from 0 to 2147483647, got 1.5"),
        ({"backward": 1}, "backward must be true or false, got 1"),
        ({"text": "0300 2000 0000 0000"}, "cell[1][0] must be 0 (node 0 feeds node 1 already"),
        ({"text": "nonsense"}, "cell must have 4 rows of 4 operations"),
    ],
)
def test_a_question_that_breaks_a_rule_gets_a_sentence(changed: dict[str, object], sentence: str) -> None:
    reply = answer({"id": "1", "number": 0, "seed": 0, "backward": False} | changed)
    assert reply is not None
    assert str(reply["sentence"]).startswith(sentence)


def test_the_page_gets_what_was_drawn_and_sends_the_published_cells() -> None:
    page = AppTest.from_function(app).run()
    assert page.session_state.result == (OLD, OLD)
    page.session_state["editor"] = {
        "drawn": {"rev": "now", "edges": NEW},
        "ask": {"id": "7", "text": cells.to_text(NEW)},
    }
    page.run()
    assert page.session_state.result == (NEW, NEW)
    data = json.loads(page.get("bidi_component")[0].proto.json)
    assert [preset["name"] for preset in data["presets"]] == list(PUBLISHED_CELLS)
    assert [parse(preset["edges"]["3"]) for preset in data["presets"]] == list(PUBLISHED_CELLS.values())
    assert parse(data["answer"]["edges"]) == NEW
    assert not page.exception


def test_read_only_takes_nothing() -> None:
    page = AppTest.from_function(app)
    page.session_state["readonly"] = True
    page.session_state["editor"] = {"drawn": {"rev": "now", "edges": NEW}, "ask": {"id": "7", "text": "0"}}
    page.run()
    assert page.session_state.result[1] == OLD
    assert json.loads(page.get("bidi_component")[0].proto.json)["answer"] is None


@pytest.mark.parametrize("sent", [None, 3, "x", {"drawn": 5}, {"drawn": {"rev": "now", "edges": [[0]]}}, {"ask": []}])
def test_hostile_state_does_no_harm(sent: Any) -> None:
    page = AppTest.from_function(app).run()
    page.session_state["editor"] = sent
    page.run()
    assert not page.exception
    assert page.session_state.result == (OLD, OLD)
