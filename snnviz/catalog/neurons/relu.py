"""The rectified linear unit, for networks that spiking ones are compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snnviz.design.menus import NEURONS
from snnviz.design.neurons import States
from snnviz.design.parts import Neuron


@NEURONS.add(
    Neuron,
    label="ReLU",
    source="Nair and Hinton 2010",
    formula=r"s = \max(0, u),\quad u = I",
    states=0,
    spiking=False,
    kernel="snnviz.core.neurons:ReluPopulation",
    lif=lambda neuron: neuron,  # its part has the numbers of one, and designs may hold any initialisation beside them
)
def relu(states: States, current: Any, p: Any, spike: Callable[[Any], Any]) -> tuple[States, Any, Any]:  # noqa: ARG001
    """ReLU: max(0, u), in a single time step with direct input and an output layer that does not spike.

    For ANN twins of spiking networks. The neuron's other fields are ignored.

    Returns no states, the current in the role of the potential, and max(0, current).
    """
    return states, current, current * (current > 0)
