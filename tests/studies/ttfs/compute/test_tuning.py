"""Fine-tuning as a task: from the store's weights, waiting for those that are on their way, and stopped at once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from snnviz.design.links import change
from snnviz.errors import TooLarge
from snnviz.events import Progress
from snnviz.jobs import durations, machine
from snnviz.jobs.history import StoredHistory
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.ttfs.compute import finetune, tuning
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits, Tuned
from tests.waiting import Background, ended, until

TINY = change(
    default_design(), {"network.width": 20, "data.train_samples": 200, "data.test_samples": 50, "training.epochs": 2}
)
TASK = FineTuning(design=TINY, limits=HardwareLimits(weight_bits=2), epochs=2)
LONG = FineTuning(design=change(TINY, {"training.batch_size": 1}), limits=HardwareLimits(jitter=0.1), epochs=100)


def test_it_begins_with_the_weights_of_the_finished_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Immediate(store)
    engine.submit(TINY)
    monkeypatch.setattr(finetune, "execute", lambda _: pytest.fail("the network is trained again"))
    engine.submit(TASK)
    run = store.get(TASK.digest)
    assert (run.state, run.error, run.step, run.steps, run.design) == ("done", None, 8, 8, TINY)
    assert run.steps == durations.progress_steps(TASK)
    found = store.load_checkpoint(TINY.digest)
    assert found is not None
    expected = [event for event in finetune.finetune(TASK, found.arrays) if isinstance(event, Tuned)]
    assert [row for _, row in store.rows(run.run, Tuned)] == expected
    assert engine.submit(TASK).cached
    assert store.runs() == [store.get(TINY.digest)]


def test_it_trains_what_nobody_has_trained(store: Store) -> None:
    Immediate(store).submit(TASK)
    alone = [row for _, row in store.rows(TASK.digest, Tuned)]
    assert len(alone) == 3
    store.delete(TASK.digest)
    Immediate(store).submit(TINY)
    Immediate(store).submit(TASK)
    assert [row for _, row in store.rows(TASK.digest, Tuned)] == alone


def test_it_waits_for_a_network_that_is_being_trained(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.submit(TINY)
    claim = store.claim("somebody", TINY.digest)
    assert claim is not None
    monkeypatch.setattr(tuning, "PAUSE_SECONDS", 0.0)
    events = tuning.run_finetuning(TASK, StoredHistory(store, TASK.digest))
    for _ in range(3):
        event = next(events)
        assert isinstance(event, Progress)
        assert event.doing == f"waiting for the network, {TINY.digest}, to be trained"
    store.finish(claim.run, claim.attempt, "cancelled")
    assert sum(isinstance(event, Tuned) for event in events) == 3


@pytest.mark.alone
def test_it_stops_within_a_second_and_keeps_what_it_has(store: Store, background: Callable[..., Background]) -> None:
    engine = background(store)
    engine.submit(LONG)
    until(lambda: store.rows(LONG.digest, Tuned) or None)
    begin = time.monotonic()
    engine.cancel(LONG.digest)
    assert ended(store, LONG.digest).state == "cancelled"
    assert time.monotonic() - begin < 3
    assert store.rows(LONG.digest, Tuned)


def test_one_that_is_too_large_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda: 1000)
    with pytest.raises(TooLarge, match="must fit into"):
        Immediate(store).submit(TASK)


def test_more_epochs_take_longer() -> None:
    longer = TASK.model_copy(update={"epochs": 20})
    assert (
        5 * durations.reference_seconds(TASK)
        < durations.reference_seconds(longer)
        < 11 * durations.reference_seconds(TASK)
    )
