"""Events that a run reports while it is computed: stored rows, progress, and checkpoints.

An event is a small frozen value; its fields are the columns of its table in the store and of its data frame. A `Row` is
stored (append-only, one row per `key`: a resumed run computes the same rows again, and the first stays). `Progress`
replaces the progress before. A `Checkpoint` goes to disk. Rows of trainings are defined here; those of other kinds of
task beside these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


class Row:
    """Base class of all kinds of stored event. A kind of task lists those that it reports (`tasks.TaskKind`).

    table: name of the table in the store, never changed. key: fields whose combination is unique in a run.
    """

    __slots__ = ()

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run: `step` of `steps` training steps; `doing`: what it does instead of training, or None."""

    step: int
    steps: int
    doing: str | None = None


@dataclass(frozen=True, slots=True)
class Sample(Row):
    """Training loss and accuracy (in [0, 1]), averaged over the training steps since the last sample; `epoch` is
    fractional.
    """

    table: ClassVar[str] = "samples"
    key: ClassVar[tuple[str, ...]] = ("step",)

    step: int
    epoch: float
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class LayerState(Row):
    """State of one layer after `step` training steps, measured on the probe batch, up to 64 training images that stay
    the same.

    rate: spikes per neuron and time step, 0..1 (None for a readout without spikes and for ReLUs). var_u: variance of
    the membrane potential over a layer's neurons, averaged over time steps and images, before reset. grad_norm: L2 norm
    of the loss gradient of the layer's weights, averaged over the steps since the last row (None at step 0). density:
    share of nonzero values in the layer's joined input, averaged over time steps, images and positions (for a static
    image: of the image; None in runs of earlier releases). saturation: share of neurons, time steps and images at which
    the surrogate derivative is below 1 % of its peak (None without spikes). shortcut: share of the branches in the
    gradient of the layer's weights on some of the probe batch, |g_b| / (|g| + |g_b|) with the main loss's gradient g
    and the branches' weighted gradient g_b (None without branches or gradient).

    probe: number of images in the probe batch, drawn by the seed and stratified over classes (None in runs of earlier
    releases: the first 64 training images). synops, macs, additions: operations per image in the layer, over all time
    steps, averaged over the probe batch; an operation is a weight times a nonzero input, zero padding excluded (None in
    runs of earlier releases). synops: each such input once, whatever its value; macs: those with real inputs;
    additions: those with spikes, where a sum or an average of m spikes counts m.

    beta, threshold: the layer's learnt leak and threshold (None if not learnt, and in runs of earlier releases).

    For a TTFS network, in which a neuron spikes at most once: rate is spikes per neuron, density the spikes per input
    of a layer (above 1 where they are averaged over squares), and var_u that of the input current of the ReLU network's
    layer; saturation is None.
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
    """State of a shortcut branch (an auxiliary classifier with its own loss, attached to a hidden layer) at one
    training step.

    loss: mean loss of the branch over the training steps since the last row. weight: factor of this loss in the total
    loss. layer: number of the layer it reads, among all layers, from 1. The loss in `Sample` is that of the network's
    own output.
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
    """Spike times of a hidden layer of a TTFS (time-to-first-spike) network on the probe batch (fixed training images).
    Its neurons may spike from `start` to `end`. Times are in tau_c, the network's unit of time.

    final: 1 for the windows set after training from the training images, else 0. first, mean: first and mean spike
    time, None without spikes. saturated: share of neurons that spike at `start`, whose activation exceeds the window.
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
    """Results after an epoch: accuracies in [0, 1], mean losses, and the firing `rate` on the test set.

    rate: spikes per neuron and time step, None for a network without spikes. validation_accuracy, validation_loss: on
    the held-out training images; None if the design holds none out, and in runs of releases that could not.
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
    validation_accuracy: float | None = None
    validation_loss: float | None = None


@dataclass(frozen=True, slots=True)
class Predictions(Row):
    """The classes predicted for the test images after the last epoch; runs of older versions have none.

    images: their number. test_set: name of the test set; rows with the same name are about the same images in the same
    order. predicted, correct: the class of each image and whether it is right, packed by `theory.predictions`.
    """

    table: ClassVar[str] = "predictions"
    key: ClassVar[tuple[str, ...]] = ("epoch",)

    epoch: int
    images: int
    test_set: str
    predicted: str = field(repr=False)
    correct: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything needed to resume after `epoch`: weights and optimizer state as named numpy arrays."""

    epoch: int
    arrays: Mapping[str, Any] = field(repr=False)


Event = Progress | Row | Checkpoint
