"""Which layers of a design are beyond the limits of a neuromorphic chip, and why, a sentence each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from snnviz.catalog.neurons import model
from snnviz.catalog.targets import Target
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.graph.layers import INPUT, Architecture, Layer


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit: `layer` is the name of one, "input", or "" for the whole network; `why` is a sentence."""

    layer: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Fit:
    """What is known of a design on a target: nothing misfits where all limits that have a source are kept."""

    target: Target
    misfits: tuple[Misfit, ...]

    @property
    def sentence(self) -> str:
        """Whether it fits, as far as that is known."""
        if not self.misfits:
            return f"{self.target.label}: within all limits that have a public source."
        layers = len({each.layer for each in self.misfits} - {"", "input"})
        where = f"{layers} layer{'s' if layers > 1 else ''}" if layers else "its input or the network as a whole"
        return f"{self.target.label}: does not fit ({where})."


def fit(design: Design, target: Target) -> Fit:
    """Returns what of a design is beyond the limits of a target, in the order of its limits and of the layers."""
    architecture = build_architecture(design)
    found = [
        Misfit(layer, why, limit.source)
        for limit in target.limits
        for layer, why in RULES[limit.rule](design, architecture, limit.most)
    ]
    return Fit(target, tuple(found))


Found = Iterator[tuple[str, str]]
Rule = Callable[[Design, Architecture, Any], Found]


def _populations(built: Architecture) -> list[Layer]:
    """The layers that take neurons of a chip: those with neurons, and the readout."""
    return [layer for layer in built.layers if not layer.plain or layer is built.layers[-1]]


def _neurons(_: Design, built: Architecture, most: int) -> Found:
    total = sum(layer.neurons for layer in _populations(built))
    if total > most:
        yield "", f"The network has {total:,} neurons, and the chip at most {most:,}."


def _hidden_neurons(_: Design, built: Architecture, most: int) -> Found:
    total = sum(layer.neurons for layer in _populations(built)[:-1])
    if total > most:
        yield "", f"The hidden layers have {total:,} neurons, and the chip at most {most:,}."


def _synapses(_: Design, built: Architecture, most: int) -> Found:
    written = sum(layer.macs for layer in built.layers)
    weights = sum(layer.out_shape[0] * layer.fan_in for layer in built.layers)
    if weights > most:
        yield "", f"The network has {weights:,} weights, and the chip at most {most:,} synapses."
    elif written > most:
        yield (
            "",
            (
                f"Written out, its convolutions have {written:,} synapses, and the chip at most {most:,}; their "
                f"{weights:,} weights fit only where they are shared."
            ),
        )


def _written_out(_: Design, built: Architecture, most: int) -> Found:
    written = sum(layer.macs for layer in built.layers)
    if written > most:
        yield "", f"Written out, the network has {written:,} synapses, and the chip at most {most:,}."


def _weight_bytes(_: Design, built: Architecture, most: int) -> Found:
    weights = sum(layer.out_shape[0] * layer.fan_in for layer in built.layers)
    if weights > most:
        memory = f"the {most / 2**20:.1f} MB of memory that the cores of a chip have together"
        yield "", f"Its {weights:,} weights, a byte each, are more than {memory}."


def _inputs(_: Design, built: Architecture, most: int) -> Found:
    size = math.prod(built.input_shape)
    if size > most:
        yield "input", f"The input has {size:,} channels, and the chip takes at most {most:,}."


def _outputs(_: Design, built: Architecture, most: int) -> Found:
    readout = built.layers[-1]
    if readout.neurons > most:
        yield readout.name, f"It has {readout.neurons:,} outputs, and the chip at most {most:,}."


def _classes(_: Design, built: Architecture, most: int) -> Found:
    readout = built.layers[-1]
    classes = readout.neurons // readout.voters
    if classes > most:
        yield readout.name, f"There are {classes:,} classes, and the chip tells at most {most:,} apart."


def _fan_in(_: Design, built: Architecture, most: int) -> Found:
    for layer in built.layers[:-1]:
        if layer.fan_in > most:
            yield layer.name, f"Each neuron reads {layer.fan_in:,} inputs, and on the chip at most {most:,}."


def _fan_out(_: Design, built: Architecture, most: int) -> Found:
    reached: Counter[int] = Counter()
    for layer in built.layers[:-1]:
        for source in layer.sources:
            reached[source.layer] += layer.fan_out if layer.weighted else 1
    for index, count in sorted(reached.items()):
        if index != INPUT and count > most:
            name = built.layers[index].name
            yield name, f"Each neuron reaches {count:,} others, and on the chip at most {most:,}."


def _layers(_: Design, built: Architecture, most: int) -> Found:
    used = [layer for layer in built.layers if layer.weighted]
    for number, layer in enumerate(used, 1):
        if number > most:
            yield layer.name, f"It is layer {number} of those with weights, and the chip has cores for {most}."


