"""The catalogue of neuron models, one file each; one step function serves training, forecast, encoder and pages.

Every file in this folder is imported. LIF comes first in menus, the others follow by name. See `snnviz.design.neurons`.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from snnviz.design.menus import NEURONS, Choice
from snnviz.design.neurons import LearnableParameter, Model
from snnviz.design.parts import AnyNeuron, Neuron

Floats = NDArray[Any]


def model(neuron: AnyNeuron) -> Model:
    """Returns the entry of the registry `NEURONS` for a neuron's kind: its step function and description."""
    return NEURONS[neuron.kind]


def learnable_parameters(neuron: AnyNeuron) -> tuple[LearnableParameter, ...]:
    """Returns the parameters that layers of this neuron learn in addition to the weights, such as leak and
    threshold.
    """
    return model(neuron).learnable(neuron)


def has_parameter(neuron: AnyNeuron, row: Literal["beta", "threshold"]) -> bool:
    """Returns whether the neuron has a leak (`row` "beta") or a threshold: as a field, or in what its layers learn."""
    learnt = {each.row for each in learnable_parameters(neuron)}
    return model(neuron).spiking and (row in type(neuron).model_fields or row in learnt)


def as_lif(neuron: AnyNeuron) -> Neuron | None:
    """Returns the LIF neuron that behaves as this one before training, or None if there is none.

    For a ReLU it is a LIF neuron with the fields that the ReLU has but does not use.
    """
    find = model(neuron).lif
    if find is None:
        return None
    found = find(neuron)
    assert isinstance(found, Neuron)
    return found


def threshold(neuron: AnyNeuron) -> float | None:
    """Returns the potential above which the neuron spikes, or None if it does not spike."""
    found = neuron.threshold if isinstance(neuron, Neuron) else getattr(neuron, "threshold", None)
    return None if found is None or not model(neuron).spiking else float(found)


def surrogate(neuron: AnyNeuron) -> Choice | None:
    """Returns the surrogate gradient of the neuron's spikes, or None if it has none."""
    found = getattr(neuron, "surrogate", None)
    return found if isinstance(found, Choice) else None


def values(neuron: AnyNeuron) -> SimpleNamespace:
    """Returns a neuron's fields as the namespace `p` that is passed to step functions, such as p.threshold."""
    return SimpleNamespace(**{name: getattr(neuron, name) for name in type(neuron).model_fields})


def respond(current: Floats, neuron: AnyNeuron) -> tuple[Floats, Floats]:
    """Simulates untrained neurons driven by an input current (T, n) over T time steps; returns membrane potentials and
    outputs (spikes), both (T, n).

    >>> respond(np.array([[1.5], [1.0], [0.0]]), Neuron(threshold=1.0, beta=0.5))[0].ravel().tolist()
    [1.5, 0.75, 0.375]
    """
    entry, p = model(neuron), values(neuron)
    u, outputs = np.empty_like(current), np.empty_like(current)
    states: tuple[Any, ...] = (0.0,) * entry.states
    for t, now in enumerate(current):
        states, u[t], outputs[t] = entry.function(states, now, p, _spike)
    return u, outputs


def _spike(x: Any) -> Any:
    return (x > 0).astype(x.dtype)


for _each in sorted(pkgutil.iter_modules(__path__), key=lambda each: (each.name != "lif", each.name)):
    importlib.import_module(f"{__name__}.{_each.name}")
