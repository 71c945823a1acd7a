"""A neuron that snnviz does not know: what somebody adds is this file, in `snnviz/catalog/neurons`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from snnviz.design.menus import NEURONS
from snnviz.design.neurons import States
from snnviz.design.parts import Leak, Spiking
from snnviz.design.registry import Range


class Adaptive(Spiking):
    """A neuron that tires."""

    kind: Literal["adaptive"] = "adaptive"
    beta: Leak = 0.5
    rise: Annotated[float, Range(0, 10, "By how much a spike lifts the threshold.", 0.1)] = 0.5
    fall: Annotated[float, Range(0, 1, "Share of the lift kept from one step to the next.", 0.05)] = 0.9


@NEURONS.add(
    Adaptive,
    label="Adaptive",
    source="this test",
    formula=r"s^t = 1[u^t > \theta + a^t],\quad a^{t+1} = \rho a^t + r s^t",
    states=2,
)
def adaptive(states: States, current: Any, p: Any, spike: Callable[[Any], Any]) -> tuple[States, Any, Any]:
    """Adaptive LIF: each spike lifts the threshold, which falls back. Time is in steps; u, a, I and theta share their
    unit.
    """
    u, a = states
    lifted = p.threshold + a
    spiked = u > lifted
    u = p.beta * u + current - lifted * spiked
    a = p.fall * a + p.rise * spiked
    return (u, a), u, spike(u - p.threshold - a)
