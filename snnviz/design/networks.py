"""The kinds of network in a design: blocks with an adjacency matrix, plain layers, and published architectures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from snnviz.design import adjacency, cells
from snnviz.design.adjacency import Edges
from snnviz.design.base_network import BaseNetwork, Norm
from snnviz.design.cells import Cell
from snnviz.design.registry import Range
from snnviz.design.staged import STAGED, StagedKind
from snnviz.errors import InputError

Pooling = Literal["max", "average"]
"""What a pooling window returns: its largest value (of spikes: whether there is one), or the mean of all."""


class BlockNetwork(BaseNetwork):
    """A stem convolution, then `blocks` blocks of 3x3 convolution layers that all have the adjacency matrix `edges`,
    then a readout.
    """

    kind: Literal["block"] = "block"
    edges: Annotated[
        Edges, PlainValidator(adjacency.parse), PlainSerializer(lambda edges: [list(row) for row in edges])
    ] = adjacency.resnet_like(4)
    channels: Annotated[int, Range(1, 256, "Channels of every layer of the block.", 1)] = 16
    blocks: Annotated[int, Range(1, 6, "How often the block is stacked; maps are halved in between.", 1)] = 1
    dsc_fraction: Annotated[
        float, Range(0.05, 1, "Share of a source's channels that a DSC skip carries (rho), drawn from the seed.", 0.05)
    ] = 0.5
    norm: Norm = "none"

    @field_validator("norm")
    @classmethod
    def _steps_alone(cls, norm: str, info: ValidationInfo) -> str:
        """Statistics over all time steps are not there yet while a cycle steps through them."""
        if norm != "none" and adjacency.has_backward(info.data.get("edges", ())):
            raise PydanticCustomError("range", "be none in a block with backward connections")
        return norm

    @property
    def depth(self) -> int:
        """Number of layers of one block."""
        return len(self.edges) - 1

    @property
    def matrices(self) -> tuple[Edges, ...]:
        """A tuple of the one adjacency matrix, which all blocks share."""
        return (self.edges,)

    def with_matrices(self, edges: Sequence[Edges]) -> dict[str, object]:
        """Returns the field `edges` set to the first of the given matrices."""
        return {"edges": edges[0]}

    @property
    def backward_connections(self) -> dict[str, str]:
        """``{"edges": text}`` of the adjacency matrix if it has backward connections, else {}."""
        return {"edges": adjacency.to_text(self.edges)} if adjacency.has_backward(self.edges) else {}

    def without_backward(self) -> dict[str, object]:
        """Returns ``{"edges": ...}``, the adjacency matrix without its backward connections."""
        return {"edges": [[edge if j > i else 0 for j, edge in enumerate(row)] for i, row in enumerate(self.edges)]}

    @property
    def skips(self) -> dict[str, str]:
        """The field `edges` mapped to its compact text if the matrix has any connection, else {}."""
        return {"edges": adjacency.to_compact_text(self.edges)} if any(map(any, self.edges)) else {}

    def as_sequence(self) -> BlockNetwork:
        """Returns the same network without skips and backward connections."""
        return self.model_copy(update={"edges": adjacency.sequential(self.depth)})

    drawn_fields: ClassVar[frozenset[str]] = frozenset({"edges"})

    def without_skips(self, channels: int) -> BlockNetwork:
        """Returns the same network without skips and backward connections and with `channels` channels."""
        return self.as_sequence().model_copy(update={"channels": channels})

    def describe(self) -> list[str]:
        """Returns a short description: depth and number of blocks, channels, and the number of skips by kind."""
        stacked = f"{self.blocks} x " if self.blocks > 1 else ""
        return [f"block {stacked}{self.depth} layers, {self.channels} ch, {adjacency.summary(self.edges)}"]

    def required_changes(self, field: str) -> dict[str, object]:
        """Returns the field `edges` without backward connections if `field` is "norm", which forbids them; else {}.

        >>> BlockNetwork(edges="000/000/010").required_changes("norm")
        {'edges': '000/000/000'}
        """
        if field != "norm" or not self.backward_connections:
            return {}
        return {"edges": adjacency.to_compact_text(adjacency.parse(self.without_backward()["edges"]))}


class MlpNetwork(BaseNetwork):
    """Fully connected layers: `depth` hidden layers of `width` neurons, then a readout."""

    kind: Literal["mlp"] = "mlp"
    depth: Annotated[int, Range(1, 200, "Hidden layers.", 1)] = 4
    width: Annotated[int, Range(1, 4096, "Neurons of a hidden layer.", 10)] = 200
    norm: Norm = "none"

    fully_connected: ClassVar[bool] = True

    @property
    def hidden_layers(self) -> int:
        """Number of hidden layers: `depth`."""
        return self.depth

    def describe(self) -> list[str]:
        """Returns a short description: the number of hidden layers and their width."""
        return [f"mlp {self.depth} x {self.width}"]


class CnnNetwork(BaseNetwork):
    """3x3 convolution layers in sequence, with average pooling by 2 after every `pool_every` layers, then a readout."""

    kind: Literal["cnn"] = "cnn"
    depth: Annotated[int, Range(1, 50, "Convolution layers.", 1)] = 4
    channels: Annotated[int, Range(1, 512, "Channels of every layer.", 1)] = 16
    pool_every: Annotated[int, Range(0, 50, "Halve the maps after this many layers; 0 means never.", 1)] = 2
    norm: Norm = "none"

    @property
    def hidden_layers(self) -> int:
        """Number of convolution layers: `depth`."""
        return self.depth

    def describe(self) -> list[str]:
        """Returns a short description: the number of convolution layers and their channels."""
        return [f"cnn {self.depth} x {self.channels} ch"]


class VggNetwork(BaseNetwork):
    """Stages of 3x3 convolutions, each followed by pooling by 2, then a fully connected hidden layer.

    VGG-16 (Simonyan and Zisserman 2015) as it is used for small images, such as by Stanojevic et al. 2023. Maps of one
    pixel are not pooled any further.
    """

    kind: Literal["vgg"] = "vgg"
    width: Annotated[float, Range(0.03125, 1, "Share of the channels and hidden neurons of the original.", 0.0625)] = (
        0.25
    )
    stages: Annotated[int, Range(1, 5, "The first so many stages of 2, 2, 3, 3 and 3 convolutions.", 1)] = 5
    pooling: Pooling = "max"
    norm: Norm = "batch"

    @property
    def channels(self) -> tuple[tuple[int, ...], ...]:
        """Output channels of each convolution, one tuple per stage; never fewer than 2."""
        return tuple((self._share(channels),) * layers for layers, channels in _VGG[: self.stages])

    @property
    def hidden(self) -> int:
        """Number of neurons of the fully connected hidden layer."""
        return self._share(512)

    scaled: ClassVar[bool] = True

    def _share(self, original: int) -> int:
        return max(2, round(self.width * original))

    def describe(self) -> list[str]:
        """Returns a short description: the number of stages, the width and the kind of pooling."""
        stages = "1 stage" if self.stages == 1 else f"{self.stages} stages"
        return [f"vgg {stages}, {self.width:g} of the width, {self.pooling} pooling"]


_VGG = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions of each stage, and the channels of each of them."""


