"""Replacing the adjacency matrices of a network's blocks."""

from __future__ import annotations

from snnviz.design.adjacency import Edges
from snnviz.design.design import Design


def with_block_matrices(design: Design, edges: tuple[Edges, ...]) -> Design:
    """Returns the design with these adjacency matrices, one for each of `design.network.matrices`. Raises
    `InputError`.
    """
    document = design.document()
    document["network"] |= design.network.with_matrices(edges)
    return Design.check(document)
