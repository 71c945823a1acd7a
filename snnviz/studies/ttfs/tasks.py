"""The kinds of task "trajectories", networks trained side by side, and "finetuning" under hardware limits."""

from __future__ import annotations

import math

from snnviz.data.datasets import dataset_card
from snnviz.design.links import change
from snnviz.graph.architectures import build_architecture
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits, Tuned
from snnviz.studies.ttfs.trajectories import USUAL, Course, Trajectories
from snnviz.tasks import Cost, GalleryEntry, RunButton, TaskKind
from snnviz.theory import costs

SIDE_BY_SIDE = 12
"""Cost of four models side by side in float64, in runs of the ReLU network in float32. Measured: 6 for a narrow mlp, 16
for a cnn.
"""

MACS_PER_SECOND = 9e9
"""Multiply-accumulates per second on one core, whatever the limits."""

SECONDS_PER_NEURON = 4e-8
"""Seconds on one core for one neuron and image, forward and backward."""

SECONDS_PER_LAYER = 150e-6
"""Seconds on one core for a layer in one training step, whatever its size."""

SMALL = {"network.depth": 2, "network.width": 12, "data.train_samples": 60, "data.test_samples": 20}


def trajectories_cost(task: Trajectories) -> Cost:
    """Returns the estimated cost of training several models side by side; the progress counts training steps of all
    models together.

    Memory: whole batches in float64, of one model at a time, and of all models the weights, initial weights and
    moments. Measured: 0.4 to 0.8 of the estimate.
    """
    design = task.design
    layers, about, (train, _) = (
        build_architecture(design).layers,
        dataset_card(design.data.name),
        costs.sample_counts(design),
    )
    images = max(250, min(design.training.batch_size, train))
    inputs, neurons = sum(math.prod(layer.in_shape) for layer in layers), sum(layer.neurons for layer in layers)
    unfolded = max(layer.fan_in * layer.neurons // layer.out_shape[0] for layer in layers)
    floats = images * (inputs + 24 * neurons + 2 * unfolded) + 30 * costs.parameter_count(design)
    memory = int(8 * floats + 2.5 * (about.train + about.test) * math.prod(about.shape)) + 60_000_000
    return Cost(costs.training_steps(design), SIDE_BY_SIDE * costs.training_seconds(design), memory)


def trajectories_sample() -> Trajectories:
    """Returns a small `Trajectories` task of two epochs, for tests."""
    return Trajectories(design=change(USUAL, {**SMALL, "training.epochs": 2, "training.batch_size": 20}), looks=1)


def finetuning_cost(task: FineTuning) -> Cost:
    """Returns the estimated cost of a fine-tuning under hardware limits, without training the network; the progress
    counts training steps.

    Numbers are twice as long as in training, and limits make copies of them.
    """
    layers = build_architecture(task.design).layers
    used, held, test = costs.split_counts(task.design)
    train, seen = used - held, held + test
    steps = math.ceil(train / task.design.training.batch_size) * task.epochs
    ahead = sum(layer.macs for layer in layers) / MACS_PER_SECOND
    neurons = (math.prod(layers[0].in_shape) + sum(layer.neurons for layer in layers)) * SECONDS_PER_NEURON
    images = train * (3 * task.epochs + 1) + seen * (task.epochs + 1)
    seconds = images * ahead + train * task.epochs * neurons + steps * len(layers) * SECONDS_PER_LAYER
    return Cost(steps, seconds, 3 * costs.memory_bytes(task.design))


def finetuning_sample() -> FineTuning:
    """Returns a small `FineTuning` task of two epochs, for tests."""
    network = change(default_design(), {**SMALL, "training.epochs": 1, "training.batch_size": 20})
    return FineTuning(design=network, limits=HardwareLimits(weight_bits=2), epochs=2)


KINDS = (
    TaskKind(
        value=Trajectories,
        rows=(Course,),
        cost=trajectories_cost,
        run="snnviz.studies.ttfs.compute.trajectories:run_trajectories",
        show="snnviz.studies.ttfs.command.trajectories:show",
        page="ttfs",
        sample=trajectories_sample,
        design=lambda task: task.design,
    ),
    TaskKind(
        value=FineTuning,
        rows=(Tuned,),
        cost=finetuning_cost,
        run="snnviz.studies.ttfs.compute.tuning:run_finetuning",
        show="snnviz.studies.ttfs.command.tables:show",
        page="ttfs",
        sample=finetuning_sample,
        design=lambda task: task.design,
    ),
)

GALLERY = (
    GalleryEntry(
        "ttfs-networks", "TTFS: three networks of the same layers", "ttfs", "snnviz.studies.ttfs.gallery:networks"
    ),
    GalleryEntry("ttfs-naive", "TTFS: why naive training fails", "ttfs", "snnviz.studies.ttfs.gallery:naive"),
    GalleryEntry("ttfs-limits", "TTFS: limits of hardware", "ttfs", "snnviz.studies.ttfs.gallery:limits"),
    GalleryEntry("ttfs-penalties", "TTFS: fewer spikes", "ttfs", "snnviz.studies.ttfs.gallery:penalties"),
)

RUN_BUTTONS = (
    RunButton(
        label="Look inside",
        help="One image through the trained network, spike by spike: the view In time of the TTFS page.",
        icon=":material/visibility:",
        key="look-inside",
        open="snnviz.studies.ttfs.page.ttfs:open_run",
        page="ttfs",
        fits=lambda design: design.network.code == "ttfs",
        watched=True,
    ),
)
