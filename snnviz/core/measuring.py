"""A look at the layers of a trained network, as a run has it at its end."""

from __future__ import annotations

import math
from collections.abc import Iterator

from snnviz.catalog.inits import is_data_dependent
from snnviz.core import data, observe
from snnviz.core.timed import build_network
from snnviz.core.train import Optimizer
from snnviz.design.design import Design
from snnviz.events import Checkpoint, Event, Progress


def measure_layers(design: Design, checkpoint: Checkpoint) -> Iterator[Event]:
    """Yields the LayerStates of a look at the step of the checkpoint, and of a TTFS network its Timings.

    Before it those of a look before training, but not where the initialisation is measured: what it was measured on
    may have been other images then. What belongs to the training steps before a look is None: gradient norms, and the
    branches' part in them. Raises `DataMissing`.
    """
    training, _ = yield from data.load_with_progress(design)
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
