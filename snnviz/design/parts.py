"""The parts of a design: neuron, data, training, shortcut branches, and time-to-first-spike coding."""

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
    """Base class of the parameters of a neuron; `kind` names the neuron model, whose class declares the other
    fields.
    """

    kind: str

    @classmethod
    def class_for(cls, document: object) -> type[Part]:
        """Returns the class with the fields of the document's kind; `Neuron` if the kind is missing or unknown."""
        kind = document.get("kind") if isinstance(document, Mapping) else None
        return NEURONS[kind].part if isinstance(kind, str) and kind in NEURONS else Neuron


class Spiking(AnyNeuron):
    """Base class of the parameters of neurons that spike above a threshold and learn by a surrogate gradient."""

    threshold: Threshold = 1.0
    surrogate: Surrogate = default_choice(SURROGATES, "neuron.surrogate", kind="atan")


class Neuron(AnyNeuron):
    """Parameters of a leaky integrate-and-fire neuron: u[t] = beta u[t-1] + I[t] - theta s[t-1], s[t] = 1[u[t] >
    theta].

    With kind "relu", a rectified linear unit max(0, u) without time and spikes, which ignores the other fields; its
    input is direct and its readout does not spike. Other neuron models have classes of their own in the catalogue.
    """

    kind: Literal["lif", "relu"] = "lif"
    """"relu": a hidden layer's output is max(0, u) in one time step; its input is direct and its readout does not
    spike.
    """

    threshold: Threshold = 1.0
    beta: Leak = 0.5
    reset: Reset = "subtract"
    learn: Literal["none", "beta", "threshold", "both"] = "none"
    """Which parameters each layer learns besides its weights, one number for all its neurons; the fields are initial
    values.
    """

    surrogate: Surrogate = default_choice(SURROGATES, "neuron.surrogate", kind="atan")


class NeuronByKind:
    """Pydantic annotation of a field that holds a neuron of any kind; validates and serialises it by the class of its
    kind.
    """

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
    part = AnyNeuron.class_for({"kind": kind})
    if part is Neuron:
        return usual(value)
    found = value if isinstance(value, part) else validated(part, value, f"a neuron of kind {kind}", "neuron.")
    assert isinstance(found, AnyNeuron)
    return found


class Data(Part):
    """The data set, how many samples are used, and how samples become input over T time steps."""

    name: Annotated[str, PlainValidator(lambda value: _dataset(value))] = "digits"
    train_samples: Annotated[int, Range(0, 1_000_000, "Training images to use; 0 means all of them.", 100)] = 0
    test_samples: Annotated[int, Range(0, 1_000_000, "Test images to use; 0 means all of them.", 100)] = 0
    validation: Annotated[
        float, Range(0, 0.5, "Share of the training images that nothing learns from, to choose by; 0: none.", 0.05)
    ] = 0.0
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
    """Shortcut branches (Guo et al. 2024): auxiliary classifiers on hidden layers whose losses are added in training.

    schedule: weight of their losses over the epochs. layers: the layers they read, by number from 1; () for the default
    places. weighting: how their losses and the main loss are weighted.
    """

    schedule: Annotated[Choice, *choice_field(SHORTCUTS, "training.shortcut.schedule")] = default_choice(
        SHORTCUTS, "training.shortcut.schedule", kind="zero"
    )
    """The factor lambda of the branches' losses over the epochs; with "zero" there are no branches."""

    layers: Annotated[tuple[int, ...], PlainValidator(lambda value: _layers(value)), PlainSerializer(list)] = ()
    """Numbers of the hidden layers that have a branch, layers with neurons counted from 1; () means the default places.
    """

    weighting: Literal["plain", "normalised"] = "plain"
    """"plain": the branches' losses are added with factor lambda. "normalised": the factors of all losses sum to 1."""


class Training(Part):
    """How the weights are learnt: optimizer, learning-rate schedule, loss, batch size, epochs and precision."""

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
    """Precision of matrix products; neurons, gradients of weights and the optimizer use float32. TTFS networks use
    float64: their windows are wide, and activations are small differences of spike times.
    """

    shortcut: Shortcut = Field(default_factory=lambda: Shortcut())
    gradients: Literal["watched", "unwatched"] = "watched"
    """Whether each layer's gradient norm, and the branches' share in it, is recorded; training itself does not depend
    on it.
    """


class Ttfs(Part):
    """Settings of a time-to-first-spike network, in addition to those of the ReLU network that it computes
    (`theory.ttfs`).
    """

    slope: Literal["one", "alpha-one"] = "one"
    """"one": the potential's slope at threshold is 1, and learning equals the ReLU network's (the B1-model).
    "alpha-one": the ramp is 1 instead, so that the slope is 1 + sum W, and gradients explode where it is near 0.
    """

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
