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


@dataclass(frozen=True, slots=True)
class Twin(Row):
    """What the ANN twin of a search's network reached on the images kept apart: accuracy 0..1 and mean loss."""

    table: ClassVar[str] = "twins"
    key: ClassVar[tuple[str, ...]] = ("seed",)

    seed: int
    accuracy: float
    loss: float


@dataclass(frozen=True, slots=True)
class Trial(Row):
    """A candidate of a search, trained. Measured on the images kept apart.

    code: as `snnviz.catalog.searches.write_code` has it. value: the objective, to be made small, and `error` its
    standard error over the images. accuracy 0..1, loss and rate (spikes per neuron and step). macs and additions:
    operations of an image on inputs that are not 0, a sum of m spikes being m additions; eff_macs and eff_acs: by
    NeuroBench (None of a trial of before: there macs and additions are NeuroBench's, with zero padding). mean, sd: what
    the strategy expected of the value before (None: of random candidates). epochs: passes over the training images that
    the search had spent by then, all in all.
    """

    table: ClassVar[str] = "trials"
    key: ClassVar[tuple[str, ...]] = ("number",)

    number: int
    iteration: int
    code: str
    value: float
    error: float
    accuracy: float
    loss: float
    rate: float
    macs: float
    additions: float
    mean: float | None
    sd: float | None
    epochs: float
    seconds: float
    eff_macs: float | None = None
    eff_acs: float | None = None


@dataclass(frozen=True, slots=True)
class Model(Row):
    """The Gaussian process after an iteration: its kernel's lengths (separated by commas), and numbers of the scale.

    See `snnviz.theory.posterior.Belief`.
    """

    table: ClassVar[str] = "models"
    key: ClassVar[tuple[str, ...]] = ("iteration",)

    iteration: int
    lengths: str
    scale: float
    noise: float
    mean: float
    shift: float
    spread: float


@dataclass(frozen=True, slots=True)
class Candidate(Row):
    """A cell of a search without training, and its scores; the search's repeats have the mean and the deviation.

    cell: as `snnviz.cells.write` has it. fine: 1 of one of the best, scored again, else 0. sahd, hd: log|det K| by
    each metric, None where there is none, and then `invalid` says why. The deviations are None of a single repeat.
    """

    table: ClassVar[str] = "candidates"
    key: ClassVar[tuple[str, ...]] = ("number", "fine")

    number: int
    fine: int
    cell: str
    sahd: float | None
    hd: float | None
    sahd_sd: float | None
    hd_sd: float | None
    invalid: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Report(Row):
    """All that a scoring has to say: `text` is JSON, written and read by `snnviz.theory.sahd.Findings`."""

    table: ClassVar[str] = "reports"
    key: ClassVar[tuple[str, ...]] = ("part",)

    part: int
    text: str


@dataclass(frozen=True, slots=True)
class InitialGradient(Row):
    """A layer of an untrained network, one of a survey, on one batch.

    init: as `snnviz.theory.activity.init_text` has it. depth: hidden layers, 0 where that is no number of layers.
    branch: 1 of a layer at which a branch begins, else 0. The other fields: `snnviz.core.gradients.LayerGradient`.
    """

    table: ClassVar[str] = "gradients"
    key: ClassVar[tuple[str, ...]] = ("init", "depth", "layer")

    init: str
    depth: int
    layer: int
    name: str
    branch: int
    grad_norm: float | None
    with_branches: float | None
    shortcut: float | None
    saturation: float | None
    rate: float | None
    var_u: float
    probe: int | None = None


@dataclass(frozen=True, slots=True)
class Course(Row):
    """Where one of several models is that learn side by side, after `step` training steps.

    model: one of `snnviz.catalog.trajectories.MODELS`. loss, accuracy (0..1) and grad_norm, the L2 norm of the gradient
    of all parameters: means over the training steps since the look before, at step 0 of the probe batch before any.
    test_accuracy: at the end of an epoch. cosine: of all its weights, side by side, with the ReLU network's; moved: of
    what both have learnt, their weights less those at step 0 (None there). difference: the largest of any of its
    parameters from the ReLU network's.
    """

    table: ClassVar[str] = "courses"
    key: ClassVar[tuple[str, ...]] = ("step", "model")

    step: int
    epoch: float
    model: str
    loss: float
    accuracy: float
    test_accuracy: float | None
    cosine: float
    moved: float | None
    difference: float
    grad_norm: float


@dataclass(frozen=True, slots=True)
class Tuned(Row):
    """A TTFS network under limits after an epoch of training through them; epoch 0: as it was without.

    accuracy 0..1, mean loss and spikes per hidden neuron on the test images. latency: when the readout is read, in
    tau_c.
    """

    table: ClassVar[str] = "tunings"
    key: ClassVar[tuple[str, ...]] = ("epoch",)

    epoch: int
    accuracy: float
    loss: float
    spikes: float
    latency: float


Event = Progress | Row | Checkpoint
