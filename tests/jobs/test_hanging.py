"""Processes that are alive and do nothing: they are noticed, killed, and what they were at is done."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from snnviz.errors import StoreError
from snnviz.jobs import engine, local
from snnviz.jobs.local import Local
from snnviz.store import LEASE_SECONDS, SilenceTimer, Store, tables
from snnviz.tasks import KINDS
from tests.conftest import MakeDesign
from tests.jobs.undisturbed import undisturbed
from tests.waiting import Background, ended, until

LEASE = 2.0
"""Seconds, in place of 10; three of them are a hang."""

WHILE = LEASE_SECONDS / 1.5
"""Seconds on a clock of the test: five times this, and not four, are three leases as they usually are."""


@pytest.fixture
def hasty(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Background]:
    """A local engine, and a supervisor of which both are soon out of patience."""
    monkeypatch.setenv("SNNVIZ_LEASE_SECONDS", str(LEASE))
    monkeypatch.setattr(local, "HUNG_SECONDS", 3 * LEASE)
    made = Background(store, children=1)
    yield made
    made.end()


def test_a_stopped_child_is_killed_and_its_run_goes_on(hasty: Background, store: Store, long: MakeDesign) -> None:
    design = long(epochs=2)
    run = hasty.submit(design).run
    until(lambda: store.load_checkpoint(run))
    (child,) = hasty.run_processes()
    os.kill(child, signal.SIGSTOP)
    stopped = time.monotonic()
    until(lambda: store.get(run).attempt == 2)
    assert time.monotonic() - stopped < 6 * LEASE + 20  # the machine may be busy
    assert "it was silent for 6 s" in (store.get(run).traceback or "")
    done = ended(store, run)
    assert (done.state, done.attempt) == ("done", 2)
    assert {kind: [row for _, row in store.rows(run, kind)] for kind in KINDS.row_types} == undisturbed(design)


@pytest.mark.slow
def test_a_stopped_forkserver_is_replaced(hasty: Background, store: Store, tiny: MakeDesign) -> None:
    assert ended(store, hasty.submit(tiny(1)).run).state == "done"
    for pid in hasty.forkservers():
        if "forkserver" in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGSTOP)
    done = ended(store, hasty.submit(tiny(2)).run)
    assert (done.state, done.error) == ("done", None)


@pytest.mark.slow
def test_a_stopped_supervisor_is_replaced_with_all_it_started(
    hasty: Background, store: Store, long: MakeDesign
) -> None:
    design = long(epochs=2)
    run = hasty.submit(design).run
    until(lambda: store.load_checkpoint(run))
    first = hasty.supervisor_pid()
    assert first is not None
    old = [process.pid for process in hasty.processes()]
    os.kill(first, signal.SIGSTOP)

    def replaced() -> bool:
        hasty.start()  # as a dashboard does; its run may have ended meanwhile
        time.sleep(0.1)
        return hasty.supervisor_pid() not in (None, first)

    until(replaced)
    until(lambda: not any(process.pid in old for process in hasty.processes()))
    assert ended(store, run).state == "done"
    assert {kind: [row for _, row in store.rows(run, kind)] for kind in KINDS.row_types} == undisturbed(design)


class TestReplacing:
    @pytest.fixture
    def holder(self, store: Store) -> Iterator[subprocess.Popen[str]]:
        """A supervisor that took the lock, said once that it lives, and does nothing more."""
        script = """
            import sys, time
            from snnviz.jobs import engine, lock
            from snnviz.store import Store
            store = Store(sys.argv[1])
            handle = lock.acquire(store.lock)
            lock.write_pid(handle, __import__("os").getpid())
            store.record_heartbeat(engine.owner_name("local"))
            print("there", flush=True)
            time.sleep(600)
        """
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), store.url], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield process
        process.kill()
        process.communicate()

    @pytest.fixture
    def clock(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
        now = [0.0]
        monkeypatch.setitem(local._silences, store.lock, SilenceTimer(LEASE_SECONDS, lambda: now[0]))

        def wait(seconds: float) -> None:
            now[0] += seconds

        return wait

    @pytest.fixture
    def spawned(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """What would be started."""
        found: list[int] = []

        def spawn(_: Local, handle: int) -> Any:
            found.append(handle)
            return subprocess.Popen([sys.executable, "-c", ""])

        monkeypatch.setattr(Local, "_spawn", spawn)
        return found

    def test_a_silent_supervisor_is_killed_before_another_one_is_started(
        self, store: Store, holder: subprocess.Popen[str], clock: Callable[[float], None], spawned: list[int]
    ) -> None:
        made = Local(store)
        for _ in range(4):
            made.start()
            clock(WHILE)
        store.record_heartbeat(engine.owner_name("local", holder.pid))  # it was only slow
        for _ in range(5):
            made.start()
            clock(WHILE)
        assert (holder.poll(), spawned) == (None, [])
        clock(100)  # nobody looked meanwhile
        for _ in range(5):
            made.start()
            clock(WHILE)
        assert (holder.poll(), spawned) == (None, [])
        made.start()
        assert holder.wait(10) == -signal.SIGKILL
        assert len(spawned) == 1
        assert store.supervisors() == []

    @pytest.mark.parametrize(("code", "seconds", "starts"), [(0, 0, 1), (1, 0, 0), (1, 60, 1)])
    def test_one_that_left_is_followed_at_once_and_one_that_failed_after_a_while(
        self, store: Store, spawned: list[int], code: int, seconds: float, starts: int
    ) -> None:
        last = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code})"])
        last.wait()
        local._started[store.lock] = (time.monotonic() - seconds, last)
        Local(store).start()
        assert len(spawned) == starts

    def test_a_supervisor_of_an_older_snnviz_is_relieved(
        self, store: Store, holder: subprocess.Popen[str], spawned: list[int]
    ) -> None:
        """It would fail what is submitted now; asked to leave it hands its runs back."""
        made = Local(store)
        made.start()
        assert (holder.poll(), spawned) == (None, [])
        assert [each.version for each in store.supervisors()] == [tables.VERSION]
        with store._writing() as connection:
            connection.exec_driver_sql("UPDATE supervisors SET version = NULL")
        made.start()
        assert holder.wait(10) == -signal.SIGTERM
        assert len(spawned) == 1
        assert store.supervisors() == []

    def test_that_the_queue_stands_still_is_said(
        self, store: Store, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert Local(store).stuck_message() is None
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 31)
        said = Local(store).stuck_message()
        assert said is not None
        assert said.startswith("The queue stands still: its supervisor has not been heard of for 31 s")
        holder.kill()
        holder.wait()
        assert Local(store).stuck_message() is None  # none is there: one will be started

    def test_one_that_cannot_say_so_because_nobody_can_write_is_left_alone(
        self,
        store: Store,
        holder: subprocess.Popen[str],
        clock: Callable[[float], None],
        spawned: list[int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def full(*_: object) -> None:
            raise StoreError("The disk is full.") from OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(store, "remove_supervisor", full)
        made = Local(store)
        for _ in range(5):
            made.start()
            clock(WHILE)
        with pytest.raises(StoreError):
            made.start()
        assert (holder.poll(), spawned) == (None, [])

    def test_one_that_was_stopped_in_the_middle_of_a_write_is_killed_too(
        self,
        store: Store,
        holder: subprocess.Popen[str],
        clock: Callable[[float], None],
        spawned: list[int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def busy(*_: object) -> None:
            raise StoreError("The store is in use by another program.") from sqlite3.OperationalError("locked")

        monkeypatch.setattr(store, "remove_supervisor", busy)
        made = Local(store)
        for _ in range(6):
            made.start()
            clock(WHILE)
        assert holder.wait(10) == -signal.SIGKILL
        assert len(spawned) == 1
