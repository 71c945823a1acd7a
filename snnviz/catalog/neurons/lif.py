"""The leaky integrate-and-fire neuron (LIF)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.design.menus import NEURONS
from snnviz.design.neurons import LearnableParameter, States
from snnviz.design.parts import Neuron


def learnable(neuron: Neuron, /) -> tuple[LearnableParameter, ...]:
    """Returns the learnable parameters of a layer of LIF neurons as chosen by `neuron.learn`: leak, threshold, both or
    none.

    The leak is clamped to [0, 1] and the threshold to 0 or above: below 0, a neuron without input would spike at every
    step.
    """
    found = [
        LearnableParameter("beta", "beta", neuron.beta, bounds=(0.0, 1.0), row="beta"),
        LearnableParameter("threshold", "threshold", neuron.threshold, bounds=(0.0, None), row="threshold"),
    ]
    return tuple(each for each in found if neuron.learn in (each.name, "both"))


@NEURONS.add(
    Neuron,
    label="LIF",
    source="Lapicque 1907; snntorch.Leaky",
    formula=r"u^t = \beta u^{t-1} + I^t - \theta s^{t-1},\quad s^t = 1[u^t > \theta]",
    learnable=learnable,
    kernel="snnviz.core.neurons:Cell",
    lif=lambda neuron: neuron,
)
def lif(states: States, current: Any, p: Any, spike: Callable[[Any], Any]) -> tuple[States, Any, Any]:
    """Leaky integrate-and-fire: the potential leaks, integrates the input current, and a spike resets it one step
    later.

    With the reset "zero" the equation is u[t] = beta u[t-1] (1 - s[t-1]) + I[t]. Time is in steps; u, I and theta share
    their unit.

    Computes one time step: returns the new states, the potential before reset, and `spike` of that potential less
    theta.
    """
    (u,) = states
    spiked = u > p.threshold
    kept = u * (u <= p.threshold) if p.reset == "zero" else u
    u = p.beta * kept + current
    if p.reset == "subtract":
        u = u - p.threshold * spiked
    return (u,), u, spike(u - p.threshold)


Single = NDArray[np.float32]


def overwrite_with_potentials(current: Single, neuron: Neuron) -> Single:
    """Overwrites input currents (pairs, T, n) with the membrane potentials of LIF neurons and returns them: as `lif`,
    but in float32 and without copies, for millions of neurons.

    Its order of rounding, beta u - theta s before I is added, differs from `lif`; recorded numbers of the Activity page
    depend on it.
    """
    beta, threshold = np.float32(neuron.beta), np.float32(neuron.threshold)
    kept = np.empty_like(current[:, 0])
    for t in range(1, current.shape[1]):
        before, now = current[:, t - 1], current[:, t]
        np.multiply(before, beta, out=kept)
        if neuron.reset == "subtract":
            kept -= threshold * (before > threshold)
        elif neuron.reset == "zero":
            kept *= before <= threshold
        now += kept
    return current
