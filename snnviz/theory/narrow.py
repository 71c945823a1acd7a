"""Fully connected networks of few neurons at initialisation: several of the design's own width, drawn without weights.

A neuron's currents at the T steps are jointly normal given what the layer before says, with covariance Var[w] times the
sums of x_s x_t over its neurons. In wide layers that sum is its mean; in narrow ones it differs from network to network
and from image to image, and where it is 0 nothing spikes any more. So each network carries its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.inits import is_data_dependent, weight_distribution
from snnviz.catalog.neurons import respond
from snnviz.design.design import Design
from snnviz.graph.architectures import Architecture

Floats = NDArray[np.float64]

MOST_WIDTH = 256
"""Layers of more neurons are called wide."""

NEURON_STEPS = 250_000
"""Neurons x steps x layers of all networks that are drawn; a page waits for them."""

FEWEST, MOST = 24, 250
"""Bounds of the number of networks."""


def is_narrow(design: Design, built: Architecture) -> bool:
    """Returns whether a design is a chain of fully connected, spiking layers of few neurons, without normalisation and
    with weights that need no measuring.
    """
    *hidden, _ = built.layers
    return bool(hidden) and not is_data_dependent(design.init) and all(
        layer.kind == "linear" and layer.spiking and not layer.normed and layer.neurons <= MOST_WIDTH
        and len(layer.sources) == 1 and layer.sources[0].layer == index - 1 and not layer.sources[0].delay
        for index, layer in enumerate(hidden)
    )  # fmt: skip


def draw_narrow(design: Design, built: Architecture, shown: Floats, most: int = MOST) -> list[tuple[Floats, Floats]]:
    """Returns the potentials and spikes, (networks, T, neurons) each, of every hidden layer of several networks, `most`
    at most, each with an image of its own. shown: E[x_s x_t] of the encoded images, (T, T). It has a fixed seed.
    """
    rng, steps = np.random.default_rng(0), design.data.steps
    hidden = built.layers[:-1]
    work = steps * sum(layer.neurons for layer in hidden)
    networks = min(most, max(FEWEST, NEURON_STEPS // work))
    moments = np.broadcast_to(shown, (networks, steps, steps))
    found = []
    for layer in hidden:
        gain = layer.fan_in * weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron).variance
        current = _factor(gain * moments) @ rng.standard_normal((networks, steps, layer.neurons))
        u, said = respond(current.transpose(1, 0, 2).reshape(steps, -1), design.neuron)
        u, said = (x.reshape(steps, networks, -1).transpose(1, 0, 2) for x in (u, said))
        found.append((u, said))
        moments = said @ said.transpose(0, 2, 1) / layer.neurons
    return found


def _factor(moments: Floats) -> Floats:
    """F with F F^T = moments, for each network; of spike trains that repeat, and of none, too."""
    size = np.einsum("ntt->n", moments)[:, None, None]
    found: Floats = np.linalg.cholesky(moments + (1e-9 * size + 1e-300) * np.eye(moments.shape[1]))
    return found
