"""A Design: a frozen value that says everything a run needs.

Its canonical JSON is what the command line reads; its digest names the run, so the same design twice is one run
(`snnviz.design.naming`: a new field renames none).

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
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, field_validator, model_validator

from snnviz.design import naming
from snnviz.design.binning import Augment as Augment
from snnviz.design.binning import Events as Events
from snnviz.design.networks import BlockNetwork as BlockNetwork
from snnviz.design.networks import CellNetwork as CellNetwork
from snnviz.design.networks import CnnNetwork as CnnNetwork
from snnviz.design.networks import MlpNetwork as MlpNetwork
from snnviz.design.networks import Network
from snnviz.design.networks import Norm as Norm
from snnviz.design.networks import Part as Part
from snnviz.design.networks import StagedNetwork as StagedNetwork
from snnviz.design.networks import VggNetwork as VggNetwork
from snnviz.design.registry import Number, Range, Registry
from snnviz.design.submitted import MAX_TEXT as MAX_TEXT
from snnviz.design.submitted import Task
from snnviz.design.submitted import checked as checked
from snnviz.errors import InputError, did_you_mean

EVENTS, CURRENT = "events", "current"
"""Traits: of a data set of recordings of events, and of an encoding that makes a current of what it is given."""

DATASETS: Registry[Any] = Registry("data set", "snnviz.data.datasets")
ENCODINGS: Registry[Any] = Registry("encoding", "snnviz.catalog.encodings")
SURROGATES: Registry[Any] = Registry("surrogate", "snnviz.catalog.surrogates")
INITS: Registry[Any] = Registry("initialisation", "snnviz.catalog.inits")
OPTIMIZERS: Registry[Any] = Registry("optimizer", "snnviz.catalog.optimizers")
SCHEDULES: Registry[Any] = Registry("schedule", "snnviz.catalog.optimizers")
LOSSES: Registry[Any] = Registry("loss", "snnviz.catalog.losses")
SHORTCUTS: Registry[Any] = Registry("weighting of shortcut branches", "snnviz.catalog.shortcuts")

SPIKING_READOUT = frozenset({"count"})
"""Losses whose readout layer is a layer of spiking neurons."""


class Choice(dict[str, str | Number]):
    """An entry of a registry and its parameters: ``{"kind": "atan", "slope": 2.0}``. Read only."""

    @classmethod
    def meant(cls, registry: Registry[Any], kind: str, **given: Number) -> Choice:
        """An entry whose other parameters are as absence means, for ever: of designs that follow from a setting."""
        return cls(registry.choose(registry.noun, naming.chosen(registry, {"kind": kind, **given})))

    @property
    def kind(self) -> str:
        return str(self["kind"])

    @property
    def parameters(self) -> dict[str, Number]:
        return {name: value for name, value in self.items() if not isinstance(value, str)}

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items(), key=lambda item: item[0])))

    def __reduce__(self) -> tuple[type[Choice], tuple[dict[str, str | Number]]]:
        return Choice, (dict(self),)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a choice is read only; make another design")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse


def _choice(registry: Registry[Any], path: str) -> Any:
    return (
        PlainValidator(lambda value: Choice(registry.choose(path, value))),
        PlainSerializer(dict),
        registry,
    )


def _chosen(registry: Registry[Any], path: str, **given: Any) -> Any:
    """A field's default: resolved late, because the catalogue is written in terms of these values."""
    return Field(default_factory=lambda: Choice(registry.choose(path, given)))


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

    surrogate: Annotated[Choice, *_choice(SURROGATES, "neuron.surrogate")] = _chosen(
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
    encoding: Annotated[Choice, *_choice(ENCODINGS, "data.encoding")] = _chosen(
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

    schedule: Annotated[Choice, *_choice(SHORTCUTS, "training.shortcut.schedule")] = _chosen(
        SHORTCUTS, "training.shortcut.schedule", kind="zero"
    )
    """The factor lambda of their losses over the epochs; with "zero" there are none."""

    layers: Annotated[tuple[int, ...], PlainValidator(lambda value: _layers(value)), PlainSerializer(list)] = ()
    """The hidden layers that have one, those with neurons counted from 1; none: where branches usually are."""

    weighting: Literal["plain", "normalised"] = "plain"


class Training(Part):
    """How the weights are learnt."""

    optimizer: Annotated[Choice, *_choice(OPTIMIZERS, "training.optimizer")] = _chosen(
        OPTIMIZERS, "training.optimizer", kind="adam"
    )
    learning_rate: Annotated[float, Range(1e-6, 10, "Step size at the first epoch.", 0.0005)] = 0.003
    schedule: Annotated[Choice, *_choice(SCHEDULES, "training.schedule")] = _chosen(
        SCHEDULES, "training.schedule", kind="cosine"
    )
    loss: Annotated[Choice, *_choice(LOSSES, "training.loss")] = _chosen(LOSSES, "training.loss", kind="rate")
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


class Design(Task):
    """Everything a run needs, and nothing else."""

    kind = "run"
    noun = "a design"
    field = "design"
    most = MAX_TEXT

    data: Data = Field(default_factory=lambda: Data())
    network: Network = Field(default_factory=lambda: BlockNetwork())
    neuron: Neuron = Field(default_factory=lambda: Neuron())
    init: Annotated[Choice, *_choice(INITS, "init")] = _chosen(INITS, "init", kind="variance-preserving")
    training: Training = Field(default_factory=lambda: Training())
    ttfs: Ttfs = Field(default_factory=lambda: Ttfs())
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of the split, the weights and the order of the images.", 1)] = 0

    @model_validator(mode="after")
    def _relus_and_one_spike_a_neuron(self) -> Design:
        """What ReLUs, and networks of one spike a neuron, cannot have is refused, with the nearest design."""
        if self.neuron.kind == "relu" or self.network.code == "ttfs" or self.ttfs != Ttfs():
            importlib.import_module("snnviz.graph.nearest").check(self)
        return self

    @model_validator(mode="after")
    def _branches_at_layers(self) -> Design:
        if self.training.shortcut.layers:  # the catalogue is written in terms of designs
            importlib.import_module("snnviz.catalog.shortcuts").check(self)
        return self


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
