"""What the editors of a block and of a cell share: their files, and the protocol with the browser.

The browser shows changes at once; Python gets the result. A revision decides who owns the matrix::

    browser --> Python   drawn = {rev, edges}    what is drawn now; ignored where `rev` is not the current one
    Python  --> browser  data  = {rev, edges}    taken only where `rev` is new, for an echo may be some clicks old
    browser --> Python   ask   = {id, ...}       a draw from a seed, or a pasted text
    Python  --> browser  data.answer = {id, ...} the matrix, or the sentence that says what is wrong

So a page makes a `new_revision()` exactly when *it* replaces the matrix (a link, a run's design), at no other time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from snnviz.errors import InputError
from snnviz.ui.components.assets import source

Matrix = tuple[tuple[int, ...], ...]


def mount(name: str) -> Any:
    """Returns the Streamlit component of the editor `name` ("block" or "cell"), made of its own files and the shared
    ones.
    """
    return st.components.v2.component(
        f"snnviz_{name}",
        html=source(f"{name}.html"),
        css=source("matrix.css", f"{name}.css"),
        js=source(
            "leaving.js",
            "matrix.model.js",
            f"{name}.rules.js",
            "matrix.grid.js",
            "matrix.graph.js",
            "matrix.toolbar.js",
            f"{name}.toolbar.js",
            "matrix.js",
        ),
    )


def no_op() -> None:
    """Does nothing: a callback that only causes a rerun."""


def new_revision() -> str:
    """Returns a random revision for a matrix that Python puts into the editor, unique over sessions."""
    return secrets.token_hex(6)


def accept(value: object, before: Matrix, rev: str, parse: Callable[[object], Matrix]) -> Matrix:
    """Returns the matrix in a message of the browser, checked by `parse`, or `before` if it is invalid."""
    if not isinstance(value, Mapping) or value.get("rev") != rev:
        return before
    try:
        return parse(value.get("edges"))
    except InputError:
        return before


def answer(question: object, draw: Callable[[Mapping[str, object]], Matrix]) -> dict[str, object] | None:
    """Returns the answer to the editor's last question, whose matrix `draw` computes: a matrix, or a sentence on what
    is wrong; None without a question.
    """
    if not isinstance(question, Mapping) or not isinstance(question.get("id"), str):
        return None
    reply: dict[str, object] = {"id": question["id"][:40]}
    try:
        return reply | {"edges": draw(question)}
    except InputError as error:
        return reply | {"sentence": str(error)}


def read_integer(question: Mapping[str, object], name: str, low: int, high: int) -> int:
    """Returns an integer field of a question that the browser sent, from `low` to `high`. Raises `InputError`."""
    value = question.get(name)
    if type(value) is not int or not low <= value <= high:
        raise InputError(name, f"be {low}" if low == high else f"be a whole number from {low} to {high}", value)
    return value


def browser_state(key: str) -> Mapping[str, Any]:
    """Returns the state that the browser sent to the matrix editor with this key (untrusted)."""
    state = st.session_state.get(key)
    return state if isinstance(state, Mapping) else {}
