"""Enumeration of all adjacency matrices (without backward connections) of small blocks, and the designs that train
them.

The atlas is the set of trained networks with every such matrix. A matrix has a number: its skips, in the order of
`adjacency.skip_positions`, are the digits of the number in base 3, the most significant first.
"""

from __future__ import annotations

from functools import lru_cache

from snnviz.design import adjacency
from snnviz.design.adjacency import Edges
from snnviz.design.design import Design
from snnviz.design.links import from_sparse

DEPTHS = (3, 4)
"""Layers of the blocks that have an atlas: 27 and 729 matrices."""

SEEDS = range(5)
KINDS = 3
"""What a skip may be: none, DSC, ASC."""

SETTING = {
    "data.train_samples": 1000,
    "data.validation": 0.15,
    "data.steps": 6,
    "network.channels": 8,
    "neuron.threshold": 1.0,
    "neuron.beta": 0.9,
    "init": "kaiming",
    "init.gain": 2.0,
    "training.epochs": 6,
}
"""As in the small sweep over skips: there a block without skips reaches 91 % of the digits, and 8.5 % of its neurons
spike before training; with torch's own weights it is nearly silent. Beside that, images are held out to rank by.
"""


def matrix_count(depth: int) -> int:
    """Returns how many adjacency matrices without backward connections a block of `depth` layers can have.

    >>> [matrix_count(depth) for depth in DEPTHS]
    [27, 729]
    """
    count: int = KINDS ** len(adjacency.skip_positions(depth))
    return count


def matrix_from_number(depth: int, number: int) -> Edges:
    """Returns the adjacency matrix with this number (its skips are the number's digits in base 3) of a block of `depth`
    layers.

    >>> adjacency.to_compact_text(matrix_from_number(3, 5))
    '0001/0002/0000/0000'
    """
    skips = {}
    for position in reversed(adjacency.skip_positions(depth)):
        number, skips[position] = divmod(number, KINDS)
    return adjacency.edges_from_skips(depth, skips)


def number_from_matrix(edges: Edges) -> int | None:
    """Returns the number of an adjacency matrix, from which `matrix_from_number` restores it; None if it has backward
    connections.

    >>> number_from_matrix(matrix_from_number(4, 500)), number_from_matrix(adjacency.sequential(4))
    (500, 0)
    """
    if adjacency.has_backward(edges):
        return None
    found = 0
    for i, j in adjacency.skip_positions(len(edges) - 1):
        found = KINDS * found + edges[i][j]
    return found


def neighbours(depth: int, number: int) -> tuple[tuple[tuple[int, int], int, int], ...]:
    """Returns the matrices that differ from a matrix in one skip only, each as (position (i, j), skip kind there,
    number of the matrix).

    >>> neighbours(3, 0)
    (((0, 2), 1, 9), ((0, 2), 2, 18), ((0, 3), 1, 3), ((0, 3), 2, 6), ((1, 3), 1, 1), ((1, 3), 2, 2))
    """
    positions, found = adjacency.skip_positions(depth), []
    for place, position in enumerate(positions):
        unit = KINDS ** (len(positions) - 1 - place)
        now = number // unit % KINDS
        found += [(position, kind, number + (kind - now) * unit) for kind in range(KINDS) if kind != now]
    return tuple(found)


@lru_cache(maxsize=8192)
def atlas_design(depth: int, number: int, seed: int) -> Design:
    """Returns the design that trains a block with this matrix (by number) and seed; all other fields are the same for
    all matrices.
    """
    edges = adjacency.to_compact_text(matrix_from_number(depth, number))
    return from_sparse({**SETTING, "network.edges": edges, "seed": seed})
