"""What a run's network does on the test images that exports are proven on, at every time step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from snnviz.core import data
from snnviz.core.module import as_module
from snnviz.core.tracing import Trace, TracedNetwork
from snnviz.design.design import Design
from snnviz.exports.report import IMAGES
from snnviz.graph.architectures import build_architecture
from snnviz.graph.layers import Layer

Precision = Literal["float32", "float64"]

Answer = Callable[[Mapping[str, Any], Callable[[], None]], Mapping[str, Any]]
"""Returns what a script makes of arrays (`harness`); the second argument is called while it is waited for."""


@dataclass(frozen=True, eq=False)
class Reference:
    """A run's network in evaluation mode on test images; arrays have the layout of torch, channels before rows.

    images (B, C, H, W) uint8, labels (B,). input: encoded, (T or 1, B, C, H, W). outputs: by layer name, merge layers
    included, (T, B, C, H, W), of linear layers (T, B, N): spikes, or numbers of layers without neurons. potentials:
    before reset, of layers with neurons, shapes as outputs. logits (B, classes).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    input: NDArray[Any]
    outputs: Mapping[str, NDArray[Any]]
    potentials: Mapping[str, NDArray[Any]]
    logits: NDArray[Any]

    @property
    def accuracy(self) -> float:
        """Share of these images that the network gets right."""
        return float((self.logits.argmax(1) == self.labels).mean())


MOST_NUMBERS = 30_000_000
"""Most numbers, of all layers at all time steps, that are kept of one part of the images."""


def proof_batches(design: Design) -> list[slice]:
    """Returns the parts of the test images in which an export is proven, so that each part fits in memory."""
    layers = build_architecture(design).layers
    each = max(1, design.data.steps * sum(layer.neurons for layer in layers))
    count = max(1, min(IMAGES, MOST_NUMBERS // each))
    images = min(IMAGES, len(data.load(design)[1]))
    return [slice(start, min(start + count, images)) for start in range(0, images, count)]


def reference(
    design: Design, arrays: Mapping[str, Any], precision: Precision = "float32", part: slice | None = None
) -> Reference:
    """Returns what the network of a design with these weights (of a checkpoint) does on the first test images.

    part: of the first `IMAGES` test images, by default all of them. float64: the same network, its weights, leak and
    threshold those of float32. Raises `InputError` for weights of another network, and `DataMissing`.
    """
    _, test = data.load(design)
    part = slice(0, IMAGES) if part is None else part
    some = test.take(part)
    encoded = data.encode(some, test.white, design, "test", part.start)
    network = TracedNetwork(design if precision == "float32" else round_neuron_to_float32(design))
    module, dtype = as_module(design, arrays), getattr(torch, precision)
    values = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for own in (network.parameters, network.buffers):
        for name in own:
            own[name] = values[name].detach().to(dtype)
    trace, layers = network.trace(encoded.to(dtype)), network.architecture.layers
    return Reference(
        images=some.numpy(),
        labels=test.labels[part].numpy(),
        input=encoded.numpy(),
        outputs=_by_name(trace, {k: trace.layer_output(k) for k in range(len(layers)) if _has_output(layers, k)}),
        potentials=_by_name(trace, trace.potentials),
        logits=trace.readout[-1].numpy(),
    )


def round_neuron_to_float32(design: Design) -> Design:
    """Returns the design with the neuron's numbers rounded to float32, which is what a run computes with."""
    document = design.neuron.model_dump(mode="json")
    found = {name: float(np.float32(value)) if isinstance(value, float) else value for name, value in document.items()}
    return design.model_copy(update={"neuron": type(design.neuron).model_validate(found)})


def _has_output(layers: Sequence[Layer], index: int) -> bool:
    """A readout that does not spike is told as logits."""
    return index < len(layers) - 1 or layers[index].spiking


def _by_name(trace: Trace, found: Mapping[int, torch.Tensor]) -> dict[str, NDArray[Any]]:
    layers = trace.network.architecture.layers
    maps = {k: x.permute(0, 1, 4, 2, 3) if x.dim() == 5 else x for k, x in found.items()}
    return {layers[k].name: x.contiguous().numpy() for k, x in maps.items()}
