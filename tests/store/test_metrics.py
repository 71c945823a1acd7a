"""What runs come to is kept beside them, read without their rows, and made anew where it is not of their end."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from snnviz.design.design import Design
from snnviz.design.measurement import Measurement
from snnviz.events import EpochEnd, LayerState
from snnviz.graph.architectures import build_architecture
from snnviz.store import Run, Store
from snnviz.store.metrics import metrics, summarise
from snnviz.store.tables import TABLES
from snnviz.theory.metrics import METRICS, Metric, Metrics
from tests.conftest import MakeDesign
from tests.results import result_of

ROWS = {row.table for row in TABLES}


@contextmanager
def asked(store: Store) -> Iterator[list[str]]:
    """What is asked of the database meanwhile, without how a transaction begins."""
    heard: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            heard.append(statement)

    event.listen(store._engine, "before_cursor_execute", hear)
    yield heard
    event.remove(store._engine, "before_cursor_execute", hear)


def rows_read(heard: Sequence[str]) -> list[str]:
    """The tables of rows that were read."""
    return sorted(name for name in ROWS for said in heard if f"FROM {name}" in said)


def end(epoch: int, accuracy: float = 0.5) -> EpochEnd:
    return EpochEnd(epoch, 0.9, accuracy, 0.1, 0.2, 0.3, 0.01)


def look(design: Design, step: int, additions: float = 10.0, probe: int | None = 64) -> list[LayerState]:
    counted = {} if probe is None else {"probe": probe, "macs": 5.0, "additions": additions, "synops": additions}
    names = [layer.name for layer in build_architecture(design).watched]
    return [LayerState(step, step / 10, k, name, 0.2, 1.0, None, **counted) for k, name in enumerate(names)]


def end_run(store: Store, design: Design, *rows: Any, state: Any = "done", seconds: float = 2.0) -> Run:
    """Submitted and ended with these rows, by a worker that died before it summed up."""
    store.submit(design)
    claim = store.claim("me", design.digest)
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, rows, seconds=seconds)
    store.finish(claim.run, claim.attempt, state)
    return store.get(design.digest)


def value(store: Store, run: Run, name: str) -> float | None:
    return metrics(store, [store.get(run.run)])[run.run][name]


@pytest.fixture
def done(store: Store, tiny: MakeDesign) -> Run:
    return end_run(store, tiny(), *look(tiny(), 0), *look(tiny(), 9), end(1), end(2, 0.75))


def test_it_is_what_the_rows_say_and_is_kept_bit_for_bit(store: Store, done: Run) -> None:
    ends, looks = ([row for _, row in store.rows(done.run, kind)] for kind in (EpochEnd, LayerState))
    expected = {**result_of(done.design, ends[-1], looks).metrics, "seconds": 2.0}
    first = metrics(store, [done])[done.run]
    assert first == expected
    with asked(store) as heard:
        assert metrics(store, [done])[done.run] == expected
    assert rows_read(heard) == []
    assert list(first) == list(METRICS.names)


def test_many_runs_are_one_query_and_no_row_is_read(store: Store, tiny: MakeDesign) -> None:
    for seed in range(8):
        end_run(store, tiny(seed), *look(tiny(seed), 9, 10.0 * seed), end(1))
    runs = store.runs()
    metrics(store, runs)
    for count in (2, 8):
        with asked(store) as heard:
            found = metrics(store, runs[:count], ["energy", "accuracy"])
        assert (len(heard), rows_read(heard)) == (1, [])
        assert len(found) == count
        assert all(list(values) == ["energy", "accuracy"] for values in found.values())
    energies = [found[run.run]["energy"] for run in sorted(runs, key=lambda run: run.design.seed)]
    assert energies == sorted(energies)


def test_runs_of_before_are_summed_up_at_the_first_asking_a_hundred_at_a_time(
    store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnviz.store.metrics.BATCH", 3)
    runs = [end_run(store, tiny(seed), *look(tiny(seed), 9), end(1, seed / 10)) for seed in range(7)]
    with asked(store) as heard:
        found = metrics(store, runs)
    assert [found[run.run]["accuracy"] for run in runs] == [seed / 10 for seed in range(7)]
    assert heard[0].count("summaries")
    assert rows_read(heard).count("layers") == 3
    assert len(heard) == 2 + 3 * (len(METRICS.row_types) + 1)  # what is kept, who was measured anew; rows and a write
    with asked(store) as heard:
        metrics(store, runs)
    assert (len(heard), rows_read(heard)) == (1, [])


def test_runs_of_before_are_asked_once_whether_they_were_measured_anew(
    store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [end_run(store, tiny(seed), *look(tiny(seed), 9, probe=None), end(1)) for seed in range(3)]
    metrics(store, runs)
    with asked(store) as heard:
        metrics(store, runs)
    assert (len(heard), rows_read(heard)) == (2, [])
    several = Metrics()
    mended = replace(METRICS["accuracy"], revision=2)
    monkeypatch.setitem(several.__dict__, "_known", {**{one.name: one for one in METRICS}, "accuracy": mended})
    monkeypatch.setattr("snnviz.store.metrics.METRICS", several)
    with asked(store) as heard:  # all of them is kept, but one is of an older formula
        metrics(store, runs)
    assert len(heard) == 2 + len(METRICS.row_types) + 1


def test_one_that_goes_on_is_read_as_it_is_and_not_kept(store: Store, tiny: MakeDesign) -> None:
    store.submit(tiny())
    claim = store.claim("me")
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, [end(1, 0.3)])
    run = store.get(claim.run)
    for accuracy in (0.3, 0.6):
        assert value(store, run, "accuracy") == accuracy
        assert value(store, run, "energy") is None
        store.append_rows(claim.run, claim.attempt, [end(2, 0.6)])
    assert store.summaries([run.run], METRICS.names) == {}


def test_one_that_waits_has_what_its_design_says_and_asks_for_no_row(store: Store, tiny: MakeDesign) -> None:
    run = store.get(store.submit(tiny()).run)
    with asked(store) as heard:
        found = metrics(store, [run])[run.run]
    assert rows_read(heard) == []
    assert (found["parameters"], found["accuracy"]) == (64 * 20 + 20 * 20 + 20 * 10 + 20 + 20 + 10, None)


def test_what_is_taken_up_again_is_summed_up_anew_at_its_end(store: Store, tiny: MakeDesign) -> None:
    run = end_run(store, tiny(), end(1, 0.3), state="cancelled")
    assert value(store, run, "accuracy") == 0.3
    store.submit(tiny())
    assert value(store, run, "accuracy") == 0.3  # so far
    run = end_run(store, tiny(), end(2, 0.6), *look(tiny(), 9))
    assert value(store, run, "accuracy") == 0.6
    assert value(store, run, "operations") == 15.0 * len(look(tiny(), 9))


def test_a_deleted_run_s_summary_goes_with_it(store: Store, tiny: MakeDesign, done: Run) -> None:
    metrics(store, [done])
    store.delete(done.run)
    assert store.summaries([done.run], METRICS.names) == {}
    again = end_run(store, tiny(), end(1, 0.1))
    assert (again.run, value(store, again, "accuracy")) == (done.run, 0.1)


def test_an_older_snnviz_that_trains_it_again_leaves_no_number_of_before(store: Store, tiny: MakeDesign) -> None:
    """It knows no summaries: it deletes the run without them."""
    run = end_run(store, tiny(), end(1, 0.9))
    metrics(store, [run])
    kept = store.summaries([run.run], METRICS.names)
    store.delete(run.run)
    store.summarise(kept)
    run = end_run(store, tiny(), end(1, 0.1))
    assert value(store, run, "accuracy") == 0.1


def test_a_measurement_anew_changes_it_and_one_that_is_deleted_changes_it_back(store: Store, tiny: MakeDesign) -> None:
    run = end_run(store, tiny(), *look(tiny(), 9, probe=None), end(1))
    before = value(store, run, "operations")
    assert value(store, run, "estimated") == 1.0
    measurement = Measurement(design=tiny())
    store.submit(measurement)
    claim = store.claim("me", measurement.digest)
    assert claim is not None
    assert value(store, run, "estimated") == 1.0
    store.append_rows(claim.run, claim.attempt, look(tiny(), 9, 70.0))
    store.finish(claim.run, claim.attempt, "done")
    with asked(store) as heard:
        assert value(store, run, "operations") == 75.0 * len(look(tiny(), 9))
    assert "layers" in rows_read(heard)
    with asked(store) as heard:
        assert (value(store, run, "estimated"), value(store, run, "probe")) == (0.0, 64.0)
    assert rows_read(heard) == []
    store.delete(claim.run)
    assert (value(store, run, "operations"), value(store, run, "estimated")) == (before, 1.0)


def test_a_new_metric_and_a_mended_one_need_no_migration(
    store: Store, done: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics(store, [done])
    new = Metric(name="new", label="New", help="Yes.", form="number", read=lambda run: len(run.rows(EpochEnd)))
    mended = replace(METRICS["accuracy"], revision=2, read=lambda _: 0.125)
    others = {name: METRICS[name] for name in METRICS.names}
    several = Metrics()
    monkeypatch.setitem(several.__dict__, "_known", {**others, "accuracy": mended, "new": new})
    monkeypatch.setattr("snnviz.store.metrics.METRICS", several)
    found = metrics(store, [done])[done.run]
    assert (found["new"], found["accuracy"]) == (2.0, 0.125)
    with asked(store) as heard:
        assert metrics(store, [done])[done.run] == found
    assert rows_read(heard) == []
    monkeypatch.undo()
    with asked(store) as heard:  # who does not know the new one is at peace with it
        assert value(store, done, "energy") == found["energy"]
    assert value(store, done, "accuracy") == 0.75


def test_a_bit_that_flips_is_found_and_the_number_made_anew(store: Store, done: Run) -> None:
    metrics(store, [done])
    for change in ("value = value + 1", "metric = 'loss'", "measured = 1.0", "value = NULL"):
        with store._writing() as connection:
            connection.execute(text("DELETE FROM summaries WHERE metric = 'loss'"))
            connection.execute(text(f"UPDATE summaries SET {change} WHERE metric = 'accuracy'"))
        assert set(store.summaries([done.run], ["accuracy", "loss"]).get(done.run, {})) == set()
        assert value(store, done, "accuracy") == 0.75
        assert value(store, done, "loss") == 0.2
    store.check()


def test_numbers_that_are_none_come_back_as_none(store: Store, tiny: MakeDesign) -> None:
    run = end_run(store, tiny(), replace(end(1), test_loss=math.nan, test_accuracy=-0.0, rate=None))
    first, second = ({name: value(store, run, name) for name in ("loss", "accuracy", "rate")} for _ in range(2))
    assert first["rate"] is None
    assert second == {"loss": None, "accuracy": 0.0, "rate": None}
    with asked(store) as heard:
        metrics(store, [run])
    assert rows_read(heard) == []


@pytest.mark.of_a_file
def test_a_read_only_store_is_read_and_nothing_is_kept(store: Store, done: Run, tmp_path: Path) -> None:
    store.close()
    assert store.path is not None
    store.path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        shut = Store(store.path)
        if not shut.readonly:
            pytest.skip("a user to whom no file is read-only")
        assert metrics(shut, [done])[done.run]["accuracy"] == 0.75
        assert shut.summaries([done.run], METRICS.names) == {}
        shut.close()
    finally:
        tmp_path.chmod(0o755)
        store.path.chmod(0o644)


@pytest.mark.of_a_file
def test_whoever_reads_does_not_wait_long_for_one_who_writes(store: Store, done: Run) -> None:
    other = Store(store.path)
    with store._writing() as connection:
        connection.execute(text("UPDATE runs SET note = 'busy'"))
        start = time.monotonic()
        assert metrics(other, [done])[done.run]["accuracy"] == 0.75
        assert time.monotonic() - start < 10  # of the 20 s that a writer waits
    assert other.summaries([done.run], METRICS.names) == {}
    other.submit(done.design)  # a writer is as patient as before
    with other._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 20_000
    other.close()


def test_other_tasks_have_none(store: Store, tiny: MakeDesign) -> None:
    store.submit(Measurement(design=tiny()))
    assert metrics(store, store.runs(of=None)) == {}
    summarise(store, tiny())
