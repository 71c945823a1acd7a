"""A store on a server: its files here, its clock, its errors, and a server that goes away and comes back."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert

from snnviz.errors import InputError, NotFound, StoreError
from snnviz.events import Checkpoint, Progress, Sample
from snnviz.jobs import local, lock, outages
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.local import Local
from snnviz.store import Claim, SilenceTimer, Store, opening, server, tables
from tests import postgresql as servers
from tests.aged import older
from tests.conftest import MakeDesign, sample
from tests.store.before import done, half


@pytest.fixture
def url(postgresql: servers.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    with postgresql.database() as made:
        yield made


@pytest.fixture
def served(url: str) -> Iterator[Store]:
    """A store on a server, and a cache that nobody has made."""
    opened = Store(url)
    yield opened
    opened.close()


class TestFiles:
    def test_they_stay_where_they_are_when_the_address_changes(self, served: Store, tiny: MakeDesign) -> None:
        run = served.submit(tiny()).run
        served.claim("me")
        served.save_checkpoint(run, 1, Checkpoint(1, {"w": np.ones(3)}))
        other = Store(f"{served.url}&application_name=another")
        assert (other.lock, other.checkpoints) == (served.lock, served.checkpoints)
        assert other.load_checkpoint(run) is not None
        other.close()

    def test_two_databases_of_a_server_share_none(self, served: Store, postgresql: servers.Cluster) -> None:
        with postgresql.database() as url:
            other = Store(url)
            assert other.lock != served.lock
            assert other.checkpoints != served.checkpoints
            other.close()

    def test_the_folder_of_the_lock_is_made(self, served: Store) -> None:
        handle = lock.acquire(served.lock)
        assert handle is not None
        os.close(handle)

    def test_those_of_earlier_releases_are_found_once(self, url: str, tmp_path: Path, tiny: MakeDesign) -> None:
        """They were named by a hash of the address; a supervisor that holds such a lock ends when it is gone."""
        first = Store(url)
        run = first.submit(tiny()).run
        first.claim("me")
        first.save_checkpoint(run, 1, Checkpoint(1, {"w": np.ones(3)}))
        first.close()
        old = f"server-{hashlib.sha256(first.url.encode()).hexdigest()[:8]}"
        first.checkpoints.rename(tmp_path / "cache" / f"{old}-checkpoints")
        (tmp_path / "cache" / f"{old}.worker.lock").touch()
        store = Store(url)
        assert store.load_checkpoint(run) is not None
        assert not list((tmp_path / "cache").glob(f"{old}*"))
        store.save_checkpoint(run, 1, Checkpoint(2, {"w": np.ones(3)}))
        store.close()
        again = Store(url)
        found = again.load_checkpoint(run)
        assert found is not None
        assert found.epoch == 2
        again.close()


def test_one_of_an_older_release_is_brought_up_to_date(url: str, tmp_path: Path, tiny: MakeDesign) -> None:
    """As SQLite's, but that no copy is kept."""
    file = Store(tmp_path / "runs.sqlite")
    done(file, tiny(1))
    half(file, tiny(2))
    file.close()
    called = older(tmp_path / "runs.sqlite")
    first = Store(url)
    first.checkpoints.parent.mkdir(exist_ok=True)
    (tmp_path / "checkpoints").rename(first.checkpoints)
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as old, first._writing() as connection:
        old.row_factory = sqlite3.Row
        for table in tables.METADATA.sorted_tables:
            rows = [dict(row) for row in old.execute(f"SELECT * FROM {table.name}")]
            if rows and table is not tables.ABOUT:
                connection.execute(insert(table), rows)
        for column in ("runs DROP key", "runs DROP twin", "snnviz_store DROP migrated", "snnviz_store DROP kept"):
            connection.exec_driver_sql(f"ALTER TABLE {column}")
        connection.exec_driver_sql("UPDATE snnviz_store SET version = 1")
    first.close()
    store = Store(url)
    assert {run.run for run in store.runs()} == {*called.values()}
    assert store.submit(tiny(1)).cached
    assert store.submit(tiny(2)).run == called[tiny(2).digest]
    assert [len(store.rows(tiny(seed).digest, Sample)) for seed in (1, 2)] == [1, 1]
    assert store.load_checkpoint(tiny(1).digest) is not None
    (said,) = store.notices()
    assert said == "The store was brought up to date from an older snnviz, with all its runs."
    store.close()
    again = Store(url)
    assert again.get(tiny(1).digest).current
    again.close()


