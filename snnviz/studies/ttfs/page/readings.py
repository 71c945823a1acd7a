"""The numbers and curves that the TTFS page shows of a ReLU network and its TTFS (time-to-first-spike) twin, by the
names with which lessons' checks read them, such as `agreement`.
"""

from __future__ import annotations

from collections.abc import Callable

from snnviz.design import links
from snnviz.lessons.checks.kind import Reading
from snnviz.studies.ttfs.page.setting import DESIGN
from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.ui.kit.readings import publish

NUMBERS: dict[str, tuple[str, Callable[[TwinPair], float]]] = {
    "agreement": ("Share of images for which both networks say the same class", lambda pair: pair.agreement),
    "difference": (
        "Largest difference of the outputs, relative to an image's largest",
        lambda pair: pair.differences[-1],
    ),
    "spikes": ("Spikes per neuron, mean over the hidden neurons", lambda pair: pair.spikes_per_neuron),
    "latency": ("Time until the answer, in units of tau_c", lambda pair: pair.latency),
}
LAYERS = "spikes.layers"
"""Name of the curve of spikes per neuron over the hidden layers."""


def found_reading(pair: TwinPair, name: str) -> Reading | None:
    """Returns the reading of this name: one of `NUMBERS`, or `LAYERS`."""
    if name == LAYERS:
        series = tuple((float(layer), float(share)) for layer, share in enumerate(pair.spikes))
        return Reading("Spikes per neuron, hidden layer by layer.", None, series, ("layer", "spikes per neuron"))
    if name not in NUMBERS:
        return None
    words, number = NUMBERS[name]
    return Reading(f"{words}.", float(number(pair)))


def publish_readings(pair: TwinPair) -> None:
    """Tells the checks of lessons what the page shows: the fields of its setting, and by name the numbers of the ReLU
    network and its TTFS (time-to-first-spike) twin.
    """
    publish("ttfs", links.flatten(DESIGN.value), lambda name: found_reading(pair, name))