class StagedNetwork(BaseNetwork):
    """A published architecture for small images: a stem, blocks that each have their own adjacency matrix, a readout.

    A block of d layers has d + 2 vertices: its input, its layers, and its output, which merges its sources without
    weights. A layer is a convolution (resnet18), a bottleneck and its convolution (densenet121) or an inverted residual
    (mobilenetv2).
    """

    kind: StagedKind = "resnet18"
    width: Annotated[float, Range(0.03125, 1, "Share of the channels of the original.", 0.0625)] = 1.0
    depth: Annotated[float, Range(0.05, 1, "Share of the layers of each block of the original.", 0.25)] = 1.0
    blocks: str = ""
    """Adjacency matrices of the blocks, separated by semicolons; an empty one is the published architecture's."""

    dsc_fraction: Annotated[
        float, Range(0.05, 1, "Share of a source's channels that a DSC skip carries (rho), drawn from the seed.", 0.05)
    ] = 1.0
    norm: Norm = "batch"

    @field_validator("blocks", mode="plain")
    @classmethod
    def _written_once(cls, value: object, info: ValidationInfo) -> str:
        """Blocks that are the original are left out, so that a network has one text."""
        if not {"kind", "depth"} <= info.data.keys():
            return ""  # what is wrong with these is said
        originals = cls._originals(info.data["kind"], info.data["depth"])
        if not isinstance(value, str):
            raise InputError("network.blocks", "be text: a matrix for each block, separated by semicolons", value)
        given = value.split(";", len(originals)) if value else [""] * len(originals)
        if len(given) != len(originals):
            raise InputError("network.blocks", f"hold {len(originals)} matrices, separated by semicolons", value)
        texts = []
        for number, (text, original) in enumerate(zip(given, originals, strict=True), 1):
            edges, field = original, f"network.blocks[{number}]"
            if text.strip():
                edges = adjacency.parse(text, field, rows=len(original), backward=False)
            texts.append("" if edges == original else adjacency.to_compact_text(edges))
        return ";".join(texts) if any(texts) else ""

    @staticmethod
    def _originals(kind: StagedKind, depth: float) -> tuple[Edges, ...]:
        layers, make = STAGED[kind]
        return tuple(make(max(1, round(count * depth))) for count in layers)

    @property
    def originals(self) -> tuple[Edges, ...]:
        """The adjacency matrix of each block as in the published architecture, at this network's depth."""
        return self._originals(self.kind, self.depth)

    @property
    def matrices(self) -> tuple[Edges, ...]:
        """The adjacency matrix of each block, edits included."""
        texts = self.blocks.split(";") if self.blocks else [""] * len(self.originals)
        return tuple(
            adjacency.parse(text, rows=len(original), backward=False) if text else original
            for text, original in zip(texts, self.originals, strict=True)
        )

    def channels(self, original: int) -> int:
        """Returns how many channels this network has where the published architecture has `original`: scaled by
        `width`, at least 2.
        """
        return max(2, round(self.width * original))

    has_row: ClassVar[bool] = False
    scaled: ClassVar[bool] = True
    matrix_per_block: ClassVar[bool] = True
    drawn_fields: ClassVar[frozenset[str]] = frozenset({"blocks"})

    @property
    def changed_blocks(self) -> tuple[int, ...]:
        """Numbers, from 1, of the blocks whose adjacency matrix differs from the published architecture's."""
        return tuple(number for number, text in enumerate(self.blocks.split(";"), 1) if text)

    def with_matrices(self, edges: Sequence[Edges]) -> dict[str, object]:
        """Returns the field `blocks` as the text of these matrices, one per block."""
        return {"blocks": ";".join(map(adjacency.to_compact_text, edges))}

    def as_sequence(self) -> VggNetwork:
        """Returns a VGG of the same width and normalisation, the nearest plain sequence of layers."""
        return VggNetwork(width=self.width, norm=self.norm)

    def describe(self) -> list[str]:
        """Returns a short description: the architecture, its width and depth as shares, and which blocks were
        edited.
        """
        left = ((self.width, "width"), (self.depth, "depth"))
        words = [self.kind, *(f"{share:g} of the {noun}" for share, noun in left if share < 1)]
        drawn = [str(number) for number in self.changed_blocks]
        return words + ([f"own block{'s' if len(drawn) > 1 else ''} {', '.join(drawn)}"] if drawn else [])


