"""The supervisor alone, with processes and a clock of the test: what it kills, fails, and lets wait."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import Future
from contextlib import closing, suppress

import pytest

from snnviz.errors import StoreError
from snnviz.jobs import engine, lock, machine, supervisor
from snnviz.jobs.children import RunProcess
from snnviz.jobs.supervisor import MAX_OVERTAKES, Supervisor
from snnviz.store import LEASE_SECONDS, MAX_DEATHS, Claim, SilenceTimer, Store, Task, opening
from tests.conftest import MakeDesign

WHILE = LEASE_SECONDS / 1.5
"""Seconds: five times this, and not four, are three leases."""


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
        self.made: list[RunProcess] = []

    def child(self, _: str, claim: Claim) -> RunProcess:
        start: Future[int | None] = Future()
        if self.failure is not None:
            start.set_exception(self.failure)
        else:
            start.set_result(None)
        self.made.append(RunProcess(claim, Process(), start))  # type: ignore[arg-type]
        return self.made[-1]

    def is_hanging(self) -> bool:
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
    handle = lock.acquire(store.lock)
    assert handle is not None
    made = Supervisor(store, handle, 2, 600)
    made._silence = SilenceTimer(LEASE_SECONDS, clock)
    made.forkserver = Forkserver()  # type: ignore[assignment]
    monkeypatch.setattr(machine, "free_bytes", lambda: 10**12)
    return made


class TestSupervisor:
    @pytest.mark.databases
    def test_a_child_that_says_nothing_for_three_leases_is_killed_and_dies_by_its_own(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign
    ) -> None:
        run = store.submit(tiny()).run
        chief._round()
        (child,) = chief.children
        for _ in range(5):
            clock.now += WHILE
            store.renew_lease(run, 1)
            chief._round()
        clock.now += 10_000  # the supervisor was stopped, or the machine slept
        for _ in range(5):
            chief._round()
            clock.now += WHILE
        assert child.process.told == []  # type: ignore[attr-defined]
        chief._round()
        clock.now += 0.1
        chief._round()
        assert child.process.told == ["terminate", "kill"]  # type: ignore[attr-defined]
        chief._round()
        assert store.get(run).attempt == 2
        assert f"it was silent for {3 * LEASE_SECONDS:.0f} s" in (store.get(run).traceback or "")
        for attempt in range(2, MAX_DEATHS + 1):
            store.record_death(run, attempt, "again")
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
        monkeypatch.setattr(RunProcess, "is_stopped", property(lambda child: child is first))
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(7):
                with suppress(StoreError):
                    chief._round()
                clock.now += WHILE
        assert first.process.told == ["terminate", "kill"]  # type: ignore[attr-defined]
        assert second.process.told == []  # type: ignore[attr-defined]
        store.renew_lease(runs[1], 1)
        chief._round()
        assert second.process.told == []  # type: ignore[attr-defined]
        assert {run.attempt for run in store.runs()} == {1, 2}

    @pytest.mark.databases
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

    @pytest.mark.databases
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
        monkeypatch.setattr(engine, "required_memory", lambda task: task.seed % 100 * 10**9)
        monkeypatch.setattr(supervisor, "required_memory", lambda task: task.seed % 100 * 10**9)
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
        assert passed == MAX_OVERTAKES if by == "number" else 2 <= passed <= 6
        self.finish(store, chief, tiny(6))
        clock.now += 2
        chief._round()
        assert tiny(7).digest in [child.claim.run for child in chief.children]

    @pytest.mark.usefixtures("need")
    def test_it_is_remembered_while_one_before_it_starts(
        self, store: Store, chief: Supervisor, clock: Clock, tiny: MakeDesign
    ) -> None:
        first, before, waits = tiny(6), tiny(7), tiny(8)
        for design in (first, before, waits, tiny(1)):
            store.submit(design)
        chief._round()
        assert [child.claim.design.seed for child in chief.children] == [6, 1]
        self.finish(store, chief, tiny(1))
        self.finish(store, chief, first)
        clock.now += 2
        chief._round()
        assert [child.claim.design.seed for child in chief.children] == [7]
        passed = chief._passed[waits.digest]
        assert (passed.runs, passed.since) == (1, 1000.0)
