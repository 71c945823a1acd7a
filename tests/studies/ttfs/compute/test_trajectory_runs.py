"""Trajectories as a task: computed once, stopped, or begun anew after a worker's death with the same numbers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from snnviz.design.links import change
from snnviz.errors import TooLarge
from snnviz.jobs import durations, machine
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.ttfs.compute.trajectories import run_trajectories
from snnviz.studies.ttfs.trajectories import USUAL, Course, Trajectories
from tests.waiting import Background, ended, until

TINY = {"network.depth": 3, "network.width": 20}
SMALL = Trajectories(design=change(USUAL, TINY | {"data.train_samples": 200, "training.epochs": 2}), looks=1)
KILLED = Trajectories(design=change(USUAL, TINY | {"training.epochs": 6}), looks=1)
LONG = Trajectories(design=change(USUAL, TINY | {"training.epochs": 1000}), looks=1)


def rows(store: Store, run: str) -> list[Course]:
    return [row for _, row in store.rows(run, Course)]


def test_they_are_computed_once(store: Store) -> None:
    engine = Immediate(store)
    assert not engine.submit(SMALL).cached
    run = store.get(SMALL.digest)
    assert (run.state, run.error, run.step, run.design) == ("done", None, run.steps, SMALL.design)
    assert run.steps == durations.progress_steps(SMALL) == 8
    assert rows(store, run.run) == [event for event in run_trajectories(SMALL) if isinstance(event, Course)]
    assert engine.submit(SMALL).cached
    assert store.get(SMALL.digest).attempt == 1
    assert store.runs() == []


@pytest.mark.alone
def test_they_stop_within_a_second_and_keep_what_they_have(store: Store, background: Callable[..., Background]) -> None:
    engine = background(store)
    engine.submit(LONG)
    until(lambda: len(rows(store, LONG.digest)) > 5 or None)
    start = time.monotonic()
    engine.cancel(LONG.digest)
    assert ended(store, LONG.digest).state == "cancelled"
    assert time.monotonic() - start < 3
    assert rows(store, LONG.digest)


def test_a_worker_that_is_killed_leaves_rows_that_the_next_one_finds_again(
    store: Store, background: Callable[..., Background]
) -> None:
    engine = background(store)
    engine.submit(KILLED)
    until(lambda: any(row.step for row in rows(store, KILLED.digest)) or None)
    (child,) = engine.run_processes()
    os.kill(child, signal.SIGKILL)
    assert ended(store, KILLED.digest).state == "done"
    assert store.get(KILLED.digest).attempt == 2
    found = rows(store, KILLED.digest)
    assert sorted(found, key=lambda row: (row.step, row.model)) == sorted(
        (event for event in run_trajectories(KILLED) if isinstance(event, Course)),
        key=lambda row: (row.step, row.model),
    )


def test_ones_that_are_too_large_are_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda: 1000)
    with pytest.raises(TooLarge, match="must fit into"):
        Immediate(store).submit(SMALL)
