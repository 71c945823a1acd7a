"""What an encoding makes of one still image, for a look at it; training encodes in `snnviz.core.data`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.neurons import respond
from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design

Floats = NDArray[np.float64]


def encode_image(image: Floats, design: Design, number: int = 0) -> Floats:
    """The input (T, C, H, W) from an image (C, H, W) of intensities from 0 to 1: spikes, or with "direct" a current.

    As `snnviz.core.data.encode`, save that spikes drawn by "rate" are others: as likely, and the same for the same
    design and `number`.
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
