"""The block adjacency matrix."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC, Edges
from snnviz.errors import InputError
from tests.designs import NOT_SQUARE, attempt, is_a_sentence, matrices

DEPTHS = range(adjacency.MIN_DEPTH, adjacency.MAX_DEPTH + 1)


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_block_of_d_layers_has_d_times_d_minus_1_over_2_places_for_skips(depth: int) -> None:
    places = adjacency.skip_positions(depth)
    assert len(set(places)) == depth * (depth - 1) // 2
    assert all(i >= 0 and i + 2 <= j <= depth for i, j in places)


@given(matrices())
def test_a_matrix_survives_text_link_and_lists(edges: Edges) -> None:
    assert adjacency.parse(adjacency.to_text(edges)) == edges
    assert adjacency.parse(adjacency.to_compact_text(edges)) == edges
    assert adjacency.parse([[float(cell) for cell in row] for row in edges]) == edges
    assert adjacency.parse(edges) == edges
    assert all(type(cell) is int for row in adjacency.parse(edges) for cell in row)


@given(matrices())
def test_a_block_has_no_cycle_and_every_layer_is_reached(edges: Edges) -> None:
    size = len(edges)
    graph = nx.DiGraph([(i, j) for i in range(size) for j in range(size) if edges[i][j]])
    graph.add_edges_from((j - 1, j) for j in range(1, size))
    assert nx.is_directed_acyclic_graph(graph)
    assert nx.descendants(graph, 0) == set(range(1, size))


@pytest.mark.parametrize(
    "text", ["0 0 1/0 0 0/0 0 0", "001/000/000", " 001 / 000 / 000 ", "001/000/000/", "0 0 1/000/000"]
)
def test_a_matrix_can_be_typed_with_and_without_spaces(text: str) -> None:
    assert adjacency.parse(text) == ((0, 0, 1), (0, 0, 0), (0, 0, 0))


@pytest.mark.parametrize("edge", [DSC, ASC])
@pytest.mark.parametrize("depth", DEPTHS)
def test_only_edges_that_jump_over_a_layer_or_lead_back_to_one_are_accepted(depth: int, edge: int) -> None:
    for i in range(depth + 1):
        for j in range(depth + 1):
            matrix = adjacency.edges_from_skips(depth, {(i, j): edge})
            if (i, j) in (*adjacency.skip_positions(depth), *adjacency.backward_positions(depth)):
                assert adjacency.has_backward(matrix) == (j < i)
                assert adjacency.parse(matrix) == matrix
                continue
            with pytest.raises(InputError) as caught:
                adjacency.parse(matrix)
            why = "does not feed itself" if i == j else "the block's input" if j == 0 else "the sequential path"
            assert caught.value.field == f"network.edges[{i}][{j}]"
            assert why in str(caught.value)


@pytest.mark.parametrize("cell", [3, -1, 0.5, "1", None, True, [1], float("nan"), float("inf"), 10**400])
def test_a_cell_must_be_0_1_or_2(cell: object) -> None:
    with pytest.raises(InputError, match=r"^network.edges\[0\]\[2\] must be 0 \(none\), 1 \(DSC\) or 2 \(ASC\), got "):
        adjacency.parse([[0, 0, cell], [0, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("value", NOT_SQUARE)
def test_what_is_not_a_square_matrix_is_refused_with_a_sentence(value: object) -> None:
    with pytest.raises(InputError) as caught:
        adjacency.parse(value)
    assert is_a_sentence(caught.value)
    assert caught.value.field.startswith("network.edges")


@pytest.mark.parametrize("rows", [2, 3, 9, 10, adjacency.MAX_VERTICES])
def test_a_block_of_a_given_size_is_taken_in_every_form(rows: int) -> None:
    edges = adjacency.densenet_like(rows - 1)
    spread = "\n".join(adjacency.to_text(edges).split(" / ")).replace("\n", "  /\n ")
    for form in (
        edges,
        [list(row) for row in edges],
        adjacency.to_text(edges),
        adjacency.to_compact_text(edges),
        spread,
    ):
        assert adjacency.parse(form, rows=rows) == edges
    for other in {2, 3, 25, 26} - {rows}:
        with pytest.raises(InputError, match=rf"^B must be a square matrix with {other} rows, got {rows} rows$"):
            adjacency.parse(edges, "B", rows=other)


@pytest.mark.parametrize("value", [*NOT_SQUARE, [[0] * 26] * 25, [[0] * 25] * 26, "0/" * 26, " " * 2704, [[]] * 26])
def test_what_is_not_a_matrix_of_the_given_size_is_refused_with_a_sentence(value: object) -> None:
    with pytest.raises(InputError) as caught:
        adjacency.parse(value, rows=26)
    assert is_a_sentence(caught.value)


def test_a_text_is_read_up_to_a_length_that_its_size_needs() -> None:
    for rows, longest in [(None, 500), (9, 500), (26, 2704)]:
        for text in ("/" * (longest + 1), "0" * 10**7):
            with pytest.raises(InputError, match=rf"^network.edges must be at most {longest} characters long, got"):
                adjacency.parse(text, rows=rows)


@pytest.mark.parametrize("rows", [-1, 0, 1, 27, 10**9])
def test_no_block_has_another_number_of_vertices(rows: int) -> None:
    with pytest.raises(ValueError, match="2 to 26 vertices"):
        adjacency.parse([], rows=rows)


@given(matrices(back=True))
def test_backward_connections_can_be_refused(edges: Edges) -> None:
    found = attempt(lambda value: adjacency.parse(value, backward=False), edges)
    assert isinstance(found, InputError) if adjacency.has_backward(edges) else found == edges


@given(st.text(alphabet="012 /3x-.\n", max_size=120) | st.text(max_size=600))
def test_any_text_is_a_matrix_or_a_sentence(text: str) -> None:
    edges = attempt(adjacency.parse, text)
    if isinstance(edges, InputError):
        assert is_a_sentence(edges)
    else:
        assert adjacency.parse(adjacency.to_text(edges)) == edges


def incoming(edges: Edges, j: int) -> list[int]:
    return [i for i in range(len(edges)) if edges[i][j]]


@given(st.sampled_from(DEPTHS), st.integers(0, 10), st.sampled_from([DSC, ASC]), st.integers(0, 2**31 - 1))
def test_every_layer_takes_n_skip_sources_or_all_there_are(depth: int, n_skip: int, edge: int, seed: int) -> None:
    edges = adjacency.parse(adjacency.with_n_skip(depth, n_skip, edge, seed))
    assert edges == adjacency.with_n_skip(depth, n_skip, edge, seed)
    assert {cell for row in edges for cell in row} <= {0, edge}
    assert [len(incoming(edges, j)) for j in range(1, depth + 1)] == [min(n_skip, j - 1) for j in range(1, depth + 1)]


def test_another_seed_draws_other_sources() -> None:
    assert len({adjacency.with_n_skip(8, 2, DSC, seed) for seed in range(20)}) > 15


def test_the_presets_are_what_their_names_say() -> None:
    assert adjacency.sequential(4) == adjacency.with_n_skip(4, 0, ASC, 0)
    assert adjacency.densenet_like(4) == adjacency.with_n_skip(4, 3, DSC, 0)
    assert adjacency.to_compact_text(adjacency.resnet_like(4)) == "00200/00000/00002/00000/00000"
    assert adjacency.to_compact_text(adjacency.resnet_like(5)) == "002000/000000/000020/000000/000000/000000"


@pytest.mark.parametrize("preset", [adjacency.sequential, adjacency.resnet_like, adjacency.densenet_like])
def test_every_preset_is_legal_at_every_depth(preset: Callable[[int], Edges]) -> None:
    for depth in DEPTHS:
        assert adjacency.parse(preset(depth)) == preset(depth)
