"""What every engine promises, by the same tests."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import numpy as np
import pytest

from snnviz.design.design import Design
from snnviz.errors import DataMissing, InputError, NotFound, TooLarge
from snnviz.events import Checkpoint, LayerState, Progress, Row, Sample
from snnviz.jobs import machine
from snnviz.jobs.engine import Engine
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.tasks import KINDS
from tests.conftest import MakeDesign
from tests.jobs.undisturbed import undisturbed
from tests.waiting import Background, ended, until


@pytest.fixture(scope="module", params=["immediate", "local", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all tests here: they tell their runs apart by the seed. The last is a local one on PostgreSQL."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        place = str(folder / "runs.sqlite")
        if request.param == "postgresql":
            stack.enter_context(pytest.MonkeyPatch.context()).setenv("SNNVIZ_CACHE", str(folder))
            place = stack.enter_context(request.getfixturevalue("postgresql").database())
        store = Store(place)
        stack.callback(store.close)
        if request.param == "immediate":
            yield Immediate(store)
        else:
            background = Background(store)
            stack.callback(background.end)
            yield background


def submit_aside(engine: Engine, design: Design) -> str:
    """Submit from a thread, as an engine may take its time, and wait until the run trains."""

    def submit() -> None:
        with suppress(NotFound):  # somebody deleted it
            engine.submit(design)

    threading.Thread(target=submit, daemon=True).start()

    def trains() -> bool:
        try:
            return bool(engine.store.rows(design.digest, Sample))
        except NotFound:
            return False

    until(trains)
    return design.digest


def test_a_design_is_run_to_its_end(engine: Engine, tiny: MakeDesign) -> None:
    design = tiny(seed=1)
    submitted = engine.submit(design)
    assert (submitted.run, submitted.created, submitted.cached) == (design.digest, True, False)
    run = ended(engine.store, submitted.run)
    assert (run.state, run.error, run.attempt, run.cancel_requested) == ("done", None, 1, False)
    assert run.step == run.steps > 0
    assert 0 < run.seconds < run.finished - run.created  # type: ignore[operator]
    assert run.eta_seconds is None


def test_its_rows_are_those_of_the_computation_bit_for_bit(engine: Engine, tiny: MakeDesign) -> None:
    design = tiny(seed=2)
    run = ended(engine.store, engine.submit(design).run)
    assert {event: [row for _, row in engine.store.rows(run.run, event)] for event in KINDS.row_types} == undisturbed(
        design
    )


def test_a_finished_design_is_cached(engine: Engine, tiny: MakeDesign) -> None:
    design = tiny(seed=3)
    before = ended(engine.store, engine.submit(design).run)
    again = engine.submit(design)
    assert (again.cached, again.created) == (True, False)
    assert engine.store.get(again.run) == before


@pytest.mark.alone
def test_a_cancelled_run_stops_within_a_second_keeps_what_it_has_and_goes_on_when_asked(
    engine: Engine, long: MakeDesign
) -> None:
    design = long(seed=4)
    run = submit_aside(engine, design)
    until(lambda: engine.store.load_checkpoint(run))
    until(lambda: engine.store.get(run).step % 200 > 20)
    start = time.monotonic()
    engine.cancel(run)
    stopped = ended(engine.store, run)
    assert time.monotonic() - start < (
        1.0 if os.getloadavg()[0] < machine.available_cores() else 5.0
    )  # others may be at work here
    assert stopped.state == "cancelled"
    kept = engine.store.rows(run, Sample)
    assert kept
    time.sleep(0.3)
    assert engine.store.get(run) == stopped
    assert engine.store.rows(run, Sample) == kept

    assert not engine.submit(design).cached
    done = ended(engine.store, run)
    assert (done.state, done.attempt) == ("done", 2)
    assert done.seconds > stopped.seconds
    assert engine.store.rows(run, Sample)[: len(kept)] == kept
    assert {event: [row for _, row in engine.store.rows(run, event)] for event in KINDS.row_types} == undisturbed(
        design
    )


def test_a_deleted_run_stops_and_stays_deleted(engine: Engine, long: MakeDesign) -> None:
    run = submit_aside(engine, long(seed=5))
    engine.store.delete(run)
    if isinstance(engine, Background):
        until(lambda: not engine.run_processes())
    time.sleep(0.5)
    with pytest.raises(NotFound):
        engine.store.get(run)
    assert engine.store.rows(run, Sample) == []


def test_a_fault_of_ours_is_a_sentence_and_keeps_its_traceback(engine: Engine, tiny: MakeDesign) -> None:
    """A checkpoint without weights is one that our own code could not have written."""
    design = tiny(seed=7)
    submitted = engine.store.submit(design)
    claim = engine.store.claim("somebody", submitted.run)
    assert claim is not None
    engine.store.save_checkpoint(claim.run, claim.attempt, Checkpoint(1, {"nothing": np.ones(1)}))
    engine.store.finish(claim.run, claim.attempt, "queued")
    engine.submit(design)
    run = ended(engine.store, submitted.run)
    assert run.state == "failed"
    assert (run.error or "").startswith("The computation stopped: ")
    assert "Traceback (most recent call last)" in (run.traceback or "")


def test_what_does_not_fit_into_memory_is_refused(engine: Engine) -> None:
    huge = Design.check(
        {"network": {"kind": "mlp", "depth": 200, "width": 4096}, "training": {"batch_size": 2048}, "seed": 8}
    )
    with pytest.raises(TooLarge, match=r"design must fit into the [\d.]+ GB of memory that are free") as caught:
        engine.submit(huge)
    assert "\n" not in str(caught.value)
    with pytest.raises(NotFound):
        engine.store.get(huge.digest)


def test_looking_after_an_empty_queue_does_nothing(engine: Engine) -> None:
    until(lambda: not engine.store.counts()["running"])
    before = engine.store.version()
    engine.ensure_worker()
    assert engine.store.version() == before


def test_a_run_of_another_process_is_followed_to_its_end(engine: Engine, long: MakeDesign) -> None:
    """Two people, or a person and the command line, share one run whatever engines they use."""
    design = long(seed=9, epochs=2)
    run = submit_aside(engine, design)
    store, seen = Store(engine.store.url), list[Any]()
    submitted = Immediate(store, seen.append).submit(design)
    assert (submitted.run, submitted.created) == (run, False)
    assert store.get(run).state == "done"
    assert store.get(run).attempt == 1
    assert {type(event) for event in seen} == {Progress}
    store.close()


def test_a_listener_hears_every_event(store: Store, tiny: MakeDesign) -> None:
    seen: list[Any] = []
    Immediate(store, seen.append).submit(tiny())
    expected = undisturbed(tiny())
    heard: dict[type[Row], list[Row]] = {
        event: [row for row in seen if isinstance(row, event)] for event in KINDS.row_types
    }
    assert heard == expected
    assert len([event for event in seen if isinstance(event, Checkpoint)]) == 3


def test_a_run_that_is_interrupted_keeps_what_it_has(store: Store, tiny: MakeDesign) -> None:
    def interrupt(event: object) -> None:
        if isinstance(event, Sample):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Immediate(store, interrupt).submit(tiny())
    run = store.get(tiny().digest)
    assert (run.state, run.error) == ("cancelled", None)
    assert len(store.rows(run.run, Sample)) == 1
    assert store.rows(run.run, LayerState)
    assert Immediate(store).submit(tiny()).run == run.run
    assert store.get(run.run).state == "done"


def test_a_sentence_of_the_computation_is_kept_as_it_is(store: Store, tiny: MakeDesign) -> None:
    def stop(_: object) -> None:
        raise DataMissing("The images are not here: put them there.")

    Immediate(store, stop).submit(tiny())
    run = store.get(tiny().digest)
    assert (run.state, run.error, run.traceback) == ("failed", "The images are not here: put them there.", None)


def test_a_run_whose_process_is_gone_is_taken_over(store: Store, tiny: MakeDesign) -> None:
    script = "from snnviz.jobs.engine import owner_name; print(owner_name('immediate'))"
    gone = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.strip()
    store.submit(tiny())
    store.claim(gone)
    Immediate(store).submit(tiny())
    assert (store.get(tiny().digest).state, store.get(tiny().digest).attempt) == ("done", 2)


def test_bfloat16_is_refused_where_the_processor_lacks_it(
    engine: Engine, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "has_bfloat16", lambda: False)
    design = tiny(precision="bfloat16")
    with pytest.raises(InputError) as caught:
        engine.submit(design)
    with pytest.raises(NotFound):
        engine.store.get(design.digest)
    assert str(caught.value) == (
        "training.precision must be float32 on a machine whose processor lacks bfloat16, got 'bfloat16'"
    )
