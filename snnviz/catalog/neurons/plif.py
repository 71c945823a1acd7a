"""The parametric LIF neuron (PLIF), whose time constant is learnt."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np

from snnviz.design.menus import NEURONS
from snnviz.design.neurons import LearnableParameter, States
from snnviz.design.parts import Neuron, Reset, Spiking
from snnviz.design.registry import Range


class Plif(Spiking):
    """Parameters of a parametric LIF neuron, which learns its time constant `tau` (Fang et al. 2021)."""

    kind: Literal["plif"] = "plif"
    tau: Annotated[
        float, Range(1.01, 100, "Time constant in steps, where learning starts: the leak is 1 - 1/tau.", 0.25)
    ] = 2.0
    reset: Reset = "subtract"
    each: Literal["layer", "neuron"] = "layer"
    """Whether every layer or every neuron has a time constant of its own."""


def learnable(neuron: Plif, /) -> tuple[LearnableParameter, ...]:
    """Returns the learnable parameter w, from which the time constant is 1 + exp(-w), in steps.

    w is clamped to [-20, 20], beyond which the leak no longer changes in float32.
    """
    start = -math.log(neuron.tau - 1)
    return (LearnableParameter("w", "tau", start, neuron.each, _tau, (-20.0, 20.0), "beta", _leak, _w),)


def _tau(w: Any) -> Any:
    return 1 + math.e ** (-w)


def _leak(tau: Any) -> Any:
    return 1 - 1 / tau


def _w(leak: Any) -> Any:
    with np.errstate(divide="ignore"):  # a leak of 0 or 1 is beyond the bounds
        return np.log1p(-leak) - np.log(leak)


@NEURONS.add(
    Plif,
    label="PLIF",
    source="Fang et al. 2021; spikingjelly ParametricLIFNode",
    formula=r"u^t = \left(1 - \tfrac{1}{\tau}\right) u^{t-1} + I^t - \theta s^{t-1},\quad \tfrac{1}{\tau} = "
    r"\sigma(w),\quad s^t = 1[u^t > \theta]",
    learnable=learnable,
    lif=lambda neuron: Neuron(
        threshold=neuron.threshold, beta=1 - 1 / neuron.tau, reset=neuron.reset, surrogate=neuron.surrogate
    ),
)
def plif(states: States, current: Any, p: Any, spike: Callable[[Any], Any]) -> tuple[States, Any, Any]:
    """Parametric LIF: every layer, or every neuron, learns its time constant, as 1/tau = sigmoid(w).

    Unlike in the paper, the current is not divided by tau, so that before training the neuron equals a LIF neuron. With
    the reset "zero" the equation is u[t] = (1 - 1/tau) u[t-1] (1 - s[t-1]) + I[t]. tau is in time steps; u, I and theta
    share their unit.

    Computes one time step: returns the new states, the potential before reset, and `spike` of that potential less
    theta.
    """
    (u,) = states
    spiked = u > p.threshold
    kept = u * (u <= p.threshold) if p.reset == "zero" else u
    u = (1 - 1 / p.tau) * kept + current
    if p.reset == "subtract":
        u = u - p.threshold * spiked
    return (u,), u, spike(u - p.threshold)
