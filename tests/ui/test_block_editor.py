"""The Python half of the block editor: whatever a browser sends, a valid matrix comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from snnviz.design import adjacency
from snnviz.errors import InputError
from snnviz.ui.components.block_editor import PRESETS, accept, answer, block_editor, new_revision

OLD = adjacency.resnet_like(4)
SIZES = [2, 3, 14, 26]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=90,
)


def app() -> None:
    import streamlit as st

    from snnviz.design import adjacency
    from snnviz.ui.components.block_editor import block_editor, drawn

    old = adjacency.resnet_like(4)
    seen = drawn("editor", old, "now")
    st.session_state.result = (seen, block_editor(old, rev="now", key="editor"))


def stage() -> None:
    import streamlit as st

    from snnviz.design import adjacency
    from snnviz.ui.components.block_editor import block_editor, drawn

    size = st.session_state.get("size", 26)
    old = adjacency.sequential(size - 1)
    seen = drawn("stage", old, "now", fixed=True)
    names = ["in", *(f"L{k}" for k in range(1, size - 1)), "out"]
    made = {"all": ("every place", adjacency.densenet_like(size - 1))} if size != 3 else None
    shown = block_editor(old, rev="now", key="stage", fixed=True, labels=names, presets=made)
    st.session_state.result = (seen, shown)


@given(ANYTHING)
def test_anything_sent_leaves_a_valid_matrix(sent: Any) -> None:
    for value in (sent, {"rev": "now", "edges": sent}):
        assert adjacency.parse(accept(value, OLD, "now"))


@given(ANYTHING, st.dictionaries(st.sampled_from(["id", "text", "depth", "n_skip", "edge", "seed"]), ANYTHING))
def test_any_question_gets_an_answer_or_none(asked: Any, question: dict[str, Any]) -> None:
    for value in (asked, question, {**question, "id": "1"}):
        given_back = answer(value)
        assert given_back is None or json.dumps(given_back)


def test_a_drawing_on_an_older_revision_is_ignored() -> None:
    drawing = {"rev": "before", "edges": adjacency.densenet_like(4)}
    assert accept(drawing, OLD, "now") == OLD
    assert accept({**drawing, "rev": "now"}, OLD, "now") == adjacency.densenet_like(4)


def test_a_drawing_may_have_another_depth() -> None:
    edges = [list(row) for row in adjacency.sequential(8)]
    assert accept({"rev": "now", "edges": edges}, OLD, "now") == adjacency.sequential(8)


def test_backward_connections_are_taken_and_nothing_else_below_the_diagonal() -> None:
    edges = [[0, 0, 2, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 2, 1, 0]]
    assert accept({"rev": "now", "edges": edges}, OLD, "now") == adjacency.parse(edges)
    assert answer({"id": "1", "text": "0000/0000/0100/0210"}) == {
        "id": "1",
        "edges": adjacency.parse("0000/0000/0100/0210"),
    }
    for i, j in [(1, 0), (3, 0), (2, 2)]:
        wrong = [[int((a, b) == (i, j)) for b in range(4)] for a in range(4)]
        assert accept({"rev": "now", "edges": wrong}, OLD, "now") == OLD


@given(ANYTHING, st.sampled_from(SIZES))
def test_anything_sent_leaves_a_fixed_block_its_size(sent: Any, size: int) -> None:
    old = adjacency.sequential(size - 1)
    for value in (sent, {"rev": "now", "edges": sent}):
        assert len(accept(value, old, "now", fixed=True)) == size
        for question in (
            sent,
            {"id": "1", "text": sent},
            {"id": "1", "depth": sent, "n_skip": 0, "edge": 1, "seed": 0},
        ):
            reply = answer(question, rows=size)
            assert reply is None or "sentence" in reply or len(reply["edges"]) == size  # type: ignore[arg-type]


@pytest.mark.parametrize("size", SIZES)
def test_a_fixed_block_takes_matrices_of_its_size_alone(size: int) -> None:
    old, full = adjacency.sequential(size - 1), adjacency.densenet_like(size - 1)
    assert accept({"rev": "now", "edges": full}, old, "now", fixed=True) == full
    for other in {2, 3, 4, 25, 26, 27} - {size}:
        wrong = {"rev": "now", "edges": adjacency.densenet_like(other - 1)}
        assert accept(wrong, old, "now", fixed=True) == old
    assert answer({"id": "1", "text": adjacency.to_text(full)}, rows=size) == {"id": "1", "edges": full}
    reply = answer({"id": "1", "text": "0000/0000/0000/0000"}, rows=size)
    assert reply == {"id": "1", "sentence": f"block must be a square matrix with {size} rows, got 4 rows"}


def test_a_fixed_block_is_drawn_from_a_seed_at_its_depth_alone() -> None:
    question = {"id": "1", "depth": 25, "n_skip": 24, "edge": 1, "seed": 3}
    assert answer(question, rows=26) == {"id": "1", "edges": adjacency.densenet_like(25)}
    assert answer(question | {"depth": 8}, rows=26) == {"id": "1", "sentence": "depth must be 25, got 8"}
    assert answer(question) == {"id": "1", "sentence": "depth must be a whole number from 2 to 8, got 25"}


def test_a_drawing_with_backward_connections_can_be_ignored() -> None:
    edges = adjacency.edges_from_skips(9, {(5, 2): adjacency.DSC})
    sent, old = {"rev": "now", "edges": edges}, adjacency.sequential(9)
    assert accept(sent, old, "now", fixed=True) == edges
    assert accept(sent, old, "now", fixed=True, backward=False) == old


@pytest.mark.parametrize("size", SIZES)
def test_the_page_sends_a_fixed_block_its_labels_and_presets(size: int) -> None:
    page = AppTest.from_function(stage)
    page.session_state.size = size
    page.session_state["stage"] = {
        "drawn": {"rev": "now", "edges": adjacency.densenet_like(size - 1)},
        "ask": {"id": "7", "text": "0"},
    }
    page.run()
    assert not page.exception
    assert page.session_state.result == (adjacency.densenet_like(size - 1),) * 2
    data = json.loads(page.get("bidi_component")[0].proto.json)
    assert data["fixed"]
    assert data["labels"] == ["in", *(f"L{k}" for k in range(1, size - 1)), "out"]
    assert [preset["name"] for preset in data["presets"]] == (list(PRESETS) if size == 3 else ["all"])
    assert data["presets"][-1]["edges"] == {str(size - 1): adjacency.to_compact_text(adjacency.densenet_like(size - 1))}
    assert data["answer"] == {"id": "7", "sentence": f"block must be a square matrix with {size} rows, got 1 rows"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"labels": ["in", "out"], "fixed": True}, "2 labels for 5 vertices"),
        ({"labels": ["in", "L1", "L2", "L3", "L4"]}, "of a fixed block"),
        ({"presets": {"a": ("b", OLD)}}, "of a fixed block"),
        ({"presets": {"a": ("b", OLD[:3])}, "fixed": True}, "a must be a square matrix with 5 rows, got 3 rows"),
    ],
)
def test_a_page_that_contradicts_itself_is_told(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises((ValueError, InputError), match=why):
        block_editor(OLD, rev="now", key="wrong", **wrong)


@pytest.mark.parametrize("edge", [adjacency.DSC, adjacency.ASC])
def test_a_draw_from_a_seed_is_that_of_the_library(edge: int) -> None:
    reply = answer({"id": "1", "depth": 6, "n_skip": 3, "edge": edge, "seed": 5})
    assert reply == {"id": "1", "edges": adjacency.with_n_skip(6, 3, edge, 5)}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"n_skip": 9}, "n_skip must be a whole number from 0 to 3, got 9"),
        ({"seed": 1.5}, "seed must be a whole number from 0 to 2147483647, got 1.5"),
        ({"depth": True}, "depth must be a whole number from 2 to 8, got True"),
    ],
)
def test_a_question_out_of_range_gets_a_sentence(changed: dict[str, object], sentence: str) -> None:
    question = {"id": "1", "depth": 4, "n_skip": 1, "edge": 1, "seed": 0}
    assert answer(question | changed) == {"id": "1", "sentence": sentence}


def test_revisions_are_never_the_same() -> None:
    assert len({new_revision() for _ in range(1000)}) == 1000


def test_the_page_gets_what_was_drawn_and_sends_the_presets() -> None:
    page = AppTest.from_function(app).run()
    assert page.session_state.result == (OLD, OLD)
    page.session_state["editor"] = {"drawn": {"rev": "now", "edges": adjacency.densenet_like(5)}}
    page.run()
    assert page.session_state.result == (adjacency.densenet_like(5), adjacency.densenet_like(5))
    data = json.loads(page.get("bidi_component")[0].proto.json)
    assert [preset["name"] for preset in data["presets"]] == list(PRESETS)
    assert data["presets"][2]["edges"]["3"] == "0011/0001/0000/0000"
    assert not page.exception


def test_the_page_answers_a_question() -> None:
    page = AppTest.from_function(app).run()
    page.session_state["editor"] = {"ask": {"id": "7", "text": "0 0 1 / 0 0 0 / 0 0 0"}}
    page.run()
    data = json.loads(page.get("bidi_component")[0].proto.json)
    assert data["answer"] == {"id": "7", "edges": [[0, 0, 1], [0, 0, 0], [0, 0, 0]]}


@pytest.mark.parametrize("sent", [None, 3, "x", {"drawn": 5}, {"drawn": {"rev": "now", "edges": [[0]]}}, {"ask": []}])
def test_hostile_state_does_no_harm(sent: Any) -> None:
    page = AppTest.from_function(app).run()
    page.session_state["editor"] = sent
    page.run()
    assert not page.exception
    assert page.session_state.result == (OLD, OLD)
