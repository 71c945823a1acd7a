"""Measures the layers of a trained network again, as a run does at its end."""

from __future__ import annotations

import math
from collections.abc import Iterator

from snnviz.catalog.inits import is_data_dependent
from snnviz.core import data, observe
from snnviz.core.train import Optimizer
from snnviz.core.trainable_ttfs import build_network
from snnviz.design.design import Design
from snnviz.events import Checkpoint, Event, Progress


def measure_layers(design: Design, checkpoint: Checkpoint) -> Iterator[Event]:
    """Yields the LayerStates of a trained network at the checkpoint's step, and for a TTFS (time-to-first-spike)
    network its Timings.

    Before them those before training, unless the initialisation is data-dependent, since it may have used other images.
    Values that belong to training steps are None: gradient norms, and the share of shortcut branches in them. Raises
    `DataMissing`.
    """
    training, _, _ = yield from data.load_with_progress(design)
    yield Progress(0, 1)
    network = build_network(design)
    probe, _ = data.encoded_probe(training, design)
    if not is_data_dependent(design.init):
        yield from observe.observe_layers(network, probe, observe.RunningSums(network.parameters), 0, 0.0)
    Optimizer(network).restore(checkpoint.arrays)
    step = checkpoint.epoch * math.ceil(len(training) / design.training.batch_size)
    yield from observe.observe_layers(network, probe, observe.RunningSums(network.parameters), step, checkpoint.epoch)
    yield from network.timings(probe, step, checkpoint.epoch, final=checkpoint.epoch == design.training.epochs)
    yield Progress(1, 1)
