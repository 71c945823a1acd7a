"""A migration that is killed, has no room, or meets others: it has changed nothing, or all."""

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

import pytest

from snnviz.errors import StoreError
from snnviz.jobs import lock
from snnviz.store import Store, migrating
from tests.aged import older
from tests.conftest import MakeDesign
from tests.store.before import done, half, measured


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
        handle = lock.acquire(store.lock)
        assert handle is not None
        assert lock.is_same_file(handle, store.lock)
        Store(place).close()
        assert not lock.is_same_file(handle, store.lock)  # which it looks at twice a second
        os.close(handle)
        handle = lock.acquire(store.lock)  # one of today is left alone
        assert handle is not None
        Store(place).close()
        assert lock.is_same_file(handle, store.lock)
        os.close(handle)

    def test_one_of_a_newer_snnviz_is_refused(self, place: Path) -> None:
        Store(place).close()
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("UPDATE snnviz_store SET version = 3")
            connection.commit()
        with pytest.raises(StoreError, match=r"newer snnviz \(store version 3, this one reads up to 2\)"):
            Store(place)
