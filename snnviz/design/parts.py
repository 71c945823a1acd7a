"""The parts of a design: the neuron, the data, the training, its branches, one spike a neuron."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, field_validator

from snnviz.design.binning import Augment, Events
from snnviz.design.menus import (
    CURRENT,
    DATASETS,
    ENCODINGS,
    EVENTS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    SHORTCUTS,
    SURROGATES,
    Choice,
    choice,
    chosen,
)
from snnviz.design.networks import Part
from snnviz.design.registry import Range
from snnviz.errors import InputError, did_you_mean


class Neuron(Part):
    """The leaky integrate-and-fire neuron: u[t] = beta u[t-1] + I[t] - theta s[t-1], s[t] = 1[u[t] > theta].

    Or, for the ANN beside it, max(0, u): neither time nor spikes, and the numbers of a neuron have no say.
    """

    kind: Literal["lif", "relu"] = "lif"
    """"relu": a hidden layer says max(0, u) of one time step; its input is direct and its readout does not spike."""

    threshold: Annotated[float, Range(0, 10, "Potential above which a neuron spikes (theta).", 0.05)] = 1.0
    beta: Annotated[float, Range(0, 1, "Leak: the share of the potential kept from one step to the next.", 0.05)] = 0.5
    reset: Literal["subtract", "zero", "none"] = "subtract"
    learn: Literal["none", "beta", "threshold", "both"] = "none"
    """What each layer learns besides its weights, one number for all its neurons; the fields say where it starts."""

    surrogate: Annotated[Choice, *choice(SURROGATES, "neuron.surrogate")] = chosen(
        SURROGATES, "neuron.surrogate", kind="atan"
    )

    @property
    def learns_beta(self) -> bool:
        return self.learn in ("beta", "both")

    @property
    def learns_threshold(self) -> bool:
        return self.learn in ("threshold", "both")


class Data(Part):
    """What is shown to the network, and how it becomes a current over time."""

    name: Annotated[str, PlainValidator(lambda value: _dataset(value))] = "digits"
    train_samples: Annotated[int, Range(0, 1_000_000, "Training images to use; 0 means all of them.", 100)] = 0
    test_samples: Annotated[int, Range(0, 1_000_000, "Test images to use; 0 means all of them.", 100)] = 0
    steps: Annotated[int, Range(1, 100, "Time steps T that each image is shown for.", 1)] = 5
    encoding: Annotated[Choice, *choice(ENCODINGS, "data.encoding")] = chosen(ENCODINGS, "data.encoding", kind="direct")

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

    schedule: Annotated[Choice, *choice(SHORTCUTS, "training.shortcut.schedule")] = chosen(
        SHORTCUTS, "training.shortcut.schedule", kind="zero"
    )
    """The factor lambda of their losses over the epochs; with "zero" there are none."""

    layers: Annotated[tuple[int, ...], PlainValidator(lambda value: _layers(value)), PlainSerializer(list)] = ()
    """The hidden layers that have one, those with neurons counted from 1; none: where branches usually are."""

    weighting: Literal["plain", "normalised"] = "plain"


class Training(Part):
    """How the weights are learnt."""

    optimizer: Annotated[Choice, *choice(OPTIMIZERS, "training.optimizer")] = chosen(
        OPTIMIZERS, "training.optimizer", kind="adam"
    )
    learning_rate: Annotated[float, Range(1e-6, 10, "Step size at the first epoch.", 0.0005)] = 0.003
    schedule: Annotated[Choice, *choice(SCHEDULES, "training.schedule")] = chosen(
        SCHEDULES, "training.schedule", kind="cosine"
    )
    loss: Annotated[Choice, *choice(LOSSES, "training.loss")] = chosen(LOSSES, "training.loss", kind="rate")
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
