"""What an entry of the catalogue of neurons is: a step through time, and what else must be known of it.

A step is a pure function ``step(states, current, p, spike) -> (states, potential, output)``, written once in plain
arithmetic, which numpy computes for forecasts, encoders and pages, and torch for training:

- `states`: what a neuron remembers, as many arrays as the entry says, each 0.0 before the first time step;
- `current`: what reaches the neurons in this time step, (..., n);
- `p`: the neuron's fields by name, such as ``p.threshold``; in training with tensors in place of what is learnt;
- `spike(x)`: 1 where x > 0, else 0. Its derivative in training is the surrogate's. What a comparison gives, such as
  ``u > p.threshold``, has no derivative: so are resets, as in snntorch;
- `potential`: what is reported as u, before a reset; `output`: spikes, or the numbers of neurons that do not spike.
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
    """The same."""
    return number


@dataclass(frozen=True, slots=True)
class LearnableParameter:
    """A number that every layer, or every neuron, learns besides the weights, from `initial`.

    name: in checkpoints ``<layer>.<name>``. field: of the step's `p`, which is `transform` of the number (plain
    arithmetic). bounds: to which an optimizer's step is put back, or None. row: which column of `events.LayerState`
    tells it, the mean over neurons, as the number that `shown` makes of the field.
    """

    name: str
    field: str
    initial: float
    each: Literal["layer", "neuron"] = "layer"
    transform: Callable[[Any], Any] = identity
    bounds: tuple[float, float | None] | None = None
    row: Literal["beta", "threshold"] | None = None
    shown: Callable[[Any], Any] = identity


Learnable = Callable[[Any], tuple[LearnableParameter, ...]]
"""What a neuron, a part of its kind, learns besides weights."""


def _nothing(_: Any, /) -> tuple[LearnableParameter, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Model(Entry[Step]):
    """A neuron of the catalogue; `function` is its step.

    part: the value with its fields. label: what it is called in a word. states: how many arrays it remembers; one of
    none knows no time. spiking: its output are spikes. learnable: what it learns besides weights, of a part. kernel:
    "module:class" in `snnviz.core` that does the same faster. lif: the LIF neuron that it is before training, of a
    part, where it is one: what only holds for LIF (`inits.LIF`, survival, the Activity page) asks for it.
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
        """What else the part chooses between, the default first."""
        found = {}
        for name, about in self.part.model_fields.items():
            if get_origin(about.annotation) is Literal and name != "kind":
                found[name] = (about.default, *(each for each in get_args(about.annotation) if each != about.default))
        return found


class Neurons(Registry[Step]):
    """The catalogue of neurons."""

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
        """Decorator of a step, whose name with dashes is the kind; see `Model`."""

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
