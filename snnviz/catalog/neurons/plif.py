"""A leaky integrate-and-fire neuron that learns its time constant."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from snnviz.design.menus import NEURONS
from snnviz.design.neurons import LearnableParameter, States
from snnviz.design.parts import Neuron, Reset, Spiking
from snnviz.design.registry import Range


class Plif(Spiking):
    """A neuron whose time constant is learnt."""

    kind: Literal["plif"] = "plif"
    tau: Annotated[
        float, Range(1.01, 100, "Time constant in steps, where learning starts: the leak is 1 - 1/tau.", 0.25)
    ] = 2.0
    reset: Reset = "subtract"
    each: Literal["layer", "neuron"] = "layer"
    """What has a time constant of its own."""


def learnable(neuron: Plif, /) -> tuple[LearnableParameter, ...]:
    """w, of which the time constant is 1 + exp(-w). Its ends are where single precision knows no other leak."""
    start = -math.log(neuron.tau - 1)
    return (LearnableParameter("w", "tau", start, neuron.each, _tau, (-20.0, 20.0), "beta", lambda tau: 1 - 1 / tau),)


def _tau(w: Any) -> Any:
    return 1 + math.e ** (-w)


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

    The paper also divides the current by tau; here it arrives whole, as with LIF, of which this is one until it learns.
    With the reset "zero" it is u[t] = (1 - 1/tau) u[t-1] (1 - s[t-1]) + I[t]. tau is in time steps; u, I and theta
    share their unit.
    """
    (u,) = states
    spiked = u > p.threshold
    kept = u * (u <= p.threshold) if p.reset == "zero" else u
    u = (1 - 1 / p.tau) * kept + current
    if p.reset == "subtract":
        u = u - p.threshold * spiked
    return (u,), u, spike(u - p.threshold)
