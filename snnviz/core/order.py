"""The order in which the layers of an architecture are computed, and which of them step through time together."""

from __future__ import annotations

from collections.abc import Sequence

from snnviz.core.cycles import Cycle
from snnviz.core.loops import Loop
from snnviz.graph.architectures import INPUT, Architecture

Stage = int | Cycle | Loop
"""The index of a layer, or a cycle of layers that step through time together."""


def execution_stages(architecture: Architecture, *, half: bool) -> list[Stage]:
    """Returns the layers and cycles of layers in an order in which each reads only earlier ones.

    half: whether cycles compute their convolutions in bfloat16.
    """
    if not any(source.delay for layer in architecture.layers for source in layer.sources):
        return list(range(len(architecture.layers)))
    import networkx  # takes a fifth of a second, and most networks have no cycle

    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(architecture.layers)))
    graph.add_edges_from(
        (s.layer, j) for j, layer in enumerate(architecture.layers) for s in layer.sources if s.layer != INPUT
    )
    found: list[Stage] = []
    condensed = networkx.condensation(graph)
    for node in networkx.lexicographical_topological_sort(condensed, key=lambda n: min(condensed.nodes[n]["members"])):
        members = sorted(condensed.nodes[node]["members"])
        loops = len(members) > 1 or graph.has_edge(members[0], members[0])
        found.append(_together(architecture, members, half=half) if loops else members[0])
    return found


def _together(built: Architecture, members: Sequence[int], *, half: bool) -> Cycle | Loop:
    layers = [built.layers[index] for index in members]
    driving = all(layer.kind == "conv" and layer.spiking and not layer.normed for layer in layers)
    return (Cycle if driving else Loop)(built, members, half=half)


def stage_layers(stage: Stage) -> list[int]:
    """Returns the indices in `Architecture.layers` of the layers that are computed together: one, or those of a
    cycle.
    """
    return [stage] if isinstance(stage, int) else [member.index for member in stage.members]


def last_uses(architecture: Architecture, order: Sequence[Stage]) -> list[set[int]]:
    """Returns for each stage the layers that no later stage reads, so that their outputs can be freed; never the
    readout's.
    """
    later: set[int] = {source.layer for source in architecture.layers[-1].sources} | {len(architecture.layers) - 1}
    found = []
    for stage in reversed(order):
        members = stage_layers(stage)
        read = {source.layer for index in members for source in architecture.layers[index].sources} - set(members)
        found.append(read - later)
        later |= read
    return found[::-1]
