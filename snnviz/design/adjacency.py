"""The block adjacency matrix: which layer feeds which, and how (Benmeziane et al. 2023, Eq. 1).

Vertex 0 is the block's input, vertices 1..d are its layers. ``edges[i][j]`` is the kind of the skip connection from
vertex i to vertex j: 0 none, 1 DSC (concatenate), 2 ASC (add). The sequential path j-1 -> j always exists and is not a
skip, so skips need j >= i + 2 and a block of d layers has d(d-1)/2 places for them. Entries below the diagonal (1 <= j
< i, as many places again) are backward connections: they carry the output of layer i at time step t-1.

    >>> edges = parse("0012/0001/0000/0000")
    >>> to_text(edges)
    '0 0 1 2 / 0 0 0 1 / 0 0 0 0 / 0 0 0 0'
    >>> skip_positions(3)
    ((0, 2), (0, 3), (1, 3))
"""

from __future__ import annotations

import random

from snnviz.errors import InputError, Unquoted

Edges = tuple[tuple[int, ...], ...]

NONE, DSC, ASC = 0, 1, 2
MIN_DEPTH, MAX_DEPTH = 2, 8
MAX_VERTICES = 26
"""Largest number of vertices of a block of fixed size, input and output included: DenseNet-121 has a block of 24
layers.
"""


def skip_positions(depth: int) -> tuple[tuple[int, int], ...]:
    """Returns every position (i, j) that a forward skip can take in the matrix of a block of `depth` layers."""
    return tuple((i, j) for i in range(depth + 1) for j in range(i + 2, depth + 1))


def backward_positions(depth: int) -> tuple[tuple[int, int], ...]:
    """Returns every position (i, j) that a backward connection can take in the matrix of a block of `depth` layers."""
    return tuple((i, j) for i in range(2, depth + 1) for j in range(1, i))


def has_backward(edges: Edges) -> bool:
    """Returns whether the matrix has a backward connection, from a layer to an earlier one."""
    return any(edge for i, row in enumerate(edges) for edge in row[:i])


def sequential(depth: int) -> Edges:
    """Returns the matrix of a block of `depth` layers without skips: `depth + 1` rows of zeros."""
    return tuple((0,) * (depth + 1) for _ in range(depth + 1))


def resnet_like(depth: int) -> Edges:
    """Returns a matrix with an addition (ASC) around every two layers: 0 -> 2 -> 4 ..."""
    return edges_from_skips(depth, {(i, i + 2): ASC for i in range(0, depth - 1, 2)})


def densenet_like(depth: int) -> Edges:
    """Returns a matrix with every forward skip a concatenation (DSC): each layer reads all earlier ones."""
    return edges_from_skips(depth, dict.fromkeys(skip_positions(depth), DSC))


def with_n_skip(depth: int, n_skip: int, edge: int, seed: int) -> Edges:
    """Returns a random matrix for a block of `depth` layers, in which layer j has min(n_skip, j - 1) skips into it, all
    of kind `edge` (1 DSC, concatenate; 2 ASC, add).

    The sources of each layer are drawn without replacement; `seed` makes the draw reproducible.
    """
    draw = random.Random(seed)
    chosen: dict[tuple[int, int], int] = {}
    for j in range(2, depth + 1):
        for i in draw.sample(range(j - 1), min(n_skip, j - 1)):
            chosen[i, j] = edge
    return edges_from_skips(depth, chosen)


def edges_from_skips(depth: int, skips: dict[tuple[int, int], int]) -> Edges:
    """Returns the matrix of a block of `depth` layers; `skips` maps each position (i, j) to its kind, all others
    are 0.
    """
    return tuple(tuple(skips.get((i, j), NONE) for j in range(depth + 1)) for i in range(depth + 1))


def to_text(edges: Edges) -> str:
    """Returns the matrix as readable text, rows separated by " / " and entries by spaces; `parse` reads it."""
    return " / ".join(" ".join(map(str, row)) for row in edges)


