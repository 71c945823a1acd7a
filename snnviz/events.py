"""What a run reports, while it runs.

An event is a small frozen value; its fields are the columns of its table in the store and of its frame. A `Row` is kept
(append-only, one row per `key`: a resumed run computes the same rows again, and the first stays). `Progress` is a
glance that the next one replaces. `Checkpoint` goes to disk. Here are the rows of a training; those of other kinds of
task lie beside their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


class Row:
    """What is kept: the base of all kinds of row. A kind of task names those that it says (`tasks.TaskKind`).

    table: what the store calls it, for ever. key: the fields of which a run has each combination once.
    """

    __slots__ = ()

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run is: `step` of `steps` training steps in all; `doing` says what it does instead of training."""

    step: int
    steps: int
    doing: str | None = None


@dataclass(frozen=True, slots=True)
class Sample(Row):
    """Training loss and accuracy (0..1), averaged over the training steps since the sample before."""

    table: ClassVar[str] = "samples"
    key: ClassVar[tuple[str, ...]] = ("step",)

    step: int
    epoch: float
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class LayerState(Row):
    """One layer, seen on the fixed probe batch after `step` training steps.

    rate: spikes per neuron and time step, 0..1 (None for a readout without spikes and for ReLUs). var_u: variance of
    the membrane potential over a layer's neurons, averaged over time steps and images, before reset. grad_norm: L2
    norm of the loss gradient of the layer's weights, averaged over the steps since the last look (None at step 0).
    density: share of what the layer reads, its sources joined, that is not 0, averaged over time steps, images and
    positions (of a static image: of the image; None in a run of before it was counted). saturation: share of neurons,
    time steps and images at which the surrogate derivative is below 1 % of its peak (None without spikes). shortcut:
    the part of the branches in the gradient of the layer's weights on some of the probe batch, |g_b| / (|g| + |g_b|)
    with the main loss's gradient g and the branches' g_b as they are weighted (None without branches or gradient).

    probe: images of the probe batch, drawn by the seed and stratified over classes (None in a run of before: the first
    64 training images). synops, macs, additions: operations of an image in the layer, over all time steps, averaged
    over the probe batch; a weight and an input that is not 0 each, and zero padding is none (None in a run of before
    they were counted). synops: each such input once, whatever its value; macs: of inputs that are real numbers;
    additions: of spikes, where a sum or an average of m spikes is m of them.

    beta, threshold: what the layer has learnt of its leak and its threshold, as they act (None where it learns none,
    and in a run of before they were told).

    Of a TTFS network, in which a neuron spikes once or never: rate is spikes per neuron, density the spikes that reach
    a layer for each of its inputs (more than 1 where they are averaged over squares), and var_u that of what the ReLU
    network's layer receives; there is no saturation.
    """

    table: ClassVar[str] = "layers"
    key: ClassVar[tuple[str, ...]] = ("step", "layer")

    step: int
    epoch: float
    layer: int
    name: str
    rate: float | None
    var_u: float
    grad_norm: float | None
    density: float | None = None
    saturation: float | None = None
    shortcut: float | None = None
    probe: int | None = None
    synops: float | None = None
    macs: float | None = None
    additions: float | None = None
    beta: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Branch(Row):
    """A shortcut branch: its mean loss over the training steps since the look before, and what that was multiplied by.

    layer: the place of the layer where it begins among all layers, from 1. The loss in `Sample` is the main one.
    """

    table: ClassVar[str] = "branches"
    key: ClassVar[tuple[str, ...]] = ("step", "layer")

    step: int
    epoch: float
    layer: int
    name: str
    loss: float
    weight: float


@dataclass(frozen=True, slots=True)
class Timing(Row):
    """When a hidden layer of a TTFS network spikes, on the probe batch, in tau_c: its window from `start` to `end`.

    final: 1 of the windows that the training images need, after training, else 0. first, mean: of its spikes, None
    where there are none. saturated: share of neurons that spike at once at the start, as more does not fit.
    """

    table: ClassVar[str] = "timings"
    key: ClassVar[tuple[str, ...]] = ("step", "layer", "final")

    step: int
    epoch: float
    layer: int
    name: str
    final: int
    start: float
    end: float
    first: float | None
    mean: float | None
    saturated: float


@dataclass(frozen=True, slots=True)
class EpochEnd(Row):
    """After an epoch: accuracies 0..1, mean losses, and the test set's `rate`.

    That is spikes per neuron and step, None for a network without spikes.
    """

    table: ClassVar[str] = "epochs"
    key: ClassVar[tuple[str, ...]] = ("epoch",)

    epoch: int
    train_accuracy: float
    test_accuracy: float
    train_loss: float
    test_loss: float
    rate: float | None
    learning_rate: float


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that is needed to go on after `epoch`: weights and optimizer state as named numpy arrays."""

    epoch: int
    arrays: Mapping[str, Any] = field(repr=False)


Event = Progress | Row | Checkpoint
