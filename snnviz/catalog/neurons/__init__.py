"""The neurons: a file each, whose step serves training, forecast, encoder and pages (`snnviz.design.neurons`).

A file that is put here is found. LIF comes first in menus, the others follow by name.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.design.menus import NEURONS, Choice
from snnviz.design.neurons import LearnableParameter, Model
from snnviz.design.parts import AnyNeuron, Neuron

Floats = NDArray[Any]


def model(neuron: AnyNeuron) -> Model:
    """What the catalogue says of it."""
    return NEURONS[neuron.kind]


def learnable_parameters(neuron: AnyNeuron) -> tuple[LearnableParameter, ...]:
    """What its layers learn besides weights."""
    return model(neuron).learnable(neuron)


def as_lif(neuron: AnyNeuron) -> Neuron | None:
    """The LIF neuron that it is before training; ReLUs have the numbers of one. None where it is none."""
    find = model(neuron).lif
    if find is None:
        return None
    found = find(neuron)
    assert isinstance(found, Neuron)
    return found


def threshold(neuron: AnyNeuron) -> float | None:
    """Above which it spikes, if there is such a number."""
    found = neuron.threshold if isinstance(neuron, Neuron) else getattr(neuron, "threshold", None)
    return None if found is None or not model(neuron).spiking else float(found)


def surrogate(neuron: AnyNeuron) -> Choice | None:
    """What stands for the derivative of its spikes, if it has one."""
    found = getattr(neuron, "surrogate", None)
    return found if isinstance(found, Choice) else None


def values(neuron: AnyNeuron) -> SimpleNamespace:
    """Its fields by name, as a step reads them."""
    return SimpleNamespace(**{name: getattr(neuron, name) for name in type(neuron).model_fields})


def respond(current: Floats, neuron: AnyNeuron) -> tuple[Floats, Floats]:
    """Potentials and outputs, both (T, n), of neurons driven by a current (T, n), before anything is learnt.

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
