"""Synaptic operations of an image and the energy of their arithmetic, by a chosen counting convention.

A synaptic operation is a nonzero input times a weight that reads it. An input of a convolution is counted with as many
weights as there are outputs that it reaches, fewer at the edge; zero padding is no input. Joining, pooling, biases,
leaks and thresholds are not counted. Decision 21.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.encodings import is_static, second_moments
from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.events import LayerState
from snnviz.graph.architectures import INPUT, Layer, build_architecture

Floats = NDArray[np.float64]
Rates = Mapping[Layer, float | None]

Convention = Literal["additions", "neurobench"]
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)

MEANING: dict[Convention, str] = {
    "additions": "Additions: conv(a + b) = conv(a) + conv(b), so a sum of m spikes is m additions, and an average of "
    "them too (its 1/4 goes into the weights); only real numbers (image, ReLUs) multiply.",
    "neurobench": "NeuroBench (Yik et al. 2025): an input that is not 0 is one operation, an addition in layers that "
    "read nothing but single spikes, a multiplication in all others: also sums and averages of spikes multiply.",
}

ENERGY = {"45 nm": (4.6, 0.9)}
"""Energy in pJ of a multiply-accumulate and of an addition, by process, 32-bit floating point (Horowitz, ISSCC 2014).
"""

CAVEAT = (
    "4.6 pJ a MAC, 0.9 pJ an addition (45 nm, 32 bits, Horowitz 2014): of the arithmetic alone, no memory, no movement "
    "of data, not a chip measurement. With those counted, at T = 5, spikes save energy against a quantised ANN only "
    "below a rate of about 5.7 % (arXiv 2409.08290 v4)."
)

ESTIMATED = "estimated: older than the count, from shares of inputs and firing rates, spread evenly over maps"
"""Note on the operations of runs that stored no counts."""


@dataclass(frozen=True, slots=True)
class Operations:
    """Number of operations for one image, by one convention.

    `dense`: MACs as usually counted, whatever the inputs are, zero padding included. `macs` and `additions`: only
    operations whose input is not 0. `estimated`: derived from firing rates, since inputs were not counted.
    """

    dense: int
    macs: float
    additions: float
    estimated: bool = False
    convention: Convention = "additions"

    @property
    def effective(self) -> float:
        """Number of operations with nonzero inputs, MACs plus additions.

        By the convention "additions" it can exceed `dense` where many spikes are summed.
        """
        return self.macs + self.additions

    def picojoules(self, process: str = "45 nm") -> float:
        """Returns the energy of the effective operations in pJ: arithmetic alone, without memory and data movement."""
        mac, addition = ENERGY[process]
        return mac * self.macs + addition * self.additions

    def dense_picojoules(self, process: str = "45 nm") -> float:
        """Returns the energy in pJ if every operation were a MAC, as in an ANN that skips no zeros."""
        return ENERGY[process][0] * self.dense

    def nanojoules(self, process: str = "45 nm") -> float:
        """Returns `picojoules` in nJ."""
        return self.picojoules(process) / 1000

    def dense_nanojoules(self, process: str = "45 nm") -> float:
        """Returns `dense_picojoules` in nJ."""
        return self.dense_picojoules(process) / 1000


@dataclass(frozen=True, slots=True)
class OperationCounts:
    """Number of operations for one image by all conventions.

    `macs` and `additions` by the convention "additions"; `eff_macs` (Eff_MACs) and `eff_acs` (Eff_ACs) by NeuroBench;
    `dense` and `estimated` as in `Operations`.
    """

    dense: int
    macs: float
    additions: float
    eff_macs: float
    eff_acs: float
    estimated: bool = False

    @property
    def synops(self) -> float:
        """Number of synaptic operations by NeuroBench: Eff_MACs plus Eff_ACs."""
        return self.eff_macs + self.eff_acs

    def by(self, convention: Convention) -> Operations:
        """Returns the number of operations by one counting convention, "additions" or "neurobench"."""
        pair = (self.macs, self.additions) if convention == "additions" else (self.eff_macs, self.eff_acs)
        return Operations(self.dense, *pair, self.estimated, convention)


def parse_convention(name: str, field: str = "convention") -> Convention:
    """Returns the convention called `name`. Raises `InputError` naming `field`."""
    for known in CONVENTIONS:
        if name == known:
            return known
    raise InputError(field, f"be one of {', '.join(CONVENTIONS)}", name)


def connections_per_position(layer: Layer) -> NDArray[np.int64]:
    """Returns, for each position of a layer's input maps, how many weights read an input there: an array (H, W).

    >>> from snnviz.graph.layers import Layer
    >>> connections_per_position(Layer("L", "conv", (), (1, 3, 3), (2, 3, 3), kernel=3)).tolist()
    [[8, 12, 8], [12, 18, 12], [8, 12, 8]]
    """
    _, *sides = layer.in_shape
    if layer.kind == "linear":
        return np.full(sides, layer.out_shape[0], np.int64)
    rows, columns = (
        _reached(side, outputs, layer.kernel, layer.stride)
        for side, outputs in zip(sides, layer.out_shape[1:], strict=True)
    )
    return np.outer(rows, columns) * (layer.out_shape[0] // layer.groups)


def _reached(side: int, outputs: int, kernel: int, stride: int) -> NDArray[np.int64]:
    """Of a row of inputs: how many of the outputs see each."""
    seen = np.arange(outputs)[:, None] * stride + np.arange(kernel) - kernel // 2
    return np.bincount(seen[(seen >= 0) & (seen < side)], minlength=side)


def connections_before_pooling(layer: Layer, pool: int, sides: tuple[int, int]) -> NDArray[np.int64]:
    """Returns `connections_per_position` for maps (H, W) before they are average-pooled by `pool`.

    Positions that do not fill a pooling window reach nothing and count 0. `sides`: height and width before pooling.
    """
    found = np.zeros(sides, np.int64)
    spread = connections_per_position(layer).repeat(pool, 0).repeat(pool, 1)
    found[: spread.shape[0], : spread.shape[1]] = spread
    return found


def additions_if_all_spike(design: Design) -> int:
    """Returns the additions per image of a TTFS (time-to-first-spike) network if each pixel and each hidden neuron
    spiked once: an upper bound.

    Max pooling passes only the first spike of its window.
    """
    built, found = build_architecture(design), 0
    for layer in built.layers:
        source = layer.sources[0]
        shape = built.input_shape if source.layer == INPUT else built.layers[source.layer].out_shape
        meets = (
            connections_before_pooling(layer, source.pool, shape[1:])
            if source.linear
            else connections_per_position(layer)
        )
        found += shape[0] * int(meets.sum()) if len(shape) == 3 else layer.macs
    return found


def evaluations_per_image(design: Design, layer: Layer) -> int:
    """Returns how often a layer is computed for an image: T times, but once for a first layer with static input."""
    static = is_static(design) and all(source.layer == INPUT for source in layer.sources)
    return 1 if static else design.data.steps


def dense_operations(design: Design) -> int:
    """Returns the operations per image if no input were 0, zero padding included, over all time steps."""
    return sum(layer.macs * evaluations_per_image(design, layer) for layer in build_architecture(design).weighted)


def operations_per_image(design: Design, rows: Iterable[LayerState]) -> OperationCounts:
    """Returns the operations per image at the last measurement among a run's `rows`, which are in order.

    Rows of releases that did not count operations give an estimate.
    """
    watched = build_architecture(design).watched
    last: dict[Layer, LayerState] = {watched[row.layer]: row for row in rows}
    rates = {layer: row.rate for layer, row in last.items()}
    found, estimated = np.zeros(4), False
    for layer in watched:
        if not layer.weighted:
            continue
        row = last.get(layer)
        if row is not None and row.synops is not None and row.macs is not None and row.additions is not None:
            own = (row.macs, row.additions, row.synops)
        else:
            own, estimated = _estimate(design, layer, rates, row.density if row else None), True
        macs, additions, synops = own
        adds = reads_spikes(design, layer)
        found += (macs, additions, 0 if adds else synops, synops if adds else 0)
    macs, additions, eff_macs, eff_acs = found.tolist()
    return OperationCounts(dense_operations(design), macs, additions, eff_macs, eff_acs, estimated)


def reads_spikes(design: Design, layer: Layer) -> bool:
    """Returns whether all inputs of a layer are single spikes, 0 or 1, so that NeuroBench counts additions.

    Sums of spikes are not, nor averages, images, and outputs of ReLUs or layers without neurons; the maximum of spikes
    is. In a TTFS network all layers read spikes, the first one too.
    """
    if design.network.code == "ttfs":
        return True
    summed = sum(source.merge != "concat" for source in layer.sources)
    return summed <= 1 and all(source.averaged == 1 and _says_spikes(design, source.layer) for source in layer.sources)


def sums_spikes(design: Design, layer: Layer) -> bool:
    """Returns whether some inputs of a layer are averages of spikes, so that their sum is not the number of spikes."""
    layers = build_architecture(design).layers
    return any(
        source.averaged > 1
        or (
            source.layer != INPUT and layers[source.layer].kind == "merge" and sums_spikes(design, layers[source.layer])
        )
        for source in layer.sources
    )


def real_valued_channels(design: Design, layer: Layer) -> NDArray[np.bool_]:
    """Returns a boolean array (C,): which of a layer's joined input channels hold real numbers instead of spikes.

    A channel is real-valued if any source summed into it is: an image, or the output of ReLUs or of layers without
    neurons.
    """
    main = np.zeros(0, bool)
    beside = []
    for source in layer.sources:
        own = _says_real(design, source.layer)
        own = own if source.channels is None else own[list(source.channels)]
        if source.merge == "concat":
            beside.append(own)
        else:
            main = own | main if len(main) else own
    return np.concatenate([main, *beside])


def _says_spikes(design: Design, index: int) -> bool:
    if index == INPUT:
        return design.data.encoding.kind != "direct"
    layer = build_architecture(design).layers[index]
    return reads_spikes(design, layer) if layer.kind == "merge" else layer.spiking


def _says_real(design: Design, index: int) -> NDArray[np.bool_]:
    built = build_architecture(design)
    if index != INPUT and built.layers[index].kind == "merge":
        return real_valued_channels(design, built.layers[index])
    return np.full(built.channels(index), not _says_spikes(design, index))


def _estimate(design: Design, layer: Layer, rates: Rates, density: float | None) -> tuple[float, float, float]:
    """MACs and additions, and NeuroBench's count: as if spikes fell independently of each other and evenly over a map,
    and nothing else were ever 0."""
    share, many = _joined(design, layer, rates)
    each = evaluations_per_image(design, layer) * float(connections_per_position(layer).sum())
    synops = (float(share.sum()) if density is None else density * len(share)) * each
    if reads_spikes(design, layer):
        return 0.0, synops, synops
    real = real_valued_channels(design, layer)
    if real.all():
        return synops, 0.0, synops
    return float(share[real].sum()) * each, float(many[~real].sum()) * each, synops


def _joined(design: Design, layer: Layer, rates: Rates) -> tuple[Floats, Floats]:
    """Of a layer's joined channels: the share of positions and steps that is not 0, and how many spikes are in each."""
    steps = design.data.steps
    silent, main = np.ones(1), np.zeros(1)
    beside: list[tuple[Floats, Floats]] = []
    for source in layer.sources:
        share, many = _said(design, source.layer, rates)
        if source.channels is not None:
            share, many = share[list(source.channels)], many[list(source.channels)]
        late = (steps - source.delay) / steps  # what is a step late says nothing in the first
        size = (source.pool * source.smooth) ** 2
        if design.network.code == "ttfs":
            share = many = share * source.averaged  # each spike comes by itself
        else:
            share = (1 - (1 - share) ** size) * late
            many = many * size * late if source.averaged == size else share
        if source.merge == "concat":
            beside.append((share, many))
        else:
            silent, main = silent * (1 - share), main + many
    shares = [1 - silent] if layer.sources[0].merge != "concat" else []
    return (
        np.concatenate([*shares, *(share for share, _ in beside)]),
        np.concatenate([*([main] if shares else []), *(many for _, many in beside)]),
    )


