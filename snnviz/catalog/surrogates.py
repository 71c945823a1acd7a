"""Surrogate gradients: functions of x = u - theta that replace the derivative ds/du of a spike in the backward pass.

The spike itself is a step, whose derivative is zero almost everywhere. Each function uses plain arithmetic only, so one
definition serves numpy (plots, theory) and torch (training).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, Any

import numpy as np

from snnviz.design.menus import SURROGATES, Choice
from snnviz.design.registry import Range

Slope = Annotated[
    float, Range(0.1, 100, "Steepness: a larger slope gives a narrower window around the threshold.", 0.5)
]


@SURROGATES.register(
    source="Fang et al. 2021; snntorch.surrogate.atan(alpha)",
    formula=r"\frac{k/2}{1 + (\frac{\pi}{2} k x)^2}",
)
def atan(x: Any, /, *, slope: Slope = 2.0) -> Any:
    """Derivative of an arctangent: heavy tails, so that every neuron learns a little.

    Returns the derivative ds/du at x = u - theta; a number for a number, a tensor for a tensor.

    >>> atan(0.0)
    1.0
    """
    return slope / 2 / (1 + (math.pi / 2 * slope * x) ** 2)


@SURROGATES.register(
    source="Zenke and Ganguli 2018; snntorch.surrogate.fast_sigmoid(slope)", formula=r"\frac{1}{(1 + k|x|)^2}"
)
def fast_sigmoid(x: Any, /, *, slope: Slope = 25.0) -> Any:
    """Derivative of a fast sigmoid (SuperSpike): its peak is 1 whatever the slope.

    Returns the derivative ds/du at x = u - theta; a number for a number, a tensor for a tensor.

    >>> fast_sigmoid(0.04)
    0.25
    """
    return 1 / (1 + slope * abs(x)) ** 2


@SURROGATES.register(
    source="Neftci et al. 2019; snntorch.surrogate.sigmoid(slope)", formula=r"k\,\sigma(kx)\,(1-\sigma(kx))"
)
def sigmoid(x: Any, /, *, slope: Slope = 25.0) -> Any:
    """Derivative of a logistic curve: peak k/4, light tails.

    Returns the derivative ds/du at x = u - theta; a number for a number, a tensor for a tensor.

    >>> sigmoid(0.0)
    6.25
    """
    tail = math.e ** (-slope * abs(x))
    return slope * tail / (1 + tail) ** 2


@SURROGATES.register(source="Bellec et al. 2018, published code", formula=r"\max(0,\ 1 - k|x|)")
def triangle(x: Any, /, *, slope: Slope = 1.0) -> Any:
    """A triangle: neurons further than 1/k from the threshold get no gradient at all.

    The authors' code also multiplies by a dampening factor of 0.3, which is left out here; which equation of the paper
    corresponds could not be checked.

    Returns the derivative ds/du at x = u - theta; a number for a number, a tensor for a tensor.

    >>> triangle(0.5), triangle(2.0)
    (0.5, 0.0)
    """
    side = 1 - slope * abs(x)
    return (side + abs(side)) / 2


SATURATION_LEVEL = 0.01
"""Below this share of its peak, a surrogate derivative counts as zero."""


@lru_cache(maxsize=256)
def saturation_distance(surrogate: Choice) -> float:
    """Returns the distance |u - theta| at which a surrogate's derivative falls to 1 % of its peak.

    >>> saturation_distance(Choice({"kind": "triangle", "slope": 2.0}))
    0.495
    """
    entry, given = SURROGATES[surrogate.kind].function, surrogate.parameters
    low, high, least = 0.0, 1.0, SATURATION_LEVEL * float(entry(0.0, **given))
    while float(entry(high, **given)) > least:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(entry(middle, **given)) > least else (low, middle)
    return round(high, 12)


NODES = 4001
"""Points at which the expectation over potentials is computed."""

REACH = 10.0
"""Standard deviations of the potential that count."""


@lru_cache(maxsize=4096)
def second_moment_of_derivative(surrogate: Choice, threshold: float, variance: float = 1.0) -> float:
    """Returns E[sigma'(u - threshold)^2] for u ~ N(0, variance), by quadrature that is finest at the threshold.

    >>> round(second_moment_of_derivative(Choice({"kind": "atan", "slope": 2.0}), 1.0), 4)
    0.1205
    """
    if variance <= 0:
        return float(SURROGATES[surrogate.kind].function(-threshold, **surrogate.parameters) ** 2)
    deviation = math.sqrt(variance)
    slope = float(surrogate.parameters.get("slope", 1.0))
    most = math.asinh(slope * (REACH * deviation + abs(threshold)))
    s = np.linspace(-most, most, NODES)
    x, weight = np.sinh(s) / slope, np.cosh(s) / slope
    u = x + threshold
    density = np.exp(-(u**2) / (2 * variance)) / (deviation * math.sqrt(2 * math.pi))
    derivative = np.array(SURROGATES[surrogate.kind].function(x, **surrogate.parameters), float)
    return float(np.sum(derivative**2 * density * weight) * (s[1] - s[0]))
