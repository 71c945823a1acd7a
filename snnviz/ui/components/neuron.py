"""The neuron component: an animated leaky integrate-and-fire neuron whose current, leak and threshold the visitor can
change.

It runs in the browser, step for step as `snnviz.catalog.neurons.lif`, and asks nothing of the server. Where the
visitor's system asks for less motion it stands still, and is started by a button.
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
    js=source("leaving.js", "neuron.step.js", "neuron.draw.js", "neuron.js"),
)


@dataclass(frozen=True, slots=True)
class NeuronStart:
    """The initial settings of the animated neuron: potentials in arbitrary units, time in steps.

    current: mean input current (for noise), or a third of the height of pulses. beta: the leak. pattern: the form of
    the current.
    """

    current: float = 0.2
    beta: float = 0.9
    threshold: float = 1.0
    pattern: Literal["constant", "noise", "pulses"] = "constant"
    reset: Literal["subtract", "zero"] = "subtract"


def neuron(start: NeuronStart | None = None, *, key: str) -> None:
    """Shows the animated neuron with these initial settings. What the visitor changes stays in the browser."""
    _MOUNT(key=key, data={"start": asdict(start or NeuronStart())})
