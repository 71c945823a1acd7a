"""The setting of the Activity page, statistics of its random layers, and exact theory where there is one.

The layers are sampled in `snnviz.studies.activity.theory.propagation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from snnviz.catalog.inits import (
    COMPARED,
    format_init,
    group_equivalent,
    is_data_dependent,
    is_valid_for,
    parse_init,
    weight_distribution,
)
from snnviz.design.menus import INITS, Choice
from snnviz.design.parts import AnyNeuron
from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError, Unquoted
from snnviz.studies.activity import neurons
from snnviz.studies.activity.theory.survival import MAX_CHAIN_WIDTH, exact_chain

Single = NDArray[np.float32]
Floats = NDArray[np.float64]

MAX_COST = 2e8
"""Largest `ActivityConfig.work` that is computed: two seconds if every layer of every network spikes."""

STEPPED_SLOWER = 3
"""Factor by which neurons without fast code are slower."""

SEPARATOR = ","


def default_inits() -> tuple[Choice, ...]:
    """Returns the eight initialisations compared by Micheli et al. 2024."""
    return tuple(parse_init(entry.kind) for entry in INITS if COMPARED in entry.traits)


def _number(value: object) -> object:
    """Text that is a number as one; anything else as it is."""
    if isinstance(value, str) and len(value) <= 40:
        for kind in (int, float):
            with suppress(ValueError):
                return kind(value)
    return value


def _inits(value: object) -> tuple[Choice, ...]:
    parts = value.split(SEPARATOR) if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not 0 < len(parts) <= 12:
        raise InputError("inits", "be 1 to 12 initialisations", value)
    return tuple(dict.fromkeys(parse_init(part) for part in parts))


class ActivityConfig(Document):
    """Setting of the Activity page: a stack of equally wide random layers of spiking neurons, before any training."""

    noun = "an activity setting"

    threshold: Annotated[float, Range(0, 4, "Potential above which a neuron spikes (theta).", 0.01)] = 1.0
    beta: Annotated[float, Range(0, 1, "Leak: the share of the potential kept from one step to the next.", 0.01)] = 0.5
    reset: Literal["subtract", "zero", "none"] = "subtract"
    width: Annotated[int, Range(10, 4096, "Neurons of each layer (n), the fan-in of the next.", 10, "Width n")] = 1000
    layers: Annotated[int, Range(2, 200, "Layers, the encoder included.", 1, "Depth L")] = 100
    steps: Annotated[int, Range(1, 100, "Time steps T.", 1)] = 1
    seeds: Annotated[int, Range(1, 100, "Networks drawn for each initialisation.", 1, "Repetitions R")] = 3
    input: Literal["constant", "fresh"] = "constant"
    """The encoder's current, N(0, 1) for each neuron: the same at all time steps, or drawn anew at each."""
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of the first network.", 1)] = 0
    inits: Annotated[
        tuple[Choice, ...],
        PlainValidator(_inits),
        PlainSerializer(lambda inits: SEPARATOR.join(map(format_init, inits))),
    ] = Field(default_factory=default_inits)
    kind: Annotated[str, PlainValidator(neurons.parse_neuron)] = neurons.LIF
    """The neurons, such as lif or synaptic:alpha=0.7: a kind with its parameters, without those that have sliders."""

    @model_validator(mode="after")
    def _that_hold(self) -> ActivityConfig:
        for init in self.inits if self.kind != neurons.LIF else ():
            if not is_valid_for(init.kind, self.neuron):
                fitting = ", ".join(entry.kind for entry in INITS if is_valid_for(entry.kind, self.neuron))
                raise InputError("inits", f"hold for neurons of kind {self.neuron.kind}: {fitting}", init.kind)
        return self

    @classmethod
    def check(cls, document: object) -> Self:
        """Returns the setting read from a dictionary; numbers and `inits` may be text. Raises `InputError`."""
        if isinstance(document, Mapping):
            document = {name: _number(value) for name, value in document.items()}
            if "inits" not in document and document.get("kind", neurons.LIF) != neurons.LIF:
                neuron = neurons.build_neuron(neurons.parse_neuron(document["kind"]), 1.0, 0.5, "subtract")
                document["inits"] = tuple(init for init in default_inits() if is_valid_for(init.kind, neuron))
        return super().check(document)

    @property
    def neuron(self) -> AnyNeuron:
        """The neuron of all layers, with the setting's threshold, leak and reset."""
        return neurons.build_neuron(self.kind, self.threshold, self.beta, self.reset)

    @property
    def work(self) -> int:
        """Estimated cost of the computation in neuron-steps if no layer falls silent, with overheads per layer and
        step.
        """
        factor = 0 if self.steps >= self.width else self.steps**3 // 15
        layer = self.steps * (self.width + 20) + factor + 1500
        slower = 1 if self.kind == neurons.LIF else STEPPED_SLOWER
        return len(self.inits) * self.seeds * self.layers * layer * slower

    def affordable(self, work: float = MAX_COST) -> ActivityConfig:
        """Returns this setting, with fewer seeds if its cost exceeds `work`. Raises `InputError` if one seed is too
        many.
        """
        if self.work <= work:
            return self
        seeds = int(work * self.seeds // self.work)
        if seeds < 1:
            rule = f"be smaller: neurons x layers x steps x initialisations must be at most about {work:,.0f}"
            raise InputError("width", rule, Unquoted(f"{self.width}, in all {self.work // self.seeds:,}"))
        return self.model_copy(update={"seeds": seeds})


def equivalent_inits(setting: ActivityConfig, inits: Sequence[Choice]) -> tuple[tuple[Choice, ...], ...]:
    """Returns groups of those `inits` that draw weights from the same distribution in this setting."""
    return group_equivalent(inits, [(setting.width, setting.width)], setting.neuron, setting.steps)


def describe_equivalent_inits(groups: Iterable[Sequence[Choice]]) -> str:
    """Returns a sentence on initialisations with the same distribution of weights, whose lines coincide; "" if there
    are none.
    """
    said = [" and ".join(format_init(init) for init in group) for group in groups]
    return f"The same law of weights here, so one line: {'; '.join(said)}." if said else ""


@dataclass(frozen=True, slots=True)
class LayerStatistics:
    """Statistics of each layer under one initialisation. Variances are over a layer's neurons (population variance)."""

    init: Choice
    gain: Floats
    """n Var[w] of the layers after the encoder, mean over runs, (layers,); 0 for the encoder."""
    var_u: Single
    """(runs, layers, steps)"""
    spikes: Single
    """Number of spiking neurons, (runs, layers, steps)."""
    skewness: Single | None
    """(runs, layers, steps), NaN where u does not vary; None, as `excess`, the excess kurtosis, unless asked for."""
    excess: Single | None
    density: Floats | None
    """Density of u at the selected layer over all runs and steps, (BINS,), between `edges`, (BINS + 1,); None if it is
    silent.
    """
    edges: Floats | None

    @property
    def dead(self) -> Floats:
        """Share of runs in which no neuron of the layer ever spikes, (layers,)."""
        found: Floats = (self.spikes.sum(2) == 0).mean(0)
        return found


@dataclass(frozen=True, slots=True)
class ExpectedStatistics:
    """Exact expectation for each layer over random networks, (layers,): `var_u`, E[Var[u]], networks in which no neuron
    spikes included, and `dead`, the probability that no neuron of the layer spikes.
    """

    var_u: Floats
    dead: Floats


def expected_statistics(setting: ActivityConfig, init: Choice) -> ExpectedStatistics | None:
    """Returns the exactly expected variance and silence of each layer under one initialisation, or None if they are not
    known.

    They are for one time step, Gaussian weights that do not depend on data, and at most a few thousand neurons.
    """
    if setting.steps > 1 or is_data_dependent(init) or setting.width > MAX_CHAIN_WIDTH:
        return None
    law = weight_distribution(init, setting.width, setting.width, setting.neuron)
    if law.uniform:
        return None
    chain = exact_chain(setting.width, law.variance * setting.width, setting.threshold, setting.layers)
    return ExpectedStatistics(chain.var_u, chain.dead)
