"""The sections of a staged network (ResNet, DenseNet, MobileNet) for its drawing: stem, blocks, readout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from snnviz.design.adjacency import ASC, DSC, Edges
from snnviz.design.design import Design
from snnviz.design.networks import StagedNetwork
from snnviz.graph.architectures import Architecture, Layer, Shape, build_architecture
from snnviz.views.words import axis_label

MOST_LABELS = 16
"""With more layers than this, axes are labelled by blocks."""

MOST_ROOMY = 8
"""Largest number of rows of a map in which two lines of text fit."""

MOST_ROWS = 27
"""Largest number of rows of a map of which each has its name."""

UNITS = {
    "resnet18": "a 3×3 convolution",
    "densenet121": "a 1×1 bottleneck and a 3×3 convolution",
    "mobilenetv2": "an inverted residual: 1×1 wider, 3×3 on each channel alone, 1×1 linear",
}
"""What a layer of a block is, by architecture."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One section of a drawing of a staged network (stem, a block, head or readout): its name, number of layers and
    output shape.

    `edges`: adjacency matrix of a block, else (). `changed`: whether it was edited. `share`: share of the network's
    parameters, projections and the following transition included.
    """

    name: str
    layers: int
    shape: Shape
    share: float
    edges: Edges = ()
    changed: bool = False

    def count(self, kind: int) -> int:
        """Returns how many skips of this kind (1 DSC, 2 ASC) the block has."""
        return sum(row.count(kind) for row in self.edges)


@lru_cache(maxsize=64)
def stages(design: Design) -> tuple[Stage, ...]:
    """Returns the sections of a staged network (ResNet, DenseNet, MobileNet) in order: the stem, each block, the head
    if there is one, and the readout.
    """
    network, built = _network(design), build_architecture(design)
    total = sum(layer.parameters for layer in built.layers)
    parts: dict[str, list[Layer]] = {}
    for layer in built.layers:
        parts.setdefault(block_of(layer.name), []).append(layer)
    found = []
    for name, layers in parts.items():
        share = sum(layer.parameters for layer in layers) / total
        if not name.startswith("B"):
            found.append(Stage(name, len(layers), layers[-1].out_shape, share))
            continue
        number = int(name[1:])
        edges, original = network.matrices[number - 1], network.originals[number - 1]
        said = [layer for layer in layers if not layer.name.startswith("T")][-1].out_shape
        found.append(Stage(f"Block {number}", len(edges) - 2, said, share, edges, edges != original))
    return tuple(found)


def block_of(layer: str) -> str:
    """Returns the name of the block, stem, head or readout that a layer (by name) belongs to; a transition belongs to
    the block before it.

    >>> block_of("B2.L3a"), block_of("T2"), block_of("head")
    ('B2', 'B2', 'head')
    """
    return re.sub(r"^T(\d+)$", r"B\1", layer).split(".")[0]


LEAST_APART = 0.08
"""Share of an axis that lies between two labels at least."""


def layer_axis(layers: Sequence[str]) -> dict[str, Any]:
    """Returns Plotly's settings of an x axis with many layers: in a staged network (ResNet, DenseNet, MobileNet), ticks
    where each block begins; else {}.

    >>> layer_axis(["stem", *(f"B1.L{n}" for n in range(1, 20)), "T1", "B2.L1"])["ticktext"]
    ['B1', 'B2']
    >>> layer_axis(["L1", "L2"])
    {}
    """
    if len(layers) <= MOST_LABELS or not any("." in name for name in layers):
        return {}
    starts: dict[str, int] = {}
    for place, name in enumerate(layers):
        if "." in name:
            starts.setdefault(block_of(name), place)
    apart: dict[str, str] = {}
    last = -len(layers)
    for block, place in starts.items():
        if place - last >= LEAST_APART * len(layers):  # on a phone, labels nearer to each other overlap
            apart[block], last = layers[place], place
    return {"tickmode": "array", "tickvals": list(apart.values()), "ticktext": list(apart), "tickangle": 0}


def layer_rows(layers: Sequence[str]) -> dict[str, Any]:
    """Returns Plotly's settings of a y axis with a row for each layer; {} for few layers.

    >>> layer_rows(["stem", *(f"L{n}" for n in range(1, 9)), "readout"])["ticktext"][1:-1]
    ['L2', 'L3', 'L4', 'L5', 'L6', 'L7']
    >>> layer_rows(["stem", "L1", "readout"])
    {}
    >>> layer_rows([f"L{n}" for n in range(1, 51)])["ticktext"][:3]
    ['L1', 'L5', 'L9']
    """
    if len(layers) <= MOST_ROOMY:
        return {}
    if many := layer_axis(layers):
        return many
    names = [axis_label(name) for name in layers]
    if len(names) > MOST_ROWS:  # as many as a figure of common height has room for
        shown = names[:: -(-len(names) // (MOST_ROWS // 2))]
        return {"tickmode": "array", "tickvals": shown, "ticktext": shown}
    tall = [k for k, name in enumerate(names) if "<br>" in name]
    shown = [name for k, name in enumerate(names) if k in tall or not {k - 1, k + 1} & set(tall)]
    return {"tickmode": "array", "tickvals": shown, "ticktext": shown}


def block_text(design: Design, number: int) -> str:
    """Returns sentences on what block `number` is, and what a skip from its input does there."""
    network, built = _network(design), build_architecture(design)
    entry, inner = _shapes(built, number)
    layers = len(network.matrices[number - 1]) - 2
    unit = UNITS[network.kind]
    if network.kind == "mobilenetv2" and number == 1:
        unit = unit.replace("1×1 wider, ", "")  # its channels are as many as its input's
    words = [f"{layers} layers, each {unit}." if layers > 1 else f"One layer, {unit}."]
    if entry[0] != inner[0]:
        halved = " and maps that are half as wide" if entry[1] > inner[1] else ""
        words.append(
            f"Its input has {entry[0]} channels, a layer {inner[0]}: an ASC skip from the input goes through a 1×1 "
            f"convolution (a projection, with weights of its own) to as many channels{halved}."
        )
    elif entry[1] > inner[1]:
        words.append("Its maps are half as wide as its input's: an ASC skip from there is projected (1×1 convolution).")
    if entry[1] > inner[1]:
        words.append("A DSC skip from the input reads every second point of its maps.")
    if network.kind == "mobilenetv2":
        words.append("What layers hand on is linear, so skips add currents rather than spikes.")
    return " ".join(words)


def blocks_of_same_size(network: StagedNetwork, number: int) -> tuple[int, ...]:
    """Returns the numbers, from 1, of the other blocks that have as many layers as block `number`."""
    sizes = [len(edges) for edges in network.originals]
    return tuple(n for n, size in enumerate(sizes, 1) if size == sizes[number - 1] and n != number)


def skips_in_words(stage: Stage) -> str:
    """Returns the numbers of DSC and ASC skips of a block as text.

    >>> skips_in_words(Stage("Block 1", 1, (8, 8, 8), 0.1, ((0, 0, 2), (0, 0, 0), (0, 0, 0))))
    '1 ASC'
    """
    counts = ((stage.count(DSC), "DSC"), (stage.count(ASC), "ASC"))
    return " · ".join(f"{count} {kind}" for count, kind in counts if count) or "no skips"


def _shapes(built: Architecture, number: int) -> tuple[Shape, Shape]:
    """What a block reads, and what its first layer hands on."""
    own = [layer for layer in built.layers if re.match(rf"B{number}\.L1[a-z]?$", layer.name)]
    source = own[0].sources[0].layer
    return built.layers[source].out_shape, own[-1].out_shape


def _network(design: Design) -> StagedNetwork:
    assert isinstance(design.network, StagedNetwork)
    return design.network
