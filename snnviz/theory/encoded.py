"""Encoding of a single still image, to display it; training encodes in `snnviz.core.data`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.neurons import respond
from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design

Floats = NDArray[np.float64]


def encode_image(image: Floats, design: Design, number: int = 0) -> Floats:
    """Returns the input (T, C, H, W) for an image (C, H, W) with intensities in [0, 1]: spikes, or for "direct" a
    current.

    Equals `snnviz.core.data.encode`, except that the random spikes of "rate" are another draw, determined by the design
    and `number`.
    """
    kind, steps, about = design.data.encoding.kind, design.data.steps, dataset_card(design.data.name)
    if kind == "rate":
        rng = np.random.default_rng([design.seed, number, 0x5A7E])
        return (rng.random((steps, *image.shape)) < image).astype(float)
    if kind == "latency":
        times = np.round((steps - 1) * (1 - image))
        spikes: Floats = ((np.arange(steps)[:, None, None, None] == times) & (image >= 0.01)).astype(float)
        return spikes
    current: Floats = np.broadcast_to((image - about.mean) / about.std, (steps, *image.shape))
    if kind == "direct":
        return current
    _, spikes = respond(current.reshape(steps, -1), design.neuron)
    return spikes.reshape(current.shape)
