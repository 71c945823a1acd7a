"""The block editor: draws the skips of a block, in a matrix or in the graph beside it.

The protocol with the browser is that of `matrix`. A `fixed` block has as many vertices as `edges` has rows, 2 to 26,
and nothing that a browser sends changes that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC, MAX_DEPTH, MIN_DEPTH, Edges
from snnviz.ui.components import matrix
from snnviz.ui.components.matrix import browser_state, mount, new_revision, no_op, read_integer

__all__ = ["PRESETS", "accept", "answer", "block_editor", "drawn", "new_revision"]

PRESETS: dict[str, tuple[str, Callable[[int], Edges]]] = {
    "sequential": ("no skips", adjacency.sequential),
    "resnet-like": ("ASC around every two layers", adjacency.resnet_like),
    "densenet-like": ("DSC from every earlier layer", adjacency.densenet_like),
}

_PRESETS_AS_DATA = [
    {
        "name": name,
        "hint": hint,
        "edges": {d: adjacency.to_compact_text(make(d)) for d in range(MIN_DEPTH, MAX_DEPTH + 1)},
    }
    for name, (hint, make) in PRESETS.items()
]

_MOUNT = mount("block_editor")


def block_editor(
    edges: Edges,
    *,
    rev: str,
    key: str,
    on_change: Callable[[], None] = no_op,
    readonly: bool = False,
    locked: str = "",
    no_back: str = "",
    fixed: bool = False,
    labels: Sequence[str] | None = None,
    presets: Mapping[str, tuple[str, Edges]] | None = None,
) -> Edges:
    """Shows the editor of a block's adjacency matrix and returns the matrix as drawn. `on_change` is called first and
    can read `drawn`.

    `readonly`: nothing can be drawn; `locked`: why not, if that is to be said. `no_back`: why backward connections are
    not offered, if so. `fixed`: the number of vertices cannot change; then
    `labels` may name each of them, in a few characters ("out", last, is the block's output), and `presets` may give
    matrices of that size: name to hint and matrix. Blocks that are edited in turn need a `key` each, for undo.
    """
    size, readonly = len(edges), readonly or bool(locked)
    if not fixed and (labels is not None or presets is not None):
        raise ValueError("labels and presets are those of a fixed block")
    if labels is not None and len(labels) != size:
        raise ValueError(f"{len(labels)} labels for {size} vertices")
    if fixed:
        adjacency.parse(edges, rows=size)
    asked = browser_state(key).get("ask")
    result = _MOUNT(
        key=key,
        data={
            "key": key,
            "edges": edges,
            "rev": rev,
            "readonly": readonly,
            "locked": locked,
            "no_back": no_back,
            "fixed": fixed,
            "labels": labels,
            "presets": _fixed_presets(size, presets) if fixed else _PRESETS_AS_DATA,
            "answer": None if readonly else answer(asked, rows=size if fixed else None),
        },
        default={"drawn": None, "ask": None},
        on_drawn_change=on_change,
        on_ask_change=no_op,
    )
    return edges if readonly else accept(result.drawn, edges, rev, fixed=fixed, backward=not (fixed and no_back))


def _fixed_presets(size: int, presets: Mapping[str, tuple[str, Edges]] | None) -> list[dict[str, object]]:
    if presets is None:
        presets = {name: (hint, make(size - 1)) for name, (hint, make) in PRESETS.items()}
    return [
        {
            "name": name,
            "hint": hint,
            "edges": {size - 1: adjacency.to_compact_text(adjacency.parse(edges, name, rows=size))},
        }
        for name, (hint, edges) in presets.items()
    ]


def drawn(key: str, edges: Edges, rev: str, *, fixed: bool = False, backward: bool = True) -> Edges:
    """Returns the adjacency matrix that the visitor has drawn in the editor `key`, for use in its `on_change` callback;
    `edges` if nothing valid was drawn for the revision `rev`.
    """
    return accept(browser_state(key).get("drawn"), edges, rev, fixed=fixed, backward=backward)


def accept(value: object, edges: Edges, rev: str, *, fixed: bool = False, backward: bool = True) -> Edges:
    """Returns the matrix in a message of the browser, checked, or `edges` if it is invalid.

    `fixed`: only a matrix of the size of `edges`; `backward`: whether it may have backward connections.

    >>> accept({"rev": "a", "edges": [[0, 0, 2], [0, 0, 0], [0, 0, 0]]}, adjacency.sequential(4), "a")
    ((0, 0, 2), (0, 0, 0), (0, 0, 0))
    >>> accept({"rev": "b", "edges": "nonsense"}, adjacency.sequential(2), "b")
    ((0, 0, 0), (0, 0, 0), (0, 0, 0))
    """
    rows = len(edges) if fixed else None
    return matrix.accept(value, edges, rev, lambda found: adjacency.parse(found, rows=rows, backward=backward))


def answer(question: object, *, rows: int | None = None) -> dict[str, object] | None:
    """Returns the server's answer to a question that the editor asks, such as for a random matrix or a pasted text: a
    matrix, or a sentence on what is wrong.

    `rows`: the size of a fixed block.

    >>> answer({"id": "1", "depth": 3, "n_skip": 2, "edge": 2, "seed": 0})["edges"]
    ((0, 0, 2, 2), (0, 0, 0, 2), (0, 0, 0, 0), (0, 0, 0, 0))
    >>> answer({"id": "2", "text": "0 0 1 / 0 0 0 / 1 0 0"})["sentence"]
    "network.edges[2][0] must be 0 (0 is the block's input, which no layer feeds), got 1"
    """
    return matrix.answer(question, lambda valid: _wanted(valid, rows))


def _wanted(question: Mapping[str, object], rows: int | None) -> Edges:
    if "text" in question:
        return adjacency.parse(question["text"], "block" if rows else "network.edges", rows=rows)
    low, high = (rows - 1, rows - 1) if rows else (MIN_DEPTH, MAX_DEPTH)
    depth = read_integer(question, "depth", low, high)
    n_skip = read_integer(question, "n_skip", 0, depth - 1)
    return adjacency.with_n_skip(
        depth, n_skip, read_integer(question, "edge", DSC, ASC), read_integer(question, "seed", 0, 2**31 - 1)
    )
