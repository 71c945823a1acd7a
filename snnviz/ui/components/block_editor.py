"""The block editor: draw which layer skips to which, in a grid or in the graph beside it.

Everything shows in the browser at once; Python gets the result. Who owns the matrix is settled by a revision::

    browser --> Python   drawn = {rev, edges}    what is drawn now; ignored where `rev` is not the current one
    Python  --> browser  data  = {rev, edges}    taken only where `rev` is new, for an echo may be some clicks old
    browser --> Python   ask   = {id, ...}       a draw from a seed, or a pasted text
    Python  --> browser  data.answer = {id, ...} the matrix, or the sentence that says what is wrong

So a page makes a `new_revision()` exactly when *it* replaces the matrix (a link, a run's design), at no other time.

A `fixed` block has as many vertices as `edges` has rows, 2 to 26, and nothing that a browser sends changes that.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from snnviz import adjacency
from snnviz.adjacency import ASC, DSC, MAX_DEPTH, MIN_DEPTH, Edges
from snnviz.errors import InputError
from snnviz.ui.components.assets import source

PRESETS: dict[str, tuple[str, Callable[[int], Edges]]] = {
    "sequential": ("no skips", adjacency.sequential),
    "resnet-like": ("ASC around every two layers", adjacency.resnet_like),
    "densenet-like": ("DSC from every earlier layer", adjacency.densenet_like),
}

_PRESETS_AS_DATA = [
    {"name": name, "hint": hint, "edges": {d: adjacency.compact(make(d)) for d in range(MIN_DEPTH, MAX_DEPTH + 1)}}
    for name, (hint, make) in PRESETS.items()
]

_MOUNT = st.components.v2.component(
    "snnviz_block_editor",
    html=source("block_editor.html"),
    css=source("block_editor.css"),
    js=source(
        "block_editor.model.js",
        "block_editor.grid.js",
        "block_editor.graph.js",
        "block_editor.toolbar.js",
        "block_editor.js",
    ),
)


def _nothing() -> None:
    """A callback that leaves everything to the rerun."""


def new_revision() -> str:
    """A name for a matrix that Python puts into the editor; no two sessions share one."""
    return secrets.token_hex(6)


def block_editor(
    edges: Edges,
    *,
    rev: str,
    key: str,
    on_change: Callable[[], None] = _nothing,
    readonly: bool = False,
    no_back: str = "",
    fixed: bool = False,
    labels: Sequence[str] | None = None,
    presets: Mapping[str, tuple[str, Edges]] | None = None,
) -> Edges:
    """Show the editor and return the matrix as drawn. `on_change` runs first, where it can read `drawn`.

    `no_back` says why backward connections are not offered, where that is so. `fixed`: the number of vertices stays;
    then `labels` may name each of them, in a few characters ("out", last, is the block's output), and `presets` may
    give blocks of that size: name to hint and matrix. Blocks that are edited in turn need a `key` each, for undo.
    """
    size = len(edges)
    if not fixed and (labels is not None or presets is not None):
        raise ValueError("labels and presets are those of a fixed block")
    if labels is not None and len(labels) != size:
        raise ValueError(f"{len(labels)} labels for {size} vertices")
    if fixed:
        adjacency.parse(edges, rows=size)
    asked = _state(key).get("ask")
    result = _MOUNT(
        key=key,
        data={
            "key": key,
            "edges": edges,
            "rev": rev,
            "readonly": readonly,
            "no_back": no_back,
            "fixed": fixed,
            "labels": labels,
            "presets": _fixed_presets(size, presets) if fixed else _PRESETS_AS_DATA,
            "answer": None if readonly else answer(asked, rows=size if fixed else None),
        },
        default={"drawn": None, "ask": None},
        on_drawn_change=on_change,
        on_ask_change=_nothing,
    )
    return edges if readonly else accept(result.drawn, edges, rev, fixed=fixed, backward=not (fixed and no_back))


def _fixed_presets(size: int, presets: Mapping[str, tuple[str, Edges]] | None) -> list[dict[str, object]]:
    if presets is None:
        presets = {name: (hint, make(size - 1)) for name, (hint, make) in PRESETS.items()}
    return [
        {"name": name, "hint": hint, "edges": {size - 1: adjacency.compact(adjacency.parse(edges, name, rows=size))}}
        for name, (hint, edges) in presets.items()
    ]


def drawn(key: str, edges: Edges, rev: str, *, fixed: bool = False, backward: bool = True) -> Edges:
    """The matrix as drawn, for use in the `on_change` callback; `edges` if nothing valid was drawn on `rev`."""
    return accept(_state(key).get("drawn"), edges, rev, fixed=fixed, backward=backward)


def accept(value: object, edges: Edges, rev: str, *, fixed: bool = False, backward: bool = True) -> Edges:
    """What the browser says was drawn, or `edges`: any client can send anything.

    `fixed`: only a matrix of the size of `edges`; `backward`: whether it may have backward connections.

    >>> accept({"rev": "a", "edges": [[0, 0, 2], [0, 0, 0], [0, 0, 0]]}, adjacency.sequential(4), "a")
    ((0, 0, 2), (0, 0, 0), (0, 0, 0))
    >>> accept({"rev": "b", "edges": "nonsense"}, adjacency.sequential(2), "b")
    ((0, 0, 0), (0, 0, 0), (0, 0, 0))
    """
    if not isinstance(value, Mapping) or value.get("rev") != rev:
        return edges
    try:
        return adjacency.parse(value.get("edges"), rows=len(edges) if fixed else None, backward=backward)
    except InputError:
        return edges


def answer(asked: object, *, rows: int | None = None) -> dict[str, object] | None:
    """The answer to the editor's last question: a matrix, or the sentence that says what is wrong with the question.

    `rows`: the size of a fixed block.

    >>> answer({"id": "1", "depth": 3, "n_skip": 2, "edge": 2, "seed": 0})["edges"]
    ((0, 0, 2, 2), (0, 0, 0, 2), (0, 0, 0, 0), (0, 0, 0, 0))
    >>> answer({"id": "2", "text": "0 0 1 / 0 0 0 / 1 0 0"})["sentence"]
    "network.edges[2][0] must be 0 (0 is the block's input, which no layer feeds), got 1"
    """
    if not isinstance(asked, Mapping) or not isinstance(asked.get("id"), str):
        return None
    reply: dict[str, object] = {"id": asked["id"][:40]}
    try:
        return reply | {"edges": _wanted(asked, rows)}
    except InputError as error:
        return reply | {"sentence": str(error)}


def _wanted(asked: Mapping[str, object], rows: int | None) -> Edges:
    if "text" in asked:
        return adjacency.parse(asked["text"], "block" if rows else "network.edges", rows=rows)
    low, high = (rows - 1, rows - 1) if rows else (MIN_DEPTH, MAX_DEPTH)
    depth = _whole(asked, "depth", low, high)
    n_skip = _whole(asked, "n_skip", 0, depth - 1)
    return adjacency.with_n_skip(depth, n_skip, _whole(asked, "edge", DSC, ASC), _whole(asked, "seed", 0, 2**31 - 1))


def _whole(asked: Mapping[str, object], name: str, low: int, high: int) -> int:
    value = asked.get(name)
    if type(value) is not int or not low <= value <= high:
        raise InputError(name, f"be {low}" if low == high else f"be a whole number from {low} to {high}", value)
    return value


def _state(key: str) -> Mapping[str, Any]:
    state = st.session_state.get(key)
    return state if isinstance(state, Mapping) else {}