FORWARD = "0333 0033 0003 0000"
"""A cell without backward connections: every pair of nodes is joined by a 3x3 convolution."""


def _cell(value: object) -> Cell:
    """A cell whose output hears of its input. Raises `InputError`."""
    cell = cells.parse(value, "network.cell")
    if not any(map(any, cells.without_unused_connections(cell))):
        raise InputError("network.cell", "lead from node 0 to node 3", cells.to_text(cell))
    return cell


class CellNetwork(BaseNetwork):
    """A SNASNet (Kim et al. 2022): a stem, two cells of the same operations with a reduction in between, a classifier.

        stem -> cell -> norm, LIF, conv C to 2C, norm, pool 2 -> cell of 2C -> norm, LIF, pool 2 -> dropout
             -> linear, LIF -> linear, voting

    An operation with weights is LIF, convolution, norm. The paper's neuron, v += (i - v) / tau with tau = 4/3, a
    threshold of 1 and a reset to 0, is ours with beta = 1/4, threshold 4/3, the reset "zero" and, for the same
    gradients, the surrogate atan of slope 1.5: u = 4/3 v.
    """

    kind: Literal["cell"] = "cell"
    cell: Annotated[Cell, PlainValidator(_cell), PlainSerializer(cells.to_text)] = next(
        iter(cells.PUBLISHED_CELLS.values())
    )
    """The operations between the four nodes of both cells. Those on no path from node 0 to node 3 are not built."""

    channels: Annotated[int, Range(1, 256, "Channels of the first cell (C); the second has twice as many.", 4)] = 16
    hidden: Annotated[int, Range(1, 4096, "Neurons of the hidden layer after the cells.", 64)] = 256
    voters: Annotated[int, Range(1, 50, "Outputs for each class, whose mean is the class's.", 1)] = 10
    dropout: Annotated[
        float, Range(0, 0.9, "Share of the hidden layer's inputs that a training step leaves out.", 0.1)
    ] = 0.5
    enlarge: Literal[1, 2, 4] = 1
    """Factor by which images are enlarged in both directions by repeating pixels: images of 8x8 become 16x16 with 2."""

    norm: Norm = "batch"

    by_step: ClassVar[bool] = True
    has_row: ClassVar[bool] = False
    drawn_fields: ClassVar[frozenset[str]] = frozenset({"cell"})

    @property
    def backward_connections(self) -> dict[str, str]:
        """``{"cell": text}`` of the cell if it has backward connections, else {}."""
        return {"cell": cells.to_text(self.cell)} if cells.has_backward(self.cell) else {}

    def without_backward(self) -> dict[str, object]:
        """Returns ``{"cell": ...}``, the cell without its backward connections; `FORWARD` if no connection would be
        left.
        """
        if not self.backward_connections:
            return {}
        ahead = tuple(tuple(op if j > i else 0 for j, op in enumerate(row)) for i, row in enumerate(self.cell))
        left = cells.without_unused_connections(ahead)
        return {"cell": cells.to_text(left) if any(map(any, left)) else FORWARD}

    def as_sequence(self) -> CnnNetwork:
        """Returns a `CnnNetwork` with the same channels and normalisation, the nearest plain sequence of layers."""
        return CnnNetwork(channels=self.channels, norm=self.norm)

    def describe(self) -> list[str]:
        """Returns a short description: the text of the cell and its channels."""
        return [f"cell {cells.to_text(self.cell)}, {self.channels} ch"]


Network = Annotated[
    BlockNetwork | MlpNetwork | CnnNetwork | VggNetwork | StagedNetwork | CellNetwork, Field(discriminator="kind")
]

KINDS: dict[str, type[BlockNetwork | MlpNetwork | CnnNetwork | VggNetwork | StagedNetwork | CellNetwork]] = {
    "block": BlockNetwork,
    "mlp": MlpNetwork,
    "cnn": CnnNetwork,
    "vgg": VggNetwork,
    **dict.fromkeys(STAGED, StagedNetwork),
    "cell": CellNetwork,
}
"""The class of each kind of network, by its name."""


Shape = tuple[int, int, int]
"""Channels, height and width of an image or of a layer's output. A linear layer's output is (neurons, 1, 1)."""
