"""The cell of a SNASNet: four nodes, and the operation that leads from one to another (Kim et al. 2022).

Node 0 is the cell's input, node 3 its output; a node is the sum of the operations that lead to it. ``cell[i][j]`` is
the operation from node i to node j: 0 zeroize, 1 skip, 2 convolution 1x1, 3 convolution 3x3, 4 average pool 3x3. Above
the diagonal it works within a time step; below the diagonal it is a backward connection, which delivers its value one
time step later. A pair of nodes has one of the two or neither.

    >>> cell = parse("0303 0030 2002 0200")
    >>> summary(cell)
    '4 forward + 2 backward: 3 conv 3x3, 3 conv 1x1'
    >>> to_text(cell)
    '0303 0030 2002 0200'
"""

from __future__ import annotations

import random
from collections import Counter

from snnviz.errors import InputError, Unquoted

Cell = tuple[tuple[int, ...], ...]

ZEROIZE, SKIP, CONV1, CONV3, POOL = range(5)
OPERATION_NAMES = ("zeroize", "skip", "conv 1x1", "conv 3x3", "average pool 3x3")
OPERATION_CODES = {"skip": SKIP, "conv1": CONV1, "conv3": CONV3, "pool": POOL}

NODES = 4
OUTPUT_NODE = NODES - 1
MAX_TEXT_LENGTH = 200
"""Longest text, in characters, that `parse` accepts."""

NODE_PAIRS = tuple((i, j) for i in range(NODES) for j in range(NODES) if i != j)
"""Every ordered pair (i, j) of different nodes."""


def has_backward(cell: Cell) -> bool:
    """Returns whether the cell has a backward connection, from a node to an earlier one."""
    return any(cell[i][j] for i, j in NODE_PAIRS if i > j)


def without_unused_connections(cell: Cell) -> Cell:
    """Returns the cell without the connections that lie on no path from the input to the output.

    If no path leads from the input to the output, all connections are removed.

    >>> to_text(without_unused_connections(parse("0103 0020 0000 0000")))
    '0003 0000 0000 0000'
    """
    kept = [list(row) for row in cell]
    _clean(kept)
    return tuple(map(tuple, kept))


Edge = tuple[int, int, int, bool]
"""One connection: source node, target node, operation, and whether its value arrives one time step late."""


def canonical_form(cell: Cell) -> tuple[Edge, ...]:
    """Returns the connections of a cell in a normal form: cells with equal forms are the same architecture.

    Connections on no path from input to output are dropped. A node fed by one forward skip alone is merged with the
    skip's source; a node that feeds one forward skip alone, with the skip's target. Nodes 1 and 2 may be exchanged
    where delays stay the same. Cells with equal forms compute the same function of their weights, but may draw
    different initial weights from one seed.

    >>> canonical_form(parse("0203 0000 0003 0000")) == canonical_form(parse("0003 0000 0000 0000"))
    True
    >>> canonical_form(parse("0231 0001 0001 0000")) == canonical_form(parse("0321 0001 0001 0000"))
    True
    >>> canonical_form(parse("0301 0001 0000 0000")) == canonical_form(parse("0103 0001 0000 0000"))
    True
    >>> canonical_form(parse("0303 0001 0000 0000")) == canonical_form(parse("0303 0002 0000 0000"))
    False
    """
    cell = without_unused_connections(cell)
    found: list[Edge] = [(i, j, cell[i][j], i > j) for i, j in NODE_PAIRS if cell[i][j]]
    while (joined := _joined(found)) != found:
        found = joined
    other = (0, 2, 1, OUTPUT_NODE)
    return min(tuple(sorted(found)), tuple(sorted((other[i], other[j], what, late) for i, j, what, late in found)))


def _joined(edges: list[Edge]) -> list[Edge]:
    """With one inner node less, where a skip makes it a part of another."""
    for node in range(1, OUTPUT_NODE):
        entering, leaving = ([edge for edge in edges if edge[end] == node] for end in (1, 0))
        for some, end in ((entering, 0), (leaving, 1)):
            if len(some) == 1 and some[0][2:] == (SKIP, False) and (whole := some[0][end]) != node:
                kept = [edge for edge in edges if edge != some[0]]
                names = [whole if name == node else name for name in range(NODES)]
                return [(names[i], names[j], what, late) for i, j, what, late in kept]
    return edges


def to_text(cell: Cell) -> str:
    """Returns the cell as text: one word of four digits per row, as `parse` reads it."""
    return " ".join("".join(map(str, row)) for row in cell)


def count_connections(cell: Cell) -> dict[str, int]:
    """Returns how many connections a cell has, by direction ("forward", "backward") and by operation ("skip", "conv1",
    "conv3", "pool").
    """
    ways = [{name: many[name] for name in OPERATION_CODES} for many in map(Counter, _kinds(cell))]
    forward, backward = (sum(many.values()) for many in ways)
    return {"forward": forward, "backward": backward} | {
        name: sum(many[name] for many in ways) for name in OPERATION_CODES
    }


def counts_by_direction(cell: Cell) -> dict[str, int]:
    """Returns how many connections a cell has for each pair of direction and operation: "forward_skip", ...,
    "backward_pool".

    >>> found = counts_by_direction(parse("0303 0030 2002 0200"))
    >>> found["forward_conv1"], found["backward_conv1"]
    (1, 2)
    """
    ways = zip(("forward", "backward"), map(Counter, _kinds(cell)), strict=True)
    return {f"{way}_{name}": many[name] for way, many in ways for name in OPERATION_CODES}


