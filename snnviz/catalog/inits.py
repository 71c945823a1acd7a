"""Weight initialisations: the variance of zero-mean Gaussian weights from a layer's fan-in and fan-out.

For a convolution with k x k kernels the fan-in is k*k*c_in and the fan-out k*k*c_out. Biases start at 0.
"""

from __future__ import annotations

import math
from typing import Annotated

from snnviz.design import INITS, Neuron
from snnviz.registry import Range


def spike_probability(threshold: float, variance: float = 1.0) -> float:
    """P(u > threshold) for u ~ N(0, variance), written Q(theta / sigma).

    >>> round(spike_probability(1.0), 6)
    0.158655
    """
    if variance <= 0:
        return 0.0
    return 0.5 * math.erfc(threshold / math.sqrt(2 * variance))


@INITS.register(source="Micheli et al. 2024, Eq. 10", formula=r"\mathrm{Var}[w] = \frac{1}{n\,P(u > \theta)}")
def variance_preserving(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Keeps Var[u] = 1 from layer to layer, so that spikes reach the last one.

    Assumes u ~ N(0, 1) and one time step without reset; drifts for a leak near 1 and for few neurons.

    >>> round(variance_preserving(1000, 1000, Neuron(threshold=1.0)) * 1000, 3)
    6.303
    """
    return 1 / (fan_in * max(spike_probability(neuron.threshold), 1e-9))


@INITS.register(source="He et al. 2015, Eq. 10", formula=r"\mathrm{Var}[w] = \frac{g}{n}")
def kaiming(
    fan_in: int,
    fan_out: int,  # noqa: ARG001
    neuron: Neuron,  # noqa: ARG001
    /,
    *,
    gain: Annotated[float, Range(0.1, 20, "n Var[w]; 2 keeps the variance through ReLU layers.", 0.1)] = 2.0,
) -> float:
    """Made for ReLU: half of a centred Gaussian passes. A spike threshold above 0 passes less,
    so deep layers fall silent.

    Equals the variance-preserving rule at threshold 0.

    >>> kaiming(1000, 1000, Neuron())
    0.002
    """
    return gain / fan_in


@INITS.register(source="Glorot and Bengio 2010, Eq. 12", formula=r"\mathrm{Var}[w] = \frac{2}{n_{in} + n_{out}}")
def glorot(fan_in: int, fan_out: int, neuron: Neuron, /) -> float:  # noqa: ARG001
    """Made for tanh and linear layers: a compromise between the forward and the backward pass.

    >>> glorot(1000, 1000, Neuron())
    0.001
    """
    return 2 / (fan_in + fan_out)
