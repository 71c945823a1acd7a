"""Operations counted literally, from the definition: loops over outputs and over the taps of a kernel, in numpy.

What is counted is what the layers said, step by step; what a layer reads is put together here anew, and with it how
many spikes are in each number.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnviz.graph.architectures import INPUT, Layer, Source

Floats = NDArray[np.float64]


@dataclass
class Maps:
    """At a step: numbers (B, C, H, W), how many spikes each is made of, and which channels hold real numbers."""

    x: Floats
    spikes: Floats
    real: NDArray[np.bool_]


@dataclass
class Counted:
    """Of a layer, for all images and steps. `binary`: it read nothing but 0 and 1."""

    synops: int = 0
    macs: int = 0
    additions: int = 0
    dense: int = 0
    binary: bool = True


def literal(
    layers: Sequence[Layer], said: Sequence[Mapping[int, Floats]], *, static: bool, real_input: bool
) -> dict[str, Counted]:
    """By layer, from what the input and each layer said at each step, (B, C, H, W) or (B, n).

    `static`: the input is the same at all steps, so that what reads nothing else is computed once.
    """
    found = {layer.name: Counted() for layer in layers if layer.kind in ("conv", "linear")}
    before: dict[int, Maps] = {}
    for t, now_said in enumerate(said):
        now = {index: _maps(x, index == INPUT and real_input) for index, x in now_said.items()}
        for index, layer in enumerate(layers):
            if not layer.spiking and index in now:
                now[index].real[:] = True
        for index, layer in enumerate(layers):
            if layer.kind == "merge":  # in the order of the layers, so that what it reads now is there
                now[index] = _joined(layer, now, before)
            elif layer.name in found and not (t and static and all(s.layer == INPUT for s in layer.sources)):
                _add(found[layer.name], layer, _joined(layer, now, before))
        before = now
    return found


def _maps(x: Floats, real: bool) -> Maps:
    x = x if x.ndim == 4 else x.reshape(*x.shape, 1, 1)
    return Maps(x, (x != 0).astype(float), np.full(x.shape[1], real))


def _joined(layer: Layer, now: Mapping[int, Maps], before: Mapping[int, Maps]) -> Maps:
    main: Maps | None = None
    beside = []
    for source in layer.sources:
        if source.delay:
            late = before.get(source.layer, now[source.layer])
            part = late if before else Maps(0 * late.x, 0 * late.spikes, late.real)
        else:
            part = now[source.layer]
        part = read(part, source)
        if source.merge == "concat":
            beside.append(part)
        elif main is None:
            main = part
        else:
            main = Maps(main.x + part.x, main.spikes + part.spikes, main.real | part.real)
    assert main is not None
    every = [main, *beside]
    return Maps(
        np.concatenate([part.x for part in every], 1),
        np.concatenate([part.spikes for part in every], 1),
        np.concatenate([part.real for part in every]),
    )


def arriving(layer: Layer, fired: Floats) -> Floats:
    """Spikes (B, C, H, W) that a layer with one source reads, from which of that say one: (B, C, H, W) or (B, n)."""
    return read(_maps(fired, False), layer.sources[0]).spikes


def read(maps: Maps, source: Source) -> Maps:
    chosen = list(range(len(maps.real)) if source.channels is None else source.channels)
    unit = np.ones((source.enlarge, source.enlarge))
    x, spikes = (np.kron(each[:, chosen, :: source.stride, :: source.stride], unit) for each in (maps.x, maps.spikes))
    if source.pool > 1:
        mean, total = (np.max, np.max) if source.pooling == "max" else (np.mean, np.sum)
        x, spikes = _squares(x, source.pool, mean), _squares(spikes, source.pool, total)
    if source.smooth > 1:
        x, spikes = _around(x, source.smooth) / source.smooth**2, _around(spikes, source.smooth)
    return Maps(x, spikes, maps.real[chosen])


def _squares(x: Floats, side: int, how: Callable[..., Floats]) -> Floats:
    found = np.zeros((*x.shape[:2], x.shape[2] // side, x.shape[3] // side))
    for i, j in np.ndindex(*found.shape[2:]):
        found[:, :, i, j] = how(x[:, :, i * side : (i + 1) * side, j * side : (j + 1) * side], axis=(2, 3))
    return found


def _around(x: Floats, side: int) -> Floats:
    found, half = np.zeros(x.shape), side // 2
    for i, j in np.ndindex(*x.shape[2:]):
        found[:, :, i, j] = x[:, :, max(0, i - half) : i + half + 1, max(0, j - half) : j + half + 1].sum((2, 3))
    return found


def _add(to: Counted, layer: Layer, given: Maps) -> None:
    there, images = (given.x != 0).astype(float), len(given.x)
    each = {name: taps(layer, maps) for name, maps in (("present", there), ("spikes", given.spikes))}
    to.synops += int(each["present"].sum())
    to.macs += int(each["present"][given.real].sum())
    to.additions += int(each["spikes"][~given.real].sum())
    to.dense += int(taps(layer, np.ones_like(given.x), padded=True).sum()) // images
    to.binary &= not given.real.any() and bool(((given.x == 0) | (given.x == 1)).all())


def taps(layer: Layer, maps: Floats, *, padded: bool = False) -> Floats:
    """(C,): sums of maps (B, C, H, W) over every weight that they meet; `padded`: what lies outside counts as 1."""
    images, channels, height, width = maps.shape
    if layer.kind == "linear":
        return np.array([maps[:, c].sum() * layer.out_shape[0] for c in range(channels)])
    found, side = np.zeros(channels), range(layer.kernel)
    feeds = layer.out_shape[0] // layer.groups
    for i, j, a, b in itertools.product(range(layer.out_shape[1]), range(layer.out_shape[2]), side, side):
        y, x = layer.stride * i + a - layer.kernel // 2, layer.stride * j + b - layer.kernel // 2
        if 0 <= y < height and 0 <= x < width:
            found += feeds * maps[:, :, y, x].sum(0)
        elif padded:
            found += feeds * images
    return found
