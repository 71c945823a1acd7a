"""Runs of stores that are opened by a later version, and what is in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.events import Checkpoint, EpochEnd, LayerState
from snnviz.store import Store
from tests.conftest import sample

PROBED = LayerState(1, 1.0, 1, "L1", 0.5, 0.25, None, 0.75, probe="64")
EPOCH = EpochEnd(1, 0.5, 0.4, 1.5, 1.75, 0.1, 1e-3)


def done(store: Store, task: Design, *, probed: bool = False) -> None:
    """A run with rows and weights."""
    claim = store.claim("me", store.submit(task).run)
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, [sample(1), EPOCH, *([PROBED] if probed else [])])
    store.save_checkpoint(claim.run, claim.attempt, Checkpoint(1, {"w": np.ones(3)}))
    store.finish(claim.run, claim.attempt, "done")


def half(store: Store, task: Design, state: str = "queued") -> None:
    """One that was stopped after an epoch, and waits."""
    claim = store.claim("me", store.submit(task).run)
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, [sample(1), EPOCH])
    store.save_checkpoint(claim.run, claim.attempt, Checkpoint(1, {"w": np.ones(3)}))
    store.finish(claim.run, claim.attempt, state)  # type: ignore[arg-type]


def columns(path: Path, what: str = "run, state, note, seconds, attempt, title, created") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {what} FROM runs ORDER BY run").fetchall()


def measured(**fields: Any) -> Design:
    """One whose weights are set by what a probe shows."""
    return change(Design(), {"init": "fluctuation-driven", "network": "mlp", **fields})