def _kinds(cell: Cell) -> tuple[list[str], list[str]]:
    """The operations of forward connections, and of backward ones."""
    names = {kind: name for name, kind in OPERATION_CODES.items()}
    ways = [[names[cell[i][j]] for i, j in NODE_PAIRS if cell[i][j] and (i < j) == ahead] for ahead in (True, False)]
    return ways[0], ways[1]


def summary(cell: Cell) -> str:
    """Returns a short description of a cell: the number of connections by direction and by operation."""
    many = count_connections(cell)
    ways = " + ".join(f"{many[way]} {way}" for way in ("forward", "backward") if many[way])
    kinds = sorted(
        ((many[name], OPERATION_NAMES[kind]) for name, kind in OPERATION_CODES.items() if many[name]), reverse=True
    )
    return f"{ways}: {', '.join(f'{count} {kind}' for count, kind in kinds)}" if ways else "no connections"


def parse(value: object, field: str = "cell") -> Cell:
    """Returns the cell read from text or from nested lists.

    Text: four rows separated by spaces, '/' or line breaks, of digits with or without spaces. Raises `InputError`
    naming the field or the entry, the rule and the value.

    >>> parse("0 3 0 3 / 0 0 3 0 / 2 0 0 2 / 0 2 0 0") == parse("0303 0030 2002 0200")
    True
    >>> parse("0300 2000 0000 0000")
    Traceback (most recent call last):
    snnviz.errors.InputError: cell[1][0] must be 0 (node 0 feeds node 1 already, and a pair has one connection), got 2
    """
    if isinstance(value, str):
        if len(value) > MAX_TEXT_LENGTH:
            raise InputError(
                field, f"be at most {MAX_TEXT_LENGTH} characters long", Unquoted(f"{len(value):,} characters")
            )
        value = _rows(value)
    if not isinstance(value, (list, tuple)) or len(value) != NODES:
        many = isinstance(value, (list, tuple)) and len(value)
        raise InputError(field, "have 4 rows of 4 operations", Unquoted(f"{many} rows") if many else value)
    for i, row in enumerate(value):
        if not isinstance(row, (list, tuple)) or len(row) != NODES:
            raise InputError(f"{field}[{i}]", "have 4 operations", row)
        for j, operation in enumerate(row):
            _check(operation, i, j, f"{field}[{i}][{j}]")
    for i, j in NODE_PAIRS:
        if i > j and value[i][j] and value[j][i]:
            rule = f"be 0 (node {j} feeds node {i} already, and a pair has one connection)"
            raise InputError(f"{field}[{i}][{j}]", rule, value[i][j])
    return tuple(tuple(int(operation) for operation in row) for row in value)


def _rows(text: str) -> list[list[object]]:
    """Rows of numbers, and of words where they are none."""
    lines = text.strip().strip("/").replace("\n", "/").split("/")
    if len(lines) == 1:
        words = lines[0].split()
        if len(words) == 1 and len(words[0]) == NODES**2:
            words = list(words[0])
        lines = [" ".join(words[k : k + NODES]) for k in range(0, NODES**2, NODES)] if len(words) == NODES**2 else words
    rows: list[list[object]] = []
    for line in lines:
        digits = line.split()
        digits = list(digits[0]) if len(digits) == 1 else digits
        rows.append([int(d) if d.isascii() and d.isdigit() and len(d) < 3 else d for d in digits])
    return rows


def _check(operation: object, i: int, j: int, field: str) -> None:
    if (
        isinstance(operation, bool)
        or not isinstance(operation, (int, float))
        or operation not in range(len(OPERATION_NAMES))
    ):
        known = ", ".join(f"{kind} ({name})" for kind, name in enumerate(OPERATION_NAMES))
        raise InputError(field, f"be one of {known}", operation)
    if i == j and operation:
        raise InputError(field, f"be 0 (node {i} does not feed itself)", operation)


PUBLISHED_CELLS: dict[str, Cell] = {
    "SNASNet-Bw, CIFAR10": parse("0303 0030 2002 0200"),
    "SNASNet-Bw, CIFAR100": parse("0302 0030 3003 0000"),
}
"""Cells that Kim et al. found and published with their code."""


def random_cell(seed: int, number: int, *, backward: bool) -> Cell:
    """Returns random cell number `number` (from 0) of the endless sequence given by `seed`; it does not depend on which
    others were drawn.

    `backward`: allow backward connections. Drawn as in the code of Kim et al.: each pair's operation uniform in 0..4,
    its direction by a coin if `backward`; nodes that no path leads to from the input, or from to the output, lose their
    connections; repeated until the input feeds the output directly.
    """
    draw = random.Random(f"{seed}/{number}/{backward}")
    while True:
        cell = [[ZEROIZE] * NODES for _ in range(NODES)]
        for i, j in NODE_PAIRS:
            if i < j:
                source, target = (j, i) if backward and draw.randrange(2) else (i, j)
                cell[source][target] = draw.randrange(len(OPERATION_NAMES))
        _clean(cell)
        if cell[0][OUTPUT_NODE]:
            return tuple(map(tuple, cell))


def _clean(cell: list[list[int]]) -> None:
    """Takes the connections from nodes that are on no path from the input to the output."""
    paths = _reach(cell)
    for node in range(NODES):
        if (node < OUTPUT_NODE and not paths[node][OUTPUT_NODE]) or (node > 0 and not paths[0][node]):
            for other in range(NODES):
                cell[node][other] = cell[other][node] = ZEROIZE


def _reach(cell: list[list[int]]) -> list[list[bool]]:
    """Whether a path of one connection or more leads from i to j."""
    found = [[operation > 0 for operation in row] for row in cell]
    for k in range(NODES):
        for i in range(NODES):
            for j in range(NODES):
                found[i][j] |= found[i][k] and found[k][j]
    return found
