"""The neuron component: a leaky integrate-and-fire neuron that moves, with its current, leak and threshold in hand.

It computes in the browser, step for step what `snnviz.catalog.neurons.lif` does, and asks nothing of the server. Where
the visitor's system asks for less motion it stands still, and goes on by a button.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_neuron",
    html=source("neuron.html"),
    css=source("neuron.css"),
    js=source("neuron.step.js", "neuron.draw.js", "neuron.js"),
)


@dataclass(frozen=True, slots=True)
class NeuronStart:
    """What the neuron begins with: potentials in units of their own, time in steps.

    current: what flows in, on average (noise), or a third of the height of pulses. beta: the leak. pattern: the form of
    the current.
    """

    current: float = 0.2
    beta: float = 0.9
    threshold: float = 1.0
    pattern: Literal["constant", "noise", "pulses"] = "constant"
    reset: Literal["subtract", "zero"] = "subtract"


def neuron(start: NeuronStart | None = None, *, key: str) -> None:
    """Shows the neuron. What the visitor changes stays in the browser."""
    _MOUNT(key=key, data={"start": asdict(start or NeuronStart())})