def to_compact_text(edges: Edges) -> str:
    """Returns the matrix as text without spaces, rows separated by "/", as used in links; `parse` reads it."""
    return "/".join("".join(map(str, row)) for row in edges)


def summary(edges: Edges) -> str:
    """Returns a short description of a matrix: the number of DSC, ASC and backward connections.

    >>> summary(parse("0012/0001/0000/0000"))
    '2 DSC + 1 ASC'
    >>> summary(parse("0012/0001/0000/0010"))
    '2 DSC + 1 ASC + 1 backward'
    """
    skips = [edge for i, row in enumerate(edges) for edge in row[i:]]
    back = [edge for i, row in enumerate(edges) for edge in row[:i] if edge]
    counts = ((skips.count(DSC), "DSC"), (skips.count(ASC), "ASC"), (len(back), "backward"))
    return " + ".join(f"{count} {kind}" for count, kind in counts if count) or "no skips"


def parse(value: object, field: str = "network.edges", *, rows: int | None = None, backward: bool = True) -> Edges:
    """Returns the matrix read from text (rows by '/', digits with or without spaces) or from nested lists.

    `rows`: the number of rows the matrix must have, 2 to `MAX_VERTICES`; by default 3 to 9 (blocks of 2 to 8 layers).
    `backward`: whether backward connections are allowed. Raises `InputError` naming the field or the cell, the rule and
    the value.

    >>> parse("000/000/000", "block", rows=2)
    Traceback (most recent call last):
    snnviz.errors.InputError: block must be a square matrix with 2 rows, got 3 rows
    """
    if rows is not None and not 2 <= rows <= MAX_VERTICES:
        raise ValueError(f"a block has 2 to {MAX_VERTICES} vertices, not {rows}")
    if isinstance(value, str):
        longest = max(500, 4 * (rows or 0) ** 2)
        if len(value) > longest:
            raise InputError(field, f"be at most {longest} characters long", value)
        cells: list[object] = []
        for row in value.strip().strip("/").split("/"):
            digits = row.split()
            digits = list(digits[0]) if len(digits) == 1 else digits
            cells.append([int(d) if d.isascii() and d.isdigit() and len(d) < 3 else d for d in digits])
        value = cells
    size = len(value) if isinstance(value, (list, tuple)) else 0
    low, high = (rows, rows) if rows else (MIN_DEPTH + 1, MAX_DEPTH + 1)
    if not isinstance(value, (list, tuple)) or not low <= size <= high:
        rule = f"be a square matrix with {low if rows else f'{low} to {high}'} rows"
        raise InputError(field, rule, Unquoted(f"{size} rows") if size else value)
    for i, row in enumerate(value):
        if not isinstance(row, (list, tuple)) or len(row) != size:
            raise InputError(f"{field}[{i}]", f"have {size} entries (the matrix must be square)", row)
        for j, cell in enumerate(row):
            _check_cell(cell, i, j, f"{field}[{i}][{j}]", backward)
    return tuple(tuple(int(cell) for cell in row) for row in value)


def _check_cell(cell: object, i: int, j: int, field: str, backward: bool) -> None:
    if isinstance(cell, bool) or not isinstance(cell, (int, float)) or cell not in (NONE, DSC, ASC):
        raise InputError(field, "be 0 (none), 1 (DSC) or 2 (ASC)", cell)
    if cell and (j == i or j == 0):
        raise InputError(field, f"be 0 ({_why_not(i, j)})", cell)
    if cell and j == i + 1:
        raise InputError(field, f"be 0 (the sequential path from {i} to {j} is always there)", cell)
    if cell and j < i and not backward:
        raise InputError(field, "be 0 (no backward connections here)", cell)


def _why_not(i: int, j: int) -> str:
    return f"{i} does not feed itself" if i == j else "0 is the block's input, which no layer feeds"
