"""Plain blocks as controls: no skips, and such a width that they are as large as a block with skips, or as dear.

A concatenation brings weights, so a block with more of them is a larger network too. What is left over a plain block of
equal parameters, or of equal operations, does not come of size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from snnviz.catalog.encodings import is_static
from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork
from snnviz.design.registry import Range
from snnviz.graph.architectures import build_architecture
from snnviz.graph.layers import INPUT

Control = Literal["parameters", "operations"]

CONTROLS: tuple[Control, ...] = get_args(Control)


@dataclass(frozen=True, slots=True)
class Size:
    """`parameters`: weights, biases and gains. `operations` of an image: dense ones, as if every input counted, zero
    padding included, in all T time steps; a first layer that sees the same image at each step is computed once."""

    parameters: int
    operations: int


@dataclass(frozen=True, slots=True)
class Match:
    """A plain block: its channels, its size, and the share by which it is larger than what it stands beside."""

    channels: int
    size: Size
    mismatch: float


def network_size(design: Design) -> Size:
    """Of a network that learns nothing but weights.

    >>> network_size(Design())
    Size(parameters=12010, operations=2971136)
    """
    layers, once = build_architecture(design).layers, is_static(design)
    operations = 0
    for layer in layers:
        first = once and all(source.layer == INPUT for source in layer.sources)
        operations += layer.macs * (1 if first else design.data.steps)
    return Size(sum(layer.parameters for layer in layers), operations)


def can_be_plain(design: Design) -> bool:
    """Whether there are plain blocks of another width to compare a design with."""
    return design.network.without_skips(1) is not None


def plain_block(design: Design, channels: int) -> Design:
    """The block of a design without its skips and with so many channels; all else stays."""
    own = design.network.without_skips(channels)
    assert own is not None
    return design.model_copy(update={"network": own})


@lru_cache(maxsize=4096)
def match_control(design: Design, what: Control) -> Match:
    """The plain block that comes nearest to a block with skips in `what`; of two as near, the smaller.

    Its channels are a whole number, so that something is left: `Match.mismatch`.
    """
    wanted = getattr(network_size(design), what)
    limits = next(item for item in BlockNetwork.model_fields["channels"].metadata if isinstance(item, Range))
    low, high = int(limits.low), int(limits.high)
    while high - low > 1:  # both grow with the channels
        middle = (low + high) // 2
        low, high = (
            (middle, high) if getattr(network_size(plain_block(design, middle)), what) <= wanted else (low, middle)
        )
    sizes = {channels: network_size(plain_block(design, channels)) for channels in (low, high)}
    channels = min(sizes, key=lambda channels: abs(getattr(sizes[channels], what) - wanted))
    return Match(channels, sizes[channels], getattr(sizes[channels], what) / wanted - 1)
