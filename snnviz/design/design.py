"""A Design: a frozen value that says everything a run needs.

The command line reads its canonical JSON; a run is found by the digest of its design, so the same design twice is one
run (`snnviz.design.naming`; adding a field changes no digest).

    >>> Design().network.kind
    'block'
    >>> Design.read('{"neuron": {"threshold": 1}}') == Design()
    True
    >>> Design.read('{"neuron": {"threshold": -1}}')
    Traceback (most recent call last):
    ...
    snnviz.errors.InputError: neuron.threshold must be a number from 0 to 10, got -1
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from snnviz.design.menus import INITS, NEURONS, Choice, choice_field, default_choice
from snnviz.design.networks import BlockNetwork, Network
from snnviz.design.parts import AnyNeuron, Data, Neuron, NeuronByKind, Training, Ttfs
from snnviz.design.registry import Range
from snnviz.design.submitted import MAX_TEXT, Task


class Design(Task):
    """Everything a training run needs, as one frozen value: data, network, neuron, initialisation, training and seed.

    `ttfs` only matters for networks with time-to-first-spike coding (`network.code`). Creating a design checks it and
    raises `InputError` for values out of range or that contradict each other.
    """

    kind = "run"
    noun = "a design"
    field = "design"
    most = MAX_TEXT

    data: Data = Field(default_factory=lambda: Data())
    network: Network = Field(default_factory=lambda: BlockNetwork())
    neuron: Annotated[AnyNeuron, NeuronByKind()] = Field(default_factory=lambda: Neuron())
    init: Annotated[Choice, *choice_field(INITS, "init")] = default_choice(INITS, "init", kind="variance-preserving")
    training: Training = Field(default_factory=lambda: Training())
    ttfs: Ttfs = Field(default_factory=lambda: Ttfs())
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of the split, the weights and the order of the images.", 1)] = 0

    @model_validator(mode="after")
    def _keeps_the_rules(self) -> Design:
        for concerns, name in RULES:
            if concerns(self):
                module, _, function = name.partition(":")
                getattr(importlib.import_module(module), function)(self)
        return self


def as_design(value: object) -> Design:
    """Returns a design as it is, or the one read from a nested dictionary. Raises `InputError`."""
    return value if isinstance(value, Design) else Design.check(value)


DesignField = Annotated[Design, PlainValidator(as_design), PlainSerializer(lambda design: design.document())]
"""Type of a field that holds a design, in a value that JSON can hold."""


def _is_special(neuron: AnyNeuron) -> bool:
    """Whether there is something that such neurons cannot have."""
    return not (isinstance(neuron, Neuron) and NEURONS[neuron.kind].states)


RULES: tuple[tuple[Callable[[Design], bool], str], ...] = (
    (
        lambda design: _is_special(design.neuron) or design.network.code == "ttfs" or design.ttfs != Ttfs(),
        "snnviz.graph.nearest:check_design",
    ),
    (lambda design: bool(design.training.shortcut.layers), "snnviz.graph.branches:check_branch_layers"),
)
"""Rules between parts of a design: a predicate for the designs that a rule concerns, and the function that checks them
and raises `InputError`, as "module:name", because its module imports this one.
"""
