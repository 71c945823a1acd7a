"""The numbers behind the figures of the Activity page, by the names with which lessons' checks read them, such as
`spikes.kaiming.99`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from snnviz.catalog.inits import format_init
from snnviz.lessons.checks.kind import Reading
from snnviz.studies.activity.theory.activity import LayerStatistics

LAYER = "layer"


class LayerReadings(NamedTuple):
    """Means over networks and time steps by initialisation: share of spiking neurons, and Var[u], of each layer."""

    spikes: dict[str, tuple[float, ...]]
    variance: dict[str, tuple[float, ...]]


WORDS = {
    "spikes": ("spiking neurons", "Share of spiking neurons, mean of the networks drawn"),
    "variance": ("Var[u]", "Variance of the potential over a layer's neurons, mean of the networks drawn"),
}


def layer_readings(drawn: Sequence[LayerStatistics], width: int) -> LayerReadings:
    """Returns the numbers behind the figures: for each initialisation the mean share of spiking neurons and the mean
    Var[u] of each layer.

    drawn: the statistics that the figures show. width: neurons of a layer.
    """
    spikes, variance = {}, {}
    for one in drawn:
        name = format_init(one.init)
        spikes[name] = tuple(float(value) / width for value in one.spikes.mean(axis=(0, 2)))
        variance[name] = tuple(float(value) for value in one.var_u.mean(axis=(0, 2)))
    return LayerReadings(spikes, variance)


def found_reading(numbers: LayerReadings, name: str) -> Reading | None:
    """Returns the number called ``spikes.INIT.LAYER`` or ``variance.INIT.LAYER``, or, without a layer, the curve over
    the layers; None if there is no such name.

    >>> found_reading(LayerReadings({"kaiming": (0.16, 0.04)}, {}), "spikes.kaiming.1").number
    0.04
    """
    what, _, rest = name.partition(".")
    if what not in WORDS:
        return None
    curves: dict[str, tuple[float, ...]] = getattr(numbers, what)
    label, words = WORDS[what]
    if rest in curves:
        series = tuple((float(layer), value) for layer, value in enumerate(curves[rest]))
        return Reading(f"{words}, {rest.replace('-', ' ')}.", None, series, (LAYER, label))
    init, _, layer = rest.rpartition(".")
    if init not in curves or not layer.isdecimal() or int(layer) >= len(curves[init]):
        return None
    return Reading(f"{words}, in layer {int(layer)}, {init.replace('-', ' ')}.", curves[init][int(layer)])
