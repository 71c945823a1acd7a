"""How large a gradient reaches each layer of a network before training, by theory (wide layers).

A gradient goes back from the readout. At a layer of neurons it is multiplied by the surrogate's derivative; through
weights, by n Var[w], n being the neurons that one input reaches: a layer's fan-out times the share of its positions
that are read and lie on the map; through average pooling over p x p it is divided by p^2. What several readers send
back to a layer has independent weights, so that mean squares add: skips that are added hand a gradient on as it is,
those that are appended hand it to the channels they read. In a single time step this is a closed form; over several,
potentials are drawn (`variance.draw_layers`), and the gradient of all steps is carried along
(`gradient_flow.layer_gain`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.neurons import as_lif, model
from snnviz.catalog.neurons import surrogate as surrogate_of
from snnviz.catalog.surrogates import second_moment_of_derivative
from snnviz.design.design import Design
from snnviz.graph.architectures import INPUT, Layer, Source, build_architecture
from snnviz.theory.gradient_flow import layer_gain
from snnviz.theory.measured import MeasuredForecast
from snnviz.theory.variance import DrawnLayer, draw_layers, share_inside

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExpectedGradients:
    """Names of hidden layers, each with the root mean square of the gradient with respect to what it says, as a
    multiple of that of the last one; and `how` it is known.
    """

    layers: tuple[tuple[str, float], ...]
    how: str

    @property
    def sizes(self) -> dict[str, float]:
        """By layer name."""
        return dict(self.layers)


def backward_connections(layer: Layer) -> float:
    """Returns the number of neurons of a layer that one of its inputs reaches, averaged over inputs: for a convolution
    its fan-out times the share of positions.
    """
    return layer.neurons * layer.fan_in * share_inside(layer) / math.prod(layer.in_shape)


@lru_cache(maxsize=64)
def expected_gradients(design: Design) -> ExpectedGradients | None:
    """Returns the gradients of a design before training by theory, or None where there is none: for neurons that are no
    LIF neurons or do not spike, backward connections, and layers to which nothing comes back.
    """
    layers = build_architecture(design).layers
    lif, steps = as_lif(design.neuron), design.data.steps
    known = lif is not None and surrogate_of(design.neuron) is not None and model(design.neuron).spiking
    if not known or design.network.code != "rate" or any(s.delay for layer in layers for s in layer.sources):
        return None
    drawn = draw_layers(design)
    back: list[Floats] = [np.zeros((steps, steps)) for _ in layers]
    back[-1] = np.ones((steps, steps))
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        of_input = _through_weights(layer, drawn[index], _through_neurons(design, layer, drawn[index], back[index]))
        for source in layer.sources:
            if source.layer != INPUT:
                back[source.layer] += of_input * _share(source, layers[source.layer])
    hidden = [(layer.name, _size(moments)) for layer, moments in zip(layers[:-1], back, strict=False) if _says(layer)]
    if len(hidden) < 2 or not all(math.isfinite(size) and size > 0 for _, size in hidden):
        return None
    last = hidden[-1][1]
    how = "in closed form" if steps == 1 else f"over {steps} time steps, potentials drawn"
    return ExpectedGradients(
        tuple((name, size / last) for name, size in hidden), f"by the theory of wide layers, {how}"
    )


def measured_gradients(found: MeasuredForecast) -> ExpectedGradients | None:
    """Returns the gradients that were measured on untrained networks in the same form, or None if none arrive."""
    hidden = [(layer.name, layer.gradient) for layer in found.layers if layer.gradient is not None]
    if len(hidden) < 2 or not all(size > 0 for _, size in hidden):
        return None
    return ExpectedGradients(tuple((name, size / hidden[-1][1]) for name, size in hidden), found.how)


def _says(layer: Layer) -> bool:
    return layer.kind != "merge" and not layer.plain


def _size(moments: Floats) -> float:
    return math.sqrt(float(np.trace(moments)) / len(moments))


def _through_neurons(design: Design, layer: Layer, drawn: DrawnLayer, of_said: Floats) -> Floats:
    """From the gradient with respect to what a layer says to that of its currents, before they are normalised."""
    if layer.plain or layer.kind == "merge":
        return of_said / drawn.normalised_by
    chosen, own = surrogate_of(design.neuron), as_lif(design.neuron)
    assert chosen is not None
    assert own is not None
    if len(of_said) == 1 and drawn.forecast is not None and drawn.forecast.silent_share is None:
        many = layer.neurons / max(1, layer.neurons - 1)  # Var[u] is that of so few neurons
        square = second_moment_of_derivative(chosen, own.threshold, many * drawn.forecast.var_u)
        return of_said * square / drawn.normalised_by
    return layer_gain(drawn.u, design.neuron, 1.0, of_said)[1] / drawn.normalised_by


def _through_weights(layer: Layer, drawn: DrawnLayer, of_current: Floats) -> Floats:
    return of_current * (backward_connections(layer) * drawn.weights if layer.weighted else 1.0)


def _share(source: Source, layer: Layer) -> float:
    """By what the mean square of a gradient is multiplied on its way from a reader's joined input to a source."""
    share = len(source.channels or ()) / layer.out_shape[0] if source.merge == "concat" else 1.0
    share *= source.enlarge**2 / source.stride**2
    if source.pool > 1:
        read = math.prod(size // source.pool * source.pool for size in layer.out_shape[1:])
        share *= read / math.prod(layer.out_shape[1:])
        share /= source.pool**4 if source.pooling == "average" else source.pool**2
    return share / source.smooth**2