class TestClock:
    def test_a_machine_whose_clock_is_wrong_keeps_its_runs_and_its_place(
        self, url: str, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One's is a minute late, and another's right: nobody takes the other's run, and the first to come is first."""
        here, there = Store(url), Store(url)
        usual = time.time
        before = usual()
        with monkeypatch.context() as late:
            late.setattr(time, "time", lambda: usual() + 60)
            first = here.submit(tiny(1)).run
            claim = here.claim("here", first)
            assert claim is not None
            waits = here.submit(tiny(2)).run
            here.renew_lease(claim.run, 1)
            here.record_heartbeat("local@here#1")
        later = there.submit(tiny(3)).run
        with monkeypatch.context() as early:
            early.setattr(time, "time", lambda: usual() - 60)
            last = here.submit(tiny(4)).run
        run = there.get(first)
        (supervisor,) = there.supervisors()
        told = (run.created, run.started, run.heartbeat, supervisor.heartbeat)
        assert all(before - 5 < (said or 0) < usual() + 5 for said in told)
        assert [queued.run for queued in there.queued_runs()] == [waits, later, last]
        assert there.recover(lambda _: None) == []
        assert abs(there.clock() - usual()) < 5
        now = [0.0]
        there._silence = SilenceTimer(15, lambda: now[0])
        for _ in range(3):
            assert there.recover(lambda _: None, lease=15) == []
            now[0] += 10
            here.renew_lease(first, 1)
        assert there.recover(lambda _: None, lease=15) == []
        for _ in range(2):
            now[0] += 10
            found = there.recover(lambda _: None, lease=15)
        assert found == [first]
        here.close()
        there.close()

    def test_how_long_a_supervisor_is_silent_is_counted_by_the_server(
        self, served: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        served.record_heartbeat("local@me#1")
        monkeypatch.setattr(local.engine, "owner_name", lambda *_: "local@me#1")
        monkeypatch.setattr(Local, "supervisor_pid", lambda _: 1)
        usual = time.time
        monkeypatch.setattr(time, "time", lambda: usual() + 600)
        assert (Local(served).seconds_since_heartbeat() or 0) < 10


class TestOutage:
    @pytest.fixture
    def own(self, postgresql: servers.Cluster) -> Iterator[servers.Cluster]:
        """A server that may be stopped: others have the one of all tests."""
        assert postgresql
        with servers.cluster() as made:
            yield made

    def test_it_is_a_sentence_and_then_goes_on(
        self, own: servers.Cluster, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
        with own.database() as url:
            store = Store(url)
            run = store.submit(tiny()).run
            own.stop()
            for act in (store.counts, lambda: store.submit(tiny(1)), lambda: Store(url), store.version):
                with pytest.raises(StoreError, match="cannot be reached") as caught:
                    act()
                assert str(caught.value).startswith(f"The store {store.place} cannot be reached (")
                assert str(caught.value).endswith("; snnviz goes on when its server is there again.")
                assert str(caught.value).isprintable()
                assert server.is_away(caught.value)
            own.start()
            assert store.get(run).state == "queued"
            assert store.submit(tiny(1)).created

            def write() -> None:
                with store._writing() as connection:
                    connection.exec_driver_sql("UPDATE runs SET title = 'lost'")
                    own.stop()
                    own.start()
                    connection.exec_driver_sql("UPDATE runs SET title = 'lost as well'")

            with pytest.raises(StoreError, match="cannot be reached") as caught:
                write()
            assert server.is_away(caught.value)
            assert [found.title for found in store.runs()] == ["", ""]
            store.close()

    def test_a_run_waits_for_it_and_its_numbers_are_whole(
        self, own: servers.Cluster, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
        heard: list[object] = []

        def hear(event: object) -> None:
            heard.append(event)
            if isinstance(event, Checkpoint):
                own.stop()
                own.start()

        with own.database() as url:
            away = Store(url)
            Immediate(away, hear).submit(tiny())
            run = away.get(tiny().digest)
            assert (run.state, run.attempt, run.error) == ("done", 1, None)
            assert len([event for event in heard if isinstance(event, Checkpoint)]) == 3
            assert [row for _, row in away.rows(run.run, Sample)] == [one for one in heard if isinstance(one, Sample)]
            away.close()

    def test_one_that_waits_in_vain_is_handed_back(
        self, own: servers.Cluster, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
        monkeypatch.setattr(outages, "PATIENT_SECONDS", 0.3)
        with own.database() as url:
            store = Store(url)
            stopped = []

            def hear(event: object) -> None:
                if isinstance(event, Checkpoint) and not stopped:
                    stopped.append(own.stop())

            with pytest.raises(StoreError, match="cannot be reached"):
                Immediate(store, hear).submit(tiny())
            own.start()
            assert store.get(tiny().digest).state == "running"  # nobody could say otherwise
            Immediate(store).submit(tiny(1))
            store.recover(lambda _: True)
            Immediate(store).submit(tiny())
            assert (store.get(tiny().digest).state, store.get(tiny().digest).attempt) == ("done", 2)
            store.close()


class TestErrors:
    @pytest.mark.parametrize(
        ("state", "sentence"),
        [
            ("53100", "The disk is full: the store {} cannot grow. Free some space on its server; "),
            ("25006", "The store {} is read-only: its server takes no writes."),
            ("42501", "The store {} may not be used: "),
            ("53300", "The store {} cannot be reached: its server has no connection left"),
        ],
    )
    def test_each_is_a_sentence(self, served: Store, state: str, sentence: str) -> None:
        raised = f"DO $$ BEGIN RAISE EXCEPTION 'words of a server' USING ERRCODE = '{state}'; END $$"
        with pytest.raises(StoreError) as caught, served._writing() as connection:
            connection.exec_driver_sql(raised)
        assert str(caught.value).startswith(sentence.format(served.place))
        assert opening.is_disk_full(caught.value) == (state == "53100")
        assert not server.is_away(caught.value)

    def test_a_password_is_in_no_sentence(self, served: Store) -> None:
        for address in ("postgresql+psycopg://me:secret@127.0.0.1:1/none", served.url.replace("snnviz@", "me:secret@")):
            with pytest.raises(StoreError, match="cannot be reached") as caught:
                Store(address)
            assert "secret" not in str(caught.value)
            assert "\n" not in str(caught.value)


class TestNul:
    """PostgreSQL keeps none in a text, and SQLite does: what is said of it must be the same."""

    def test_in_what_people_say_it_is_refused_or_a_space(self, store: Store, claim: Claim) -> None:
        with pytest.raises(InputError, match=r"^title must have no NUL, which no database keeps, got 'a\\x00b'$"):
            store.rename(claim.run, "a\0b")
        with pytest.raises(InputError, match="tag must be one word"):
            store.tag(claim.run, ["a\0b"])
        store.annotate(claim.run, "a\0b")
        found = store.get(claim.run)
        assert (found.title, found.tags, found.notes) == ("", (), "a b")

    def test_in_what_programs_say_it_is_replaced(self, store: Store, claim: Claim) -> None:
        store.append_rows(claim.run, 1, [sample(1)], Progress(1, 2, "at\0it"))
        store.add_note(claim.run, 1, "it\0is")
        store.finish(claim.run, 1, "failed", "an\0error", "Trace\0back")
        run = store.get(claim.run)
        assert (run.doing, run.note, run.error, run.traceback) == ("at�it", "it�is", "an�error", "Trace�back")
        assert store.rows(claim.run, Sample)[0][1] == sample(1)

    def test_a_name_with_one_is_of_no_run(self, store: Store, claim: Claim) -> None:
        for name in (f"{claim.run}\0", "\0"):
            assert store.get_many([name]) == {}
            assert store.rows(name, Sample) == []
            store.cancel(name)
            with pytest.raises(NotFound):
                store.rename(name, "x")
            with pytest.raises(NotFound):
                store.delete(name)
        assert not store.get(claim.run).cancel_requested
