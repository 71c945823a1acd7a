"""The matrices of a network's blocks, replaced."""

from __future__ import annotations

from snnviz.design.adjacency import Edges
from snnviz.design.design import Design


def with_block_matrices(design: Design, edges: tuple[Edges, ...]) -> Design:
    """The design with these matrices, one for each block of `design.network.matrices`. Raises `InputError`."""
    document = design.document()
    document["network"] |= design.network.with_matrices(edges)
    return Design.check(document)
