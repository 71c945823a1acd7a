"""Loads a run's network and modifies it as a `Look` specifies: silenced neurons, changed thresholds, noisy weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from snnviz.catalog.neurons import has_parameter, learnable_parameters
from snnviz.core import data
from snnviz.core.measured_inits import initialise_from_data
from snnviz.core.module import as_module
from snnviz.core.randomness import generator
from snnviz.core.tracing import Silenced, TracedNetwork
from snnviz.design.design import Design
from snnviz.errors import DataMissing, InputError
from snnviz.graph.architectures import INPUT, build_architecture
from snnviz.graph.layers import Architecture, Layer
from snnviz.studies.inside.look import Look, is_connected, neuron_number, parse_neurons, parse_sources

INPUT_NAME = "input"
"""Name of the encoded image as a source in a look."""


def open_network(design: Design, arrays: Mapping[str, Any] | None, look: Look) -> TracedNetwork:
    """Returns the network of a run, ready to be traced, with the changes that `look` specifies.

    arrays: weights from the run's checkpoint; None for the weights before training. Raises `InputError` for a TTFS
    network, unknown layers or neurons, and factors of parameters that the neuron lacks.
    """
    if design.network.code == "ttfs":
        raise InputError("run", "be of a network that is not TTFS: the TTFS page shows those over time", look.run)
    architecture = build_architecture(design)
    silenced = Silenced(_masks(architecture, look.silenced), frozenset(_muted(architecture, look.muted)))
    network = TracedNetwork(_moved(design, look), silenced)
    if arrays is None or look.weights == "untrained":
        initialise_from_data(network, data.encoded_probe(data.load(design)[0], design)[0])
    else:
        _restore(network, design, arrays, look.run)
    _move_learnt(network, design, look)
    if look.noise:
        _add_noise(network, look)
    return network


def _restore(network: TracedNetwork, design: Design, arrays: Mapping[str, Any], run: str) -> None:
    try:
        module = as_module(design, arrays)  # checks names and shapes
    except InputError as error:
        what = error.rule.partition(": ")[2] or error.rule
        raise DataMissing(
            f"The weights of run {run} are of another release, whose network of this design was another one "
            f"({what}): train it once more."
        ) from None
    values = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for own in (network.parameters, network.buffers):
        for name in own:
            own[name] = values[name].detach().clone()


def _layer(architecture: Architecture, name: str, field: str) -> int:
    names = [layer.name for layer in architecture.layers]
    if name not in names:
        raise InputError(field, f"name a layer of this network, one of {', '.join(names)}", name)
    return names.index(name)


def _masks(architecture: Architecture, text: str) -> dict[int, Tensor]:
    found = {}
    for name, numbers in parse_neurons(text).items():
        index = _layer(architecture, name, "silenced")
        layer = architecture.layers[index]
        if layer.plain or layer.kind == "merge":
            raise InputError("silenced", "name a layer with neurons", name)
        mask = torch.ones(layer.out_shape)
        for place in neurons(layer, numbers, "silenced"):
            mask.view(-1)[place] = 0
        found[index] = mask.flatten() if layer.kind == "linear" else mask.permute(1, 2, 0)
    return found


def neurons(layer: Layer, numbers: Iterable[str], field: str) -> list[int]:
    """Returns the sorted indices, in the order (C, H, W), of the neurons given by `numbers`, such as "3", "c7" (a
    channel) or "7,0,2" (channel, row and column).

    No numbers mean all neurons of the layer. Raises `InputError` for an index that the layer does not have; `field`
    is the field that the error names.
    """
    channels, *size = layer.out_shape
    points, numbers = size[0] * size[1], tuple(numbers)
    if not numbers:
        return list(range(layer.neurons))
    found: list[int] = []
    for number in numbers:
        if "," in number:
            if is_connected(layer.out_shape):
                raise InputError(field, "give rows and columns of layers with maps alone", number)
            found.append(neuron_number(layer.name, layer.out_shape, [int(place) for place in number.split(",")]))
            continue
        whole, value = number.startswith("c"), int(number.removeprefix("c"))
        most = channels if whole else layer.neurons
        if value >= most:
            raise InputError(
                field, f"be less than {most} for {'a channel' if whole else 'a neuron'} of {layer.name}", value
            )
        found += range(value * points, (value + 1) * points) if whole else [value]
    return sorted(set(found))


def source_name(architecture: Architecture, index: int) -> str:
    """Returns the name of one of a network's layers as `Look.muted` writes it, "input" for the encoded image
    (`INPUT`).
    """
    return INPUT_NAME if index == INPUT else architecture.layers[index].name


def _muted(architecture: Architecture, text: str) -> Iterable[tuple[int, int]]:
    for reader, source in parse_sources(text):
        index = _layer(architecture, reader, "muted")
        sources = [source_name(architecture, one.layer) for one in architecture.layers[index].sources]
        if source not in sources:
            raise InputError("muted", f"name what {reader} reads: {', '.join(sources)}", source)
        yield from ((index, place) for place, name in enumerate(sources) if name == source)


def _moved(design: Design, look: Look) -> Design:
    """With other numbers of the neurons that learn none."""
    document = design.neuron.model_dump(mode="json")
    moved: tuple[tuple[Literal["beta", "threshold"], str, float, float], ...] = (
        ("threshold", "threshold", look.threshold, 1e9),
        ("beta", "leak", look.leak, 1.0),
    )
    for field, name, factor, most in moved:
        if factor == 1:
            continue
        if not has_parameter(design.neuron, field):
            raise InputError(name, f"be 1 for a neuron of kind {design.neuron.kind}, which has none", factor)
        if field in document:  # else it is learnt alone, as PLIF's
            document[field] = min(most, document[field] * factor)
    return design.model_copy(update={"neuron": type(design.neuron).model_validate(document)})


def _move_learnt(network: TracedNetwork, design: Design, look: Look) -> None:
    """With other numbers of the neurons that learn them: w of PLIF such that the leak is the one asked for."""
    factors = {"threshold": look.threshold, "beta": look.leak}
    for each in learnable_parameters(design.neuron):
        factor = factors.get(each.row or "", 1.0)
        for layer in network.architecture.layers if factor != 1 else ():
            name = f"{layer.name}.{each.name}"
            if (value := network.parameters.get(name)) is None:
                continue
            shown = each.shown(each.transform(value.detach().double())).numpy() * factor
            wanted = each.inverse(shown.clip(0, 1) if each.row == "beta" else shown)
            inside = np.clip(wanted, *(each.bounds or (None, None)))
            network.parameters[name] = torch.as_tensor(inside, dtype=value.dtype)


def _add_noise(network: TracedNetwork, look: Look) -> None:
    for name, value in network.parameters.items():
        if name.endswith(".weight"):
            draw = torch.randn(value.shape, generator=generator(look.seed, "look", "noise", name))
            weight = value.detach()
            network.parameters[name] = weight + look.noise * weight.std(correction=0) * draw
