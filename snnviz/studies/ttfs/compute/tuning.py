"""Fine-tuning as a task: starts from the stored weights of the trained network, if there are any."""

from __future__ import annotations

import time
from collections.abc import Iterator

from snnviz.events import Event, Progress
from snnviz.studies.ttfs.compute.finetune import finetune
from snnviz.studies.ttfs.limits import FineTuning
from snnviz.tasks import EMPTY_HISTORY, History

PAUSE_SECONDS = 0.3


def run_finetuning(task: FineTuning, history: History = EMPTY_HISTORY, *_: object) -> Iterator[Event]:
    """Runs a `FineTuning` task from the stored weights of the trained network and yields its events; waits if another
    process is training that network.

    If its weights are not stored, it is trained first. Raises `DataMissing`, `Diverged`, `StoreError`.
    """
    while (network := history.prior_run(task.design)) is not None and network.state == "running":
        yield Progress(0, 0, f"waiting for the network, {network.run}, to be trained")
        time.sleep(PAUSE_SECONDS)
    found = network.checkpoint() if network is not None and network.state == "done" else None
    yield from finetune(task, found.arrays if found else None)
