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
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from snnviz.errors import StoreError
from snnviz.events import ROWS
from snnviz.jobs import engine, local, lock, machine, supervisor
from snnviz.jobs.children import Child
from snnviz.jobs.local import Local
from snnviz.jobs.supervisor import PASSED_RUNS, Supervisor
from snnviz.store import MAX_DEATHS, Claim, Silence, Store, Task, opening
from tests.conftest import MakeDesign
from tests.jobs.undisturbed import undisturbed
from tests.waiting import Background, ended, until

LEASE = 2.0
"""Seconds, in place of 15; three of them are a hang."""


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
    assert {kind: [row for _, row in store.rows(run, kind)] for kind in ROWS} == undisturbed(design)


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
    first = hasty.supervisor()
    assert first is not None
    old = [process.pid for process in hasty.processes()]
    os.kill(first, signal.SIGSTOP)

    def replaced() -> bool:
        hasty.start()  # as a dashboard does; its run may have ended meanwhile
        time.sleep(0.1)
        return hasty.supervisor() not in (None, first)

    until(replaced)
    until(lambda: not any(process.pid in old for process in hasty.processes()))
    assert ended(store, run).state == "done"
    assert {kind: [row for _, row in store.rows(run, kind)] for kind in ROWS} == undisturbed(design)


class TestReplacing:
    @pytest.fixture
    def holder(self, store: Store) -> Iterator[subprocess.Popen[str]]:
        """A supervisor that took the lock, said once that it lives, and does nothing more."""
        script = """
            import sys, time
            from snnviz.jobs import engine, lock
            from snnviz.store import Store
            store = Store(sys.argv[1])
            handle = lock.take(store.lock)
            lock.sign(handle, __import__("os").getpid())
            store.attend(engine.owner("local"))
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
        monkeypatch.setitem(local._silences, store.lock, Silence(15, lambda: now[0]))

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
            clock(10)
        store.attend(engine.owner("local", holder.pid))  # it was only slow
        for _ in range(5):
            made.start()
            clock(10)
        assert (holder.poll(), spawned) == (None, [])
        clock(100)  # nobody looked meanwhile
        for _ in range(5):
            made.start()
            clock(10)
        assert (holder.poll(), spawned) == (None, [])
        made.start()
        assert holder.wait(10) == -signal.SIGKILL
        assert len(spawned) == 1
        assert store.supervisors() == []

    def test_that_the_queue_stands_still_is_said(
        self, store: Store, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert Local(store).standstill() is None
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 31)
        said = Local(store).standstill()
        assert said is not None
        assert said.startswith("The queue stands still: its supervisor has not been heard of for 31 s")
        holder.kill()
        holder.wait()
        assert Local(store).standstill() is None  # none is there: one will be started

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

        monkeypatch.setattr(store, "leave", full)
        made = Local(store)
        for _ in range(5):
            made.start()
            clock(10)
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

        monkeypatch.setattr(store, "leave", busy)
        made = Local(store)
        for _ in range(6):
            made.start()
            clock(10)
        assert holder.wait(10) == -signal.SIGKILL
        assert len(spawned) == 1


class Process:
    """What a supervisor sees of a run's process, without one."""

    def __init__(self) -> None:
        self.exitcode: int | None = None
        self.pid = self.sentinel = 0
        self.told: list[str] = []

    def is_alive(self) -> bool:
        return self.exitcode is None

    def terminate(self) -> None:
        self.told.append("terminate")

    def kill(self) -> None:
        self.told.append("kill")
        self.exitcode = -9

    def join(self) -> None: ...

    def close(self) -> None: ...


