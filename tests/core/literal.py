"""Any architecture by torch's own functions and snntorch's neurons: what each layer says, by its sources."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core.networks import Network
from snnviz.graph.architectures import INPUT, Layer, Source
from tests.core import slow


def said_by_layers(
    network: Network,
    image: Tensor,
    *,
    running: bool = False,
    masks: Mapping[int, Tensor] | None = None,
    muted: Collection[tuple[int, int]] = (),
) -> list[Tensor]:
    """(T, B, C, H, W) of each layer, from an image (T or 1, B, C, H, W); the readout's is (T, B, classes, 1, 1).

    `running`: batch normalisation by running averages. `masks`: what spikes of a layer are multiplied by. `muted`:
    sources, as (layer, place), that are read as 0.
    """
    layers, steps = network.architecture.layers, network.steps
    shown = image.expand(steps, *image.shape[1:])

    def read(index: int, said: list[Tensor], late: list[Tensor], now: Tensor) -> list[Tensor]:
        found = [_from(source, now, late if source.delay else said) for source in layers[index].sources]
        return [x * 0 if (index, place) in muted else x for place, x in enumerate(found)]

    if not any(source.delay for layer in layers for source in layer.sources):
        said: list[Tensor] = []
        for index, layer in enumerate(layers):
            current = layer_current(network, layer, read(index, said, said, shown), running=running)
            said.append(_neurons(network, layer, current) * (masks or {}).get(index, 1))
        return said
    cells = slow._Cells(network, image.dtype)  # layers that feed each other: all of them, one step after another
    silent = [torch.zeros(1, image.shape[1], *layer.out_shape, dtype=image.dtype) for layer in layers]
    past: list[list[Tensor]] = []
    for t in range(steps):
        now: list[Tensor] = []
        for index, layer in enumerate(layers):
            assert running or layer.by_step or not layer.normed
            heard = read(index, now, past[-1] if past else silent, shown[t : t + 1])
            current = layer_current(network, layer, heard, running=running)
            fired = cells.fire(layer.name, current[0])[None] if layer.spiking else current
            now.append(fired * (masks or {}).get(index, 1))
        past.append(now)
    return [torch.cat(parts) for parts in zip(*past, strict=True)]


def _from(source: Source, shown: Tensor, said: list[Tensor]) -> Tensor:
    whole = shown if source.layer == INPUT else said[source.layer]
    x = whole.flatten(0, 1)[:, :, :: source.stride, :: source.stride]
    x = x.repeat_interleave(source.enlarge, 2).repeat_interleave(source.enlarge, 3)
    x = {"average": F.avg_pool2d, "max": F.max_pool2d}[source.pooling](x, source.pool)
    x = F.avg_pool2d(x, source.smooth, 1, source.smooth // 2)
    return (x if source.channels is None else x[:, list(source.channels)]).unflatten(0, whole.shape[:2])


def layer_current(network: Network, layer: Layer, read: list[Tensor], *, running: bool = False) -> Tensor:
    """(T, B, C, H, W) from what its sources say."""
    summed = [x for x, source in zip(read, layer.sources, strict=True) if source.merge != "concat"]
    beside = [x for x, source in zip(read, layer.sources, strict=True) if source.merge == "concat"]
    x = torch.cat([torch.stack(summed).sum(0), *beside], 2)
    times, own = x.shape[:2], {n: network.parameters.get(f"{layer.name}.{n}") for n in ("weight", "bias", "gain")}
    y = x.flatten(0, 1)
    bias = None if layer.normed else own["bias"]
    if layer.kind == "linear":
        y = F.linear(y.flatten(1), own["weight"], bias)[:, :, None, None]
    elif layer.kind == "conv":
        y = F.conv2d(y, own["weight"], bias, layer.stride, layer.kernel // 2, 1, layer.groups)
    if layer.normed and running:
        mean, variance = (network.buffers[f"{layer.name}.{name}"] for name in ("mean", "variance"))
        y = F.batch_norm(y, mean, variance, own["gain"], own["bias"])
    elif layer.normed:
        parts = y.chunk(times[0]) if layer.by_step else [y]
        norm = {"weight": own["gain"], "bias": own["bias"], "training": True}
        y = torch.cat([F.batch_norm(part, None, None, **norm) for part in parts])
    return y.unflatten(0, times)


def _neurons(network: Network, layer: Layer, current: Tensor) -> Tensor:
    if layer.plain or layer.kind == "merge":
        return current
    if not layer.spiking:
        return F.relu(current)
    cells = slow._Cells(network, current.dtype)
    return torch.stack([cells.fire(layer.name, current[t if len(current) > 1 else 0]) for t in range(network.steps)])