def _sides(shape: tuple[int, int, int]) -> int:
    return max(shape[1:])


def _input_side(_: Design, built: Architecture, most: int) -> Found:
    side = _sides(built.input_shape)
    if side > most:
        yield "input", f"The image is {side} wide, and a core takes at most {most}."


def _map_side(_: Design, built: Architecture, most: int) -> Found:
    for layer in built.layers:
        if _sides(layer.out_shape) > most:
            side = _sides(layer.out_shape)
            yield layer.name, f"Its maps are {side} wide, and those of a core at most {most}."


def _channels(_: Design, built: Architecture, most: int) -> Found:
    for layer in built.layers:
        count = max(layer.out_shape[0], layer.in_shape[0])
        if layer.weighted and count > most:
            yield layer.name, f"It has {count:,} channels, and a core at most {most:,}."


def _kernel(_: Design, built: Architecture, most: int) -> Found:
    """A linear layer that reads maps is a convolution with a kernel as large as they are."""
    for layer in built.layers:
        size = _sides(layer.in_shape) if layer.kind == "linear" else layer.kernel
        if size > most:
            yield layer.name, f"Its kernel is {size} wide, and that of a core at most {most}."


def _strides(_: Design, built: Architecture, allowed: tuple[int, ...]) -> Found:
    for layer in built.layers:
        if layer.stride not in allowed:
            yield layer.name, f"Its stride is {layer.stride}, and that of a core one of {_listed(allowed)}."


def _pools(_: Design, built: Architecture, allowed: tuple[int, ...]) -> Found:
    for layer in built.layers:
        wrong = sorted({source.pool for source in layer.sources} - set(allowed))
        if wrong:
            yield layer.name, f"It reads maps pooled by {wrong[0]}, and a core pools by one of {_listed(allowed)}."
        if any(source.smooth > 1 for source in layer.sources):
            yield layer.name, "It reads averages of neighbouring points, which overlap; windows of a core do not."


def _sum_pooling(_: Design, built: Architecture, allowed: tuple[str, ...]) -> Found:
    for layer in built.layers:
        if any(source.pool > 1 and source.pooling not in allowed for source in layer.sources):
            yield layer.name, "It reads the largest of pooled spikes, and a core passes on their sum."


def _readers(_: Design, built: Architecture, most: int) -> Found:
    counts = Counter(index for layer in built.layers for index in {source.layer for source in layer.sources})
    for index, count in sorted(counts.items()):
        if count > most and index != INPUT:
            yield built.layers[index].name, f"It is read by {count} layers, and a core sends to at most {most}."


def _neurons_follow(_: Design, built: Architecture, __: object) -> Found:
    for layer in built.layers[:-1]:
        if layer.plain and layer.weighted:
            yield layer.name, "It has no neurons, and on the chip they follow each convolution."
        elif layer.kind == "neurons":
            yield layer.name, "Its neurons follow no convolution of their own, as on the chip all do."


def _spikes_alone(design: Design, built: Architecture, __: object) -> Found:
    entry = model(design.neuron)
    if not entry.spiking:
        for layer in built.layers[:-1]:
            if not layer.plain:
                yield layer.name, "Its neurons say numbers, and the chip sends spikes alone."
    if design.data.encoding.kind == "direct":
        yield "input", "It consists of real numbers (encoding direct), and the chip takes events, as of encoding rate."


def _resets(design: Design, _: Architecture, allowed: tuple[str, ...]) -> Found:
    reset = getattr(design.neuron, "reset", None)
    if reset is not None and reset not in allowed and model(design.neuron).spiking:
        yield "", f"The reset is {reset}, and on the chip it is {_listed(allowed)}."


def _listed(allowed: tuple[int | str, ...]) -> str:
    return ", ".join(map(str, allowed))


RULES: dict[str, Rule] = {
    "neurons": _neurons,
    "hidden-neurons": _hidden_neurons,
    "synapses": _synapses,
    "written-out": _written_out,
    "weight-bytes": _weight_bytes,
    "inputs": _inputs,
    "outputs": _outputs,
    "classes": _classes,
    "fan-in": _fan_in,
    "fan-out": _fan_out,
    "layers": _layers,
    "input-side": _input_side,
    "map-side": _map_side,
    "channels": _channels,
    "kernel": _kernel,
    "strides": _strides,
    "pools": _pools,
    "sum-pooling": _sum_pooling,
    "readers": _readers,
    "neurons-follow": _neurons_follow,
    "spikes-alone": _spikes_alone,
    "resets": _resets,
}
"""What a `Limit` may be about: of each, the layers beyond `most` (or not among what is allowed), with a sentence."""