def _said(design: Design, index: int, rates: Rates) -> tuple[Floats, Floats]:
    """The same of what a layer, or the input, says."""
    built = build_architecture(design)
    if index != INPUT and built.layers[index].kind == "merge":
        return _joined(design, built.layers[index], rates)
    found = np.full(built.channels(index), _busy(design, index, rates))
    return found, found


def _busy(design: Design, index: int, rates: Rates) -> float:
    """The share of what a layer with neurons, or the input, says that is not 0."""
    if design.network.code == "ttfs":
        shares = dataset_card(design.data.name).histogram
        return 1 - shares[0] if index == INPUT else rates.get(build_architecture(design).layers[index]) or 0.0
    if index == INPUT:
        return float(second_moments(design).diagonal().mean()) if _says_spikes(design, INPUT) else 1.0
    layer = build_architecture(design).layers[index]
    return (rates.get(layer) or 0.0) if layer.spiking else 1.0


def effective_operations(found: NDArray[np.bool_], meets: NDArray[np.int64]) -> float:
    """Returns the operations per image of a layer for its nonzero inputs, averaged over images.

    `found` (B, C H W): which inputs are not 0. `meets` (H, W): number of weights that read an input at each position.
    """
    maps = found.reshape(len(found), -1, meets.size)
    return int((maps.sum((0, 1)) * meets.ravel()).sum()) / len(found)
