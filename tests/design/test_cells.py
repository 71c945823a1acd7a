"""Cells of a SNASNet as values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design import cells
from snnviz.design.cells import NODE_PAIRS, NODES, PUBLISHED_CELLS, Cell, canonical_form, parse, random_cell, to_text
from snnviz.errors import InputError
from tests.designs import attempt, is_a_sentence

FORWARD = [(i, j) for i, j in NODE_PAIRS if i < j]


@st.composite
def any_cells(draw: st.DrawFn) -> Cell:
    """Every legal cell, also those that a search would not draw."""
    matrix = [[0] * NODES for _ in range(NODES)]
    for i, j in FORWARD:
        source, target = draw(st.sampled_from([(i, j), (j, i)]))
        matrix[source][target] = draw(st.integers(0, 4))
    return tuple(map(tuple, matrix))


@given(any_cells())
def test_a_cell_survives_text_and_lists(cell: Cell) -> None:
    slashed = to_text(cell).replace(" ", "/")
    spread = "\n".join(" ".join(row) for row in to_text(cell).split())
    for form in (cell, [[float(code) for code in row] for row in cell], to_text(cell), slashed, spread):
        assert parse(form) == cell
    assert (
        parse(slashed.replace("/", " / "))
        == parse(spread.replace("\n", " "))
        == parse(slashed.replace("/", ""))
        == cell
    )
    assert all(type(code) is int for row in parse(to_text(cell)) for code in row)


@given(any_cells())
def test_its_connections_are_counted(cell: Cell) -> None:
    found = cells.count_connections(cell)
    codes = Counter(code for row in cell for code in row)
    assert [found[kind] for kind in ("skip", "conv1", "conv3", "pool")] == [codes[code] for code in (1, 2, 3, 4)]
    assert found["forward"] + found["backward"] == sum(found.values()) / 2 <= 6
    assert cells.has_backward(cell) == (found["backward"] > 0)
    words = cells.summary(cell)
    assert sum(int(word) for word in words.replace(",", " ").split() if word.isdigit()) == sum(found.values())


@pytest.mark.parametrize("code", [5, -1, 0.5, "1", None, True, [1], float("nan"), float("inf"), 10**400])
def test_an_operation_is_one_of_five(code: object) -> None:
    matrix: list[list[Any]] = [[0] * 4 for _ in range(4)]
    matrix[0][2] = code
    with pytest.raises(InputError, match=r"^cell\[0\]\[2\] must be one of 0 \(zeroize\), 1 \(skip\), 2 \(conv 1x1\), "):
        parse(matrix)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1000 0000 0000 0000", "cell[0][0] must be 0 (node 0 does not feed itself), got 1"),
        (
            "0003 0000 0000 2000",
            "cell[3][0] must be 0 (node 0 feeds node 3 already, and a pair has one connection), got 2",
        ),
        ("0303 0030 2002", "cell must have 4 rows of 4 operations, got 3 rows"),
        ("0303/0030/2002/020", "cell[3] must have 4 operations, got [0, 2, 0]"),
        ("0303 0030 2002 0205", "cell[3][3] must be one of 0 (zeroize)"),
        ("0303 0030 2002 02x0", "cell[3][2] must be one of 0 (zeroize)"),
        ("", "cell must have 4 rows of 4 operations, got []"),
        ("3" * 201, "cell must be at most 200 characters long, got 201 characters"),
    ],
)
def test_a_wrong_cell_gets_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert str(caught.value).startswith(sentence)
    assert is_a_sentence(caught.value)


@given(st.text(alphabet="01234 /5x-.\n", max_size=60) | st.text(max_size=250) | st.lists(st.lists(st.integers(0, 4))))
def test_whatever_is_typed_is_a_cell_or_a_sentence(value: object) -> None:
    found = attempt(parse, value)
    assert is_a_sentence(found) if isinstance(found, InputError) else parse(to_text(found)) == found


def graph(cell: Cell) -> nx.DiGraph:
    return nx.DiGraph([(i, j) for i, j in NODE_PAIRS if cell[i][j]])


@given(st.integers(0, 2**31), st.integers(0, 10**6), st.booleans())
def test_a_drawn_cell_leads_from_input_to_output_by_every_node_that_is_left(
    seed: int, number: int, backward: bool
) -> None:
    cell = random_cell(seed, number, backward=backward)
    assert cell == random_cell(seed, number, backward=backward) == parse(cell)
    assert cell[0][3] > 0
    assert backward or not cells.has_backward(cell)
    paths = graph(cell)
    for node in {1, 2} & set(paths):
        assert nx.has_path(paths, 0, node)
        assert nx.has_path(paths, node, 3)


def published(draw: Any, backward: bool) -> Cell:
    """Candidate generation as in the code of Kim et al., with its count of paths in matrix products."""
    import numpy as np

    while True:
        upper = np.triu(draw.integers(0, 5, (4, 4)), 1)
        if backward:
            lower, mask = np.tril(draw.integers(0, 5, (4, 4)), -1), np.triu(draw.integers(0, 2, (4, 4)), 1)
            cell = mask * upper + (1 - mask.T) * lower
        else:
            cell = upper
        paths = cell + cell @ cell + cell @ cell @ cell + cell @ cell @ cell @ cell
        for node in range(3):
            if paths[node, 3] == 0:
                cell[:, node] = cell[node, :] = 0
        for node in range(1, 4):
            if paths[0, node] == 0:
                cell[:, node] = cell[node, :] = 0
        if cell[0, 3] != 0:
            return tuple(tuple(int(code) for code in row) for row in cell)


@pytest.mark.parametrize("backward", [False, True])
def test_candidates_have_the_law_of_the_published_generator(backward: bool) -> None:
    import numpy as np

    count, draw = 6000, np.random.default_rng(0)
    ours = [random_cell(1, number, backward=backward) for number in range(count)]
    theirs = [published(draw, backward) for _ in range(count)]
    for i, j in NODE_PAIRS:
        for code in range(5):
            a, b = (sum(cell[i][j] == code for cell in several) / count for several in (ours, theirs))
            assert abs(a - b) < 5 * np.sqrt((a * (1 - a) + b * (1 - b)) / count + 1e-9)
    assert abs(len(set(ours)) - len(set(theirs))) < 0.05 * len(set(theirs))
    if not backward:
        assert len(set(ours)) <= 4 * 5**5


def test_the_published_cells_could_have_been_drawn() -> None:
    for cell in PUBLISHED_CELLS.values():
        assert cell[0][3] > 0
        assert {1, 2} <= set(nx.descendants(graph(cell), 0)) & set(nx.ancestors(graph(cell), 3))
    assert [cells.summary(cell) for cell in PUBLISHED_CELLS.values()] == [
        "4 forward + 2 backward: 3 conv 3x3, 3 conv 1x1",
        "4 forward + 1 backward: 4 conv 3x3, 1 conv 1x1",
    ]


def said(cell: Cell, steps: int = 4) -> tuple[float, ...]:
    """What the output node says if nodes hold a number: the loop of the published code, an operation a function."""
    operations: tuple[Callable[[float], float], ...] = (
        lambda x: 0 * x,
        lambda x: x,
        lambda x: math.sin(1.7 * x + 0.3),
        lambda x: math.cos(0.9 * x - 0.7),
        lambda x: 0.83 * x,
    )

    def via(i: int, j: int, x: float) -> float:
        return operations[cell[i][j]](x)

    back, found = [0.0, 0.0, 0.0], []
    for step in range(steps):
        a = 0.6 + 0.11 * step + back[0]
        b = via(0, 1, a) + back[1]
        c = via(0, 2, a) + via(1, 2, b) + back[2]
        d = via(0, 3, a) + via(1, 3, b) + via(2, 3, c)
        back = [via(1, 0, b) + via(2, 0, c) + via(3, 0, d), via(2, 1, c) + via(3, 1, d), via(3, 2, d)]
        found.append(round(d, 10))
    return tuple(found)


@pytest.mark.parametrize("backward", [False, True])
def test_cells_are_different_where_their_functions_are(backward: bool) -> None:
    """Of 600 draws: those that count as one say the same, and hardly any that say the same in 4 steps count as two."""
    texts = {random_cell(0, number, backward=backward) for number in range(600)}
    functions: dict[object, set[tuple[float, ...]]] = {}
    for cell in texts:
        functions.setdefault(canonical_form(cell), set()).add(said(cell))
    assert len(functions) < len(texts)
    assert all(len(each) == 1 for each in functions.values())
    assert len({next(iter(each)) for each in functions.values()}) > 0.95 * len(functions)
