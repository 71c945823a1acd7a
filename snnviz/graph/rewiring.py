"""The matrices of a network's blocks, read and replaced."""

from __future__ import annotations

from snnviz.design import adjacency
from snnviz.design.adjacency import Edges
from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork, StagedNetwork


def matrices(design: Design) -> tuple[Edges, ...]:
    """Of each block; stacked blocks share theirs."""
    network = design.network
    if isinstance(network, StagedNetwork):
        return network.matrices
    assert isinstance(network, BlockNetwork)
    return (network.edges,)


def rewired(design: Design, edges: tuple[Edges, ...]) -> Design:
    """The design with these matrices, one for each block."""
    document = design.document()
    if isinstance(design.network, StagedNetwork):
        document["network"]["blocks"] = ";".join(map(adjacency.compact, edges))
    else:
        document["network"]["edges"] = edges[0]
    return Design.check(document)