class Forkserver:
    """Starts nothing."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.made: list[Child] = []

    def child(self, _: str, claim: Claim) -> Child:
        start: Future[None] = Future()
        if self.failure is not None:
            start.set_exception(self.failure)
        else:
            start.set_result(None)
        self.made.append(Child(claim, Process(), start))  # type: ignore[arg-type]
        return self.made[-1]

    def hangs(self) -> bool:
        return False

    def kill(self) -> None: ...


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


@pytest.fixture
def chief(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """A supervisor with a forkserver that starts nothing, on a clock that stands still."""
    handle = lock.take(store.lock)
    assert handle is not None
    made = Supervisor(store, handle, 2, 600)
    made._silence = Silence(15, clock)
    made.forkserver = Forkserver()  # type: ignore[assignment]
    monkeypatch.setattr(machine, "free_bytes", lambda: 10**12)
    return made


class TestSupervisor:
    def test_a_child_that_says_nothing_for_three_leases_is_killed_and_dies_by_its_own(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign
    ) -> None:
        run = store.submit(tiny()).run
        chief._round()
        (child,) = chief.children
        for _ in range(5):
            clock.now += 10
            store.beat(run, 1)
            chief._round()
        clock.now += 10_000  # the supervisor was stopped, or the machine slept
        for _ in range(5):
            chief._round()
            clock.now += 10
        assert child.process.told == []  # type: ignore[attr-defined]
        chief._round()
        clock.now += 0.1
        chief._round()
        assert child.process.told == ["terminate", "kill"]  # type: ignore[attr-defined]
        chief._round()
        assert store.get(run).attempt == 2
        assert "it was silent for 45 s" in (store.get(run).traceback or "")
        for attempt in range(2, MAX_DEATHS + 1):
            store.died(run, attempt, "again")
            store.claim("me")
        assert store.get(run).state == "failed"

    def test_where_nobody_can_write_only_a_child_that_stands_still_is_killed(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was stopped in the middle of a write, and all others wait for it in silence."""
        runs = [store.submit(tiny(seed)).run for seed in range(2)]
        chief._round()
        first, second = chief.children
        assert store.path is not None
        monkeypatch.setattr(opening, "BUSY_SECONDS", 0.01)
        store.close()
        monkeypatch.setattr(Child, "is_stopped", property(lambda child: child is first))
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(7):
                with suppress(StoreError):
                    chief._round()
                clock.now += 10
        assert first.process.told == ["terminate", "kill"]  # type: ignore[attr-defined]
        assert second.process.told == []  # type: ignore[attr-defined]
        store.beat(runs[1], 1)
        chief._round()
        assert second.process.told == []  # type: ignore[attr-defined]
        assert {run.attempt for run in store.runs()} == {1, 2}

    def test_a_run_whose_process_cannot_be_started_waits_and_is_failed_at_last(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign
    ) -> None:
        run = store.submit(tiny()).run
        chief.forkserver.failure = EOFError()  # type: ignore[attr-defined]
        for _ in range(2 * supervisor.FAILED_STARTS - 2):
            chief._round()
            clock.now += 2
        assert store.get(run).state in ("queued", "running")
        for _ in range(3):
            chief._round()
            clock.now += 2
        failed = store.get(run)
        assert failed.state == "failed"
        assert (failed.error or "").startswith("The run's process could not be started 10 times")

    def test_only_failures_one_after_the_other_count(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign
    ) -> None:
        """Ten in the weeks that a supervisor may live are not the fault of the run that meets the tenth."""
        for number in range(supervisor.FAILED_STARTS + 1):
            run = store.submit(tiny(number)).run
            for failure in (EOFError(), None, None):
                chief.forkserver.failure = failure  # type: ignore[attr-defined]
                chief._round()
                clock.now += 2
            (child,) = chief.children
            store.finish(run, child.claim.attempt, "done")
            child.process.exitcode = 0  # type: ignore[misc]
            chief._round()
            assert store.get(run).state == "done"

    def test_a_forkserver_that_dies_is_not_held_against_the_runs(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign
    ) -> None:
        run = store.submit(tiny()).run
        for _ in range(6):
            chief._round()
            (child,) = chief.children
            child.process.exitcode = 255  # type: ignore[misc]
            clock.now += 2
        chief._round()
        assert (store.get(run).state, store.get(run).attempt) == ("running", 7)

    def test_runs_of_one_that_had_the_same_number_are_taken_up_again(
        self, store: Store, chief: Supervisor, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As in a container that is started again."""
        run = store.submit(tiny()).run
        store.claim(chief.owner)
        monkeypatch.setattr(supervisor, "Forkserver", Forkserver)
        chief.stop()
        chief.work()
        assert store.get(run).state == "queued"
        assert store.supervisors() == []


class TestWaitingForMemory:
    @pytest.fixture
    def need(self, chief: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
        """Runs need as many gigabytes as their seed says, and 10 are free."""
        assert chief.limit == 2
        monkeypatch.setattr(engine, "needed_bytes", lambda task: task.seed % 100 * 10**9)
        monkeypatch.setattr(supervisor, "needed_bytes", lambda task: task.seed % 100 * 10**9)
        monkeypatch.setattr(machine, "free_bytes", lambda: 10 * 10**9)

    def finish(self, store: Store, chief: Supervisor, task: Task) -> None:
        for child in chief.children:
            if child.claim.run == task.digest:
                store.finish(child.claim.run, child.claim.attempt, "done")
                child.process.exitcode = 0  # type: ignore[misc]

    @pytest.mark.usefixtures("need")
    def test_a_smaller_run_passes_one_that_waits(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign
    ) -> None:
        first, large, small = tiny(6), tiny(7), tiny(2)
        for design in (first, large, small):
            store.submit(design)
        chief._round()
        assert [child.claim.design.seed for child in chief.children] == [6, 2]
        assert store.get(large.digest).state == "queued"
        self.finish(store, chief, first)
        clock.now += 2
        chief._round()
        assert [child.claim.design.seed for child in chief.children] == [2, 7]

    @pytest.mark.usefixtures("need")
    @pytest.mark.parametrize("by", ["number", "time"])
    def test_it_is_not_passed_for_ever(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign, by: str
    ) -> None:
        store.submit(tiny(6))
        chief._round()
        store.submit(tiny(7))
        smaller = [tiny(101 + 100 * number) for number in range(30)]
        for design in smaller:
            store.submit(design)
        for _ in range(20):
            chief._round()
            for design in smaller:
                self.finish(store, chief, design)
            clock.now += 2 if by == "number" else 100
        passed = sum(store.get(design.digest).state != "queued" for design in smaller)
        assert passed == PASSED_RUNS if by == "number" else 2 <= passed <= 6
        self.finish(store, chief, tiny(6))
        clock.now += 2
        chief._round()
        assert tiny(7).digest in [child.claim.run for child in chief.children]
