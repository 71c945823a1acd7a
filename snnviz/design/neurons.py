"""What a neuron model of the catalogue consists of: a step through time, and what else must be known about the model.

A step is a pure function ``step(states, current, p, spike) -> (states, potential, output)``, written once in plain
arithmetic, which numpy computes for forecasts, encoders and pages, and torch for training:

- `states`: the neuron's state variables, as many arrays as the entry declares, each 0.0 before the first time step;
- `current`: the input current of this time step, (..., n);
- `p`: the neuron's fields by name, such as ``p.threshold``; in training with tensors in place of learnt parameters;
- `spike(x)`: 1 where x > 0, else 0. Its derivative in training is the surrogate's. A comparison, such as
  ``u > p.threshold``, has no derivative: resets are written so, as in snntorch;
- `potential`: the membrane potential u that is reported, before a reset; `output`: spikes, or the numbers of neurons
  that do not spike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from snnviz.design.part import Part
from snnviz.design.registry import Entry, Parameter, Range, Registry, kind_of

States = tuple[Any, ...]
Step = Callable[[States, Any, Any, Callable[[Any], Any]], tuple[States, Any, Any]]


def identity(number: Any) -> Any:
    """Returns `number` unchanged."""
    return number


@dataclass(frozen=True, slots=True)
class LearnableParameter:
    """A parameter besides the weights that every layer, or every neuron (`each`), learns, starting from `initial`.

    name: in checkpoints ``<layer>.<name>``. field: the field of the step's `p` that is replaced, by
    `transform(parameter)` (plain arithmetic). bounds: the range to which the parameter is clamped after each optimizer
    step, or None. row: the column of `events.LayerState` that reports it, averaged over neurons, as `shown(field)`.
    inverse: the parameters (numpy) for which that is a given array, before `bounds`.
    """

    name: str
    field: str
    initial: float
    each: Literal["layer", "neuron"] = "layer"
    transform: Callable[[Any], Any] = identity
    bounds: tuple[float, float | None] | None = None
    row: Literal["beta", "threshold"] | None = None
    shown: Callable[[Any], Any] = identity
    inverse: Callable[[Any], Any] = identity


Learnable = Callable[[Any], tuple[LearnableParameter, ...]]
"""A function that returns the learnable parameters, besides weights, of a neuron of its kind."""


def _nothing(_: Any, /) -> tuple[LearnableParameter, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Model(Entry[Step]):
    """A neuron model of the catalogue; `function` computes one time step of it.

    part: the class whose instances hold the model's parameters in a design. label: short name for people. states:
    number of state variables; 0 for a model without time. spiking: whether its output is spikes. learnable: returns
    its learnable parameters besides weights. kernel: "module:class" in `snnviz.core` that computes the same faster.
    lif: returns the LIF neuron that equals this one before training, for models that have one; formulas that only
    hold for LIF use it.
    """

    part: type[Part] = Part
    label: str = ""
    states: int = 1
    spiking: bool = True
    learnable: Learnable = _nothing
    kernel: str | None = None
    lif: Callable[[Any], Any] | None = None

    @property
    def options(self) -> dict[str, tuple[str, ...]]:
        """The values of each field with a fixed list of choices, by field name, the default first."""
        found = {}
        for name, about in self.part.model_fields.items():
            if get_origin(about.annotation) is Literal and name != "kind":
                found[name] = (about.default, *(each for each in get_args(about.annotation) if each != about.default))
        return found


class Neurons(Registry[Step]):
    """The registry of neuron models: iterating gives the `Model`s, and `add` registers one under its kind."""

    def add(
        self,
        part: type[Part],
        *,
        source: str,
        label: str,
        formula: str = "",
        states: int = 1,
        spiking: bool = True,
        learnable: Learnable = _nothing,
        kernel: str | None = None,
        lif: Callable[[Any], Any] | None = None,
    ) -> Callable[[Step], Step]:
        """Returns a decorator that registers a step function as a neuron model; see `Model` for the arguments.

        The kind is the function's name with dashes.
        """

        def added(step: Step) -> Step:
            about = Model(
                kind_of(step), step, source, formula, _parameters(part), part=part, label=label, states=states,
                spiking=spiking, learnable=learnable, kernel=kernel, lif=lif,
            )  # fmt: skip
            self._enter(about)
            return step

        return added

    def __getitem__(self, kind: str) -> Model:
        found = super().__getitem__(kind)
        assert isinstance(found, Model)
        return found


def _parameters(part: type[Part]) -> tuple[Parameter, ...]:
    """The part's own numbers."""
    found = []
    for name, about in part.model_fields.items():
        limits = next((note for note in about.metadata if isinstance(note, Range)), None)
        if limits is not None:
            found.append(Parameter(name, about.annotation is int, about.default, limits))
    return tuple(found)
