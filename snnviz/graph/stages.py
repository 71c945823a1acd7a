"""ResNet-18, DenseNet-121 and MobileNetV2 for small images, described as blocks of convolutions with a matrix each.

`snnviz.graph.architectures` builds the networks from these descriptions. Neurons follow every convolution, except the
linear projections of MobileNetV2. The spiking versions of Benmeziane et al. 2023 differ from the ANNs in where sources
are merged: spikes are added or concatenated after the neurons, not before them. An ANN twin has the same graph.

The stem is a 3x3 convolution without pooling, as is usual for images of 32x32. Maps are halved where the originals do
so, as long as a side has four points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from snnviz.design.adjacency import Edges
from snnviz.design.networks import StagedNetwork
from snnviz.design.staged import StagedKind


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution inside a layer of a block. `halves`: it halves height and width (stride 2); `fires`: it is followed
    by neurons, else it is linear.
    """

    channels: int
    kernel: int
    halves: bool = False
    depthwise: bool = False
    fires: bool = True


Unit = tuple[Conv, ...]
"""One layer of a block: convolutions in sequence, the first of which reads the joined sources."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block: layers joined by an adjacency matrix, whose last vertex is the block's output.

    `transition`: a convolution after the block, followed by average pooling by 2 (DenseNet).
    """

    layers: tuple[Unit, ...]
    edges: Edges
    transition: Conv | None = None


@dataclass(frozen=True, slots=True)
class StagedArchitecture:
    """An architecture as a stem of `stem` channels, blocks, and a last 1x1 convolution of `head` channels (0: none)."""

    stem: int
    blocks: tuple[Block, ...]
    head: int = 0


def staged_architecture(network: StagedNetwork) -> StagedArchitecture:
    """Returns the stem, blocks and head of a published architecture, with the network's adjacency matrices."""
    return _MADE[network.kind](network)


def _resnet18(network: StagedNetwork) -> StagedArchitecture:
    """He et al. 2016, table 1, with the stem for CIFAR; parameters as torchvision's with such a stem."""
    blocks = []
    for stage, edges in enumerate(network.matrices):
        width = network.channels(64 * 2**stage)
        layers = tuple((Conv(width, 3, halves=stage > 0 and j == 0),) for j in range(len(edges) - 2))
        blocks.append(Block(layers, edges))
    return StagedArchitecture(network.channels(64), tuple(blocks))


def _densenet121(network: StagedNetwork) -> StagedArchitecture:
    """Huang et al. 2017, table 1, growth 32, bottlenecks and compression 1/2.

    Normalisation and neurons stand behind each convolution instead of before it, so that what is concatenated are
    spikes: the convolutions have as many weights as the original's, the normalisations fewer gains.
    """
    growth = network.channels(32)
    channels, blocks = 2 * growth, []
    for number, edges in enumerate(network.matrices):
        count = len(edges) - 2
        layers = ((Conv(4 * growth, 1), Conv(growth, 3)),) * count
        channels = (channels + count * growth) // 2
        last = number == len(network.matrices) - 1
        blocks.append(Block(layers, edges, None if last else Conv(channels, 1)))
    return StagedArchitecture(2 * growth, tuple(blocks))


def _mobilenetv2(network: StagedNetwork) -> StagedArchitecture:
    """Sandler et al. 2018, table 2; the stem and the second stage do not halve the maps, as is usual for CIFAR."""
    table = (
        (1, 16, False),
        (6, 24, False),
        (6, 32, True),
        (6, 64, True),
        (6, 96, False),
        (6, 160, True),
        (6, 320, False),
    )
    channels, blocks = network.channels(32), []
    for (expansion, original, halves), edges in zip(table, network.matrices, strict=True):
        layers = []
        for j in range(len(edges) - 2):
            hidden, width = expansion * channels, network.channels(original)
            wide = (Conv(hidden, 1),) if expansion > 1 else ()
            deep = Conv(hidden, 3, halves=halves and j == 0, depthwise=True)
            layers.append((*wide, deep, Conv(width, 1, fires=False)))
            channels = width
        blocks.append(Block(tuple(layers), edges))
    return StagedArchitecture(network.channels(32), tuple(blocks), head=network.channels(1280))


_MADE: dict[StagedKind, Callable[[StagedNetwork], StagedArchitecture]] = {
    "resnet18": _resnet18,
    "densenet121": _densenet121,
    "mobilenetv2": _mobilenetv2,
}
