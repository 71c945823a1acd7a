"""Neurons of the catalogue as nodes of NIR, exactly: what reaches them, what spikes, and what lies in between.

The leak is kept as a time constant, tau = dt / (1 - beta), in float64: of a float32 one every third beta would come
back as another. The resistance tau / dt takes the current as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnviz.catalog.neurons import learnable_parameters, model, values
from snnviz.design.parts import AnyNeuron
from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.graph import DT, Array, Edge, Node


@dataclass(frozen=True, slots=True)
class Population:
    """Nodes by the ending of their names; `input_node`: the one that the current reaches, `spike_node`: the one that
    spikes, `threshold`: of the potential.
    """

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    input_node: str
    spike_node: str
    threshold: Array


def population(neuron: AnyNeuron, learnt: Mapping[str, Array], shape: tuple[int, ...]) -> Population:
    """Returns the nodes of a layer of neurons of this shape; `learnt`: what the layer learnt, by name.

    Raises `InputError`, in one sentence, for neurons that NIR cannot say.
    """
    known = _KINDS.get(neuron.kind)
    if known is None:
        kinds = ", ".join(_KINDS)
        why = "" if model(neuron).spiking else ": NIR's neurons spike or integrate, none is a ReLU"
        raise InputError("neuron.kind", f"be one of {kinds} for NIR{why}", neuron.kind)
    p = values(neuron)
    for name, value in vars(p).items():
        if isinstance(value, float):
            setattr(p, name, float(np.float32(value)))  # which is what a run computes with
    for each in learnable_parameters(neuron):
        value = np.asarray(learnt[each.name], np.float64) if each.name in learnt else np.float64(each.initial)
        if each.bounds is not None:
            value = np.clip(value, *each.bounds)
        setattr(p, each.field, each.transform(value))
    return known(p, shape)


def _lif(p: Any, shape: tuple[int, ...]) -> Population:
    return _leaky(p, shape, p.beta)


def _plif(p: Any, shape: tuple[int, ...]) -> Population:
    return _leaky(p, shape, 1 - 1 / np.asarray(p.tau))


def _leaky(p: Any, shape: tuple[int, ...], beta: Any) -> Population:
    """A nir.LIF resets to a potential; what subtracts, or resets nothing, is an integrator and a threshold."""
    beta, threshold = _spread(beta, shape), _spread(p.threshold, shape)
    if p.reset == "zero":
        leaks = _integrator(beta)
        spikes = {"v_threshold": threshold, "v_reset": np.zeros(shape)}
        kind = {"LI": "LIF", "I": "IF"}[leaks.kind]
        return Population({"lif": Node(kind, {**leaks.fields, **spikes})}, (), "lif", "lif", threshold)
    return _with_threshold({"li": _integrator(beta)}, (), "li", "li", threshold, p.reset)


def _synaptic(p: Any, shape: tuple[int, ...]) -> Population:
    """Two integrators, as a reset reaches the potential and not the current, which CubaLIF hides."""
    if p.reset == "zero":
        return _held(_spread(p.alpha, shape), _spread(p.beta, shape), _spread(p.threshold, shape))
    nodes = {"current": _integrator(_spread(p.alpha, shape)), "li": _integrator(_spread(p.beta, shape))}
    return _with_threshold(nodes, (("current", "li"),), "current", "li", _spread(p.threshold, shape), p.reset)


HOLD = 1e6
"""The current by which a neuron is driven to a reset: far beyond every potential."""


def _held(alpha: Array, beta: Array, threshold: Array) -> Population:
    """A reset to zero that lasts the whole step after a spike, whatever arrives in it.

    The spike drives the neuron once more, one step late, so that it is reset in that step; of the two spikes in a row
    the second is taken away.
    """
    leaks, shape = _integrator(beta), threshold.shape
    neurons = {**leaks.fields, "v_threshold": threshold, "v_reset": np.zeros(shape)}
    nodes = {
        "current": _integrator(alpha),
        "lif": Node({"LI": "LIF", "I": "IF"}[leaks.kind], neurons),
        "spike": Node("Threshold", {"threshold": np.full(shape, 0.5)}),
        "hold": Node("Scale", {"scale": np.full(shape, HOLD)}),
        "again": Node("Scale", {"scale": np.full(shape, -1.0)}),
    }
    edges = (("current", "lif"), ("lif", "spike"), ("spike", "hold"), ("hold", "lif"), ("spike", "again"))
    return Population(nodes, (*edges, ("again", "spike")), "current", "spike", threshold)


def _with_threshold(
    nodes: Mapping[str, Node], edges: tuple[Edge, ...], input_node: str, leaks: str, threshold: Array, reset: str
) -> Population:
    found = {**nodes, "spike": Node("Threshold", {"threshold": threshold})}
    edges = (*edges, (leaks, "spike"))
    if reset == "subtract":
        found["reset"] = Node("Scale", {"scale": -threshold})
        edges = (*edges, ("spike", "reset"), ("reset", leaks))
    return Population(found, edges, input_node, "spike", threshold)


def _integrator(beta: Array) -> Node:
    """A nir.LI that keeps the share `beta` of its potential; a nir.I where it keeps all."""
    if (beta == 1).all():
        return Node("I", {"r": np.full(beta.shape, 1 / DT)})
    if (beta == 1).any():
        raise InputError("neuron", "leak in all neurons of a layer or in none for NIR", Unquoted("a layer of both"))
    return Node("LI", {"tau": DT / (1 - beta), "r": 1 / (1 - beta), "v_leak": np.zeros(beta.shape)})


def _spread(value: Any, shape: tuple[int, ...]) -> Array:
    """One number for all neurons, or one for each, as an array of the shape of the layer, in float64."""
    array = np.asarray(value, np.float64)
    return np.full(shape, array) if array.size == 1 else array.reshape(shape)


_KINDS: dict[str, Callable[[Any, tuple[int, ...]], Population]] = {
    "lif": _lif,
    "plif": _plif,
    "synaptic": _synaptic,
}
