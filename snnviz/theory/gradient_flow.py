"""How much of a gradient reaches the first layers of a network before training (wide layers).

On the way back through a layer the gradient with respect to its spikes is multiplied by the surrogate's derivative at
each neuron's u - theta, then by the transposed weights: its root mean square grows by

    gain = sqrt(n Var[w] E[sigma'(u - theta)^2]),    u ~ N(0, Var[u]),

where the weights that lead back are taken to be independent of the potentials, as mean-field theory does: wrong by
about 1 / n. That is for one time step. Over several the gradient of the currents of all steps is carried along
(`layer_gain`): what a potential keeps leads back in time, resets do not, as in training.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.neurons import as_lif
from snnviz.catalog.neurons import surrogate as surrogate_of
from snnviz.catalog.surrogates import second_moment_of_derivative
from snnviz.design.menus import SURROGATES, Choice
from snnviz.design.parts import AnyNeuron

Floats = NDArray[np.float64]


def gradient_gain(surrogate: Choice, threshold: float, gain: float, variance: float = 1.0) -> float:
    """Returns the factor by which a layer multiplies the root mean square of the gradient, in a single time step.

    gain: n Var[w], with n the neurons that read the layer (as many as it reads, in layers of one width). variance:
    Var[u].
    """
    return math.sqrt(gain * second_moment_of_derivative(surrogate, threshold, variance))


def gradient_keeping_slope(surrogate: Choice, threshold: float, gain: float, variance: float = 1.0) -> float | None:
    """Returns the slope of the surrogate for which `gradient_gain` is 1, the nearest to its own; None if there is none
    within the bounds of slopes.

    >>> from snnviz.catalog.inits import spike_probability
    >>> round(gradient_keeping_slope(Choice({"kind": "atan", "slope": 2.0}), 0.5, 1 / spike_probability(0.5)), 3)
    3.542
    """
    bounds = next(each.range for each in SURROGATES[surrogate.kind].parameters if each.name == "slope")
    return _nearest_root(
        lambda slope: gradient_gain(_steeper(surrogate, slope), threshold, gain, variance),
        _slope(surrogate),
        bounds.low,
        bounds.high,
    )


def layer_gain(u: Floats, neuron: AnyNeuron, gain: float, covariance: Floats) -> tuple[float, Floats]:
    """Returns the factor of the root mean square of the gradient over T steps, and the covariance of the gradient with
    respect to the spikes of the layer before.

    u: potentials of a population of the layer's neurons, (T, n). gain: n Var[w]. covariance: of the gradient with
    respect to the layer's spikes at the steps, (T, T). Raises `ValueError` for a neuron that is no LIF neuron.
    """
    own, chosen = as_lif(neuron), surrogate_of(neuron)
    if own is None or chosen is None:
        raise ValueError("the way back is known of LIF neurons")
    derivative = np.array(SURROGATES[chosen.kind].function(u - own.threshold, **chosen.parameters), float)
    kept = own.beta * (u <= own.threshold) if own.reset == "zero" else np.full_like(u, own.beta)
    steps, count = u.shape
    # d current(t) = sum over t' >= t of kept(t) .. kept(t' - 1) derivative(t') d spike(t')
    matrix = np.zeros((count, steps, steps))
    for late in range(steps):
        reach = derivative[late]
        for early in range(late, -1, -1):
            matrix[:, early, late] = reach
            reach = reach * kept[early - 1] if early else reach
    back: Floats = gain * np.einsum("nij,jk,nlk->il", matrix, covariance, matrix, optimize=True) / count
    before = float(np.trace(covariance))
    return math.sqrt(float(np.trace(back)) / before) if before > 0 else 0.0, back


def _slope(surrogate: Choice) -> float:
    return float(surrogate.parameters["slope"])


def _steeper(surrogate: Choice, slope: float) -> Choice:
    return Choice({"kind": surrogate.kind, **surrogate.parameters, "slope": slope})


def _nearest_root(of: Callable[[float], float], start: float, low: float, high: float) -> float | None:
    """The slope nearest to `start`, by its logarithm, for which `of` is 1."""
    grid = np.geomspace(low, high, 61)
    values = np.array([of(slope) for slope in grid.tolist()]) - 1
    found = []
    for k in np.flatnonzero(np.sign(values[:-1]) != np.sign(values[1:])).tolist():
        left, right = float(grid[k]), float(grid[k + 1])
        for _ in range(50):
            middle = math.sqrt(left * right)
            same = (of(middle) > 1) == (values[k] > 0)
            left, right = (middle, right) if same else (left, middle)
        found.append(math.sqrt(left * right))
    return min(found, key=lambda slope: abs(math.log(slope / start)), default=None)
