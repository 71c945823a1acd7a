"""Stores of version 1, in which runs were named by a digest of all fields: nothing is lost when they are opened."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnviz.catalog.measuring import Measurement
from snnviz.catalog.searches import Search
from snnviz.design import Design
from snnviz.errors import NotFound, StoreError
from snnviz.events import Checkpoint, EpochEnd, LayerState, Sample
from snnviz.jobs import lock
from snnviz.links import change
from snnviz.store import Store, migrating, renewing
from tests.aged import digest_of_before, older
from tests.conftest import MakeDesign, sample

PROBED = LayerState(1, 1.0, 1, "L1", 0.5, 0.25, None, 0.75, probe="64")
EPOCH = EpochEnd(1, 0.5, 0.4, 1.5, 1.75, 0.1, 1e-3)


def done(store: Store, task: Design, *, probed: bool = False) -> None:
    """A run with rows and weights."""
    claim = store.claim("me", store.submit(task).run)
    assert claim is not None
    store.append(claim.run, claim.attempt, [sample(1), EPOCH, *([PROBED] if probed else [])])
    store.save_checkpoint(claim.run, claim.attempt, Checkpoint(1, {"w": np.ones(3)}))
    store.finish(claim.run, claim.attempt, "done")


def half(store: Store, task: Design, state: str = "queued") -> None:
    """One that was stopped after an epoch, and waits."""
    claim = store.claim("me", store.submit(task).run)
    assert claim is not None
    store.append(claim.run, claim.attempt, [sample(1), EPOCH])
    store.save_checkpoint(claim.run, claim.attempt, Checkpoint(1, {"w": np.ones(3)}))
    store.finish(claim.run, claim.attempt, state)  # type: ignore[arg-type]


def columns(path: Path, what: str = "run, state, note, seconds, attempt, title, created") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {what} FROM runs ORDER BY run").fetchall()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def measured(**fields: Any) -> Design:
    return change(Design(), {"init": "fluctuation-driven", "network": "mlp", **fields})


class TestNothingIsLost:
    def test_a_finished_run_is_found_by_its_design_its_name_and_the_start_of_it(
        self, place: Path, tiny: MakeDesign
    ) -> None:
        store = Store(place)
        done(store, tiny())
        store.rename(tiny().digest, "mine")
        store.close()
        name = older(place)[tiny().digest]
        assert name == digest_of_before(tiny()) != tiny().digest
        before = columns(place)
        store = Store(place)
        for called in (name, name[:5], tiny().digest, tiny().digest[:5]):
            run = store.get(called)
            assert (run.run, run.key, run.title, run.current) == (name, tiny().digest, "mine", True)
        for called in (name, tiny().digest):
            assert [row for _, row in store.rows(called, Sample)] == [sample(1)]
            assert store.last(EpochEnd, [called, "0" * 16]) == {called: EPOCH}
            assert store.version(called) == store.version(name)
            assert store.several([called, "0" * 16]) == {called: store.get(name)}
            assert store.versions([called, "0" * 16]) == {called: store.version(name)}
            assert store.rows_of([called, "0" * 16], EpochEnd) == {called: [EPOCH]}
            checkpoint = store.load_checkpoint(called)
            assert checkpoint is not None
            assert checkpoint.arrays["w"].tolist() == [1, 1, 1]
        submitted = store.submit(tiny())
        assert (submitted.run, submitted.cached, submitted.created) == (name, True, False)
        assert columns(place) == before
        store.close()

    def test_a_copy_is_kept_beside_it_and_that_is_said(self, place: Path, tiny: MakeDesign) -> None:
        store = Store(place)
        done(store, tiny())
        store.close()
        older(place)
        place.chmod(0o600)
        with closing(sqlite3.connect(place)) as connection:
            before = list(connection.iterdump())
        store = Store(place)
        kept = place.with_name("runs.version-1.sqlite")
        assert kept.stat().st_mode & 0o777 == 0o600
        assert store.words() == [
            "The store was brought up to date from an older snnviz, with all its runs; "
            "as it was before it is kept beside it as runs.version-1.sqlite."
        ]
        with closing(sqlite3.connect(kept)) as connection:
            assert list(connection.iterdump()) == before
        store.close()
        assert Store(place).words() == store.words()  # also by whoever opens it next
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("UPDATE snnviz_store SET migrated = migrated - 100000")
            connection.commit()
        assert Store(place).words() == []  # for a day
        assert sorted(path.name for path in place.parent.glob("*.sqlite*")) == [place.name, kept.name]

    def test_a_copy_of_another_store_that_lay_there_stays(self, place: Path, tiny: MakeDesign) -> None:
        for seed in (1, 2, 2):  # the last one again, as after a kill
            store = Store(place)
            done(store, tiny(seed))
            store.close()
            older(place)
            Store(place).close()
            place.unlink()
        names = ["runs.version-1-2.sqlite", "runs.version-1.sqlite"]
        assert sorted(path.name for path in place.parent.glob("*.sqlite")) == names
        held = [columns(place.with_name(name), "run")[0][0] for name in names]
        assert held == [digest_of_before(tiny(2)), digest_of_before(tiny(1))]

    def test_a_new_store_is_not_migrated(self, place: Path) -> None:
        assert Store(place).words() == []
        assert not place.with_name("runs.version-1.sqlite").exists()

    def test_a_queued_run_goes_on_and_a_half_done_one_from_its_weights(self, place: Path, tiny: MakeDesign) -> None:
        store = Store(place)
        half(store, tiny(1))
        store.submit(tiny(2))
        store.submit(Search(design=Design()))
        store.close()
        names = older(place)
        store = Store(place)
        claims = [store.claim("me") for _ in range(3)]
        assert [claim.run for claim in claims if claim] == [
            names[task.digest] for task in (tiny(1), tiny(2), Search(design=Design()))
        ]
        assert [claim.task for claim in claims if claim] == [tiny(1), tiny(2), Search(design=Design())]
        checkpoint = store.load_checkpoint(tiny(1).digest)
        assert checkpoint is not None
        assert checkpoint.epoch == 1
        assert store.rows(tiny(1).digest, Sample) != []

    def test_what_cannot_be_read_stays_listed(self, place: Path, tiny: MakeDesign) -> None:
        store = Store(place)
        for seed in range(4):
            done(store, tiny(seed))
        store.close()
        names = older(place)
        bad = {
            names[tiny(1).digest]: ("run", '{"nothing": 1}'),
            names[tiny(2).digest]: ("strange", "{}"),
            names[tiny(3).digest]: ("run", "half a te"),
        }
        with closing(sqlite3.connect(place)) as connection:
            for run, (kind, text) in bad.items():
                connection.execute("UPDATE runs SET kind = ?, design = ? WHERE run = ?", (kind, text, run))
            connection.commit()
        store = Store(place)
        assert {shown.run for shown in store.unreadable()} == set(bad)
        assert [run.run for run in store.runs()] == [names[tiny(0).digest]]
        assert {row[0]: row[1:] for row in columns(place, "run, kind, design") if row[0] in bad} == bad
        for run in bad:
            store.delete(run)
        assert store.unreadable() == []

    def test_a_run_on_data_that_are_not_here_is_found_when_they_are(
        self, place: Path, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from snnviz.design import DATASETS

        entry = DATASETS["digits"]
        monkeypatch.setattr(DATASETS, "beside", lambda kind: entry if kind == "own-0123456789ab" else None)
        mine = change(tiny(), {"data.name": "own-0123456789ab"})
        store = Store(place)
        done(store, mine)
        store.close()
        name = older(place)[mine.digest]
        monkeypatch.setattr(DATASETS, "beside", lambda _: None)
        store = Store(place)
        assert [shown.run for shown in store.unreadable()] == [name]
        monkeypatch.setattr(DATASETS, "beside", lambda kind: entry if kind == "own-0123456789ab" else None)
        from snnviz.store import reading

        reading.task.cache_clear()
        assert store.get(mine.digest).run == name
        assert store.submit(mine).run == name

    def test_a_deleted_run_comes_back_with_attempts_of_its_own(self, place: Path, tiny: MakeDesign) -> None:
        store = Store(place)
        done(store, tiny())
        store.close()
        name = older(place)[tiny().digest]
        store = Store(place)
        store.delete(tiny().digest)
        with pytest.raises(NotFound):
            store.get(name)
        again = store.submit(tiny())
        assert (again.run, again.created) == (name, True)  # under its name, so that links to it hold
        claim = store.claim("me")
        assert claim is not None
        assert (claim.run, claim.attempt) == (name, 2)
        assert store.load_checkpoint(name) is None


class TestByDigest:
    """What is asked by the digest of a task is done to the run that an older release named."""

    @pytest.fixture
    def old(self, place: Path, tiny: MakeDesign) -> tuple[Store, str]:
        store = Store(place)
        done(store, tiny())
        store.close()
        name = older(place)[tiny().digest]
        return Store(place), name

    def test_it_is_named_and_trained_once_more_and_cancelled(self, old: tuple[Store, str], tiny: MakeDesign) -> None:
        store, name = old
        store.rename(tiny().digest, "mine")
        store.opened(tiny().digest)
        assert store.get(name).title == "mine"
        with store._writing() as connection:
            connection.exec_driver_sql("UPDATE runs SET checkpoint = NULL")
        store.again(tiny().digest)
        assert store.get(name).state == "queued"
        claim = store.claim("me", tiny().digest)
        assert claim is not None
        assert claim.run == name
        store.cancel(tiny().digest)
        assert store.get(name).cancel_requested
        store.finish(name, claim.attempt, "cancelled")
        assert store.submit(tiny()).run == name
        store.cancel(tiny().digest)
        assert store.get(name).state == "cancelled"

    def test_its_weights_are_kept_while_something_that_begins_with_it_waits(
        self, old: tuple[Store, str], tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store, name = old
        monkeypatch.setenv("SNNVIZ_CHECKPOINTS_MEGABYTES", "0")
        with store._writing() as connection:
            connection.exec_driver_sql("UPDATE runs SET finished = 1, opened = 1, created = 1")
        measurement = store.submit(Measurement(design=tiny()))
        assert store.trim() == []
        store.cancel(measurement.run)
        assert store.trim() == [name]

    def test_one_that_an_older_snnviz_adds_meanwhile_has_its_key_when_the_store_is_opened_next(
        self, old: tuple[Store, str], tiny: MakeDesign, place: Path
    ) -> None:
        store, name = old
        store.submit(tiny(1))
        store.close()
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("UPDATE runs SET key = NULL")
            connection.execute(
                "INSERT INTO runs (run, state, design, created, queued) "
                "SELECT 'aaaa000000000000', 'failed', design, 1, 1 FROM runs WHERE run = ?",
                [name],
            )
            connection.commit()
        store = Store(place)
        assert [store.get(tiny(seed).digest).run for seed in (0, 1)] == [name, tiny(1).digest]
        assert store.get("aaaa").note == renewing.TWIN.format(name)
        before = columns(place, "run, key, twin, revision")
        store.close()
        Store(place).close()
        assert columns(place, "run, key, twin, revision") == before


class TestTwins:
    """The same design before and after a field was added: two names in the old store."""

    def fill(self, place: Path, states: list[str]) -> list[str]:
        """Runs of the default design in these states, as seven releases wrote them; their names."""
        texts = (Path(__file__).parents[1] / "golden" / "default_designs.txt").read_text().splitlines()
        store = Store(place)
        for seed, state in enumerate(states):
            task = Design(seed=seed)
            if state == "done":
                done(store, task)
            elif state == "queued":
                store.submit(task)
            else:
                half(store, task, state)
        store.close()
        runs = {Design(seed=seed).digest: seed for seed in range(len(states))}
        names = {run: f"{seed:016x}" for run, seed in runs.items()}
        older(place, names, {run: texts[seed] for run, seed in runs.items()})
        return list(names.values())

    def test_the_newest_finished_one_is_found_and_the_others_are_kept_with_a_note(self, place: Path) -> None:
        names = self.fill(place, ["done", "done", "queued", "failed", "cancelled", "done", "queued"])
        store = Store(place)
        assert store.get(Design().digest).run == names[5]
        assert store.submit(Design()).run == names[5]
        runs = {run.run: run for run in store.runs()}
        assert sorted(runs) == sorted(names)
        assert store.claim("me") is None
        assert {runs[name].state for name in (names[2], names[6])} == {"cancelled"}
        for name in names:
            if name != names[5]:
                assert runs[name].note == f"It is the same task as the run {names[5]}, which is found in its place."
                assert not runs[name].current
                assert (store.load_checkpoint(name) is None) == (name in (names[2], names[6]))
        assert runs[names[5]].note is None

    def test_one_that_is_deleted_leaves_its_place_to_the_next(self, place: Path) -> None:
        names = self.fill(place, ["done", "done", "failed"])
        store = Store(place)
        store.delete(names[1])
        assert store.get(Design().digest).run == names[0]
        assert store.get(names[0]).note == ""
        assert store.get(names[2]).note == renewing.TWIN.format(names[0])
        store.delete(Design().digest)
        assert store.submit(Design()).run == names[2]
        store.delete(names[2])
        assert store.submit(Design()).created

    def test_one_that_waits_stands_for_one_that_failed(self, place: Path) -> None:
        names = self.fill(place, ["failed", "queued", "cancelled"])
        store = Store(place)
        claim = store.claim("me")
        assert claim is not None
        assert (claim.run, claim.task) == (names[1], Design())
        assert store.claim("me") is None

    def test_one_that_was_running_ends_when_its_worker_is_gone(self, place: Path) -> None:
        names = self.fill(place, ["done", "queued"])
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("UPDATE runs SET state = 'running', attempt = 1, owner = 'x' WHERE run = ?", [names[1]])
            connection.commit()
        store = Store(place)
        assert store.get(names[1]).state == "running"
        store.died(names[1], 1, "it was killed", own=False)
        assert store.claim("me") is None
        assert store.get(names[1]).state == "cancelled"
        assert names[0] in (store.get(names[1]).note or "")


class TestMended:
    """What trains otherwise since: an old run of it is not the run of its design."""

    def test_an_old_run_stays_with_the_reason_and_its_design_is_trained_anew(self, place: Path) -> None:
        task, sentence = measured(), "It was computed before 2026-11-29, since when measured on a probe of training"
        store = Store(place)
        done(store, task)
        store.close()
        name = older(place)[task.digest]
        store = Store(place)
        old = store.get(name)
        assert (old.state, old.task, old.current) == ("done", task, False)
        assert (old.note or "").startswith(sentence)
        assert (old.note or "").endswith("(before, on the first 64): the same task is now another run.")
        assert store.load_checkpoint(name) is not None
        with pytest.raises(NotFound):
            store.get(task.digest)
        new = store.submit(task)
        assert new.created
        assert new.run == task.digest != name
        assert {run.run for run in store.runs()} == {name, new.run}

    def test_one_that_was_trained_since_is_the_run_of_its_design(self, place: Path) -> None:
        store = Store(place)
        done(store, measured(), probed=True)
        store.close()
        name = older(place)[measured().digest]
        store = Store(place)
        assert (store.get(measured().digest).run, store.get(name).note) == (name, None)

    def test_what_uses_nothing_that_was_mended_has_one_key_for_ever(self, place: Path, tiny: MakeDesign) -> None:
        store = Store(place)
        done(store, tiny())
        store.close()
        name = older(place)[tiny().digest]
        assert Store(place).get(tiny().digest).run == name

    def test_one_that_had_not_begun_goes_on_and_one_that_had_begins_anew(self, place: Path) -> None:
        store = Store(place)
        half(store, measured(seed=1))
        store.submit(measured(seed=2))
        store.close()
        names = older(place)
        store = Store(place)
        begun, waiting = store.claim("me"), store.claim("me")
        assert begun is not None
        assert waiting is not None
        assert [begun.run, waiting.run] == [names[measured(seed=1).digest], names[measured(seed=2).digest]]
        assert (store.get(begun.run).note or "").startswith("It had begun before 2026-11-29, since when measured on")
        assert store.get(waiting.run).note is None
        assert store.load_checkpoint(begun.run) is None
        assert store.rows(begun.run, Sample) == store.rows(begun.run, EpochEnd) == []
        assert [store.get(measured(seed=seed).digest).run for seed in (1, 2)] == [begun.run, waiting.run]
        assert store.get(begun.run).current
        store.append(begun.run, begun.attempt, [sample(1)])
        store.finish(begun.run, begun.attempt, "done")

    def test_one_that_waits_while_its_design_is_trained_anew_ends_with_a_word(self, place: Path) -> None:
        store = Store(place)
        half(store, measured())
        store.close()
        name = older(place)[measured().digest]
        store = Store(place)
        other = store.submit(measured())  # before anybody took up the old one
        assert other.created
        claim = store.claim("me")
        assert claim is not None
        assert claim.run == other.run
        assert (store.get(name).state, store.get(name).note) == ("cancelled", renewing.TWIN.format(other.run))
        assert store.rows(name, Sample) != []

    def test_a_formula_that_is_mended_after_the_migration_is_told_in_the_same_way(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from snnviz import naming
        from snnviz.revisions import REVISIONS, Revision

        tasks = [change(Design(), {"init": "glorot", "seed": seed}) for seed in range(3)]
        store = Store(place)
        half(store, tasks[0])
        store.submit(tasks[1])
        done(store, change(Design(), {"init": "kaiming"}))
        with monkeypatch.context() as patch:
            mended = Revision("2027-01-01", "initialisation", ("glorot",), "a factor of 2; before, of 1")
            patch.setattr(naming, "REVISIONS", (*REVISIONS, mended))
            naming.digest.cache_clear()
            assert store.get(change(Design(), {"init": "kaiming"}).digest).current
            begun, waiting = store.claim("me"), store.claim("me")
            assert begun is not None
            assert waiting is not None
            note = "It had begun before 2027-01-01, since when a factor of 2 (before, of 1): it began anew."
            assert [store.get(claim.run).note for claim in (begun, waiting)] == [note, None]
            assert [store.get(claim.task.digest).run for claim in (begun, waiting)] == [begun.run, waiting.run]
        naming.digest.cache_clear()


def _die(*_: object, **__: object) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(number: int, function: Callable[..., Any]) -> Callable[..., Any]:
    left = [number]

    def counted(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            _die()
        return function(*arguments, **named)

    return counted


def _open_and_die(place: Path, step: str) -> None:
    where, _, count = step.partition(" ")
    if where == "copying":
        sqlite3.connect = _after(2, sqlite3.connect)  # type: ignore[misc]
    elif where == "before-copying":
        migrating._keep = _die  # type: ignore[assignment]
    elif where == "copied":
        migrating.os.replace = _die  # type: ignore[assignment]
    elif where == "named":
        migrating._give_keys = _die  # type: ignore[assignment]
    elif where == "writing":
        migrating.BATCH, migrating._write = 1, _after(int(count), migrating._write)
    else:
        migrating.time.time = _die  # type: ignore[assignment]  # all is written, and not committed
    Store(place)


class TestKilled:
    STEPS = ("before-copying", "copying", "copied", "named", "writing 0", "writing 2", "written")

    @pytest.mark.parametrize("step", STEPS)
    def test_a_migration_that_is_killed_has_changed_nothing_and_is_taken_up_again(
        self, place: Path, tiny: MakeDesign, step: str
    ) -> None:
        store = Store(place)
        done(store, tiny(0))
        half(store, tiny(1))
        done(store, measured())
        store.close()
        names = older(place)
        with closing(sqlite3.connect(place)) as connection:
            before = list(connection.iterdump())
        process = multiprocessing.get_context("fork").Process(target=_open_and_die, args=(place, step))
        process.start()
        process.join(30)
        assert process.exitcode == -signal.SIGKILL
        with closing(sqlite3.connect(place)) as connection:
            assert connection.execute("SELECT version FROM snnviz_store").fetchone() == (1,)
            assert list(connection.iterdump()) == before
        store = Store(place)
        assert [store.get(task.digest).run for task in (tiny(0), tiny(1))] == [
            names[task.digest] for task in (tiny(0), tiny(1))
        ]
        assert not store.get(names[measured().digest]).current
        with closing(sqlite3.connect(place.with_name("runs.version-1.sqlite"))) as connection:
            assert list(connection.iterdump()) == before
        assert not list(place.parent.glob(".runs.version-1*"))
        for path in place.parent.glob(".runs*"):
            os.utime(path, (0, 0))  # a day later
        store.sweep(lambda _: True)
        left = [path.name for path in place.parent.glob(".runs*")]
        assert left == []

    def test_of_several_who_open_it_at_once_one_migrates(self, place: Path, tiny: MakeDesign) -> None:
        store = Store(place)
        for seed in range(30):
            done(store, tiny(seed))
        store.close()
        names = older(place)
        with closing(sqlite3.connect(place)) as connection:
            before = list(connection.iterdump())
        context = multiprocessing.get_context("fork")
        several = [context.Process(target=Store, args=(place,)) for _ in range(6)]
        for process in several:
            process.start()
        for process in several:
            process.join(60)
        assert [process.exitcode for process in several] == [0] * 6
        with closing(sqlite3.connect(place.with_name("runs.version-1.sqlite"))) as connection:
            assert list(connection.iterdump()) == before
        assert Store(place).get(tiny(7).digest).run == names[tiny(7).digest]


class TestTrouble:
    def test_without_room_for_the_copy_it_is_left_as_it_is(
        self, place: Path, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = Store(place)
        done(store, tiny())
        store.close()
        older(place)
        before = place.read_bytes()
        usage = shutil._ntuple_diskusage(10**9, 10**9, 1000)  # type: ignore[attr-defined]
        monkeypatch.setattr(migrating.shutil, "disk_usage", lambda _: usage)
        with pytest.raises(StoreError, match="no room to keep a copy of it before it is brought up to date: free 0 MB"):
            Store(place)
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert place.read_bytes() == before

    def test_a_supervisor_of_an_older_snnviz_is_dismissed(self, place: Path, tiny: MakeDesign) -> None:
        """It would fail what is submitted now, as it cannot read it."""
        store = Store(place)
        done(store, tiny())
        store.close()
        older(place)
        handle = lock.take(store.lock)
        assert handle is not None
        assert lock.is_at(handle, store.lock)
        Store(place).close()
        assert not lock.is_at(handle, store.lock)  # which it looks at twice a second
        os.close(handle)
        handle = lock.take(store.lock)  # one of today is left alone
        assert handle is not None
        Store(place).close()
        assert lock.is_at(handle, store.lock)
        os.close(handle)

    def test_one_of_a_newer_snnviz_is_refused(self, place: Path) -> None:
        Store(place).close()
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("UPDATE snnviz_store SET version = 3")
            connection.commit()
        with pytest.raises(StoreError, match=r"newer snnviz \(store version 3, this one reads up to 2\)"):
            Store(place)
