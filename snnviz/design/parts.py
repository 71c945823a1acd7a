"""The parts of a design: the neuron, the data, the training, its branches, one spike a neuron."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, field_validator
from pydantic_core import core_schema

from snnviz.design.binning import Augment, Events
from snnviz.design.menus import (
    CURRENT,
    DATASETS,
    ENCODINGS,
    EVENTS,
    LOSSES,
    NEURONS,
    OPTIMIZERS,
    SCHEDULES,
    SHORTCUTS,
    SURROGATES,
    Choice,
    choice_field,
    default_choice,
)
from snnviz.design.part import Part
from snnviz.design.registry import Range
from snnviz.design.submitted import validated
from snnviz.errors import InputError, did_you_mean

Threshold = Annotated[float, Range(0, 10, "Potential above which a neuron spikes (theta).", 0.05)]
Leak = Annotated[float, Range(0, 1, "Leak: the share of the potential kept from one step to the next.", 0.05)]
Reset = Literal["subtract", "zero", "none"]
Surrogate = Annotated[Choice, *choice_field(SURROGATES, "neuron.surrogate")]


class AnyNeuron(Part):
    """A neuron of the catalogue; which other fields it has is said by its `kind`."""

    kind: str

    @classmethod
    def variant(cls, document: object) -> type[Part]:
        """The part of the document's kind; of none, and of one that is not known, the usual."""
        kind = document.get("kind") if isinstance(document, Mapping) else None
        return NEURONS[kind].part if isinstance(kind, str) and kind in NEURONS else Neuron


class Spiking(AnyNeuron):
    """What spikes where a potential is above a threshold, and learns by a surrogate gradient."""

    threshold: Threshold = 1.0
    surrogate: Surrogate = default_choice(SURROGATES, "neuron.surrogate", kind="atan")


class Neuron(AnyNeuron):
    """The leaky integrate-and-fire neuron: u[t] = beta u[t-1] + I[t] - theta s[t-1], s[t] = 1[u[t] > theta].

    Or, for the ANN beside it, max(0, u): neither time nor spikes, and the numbers of a neuron have no say. Other
    neurons of the catalogue have parts of their own.
    """

    kind: Literal["lif", "relu"] = "lif"
    """"relu": a hidden layer says max(0, u) of one time step; its input is direct and its readout does not spike."""

    threshold: Threshold = 1.0
    beta: Leak = 0.5
    reset: Reset = "subtract"
    learn: Literal["none", "beta", "threshold", "both"] = "none"
    """What each layer learns besides its weights, one number for all its neurons; the fields say where it starts."""

    surrogate: Surrogate = default_choice(SURROGATES, "neuron.surrogate", kind="atan")


