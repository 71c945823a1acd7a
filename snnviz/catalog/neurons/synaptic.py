"""The second-order LIF neuron: a leaky integrate-and-fire neuron with an exponentially decaying synaptic current."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from snnviz.design.menus import NEURONS
from snnviz.design.neurons import LearnableParameter, States
from snnviz.design.parts import Leak, Reset, Spiking
from snnviz.design.registry import Range


class Synaptic(Spiking):
    """Parameters of a second-order LIF neuron: `alpha` is the decay of the synaptic current, `beta` that of the
    potential.
    """

    kind: Literal["synaptic"] = "synaptic"
    alpha: Annotated[float, Range(0, 1, "Share of the synaptic current kept from one step to the next.", 0.05)] = 0.5
    beta: Leak = 0.5
    reset: Reset = "subtract"
    learn: Literal["none", "alpha", "beta", "both"] = "none"
    """Which parameters each layer learns besides its weights, one number for all its neurons; the fields are initial
    values.
    """


def learnable(neuron: Synaptic, /) -> tuple[LearnableParameter, ...]:
    """Returns the learnable parameters of a layer as chosen by `neuron.learn`: alpha, beta, both or none; clamped to
    [0, 1].
    """
    found = [
        LearnableParameter("alpha", "alpha", neuron.alpha, bounds=(0.0, 1.0)),
        LearnableParameter("beta", "beta", neuron.beta, bounds=(0.0, 1.0), row="beta"),
    ]
    return tuple(each for each in found if neuron.learn in (each.name, "both"))


@NEURONS.add(
    Synaptic,
    label="Synaptic",
    source="snntorch.Synaptic",
    formula=r"i^t = \alpha i^{t-1} + I^t,\quad u^t = \beta u^{t-1} + i^t - \theta s^{t-1},\quad s^t = 1[u^t > \theta]",
    states=2,
    learnable=learnable,
)
def synaptic(states: States, current: Any, p: Any, spike: Callable[[Any], Any]) -> tuple[States, Any, Any]:
    """Second-order LIF: input spikes add to a synaptic current that decays, and the potential integrates that current.

    After a spike the reset "zero" sets the potential to 0 for a whole step, that step's input included, and leaves the
    synaptic current unchanged, as snntorch does. Time is in steps; u, i, I and theta share their unit.

    Computes one time step: returns the new states, the potential before reset, and `spike` of that potential less
    theta.
    """
    i, u = states
    spiked = u > p.threshold
    silent = u <= p.threshold
    i = p.alpha * i + current
    u = p.beta * u + i
    if p.reset == "subtract":
        u = u - p.threshold * spiked
    elif p.reset == "zero":
        u = u * silent
    return (i, u), u, spike(u - p.threshold)
