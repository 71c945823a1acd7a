"""The cell editor: draws the operations between the nodes of a cell, in a matrix or in the graph beside it.

The protocol with the browser is that of `matrix`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from snnviz.design import cells
from snnviz.design.cells import OUTPUT_NODE, PUBLISHED_CELLS, Cell
from snnviz.errors import InputError
from snnviz.ui.components import matrix

_PRESETS = [
    {"name": name, "hint": cells.to_text(cell), "edges": {OUTPUT_NODE: cells.to_text(cell).replace(" ", "/")}}
    for name, cell in PUBLISHED_CELLS.items()
]
_MOUNT = matrix.mount("cell_editor")


def cell_editor(
    cell: Cell,
    *,
    rev: str,
    key: str,
    on_change: Callable[[], None] = matrix.no_op,
    readonly: bool = False,
    locked: str = "",
) -> Cell:
    """Shows the editor of a SNASNet cell and returns the cell as drawn. `on_change` is called first and can read
    `drawn`.

    `readonly`: nothing can be drawn; `locked`: why not, if that is to be said.
    """
    readonly = readonly or bool(locked)
    asked = matrix.browser_state(key).get("ask")
    result = _MOUNT(
        key=key,
        data={
            "key": key,
            "edges": cell,
            "rev": rev,
            "readonly": readonly,
            "locked": locked,
            "fixed": True,
            "presets": _PRESETS,
            "answer": None if readonly else answer(asked),
        },
        default={"drawn": None, "ask": None},
        on_drawn_change=on_change,
        on_ask_change=matrix.no_op,
    )
    return cell if readonly else accept(result.drawn, cell, rev)


def drawn(key: str, cell: Cell, rev: str) -> Cell:
    """Returns the cell that the visitor has drawn in the editor `key`, for use in its `on_change` callback; `cell` if
    nothing valid was drawn for the revision `rev`.
    """
    return accept(matrix.browser_state(key).get("drawn"), cell, rev)


def accept(value: object, cell: Cell, rev: str) -> Cell:
    """Returns the cell in a message of the browser, checked, or `cell` if it is invalid.

    >>> accept({"rev": "a", "edges": [[0, 3, 0, 1], [0] * 4, [0] * 4, [0] * 4]}, (), "a")
    ((0, 3, 0, 1), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))
    """
    return matrix.accept(value, cell, rev, cells.parse)


def answer(question: object) -> dict[str, object] | None:
    """Returns the server's answer to a question that the editor asks, such as for a random cell or a pasted text: a
    cell, or a sentence on what is wrong.

    >>> answer({"id": "1", "text": "0300 2000 0000 0000"})["sentence"]
    'cell[1][0] must be 0 (node 0 feeds node 1 already, and a pair has one connection), got 2'
    """
    return matrix.answer(question, _wanted)


def _wanted(question: Mapping[str, object]) -> Cell:
    if "text" in question:
        return cells.parse(question["text"])
    if not isinstance(backward := question.get("backward"), bool):
        raise InputError("backward", "be true or false", backward)
    number, seed = matrix.read_integer(question, "number", 0, 4999), matrix.read_integer(question, "seed", 0, 2**31 - 1)
    return cells.random_cell(seed, number, backward=backward)