class OfItsKind:
    """How a field of any neuron is checked and written: by the part of its kind."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_wrap_validator_function(
            _neuron,
            handler.generate_schema(Neuron),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda neuron, info: neuron.model_dump(mode=info.mode), info_arg=True
            ),
        )


def _neuron(value: Any, usual: Callable[[Any], Neuron]) -> AnyNeuron:
    """A neuron of the catalogue from a value or a document. Raises `InputError` for one that has a part of its own."""
    kind = value.kind if isinstance(value, AnyNeuron) else value.get("kind", "lif") if isinstance(value, dict) else ""
    if isinstance(value, dict) and (not isinstance(kind, str) or kind not in NEURONS):
        rule = f"be one of {', '.join(NEURONS.kinds)}"
        raise InputError("neuron.kind", rule, kind, did_you_mean(kind, NEURONS.kinds))
    part = AnyNeuron.variant({"kind": kind})
    if part is Neuron:
        return usual(value)
    found = value if isinstance(value, part) else validated(part, value, f"a neuron of kind {kind}", "neuron.")
    assert isinstance(found, AnyNeuron)
    return found


class Data(Part):
    """What is shown to the network, and how it becomes a current over time."""

    name: Annotated[str, PlainValidator(lambda value: _dataset(value))] = "digits"
    train_samples: Annotated[int, Range(0, 1_000_000, "Training images to use; 0 means all of them.", 100)] = 0
    test_samples: Annotated[int, Range(0, 1_000_000, "Test images to use; 0 means all of them.", 100)] = 0
    steps: Annotated[int, Range(1, 100, "Time steps T that each image is shown for.", 1)] = 5
    encoding: Annotated[Choice, *choice_field(ENCODINGS, "data.encoding")] = default_choice(
        ENCODINGS, "data.encoding", kind="direct"
    )

    @field_validator("encoding")
    @classmethod
    def _of_events(cls, encoding: Choice, info: ValidationInfo) -> Choice:
        """What makes spikes of an intensity has nothing to do with counts of events in time."""
        name = info.data.get("name", "digits")
        if EVENTS in DATASETS[name].traits and CURRENT not in ENCODINGS[encoding.kind].traits:
            kinds = " or ".join(entry.kind for entry in ENCODINGS if CURRENT in entry.traits)
            raise InputError("data.encoding.kind", f"be {kinds} for recordings of events", encoding.kind)
        return encoding

    events: Events = Field(default_factory=lambda: Events())
    augment: Augment = Field(default_factory=lambda: Augment())

    @field_validator("events", "augment")
    @classmethod
    def _of_recordings(cls, part: Events | Augment, info: ValidationInfo) -> Events | Augment:
        entry = DATASETS[info.data.get("name", "digits")]
        part.check(entry.kind, min(entry.function().shape[1:]) if EVENTS in entry.traits else None)
        return part


class Shortcut(Part):
    """Branches that learn beside the network, in training alone (Guo et al. 2024): `snnviz.catalog.shortcuts`."""

    schedule: Annotated[Choice, *choice_field(SHORTCUTS, "training.shortcut.schedule")] = default_choice(
        SHORTCUTS, "training.shortcut.schedule", kind="zero"
    )
    """The factor lambda of their losses over the epochs; with "zero" there are none."""

    layers: Annotated[tuple[int, ...], PlainValidator(lambda value: _layers(value)), PlainSerializer(list)] = ()
    """The hidden layers that have one, those with neurons counted from 1; none: where branches usually are."""

    weighting: Literal["plain", "normalised"] = "plain"


class Training(Part):
    """How the weights are learnt."""

    optimizer: Annotated[Choice, *choice_field(OPTIMIZERS, "training.optimizer")] = default_choice(
        OPTIMIZERS, "training.optimizer", kind="adam"
    )
    learning_rate: Annotated[float, Range(1e-6, 10, "Step size at the first epoch.", 0.0005)] = 0.003
    schedule: Annotated[Choice, *choice_field(SCHEDULES, "training.schedule")] = default_choice(
        SCHEDULES, "training.schedule", kind="cosine"
    )
    loss: Annotated[Choice, *choice_field(LOSSES, "training.loss")] = default_choice(
        LOSSES, "training.loss", kind="rate"
    )
    batch_size: Annotated[int, Range(1, 2048, "Images in a training step.", 16)] = 64
    epochs: Annotated[int, Range(1, 1000, "Passes over the training images.", 1)] = 15
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the products; neurons, gradients of weights and the optimizer keep float32. A TTFS network's are float64: its
    windows are wide, and what it says lies in small differences of times."""

    shortcut: Shortcut = Field(default_factory=lambda: Shortcut())
    gradients: Literal["watched", "unwatched"] = "watched"
    """Whether the norm of each layer's gradient is noted, and the branches' part in it: no number depends on it."""


class Ttfs(Part):
    """A network of one spike a neuron: what it has beside the ReLU network that it computes. See `theory.ttfs`."""

    slope: Literal["one", "alpha-one"] = "one"
    """Of a potential at its threshold. "one": 1, and learning is the ReLU network's (the B1-model). "alpha-one": the
    ramp is 1 instead, so that the slope is 1 + sum W, and gradients explode where it is near 0."""

    penalty: Annotated[
        float,
        Range(0, 1000, "Weight of the activity penalty in the loss: of the neurons' mean activation.", 0.05),
    ] = 0.0
    zeta: Annotated[
        float, Range(0, 100, "How much wider than the largest activation of the training images windows end up.", 0.1)
    ] = 0.5


def _dataset(value: object) -> str:
    if not isinstance(value, str) or value not in DATASETS:
        hint = did_you_mean(value, DATASETS.kinds)
        raise InputError("data.name", f"be one of {', '.join(DATASETS.kinds)}", value, hint)
    return value


MOST_BRANCHES = 50


def _layers(value: object) -> tuple[int, ...]:
    """Numbers of layers from a list, or from text such as "3,6,9" or "[3, 6, 9]"."""
    given: Any = value
    if isinstance(value, str):
        given = [part.strip() for part in value.strip().removeprefix("[").removesuffix("]").split(",")]
        given = [] if given == [""] else [int(part) if part.isdecimal() and len(part) < 9 else None for part in given]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        given = [value]
    fits = isinstance(given, list | tuple) and len(given) <= MOST_BRANCHES
    whole = [Range(1, 10**8).canonical(number, True) for number in given] if fits else []
    numbers = tuple(int(number) for number in whole if number is not None)
    if not fits or len(numbers) < len(given) or any(a >= b for a, b in pairwise(numbers)):
        rule = f"be at most {MOST_BRANCHES} numbers of layers from 1, rising, such as 3,6,9"
        raise InputError("training.shortcut.layers", rule, value)
    return numbers
