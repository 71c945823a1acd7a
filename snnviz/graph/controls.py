"""Controls for skips: plain blocks without skips, as wide as it takes for as many parameters or operations.

A concatenation brings weights, so a block with skips is a larger network too. A difference to a plain block of equal
parameters, or of equal operations, is not an effect of size.
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
    """Size of a network: its number of parameters, and of dense multiply-accumulate operations per image.

    `parameters`: weights, biases and gains. `operations`: with every input counted, zero padding included, over all T
    time steps; a first layer whose input is constant over time is counted once.
    """

    parameters: int
    operations: int


@dataclass(frozen=True, slots=True)
class Match:
    """A plain block (without skips) chosen as a control for a block with skips: its channels, its size, and by which
    share it is larger than the compared block.
    """

    channels: int
    size: Size
    mismatch: float


def network_size(design: Design) -> Size:
    """Returns the size of a design's network; parameters of neurons are not counted.

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
    """Returns whether a design's network can be replaced by a block without skips of another width, as a control."""
    return design.network.without_skips(1) is not None


def plain_block(design: Design, channels: int) -> Design:
    """Returns the design with its block replaced by one without skips and with `channels` channels; all else
    unchanged.
    """
    own = design.network.without_skips(channels)
    assert own is not None
    return design.model_copy(update={"network": own})


@lru_cache(maxsize=4096)
def match_control(design: Design, what: Control) -> Match:
    """Returns the block without skips whose number of `what` ("parameters" or "operations") is nearest to that of the
    design's block.

    Of two equally near, the smaller. Channels are a whole number, so the sizes differ by `Match.mismatch`.
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
