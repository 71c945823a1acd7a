"""Stores of version 1, in which runs were named by a digest of all fields: nothing is lost when they are opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.measurement import Measurement
from snnviz.errors import NotFound
from snnviz.events import EpochEnd, Sample
from snnviz.store import Store, renewing
from snnviz.studies.skips.search import Search
from tests.aged import digest_of_before, older
from tests.conftest import MakeDesign, sample
from tests.store.before import EPOCH, columns, done, half


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
            assert store.last_rows(EpochEnd, [called, "0" * 16]) == {called: EPOCH}
            assert store.version(called) == store.version(name)
            assert store.get_many([called, "0" * 16]) == {called: store.get(name)}
            numbered = {called: store.rows(name, EpochEnd)}
            assert store.new_rows({called: 0, "0" * 16: 0}, EpochEnd) == numbered
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
        assert store.notices() == [
            "The store was brought up to date from an older snnviz, with all its runs; "
            "as it was before it is kept beside it as runs.version-1.sqlite."
        ]
        with closing(sqlite3.connect(kept)) as connection:
            assert list(connection.iterdump()) == before
        store.close()
        assert Store(place).notices() == store.notices()  # also by whoever opens it next
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("UPDATE snnviz_store SET migrated = migrated - 100000")
            connection.commit()
        assert Store(place).notices() == []  # for a day
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
        assert Store(place).notices() == []
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
        from snnviz.design.menus import DATASETS

        entry = DATASETS["digits"]
        monkeypatch.setattr(DATASETS, "fallback", lambda kind: entry if kind == "own-0123456789ab" else None)
        mine = change(tiny(), {"data.name": "own-0123456789ab"})
        store = Store(place)
        done(store, mine)
        store.close()
        name = older(place)[mine.digest]
        monkeypatch.setattr(DATASETS, "fallback", lambda _: None)
        store = Store(place)
        assert [shown.run for shown in store.unreadable()] == [name]
        monkeypatch.setattr(DATASETS, "fallback", lambda kind: entry if kind == "own-0123456789ab" else None)
        from snnviz.store import reading

        reading.task_from_text.cache_clear()
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
        store.mark_viewed(tiny().digest)
        assert store.get(name).title == "mine"
        with store._writing() as connection:
            connection.exec_driver_sql("UPDATE runs SET checkpoint = NULL")
        store.retrain(tiny().digest)
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

    def test_of_several_that_wait_the_newest_is_found(self, place: Path) -> None:
        names = self.fill(place, ["queued", "queued", "queued"])
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("UPDATE runs SET created = created + 9 WHERE run = ?", [names[1]])
            connection.commit()
        store = Store(place)
        assert store.get(Design().digest).run == names[1]

    def test_one_that_was_running_ends_when_its_worker_is_gone(self, place: Path) -> None:
        names = self.fill(place, ["done", "queued"])
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("UPDATE runs SET state = 'running', attempt = 1, owner = 'x' WHERE run = ?", [names[1]])
            connection.commit()
        store = Store(place)
        assert store.get(names[1]).state == "running"
        store.record_death(names[1], 1, "it was killed", own=False)
        assert store.claim("me") is None
        assert store.get(names[1]).state == "cancelled"
        assert names[0] in (store.get(names[1]).note or "")
