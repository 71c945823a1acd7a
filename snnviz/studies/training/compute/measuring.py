"""Measures the layers of a finished run again, from its stored weights."""

from __future__ import annotations

from collections.abc import Iterator

from snnviz.core.measuring import measure_layers
from snnviz.design.measurement import Measurement
from snnviz.errors import NotFound
from snnviz.events import Event
from snnviz.tasks import EMPTY_HISTORY, History


def run_measurement(task: Measurement, history: History = EMPTY_HISTORY, *_: object) -> Iterator[Event]:
    """Measures the layers of a finished run from its last weights (`core.measuring`), and yields the rows.

    Raises `NotFound` if the weights are not stored, `StoreError` if they cannot be read.
    """
    network = history.prior_run(task.design)
    run = task.design.digest if network is None else network.run
    checkpoint = None if network is None else network.checkpoint()
    if checkpoint is None:
        raise NotFound(
            f"There are no weights of the run {run} to look at: open it and train it again for them, or say "
            f"`python -m snnviz again {run}`."
        )
    if checkpoint.epoch < task.design.training.epochs:  # such weights are not those of the run's rows
        raise NotFound(f"The run {run} is being trained: it can be measured when it is done.")
    yield from measure_layers(task.design, checkpoint)
