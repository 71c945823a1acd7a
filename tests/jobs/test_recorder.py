"""From events to the store: soon, in order, and without end while a step takes long."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sqlalchemy import text

from snnviz.errors import LeaseLost, StoreError
from snnviz.events import Checkpoint, Progress, Sample
from snnviz.jobs.recorder import Recorder
from snnviz.store import Claim, Store
from tests.conftest import sample
from tests.waiting import until


@pytest.mark.databases
def test_rows_are_seen_soon(store: Store, claim: Claim) -> None:
    with Recorder(store, claim) as recorder:
        recorder.put(Progress(0, 10))
        recorder.put(sample(1))
        until(lambda: store.rows(claim.run, Sample), patience=5)
        recorder.put(sample(2))
        recorder.put(Progress(2, 10))
        until(lambda: len(store.rows(claim.run, Sample)) == 2 and store.get(claim.run).step == 2, patience=5)


@pytest.mark.databases
def test_a_thousand_events_are_a_few_writes(store: Store, claim: Claim) -> None:
    before = int(store.version(claim.run))
    with Recorder(store, claim) as recorder:
        for step in range(1000):
            recorder.put(sample(step))
            recorder.put(Progress(step, 1000))
    assert [row.step for _, row in store.rows(claim.run, Sample)] == list(range(1000))
    assert store.get(claim.run).step == 999
    assert int(store.version(claim.run)) - before < 50


@pytest.mark.databases
def test_the_heart_beats_while_a_step_takes_long(store: Store, claim: Claim) -> None:
    with Recorder(store, claim):
        before = store.get(claim.run).heartbeat or 0
        until(lambda: (store.get(claim.run).heartbeat or 0) > before + 0.1, patience=10)


@pytest.mark.databases
def test_it_hears_that_the_run_should_stop(store: Store, claim: Claim) -> None:
    with Recorder(store, claim) as recorder:
        assert not recorder.cancelled
        store.cancel(claim.run)
        until(lambda: recorder.cancelled, patience=10)


@pytest.mark.databases
def test_a_checkpoint_comes_after_its_rows(store: Store, claim: Claim) -> None:
    with Recorder(store, claim) as recorder:
        for step in range(5):
            recorder.put(sample(step))
        recorder.put(Checkpoint(1, {"w": np.ones(1)}))
        assert len(store.rows(claim.run, Sample)) == 5
        assert store.load_checkpoint(claim.run) is not None


@pytest.mark.alone
def test_time_is_training_time(store: Store, claim: Claim) -> None:
    start = time.monotonic()
    with Recorder(store, claim) as recorder:
        time.sleep(0.6)  # the images are read
        recorder.put(Progress(0, 4))
        time.sleep(0.2)
        recorder.put(Progress(2, 4))
        until(lambda: store.get(claim.run).eta_seconds, patience=5)
        assert store.get(claim.run).eta_seconds == pytest.approx(store.get(claim.run).seconds, abs=0.2)
    assert 0.2 <= store.get(claim.run).seconds <= time.monotonic() - start - 0.6


@pytest.mark.databases
def test_a_worker_that_lost_its_lease_is_told(store: Store, claim: Claim) -> None:
    def work() -> None:
        with Recorder(store, claim) as recorder:
            store.delete(claim.run)
            while True:
                recorder.put(sample(1))
                time.sleep(0.01)

    with pytest.raises(LeaseLost):
        work()


def test_a_store_that_cannot_be_written_stops_the_run(store: Store, claim: Claim) -> None:
    with store._reading() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    step = 0

    def work() -> None:
        nonlocal step
        with Recorder(store, claim) as recorder:
            while step < 200_000:
                step += 1
                recorder.put(sample(step))

    with pytest.raises(StoreError, match="The disk is full"):
        work()
