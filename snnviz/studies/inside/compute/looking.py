"""Traces one image through a network: spikes, potentials, input currents by source, and the readout over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnviz.catalog.neurons import learnable_parameters
from snnviz.core import data
from snnviz.core.data import Images
from snnviz.core.randomness import generator
from snnviz.core.tracing import Trace, TracedNetwork
from snnviz.core.train import test_batches
from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.layers import Layer, Source
from snnviz.studies.inside.compute.opening import neurons, source_name
from snnviz.studies.inside.look import (
    MOST_MAP,
    MOST_SPIKES,
    MOST_TRACES,
    Answer,
    Array,
    Look,
    parse_neurons,
    parse_picture,
)

WHITE = 255
"""The brightest value of a drawn picture."""


def look_at(network: TracedNetwork, design: Design, test: Images, look: Look) -> Answer:
    """Passes one image through a network and returns what each layer computes: spikes, potentials, input currents and
    readout over time.

    test: the run's test images; `look` says which one is used. The answer's `about` has `label` (None for a drawn
    picture), `predicted` by time step, `input_averaged`: whether the input was so large that its mean over time is
    told; `layers` with name, shape, spikes per image, whether and how neurons were sampled, and learnt parameters;
    `macs` and `additions`, the operations of this image; `focus` with the names of the sources of each selected
    neuron's current. Its arrays: "input" (T or 1, C, H, W); "readout" (T, classes); for layer i "spikes.i" (S, 2):
    time step and neuron in the order (C, H, W), "shown.i": the neurons that were kept if not all, "counts.i"
    (C, H, W): spikes over time, "channels.i": the channels of these that were kept if not all; for selected neuron k
    "potential.k" (T,), "fired.k" (T,), "currents.k" (sources, T).

    Raises `InputError` if the look does not fit the network.
    """
    image, label = encoded(network, design, test, look)
    steps = look.steps or network.steps
    if steps > network.steps:
        raise InputError("steps", f"be at most {network.steps}, the time steps of this network", look.steps)
    trace = network.trace(image)
    readout = trace.readout[:steps, 0].double().numpy()
    predicted = readout.argmax(1)
    seen = image[:steps, 0].numpy()
    averaged = seen.size > MOST_SPIKES and len(seen) > 1
    arrays: dict[str, Array] = {
        "input": (seen.mean(0, keepdims=True) if averaged else seen).astype(np.float32),
        "readout": readout.astype(np.float32),
    }
    about = {
        "run": look.run,
        "image": None if look.drawn else look.image,
        "label": label,
        "classes": readout.shape[1],
        "steps": steps,
        "input_averaged": averaged,
        "predicted": predicted.tolist(),
        "first_right": _first(predicted == label) if label is not None else None,
        "settled": int(np.flatnonzero(np.diff(predicted)).max(initial=-1)) + 2,
        "layers": _layers(network, trace, steps, design, arrays),
        "focus": _focus(network, trace, steps, look, arrays),
        "weights": first_weights(network, arrays),
    }
    done = trace.operations(steps)
    about |= {"macs": done.macs, "additions": done.additions}
    return Answer(about, arrays)


def _first(right: Array) -> int | None:
    """The number of time steps after which the answer is right for the first time, from 1; None if never."""
    found = np.flatnonzero(right)
    return int(found[0]) + 1 if len(found) else None


def encoded(network: TracedNetwork, design: Design, test: Images, look: Look) -> tuple[Tensor, int | None]:
    """Returns the image of a request as encoded input (T or 1, 1, C, H, W), and its label, None for a drawn picture.

    It is encoded as in the test of the run.
    """
    if look.drawn:
        if datasets.dataset_card(design.data.name).counts is not None:
            raise InputError("drawn", "be left out: this network sees recordings", look.drawn[:20])
        picture = torch.from_numpy(parse_picture(look.drawn, tuple(test.images.shape[1:])).copy())[None]
        image, label = data.encode(picture, WHITE, design, "look"), None
    else:
        if look.image >= len(test):
            raise InputError("image", f"be less than {len(test)}, the number of test images", look.image)
        part = next(part for part in test_batches(network, len(test)) if part.start <= look.image < part.stop)
        chosen = part if design.data.encoding.kind == "rate" else slice(look.image, look.image + 1)
        image = data.encode(test.images[chosen], test.white, design, "test", part.start)
        image = image[:, look.image - chosen.start][:, None]
        label = int(test.labels[look.image])
    return dropped(image, look), label


def dropped(image: Tensor, look: Look) -> Tensor:
    """Returns the encoded input with a random share `look.dropped` of its values set to 0, drawn anew for each time
    step.
    """
    if not look.dropped:
        return image
    kept = torch.rand(image.shape, generator=generator(look.seed, "look", "dropped")) >= look.dropped
    return image * kept


def columns(x: Tensor) -> Array:
    """Returns the values of the first image of a batch as an array (T, N), neurons in the order (C, H, W)."""
    first = x[:, 0]
    ordered = first.permute(0, 3, 1, 2) if first.dim() == 4 else first
    return ordered.flatten(1).detach().numpy()


def _layers(
    network: TracedNetwork, trace: Trace, steps: int, design: Design, arrays: dict[str, Array]
) -> list[dict[str, Any]]:
    layers = network.architecture.layers
    said = {
        index: columns(trace.layer_output(index))[:steps]
        for index, layer in enumerate(layers)
        if index < len(layers) - 1 or layer.spiking
    }
    spiking = {index: x for index, x in said.items() if layers[index].spiking}
    kept_neurons = _kept_neurons(spiking)
    found = []
    for index, layer in enumerate(layers):
        about: dict[str, Any] = {"name": layer.name, "kind": layer.kind, "shape": list(layer.out_shape)}
        about |= {"spiking": layer.spiking, "neurons": layer.neurons, "reads": _reads(network, layer)}
        if index in said:
            counts = said[index].sum(0).reshape(layer.out_shape)
            kept = _kept_channels(counts)
            arrays[f"counts.{index}"] = counts[kept].astype(np.float32)
            if len(kept) < len(counts):
                arrays[f"channels.{index}"] = kept.astype(np.int32)
        if index in spiking:
            about |= _raster(index, spiking[index], kept_neurons.get(index), arrays)
            about |= _numbers(network, layer, design)
        found.append(about)
    return found


def _reads(network: TracedNetwork, layer: Layer) -> list[dict[str, Any]]:
    return [
        {"layer": source_name(network.architecture, source.layer), "as": source.merge, "delay": source.delay}
        for source in layer.sources
    ]


def _kept_neurons(spiking: Mapping[int, Array]) -> dict[int, Array]:
    """Which neurons of each layer are told of, evenly chosen, so that there are at most `MOST_SPIKES` spikes of all
    together; {} where all are.
    """
    total = sum(int(np.count_nonzero(x)) for x in spiking.values())
    if total <= MOST_SPIKES:
        return {}
    share = MOST_SPIKES / total
    while True:
        kept = {index: _evenly(x.shape[1], max(1, int(share * x.shape[1]))) for index, x in spiking.items()}
        sent = sum(int(np.count_nonzero(x[:, kept[index]])) for index, x in spiking.items())
        if sent <= MOST_SPIKES or all(len(some) == 1 for some in kept.values()):
            return kept
        share *= 0.9  # the chosen ones are busier than the others


def _evenly(count: int, some: int) -> Array:
    """Up to `some` of the numbers from 0 to `count` - 1, evenly spaced, both ends among them."""
    return np.unique(np.linspace(0, count - 1, min(some, count)).round().astype(np.int64))


def _raster(index: int, spikes: Array, kept: Array | None, arrays: dict[str, Array]) -> dict[str, Any]:
    told: dict[str, Any] = {"spikes": int(np.count_nonzero(spikes)), "sampled": False}
    if kept is not None:
        arrays[f"shown.{index}"], spikes = kept.astype(np.int32), spikes[:, kept]
        told["sampled"] = True
        step, place = np.nonzero(spikes)
        place = kept[place]
    else:
        step, place = np.nonzero(spikes)
    arrays[f"spikes.{index}"] = np.stack([step, place], 1).astype(np.int32)
    return told


def _numbers(network: TracedNetwork, layer: Layer, design: Design) -> dict[str, Any]:
    """Threshold, leak and reset as they act, and what was learnt."""
    beta, threshold = network.population(layer).learnt
    now = {name: getattr(network.design.neuron, name, None) for name in ("threshold", "beta")}
    return {
        "threshold": now["threshold"] if threshold is None else threshold,
        "beta": now["beta"] if beta is None else beta,
        "reset": getattr(design.neuron, "reset", None),
        "learnt": _learnt(network, layer, design),
    }


END_OF_A_LEAK = 1e-3
"""Learnt leaks that are so close to 0 or 1, or beyond (in runs of earlier releases), are at an end."""


def _learnt(network: TracedNetwork, layer: Layer, design: Design) -> list[dict[str, Any]]:
    """What a layer's neurons have learnt besides weights, and where it began: mean, smallest and largest of
    `field`, and where that is no leak but makes one, of the leak.

    ended: where a leak stands at one of its ends, 0 or 1, or beyond; else None.
    """
    found = []
    for each in learnable_parameters(design.neuron):
        name = f"{layer.name}.{each.name}"
        if name not in network.parameters:
            continue
        values = each.transform(network.parameters[name].detach().double())
        began = float(getattr(design.neuron, each.field))
        if each.row == "beta" and each.field != "beta":  # PLIF's tau: also the leak that it makes
            found.append(_range(each.field, began, values))
            found.append(_range("leak", each.shown(began), each.shown(values)) | {"ended": _end(each.shown(values))})
        else:
            ended = _end(values) if each.row == "beta" else None
            found.append(_range(each.field, began, values) | {"ended": ended})
    return found


def _range(name: str, began: float, values: Tensor) -> dict[str, Any]:
    now, low, high = (float(value) for value in (values.mean(), values.min(), values.max()))
    return {"name": name, "began": began, "now": now, "low": low, "high": high, "ended": None}


def _end(leak: Tensor) -> int | None:
    """At which end of 0..1 leaks stand; None where they do not."""
    return 0 if float(leak.min()) <= END_OF_A_LEAK else 1 if float(leak.max()) >= 1 - END_OF_A_LEAK else None


def _kept_channels(counts: Array) -> Array:
    """Which channels of the maps (C, H, W) are kept: all, of large maps evenly spaced ones."""
    channels, points = len(counts), int(np.prod(counts.shape[1:]))
    return _evenly(channels, max(1, MOST_MAP // points))


def _focus(
    network: TracedNetwork, trace: Trace, steps: int, look: Look, arrays: dict[str, Array]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    layers = network.architecture.layers
    names = {layer.name: index for index, layer in enumerate(layers)}
    for name, numbers in parse_neurons(look.focus, "focus").items():
        if name not in names or layers[names[name]].kind == "merge" or not numbers:
            rule = "name neurons of layers of this network, such as " + f"{layers[0].name} 0"
            raise InputError("focus", rule, name)
        index = names[name]
        layer, parts = layers[index], trace.currents(index)
        flat = [columns(part.current)[:steps] for part in parts]
        u = columns(trace.potentials[index])[:steps] if index in trace.potentials else None
        s = columns(trace.layer_output(index))[:steps] if u is not None else None
        for number in neurons(layer, numbers, "focus"):
            if len(found) == MOST_TRACES:
                raise InputError("focus", f"name at most {MOST_TRACES} neurons", look.focus)
            k = len(found)
            arrays[f"currents.{k}"] = np.stack([part[:, number] for part in flat]).astype(np.float32)
            if u is not None and s is not None:
                arrays[f"potential.{k}"] = u[:, number].astype(np.float32)
                arrays[f"fired.{k}"] = s[:, number].astype(np.float32)
            sources = [_words(network, part.source) for part in parts]
            found.append({"layer": name, "index": index, "neuron": number, "sources": sources})
    return found


def _words(network: TracedNetwork, source: Source | None) -> dict[str, Any]:
    if source is None:
        return {"layer": "bias", "as": "bias", "delay": 0}
    return {"layer": source_name(network.architecture, source.layer), "as": source.merge, "delay": source.delay}


def first_weights(network: TracedNetwork, arrays: dict[str, Array], most: int = 64) -> dict[str, Any] | None:
    """Adds the first layer's weights as pictures (neurons, C, h, w), at most `most` of them, to `arrays` as "weights".

    Returns the layer's name and how many of its neurons are shown; None if the layer has no weights.
    """
    layer = network.architecture.layers[0]
    if not layer.weighted:
        return None
    weight = network.parameters[f"{layer.name}.weight"].detach()
    shape = layer.in_shape if layer.kind == "linear" else tuple(weight.shape[1:])
    arrays["weights"] = weight[:most].reshape(-1, *shape).float().numpy()
    return {"layer": layer.name, "shown": min(most, len(weight)), "of": len(weight)}
