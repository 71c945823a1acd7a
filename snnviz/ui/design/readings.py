"""The numbers and curves that the Design page shows of the edited design, by the names with which lessons' checks read
them, such as `forecast.rate.3`.
"""

from __future__ import annotations

from collections.abc import Callable

from snnviz.design.design import Design
from snnviz.lessons.checks.kind import Reading
from snnviz.theory import costs, variance

COSTS: dict[str, tuple[str, Callable[[Design], int]]] = {
    "parameters": ("Weights and other learnt numbers of the design", costs.parameter_count),
    "macs": ("Multiplications and additions for an image in one time step", costs.macs_per_step),
}
FORECAST = {
    "rate": ("rate", "spikes per neuron and time step", "Forecast of the firing rate before training"),
    "variance": ("var_u", "Var[u]", "Forecast of Var[u] before training"),
}


def found_reading(design: Design, name: str) -> Reading | None:
    """Returns the reading of this name: ``parameters``, ``macs``, ``forecast.rate.LAYER`` or
    ``forecast.variance.LAYER`` with the layer's number from 0, without a number the curve over the layers.

    >>> found_reading(Design(), "forecast.rate.0").number > 0
    True
    """
    if name in COSTS:
        words, number = COSTS[name]
        return Reading(f"{words}.", float(number(design)))
    lead, _, rest = name.partition(".")
    what, _, layer = rest.partition(".")
    if lead != "forecast" or what not in FORECAST:
        return None
    attribute, axis, words = FORECAST[what]
    found = [(place, getattr(one, attribute)) for place, one in enumerate(variance.forecast_layers(design))]
    series = tuple((float(place), float(value)) for place, value in found if value is not None)
    if not layer:
        return Reading(f"{words}, layer by layer.", None, series, ("layer", axis)) if series else None
    numbers = {str(int(place)): value for place, value in series}
    return Reading(f"{words}, in layer {layer}.", numbers[layer]) if layer in numbers else None
