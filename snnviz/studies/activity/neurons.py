"""Neurons of the Activity page as text: "lif", or others of the catalogue, such as "synaptic:alpha=0.7"."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from snnviz.catalog.neurons import as_lif, model, threshold
from snnviz.design import naming
from snnviz.design.links import format_number
from snnviz.design.menus import NEURONS
from snnviz.design.parts import AnyNeuron, Neuron
from snnviz.design.submitted import validated
from snnviz.errors import InputError, did_you_mean

LIF = "lif"
SLIDERS = ("threshold", "beta", "reset")
"""Fields of a neuron that have sliders of their own."""

UNSEEN = ("kind", "surrogate", "learn", "each")
"""Fields of a neuron that do not matter before training."""


def can_be_drawn(neuron: AnyNeuron) -> bool:
    """Returns whether the page can show this neuron: one that spikes above a threshold, or a ReLU (which it shows as
    LIF).
    """
    return as_lif(neuron) is not None or threshold(neuron) is not None


def parse_neuron(text: object, path: str = "kind") -> str:
    """Returns the normalised text of a neuron's kind and parameters, such as "synaptic:alpha=0.7", without those that
    have sliders on the page. Raises `InputError`.
    """
    if not isinstance(text, str) or len(text) > 200:
        raise InputError(path, "name neurons, such as lif or synaptic:alpha=0.7", text)
    kind, *settings = text.strip().split(":")
    if kind not in NEURONS:
        raise InputError(path, f"be one of {', '.join(NEURONS.kinds)}", kind, did_you_mean(kind, NEURONS.kinds))
    given = _settings(settings)
    for name in (*SLIDERS, *UNSEEN):
        if name in given:
            raise InputError(f"{path}.{name}", "be left out: the setting says it, or training alone", given[name])
    part = AnyNeuron.class_for({"kind": kind})
    neuron = validated(part, naming.fill_absent(part, {"kind": kind, **given}), f"a neuron of kind {kind}", f"{path}.")
    assert isinstance(neuron, AnyNeuron)
    if not model(neuron).spiking or threshold(neuron) is None:
        raise InputError(path, "spike above a threshold", kind)
    return format_neuron(neuron)


def format_neuron(neuron: AnyNeuron) -> str:
    """Returns the text of a neuron's kind and parameters, or "lif" for kinds that behave as LIF with their initial
    parameters.

    Parameters at their absent value (the default when they were introduced) are left out.
    """
    if as_lif(neuron) is not None:
        return LIF
    usual = naming.absent_document(type(neuron))
    own = {name: value for name, value in neuron.model_dump().items() if name not in (*SLIDERS, *UNSEEN)}
    told = [f"{name}={value if isinstance(value, str) else format_number(value)}"
            for name, value in own.items() if value != usual.get(name)]  # fmt: skip
    return ":".join([neuron.kind, *told])


@lru_cache(maxsize=256)
def build_neuron(text: str, theta: float, beta: float, reset: str) -> AnyNeuron:
    """Returns the neuron described by a text such as "synaptic:alpha=0.7", with the threshold `theta`, leak `beta` and
    reset.
    """
    sliders = dict(zip(SLIDERS, (theta, beta, reset), strict=True))
    if text == LIF:
        return Neuron.model_validate(sliders)
    kind, *settings = text.split(":")
    part = AnyNeuron.class_for({"kind": kind})
    given: dict[str, Any] = {name: value for name, value in sliders.items() if name in part.model_fields}
    given |= _settings(settings)
    found = part.model_validate(naming.fill_absent(part, {"kind": kind, **given}))
    assert isinstance(found, AnyNeuron)
    return found


def _settings(texts: list[str]) -> dict[str, Any]:
    """Numbers where texts such as "alpha=0.7" have some."""
    found: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found


def describe_neuron(neuron: AnyNeuron) -> str:
    """Returns the neuron's label and its own parameters, such as "Synaptic (alpha 0.7)"."""
    own = [f"{name} {value:g}" for name, value in neuron.model_dump().items()
           if name not in (*SLIDERS, *UNSEEN) and isinstance(value, int | float)]  # fmt: skip
    name = model(neuron).label
    return f"{name} ({', '.join(own)})" if own else name
