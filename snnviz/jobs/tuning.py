"""Fine-tuning as a task: from the store's weights of the trained network, where it has them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from snnviz.catalog.ttfslimits import FineTuning
from snnviz.core.finetune import finetune
from snnviz.errors import NotFound
from snnviz.events import Event, Progress
from snnviz.store import State, Store

PAUSE_SECONDS = 0.3


def tune(store: Store, task: FineTuning) -> Iterator[Event]:
    """As `core.finetune`. A network that is being trained is waited for; what nobody trains is trained here.

    Raises `StoreError` too.
    """
    network = task.design.digest
    while (state := _state(store, network)) == "running":
        yield Progress(0, 0, f"waiting for the network, {network}, to be trained")
        time.sleep(PAUSE_SECONDS)
    found = store.load_checkpoint(network) if state == "done" else None
    yield from finetune(task, found.arrays if found else None)


def _state(store: Store, run: str) -> State | None:
    try:
        return store.get(run).state
    except NotFound:
        return None
