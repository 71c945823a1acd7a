"""Processes that are killed at the worst moment: the final numbers are those of an undisturbed run."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event

from snnviz.design.design import Design
from snnviz.events import Checkpoint, LayerState, Row, Sample
from snnviz.jobs import lock
from snnviz.jobs.immediate import Immediate
from snnviz.store import MAX_DEATHS, Claim, Store
from snnviz.tasks import KINDS
from tests.conftest import MakeDesign
from tests.jobs.undisturbed import undisturbed
from tests.waiting import Background, ended, until

STEPS_PER_EPOCH = 500  # of the design `long`

MakeBackground = Callable[..., Background]


def stored(store: Store, design: Design) -> dict[type[Row], list[Row]]:
    return {kind: [row for _, row in store.rows(design.digest, kind)] for kind in KINDS.row_types}


def until_mid_epoch(store: Store, run: str, after: int = 1) -> int:
    """Wait until the run is in the middle of an epoch, `after` epochs or more after its start; the step it is at."""

    def look() -> int | None:
        found = store.get(run)
        assert not found.ended, "the run was over before it was seen in the middle of an epoch"
        middle = 20 < found.step % STEPS_PER_EPOCH < STEPS_PER_EPOCH - 50
        return found.step if found.step > after * STEPS_PER_EPOCH and middle else None

    return until(look)


def until_attempt(store: Store, run: str, attempt: int) -> None:
    until(lambda: store.get(run).attempt == attempt)


@pytest.fixture
def engine(store: Store, background: MakeBackground) -> Background:
    """A local engine of the test's own: all train the same design, whose undisturbed numbers are computed once."""
    return background(store)


class TestRunKilled:
    @pytest.mark.databases
    def test_it_resumes_from_its_checkpoint(self, engine: Background, long: MakeDesign) -> None:
        store, design = engine.store, long()
        run = engine.submit(design).run
        until_mid_epoch(store, run)
        (child,) = engine.run_processes()
        os.kill(child, signal.SIGKILL)
        until_attempt(store, run, 2)
        checkpoint = store.load_checkpoint(run)
        assert checkpoint is not None
        first = until(lambda: [s for s in [store.get(run).step] if s != store.get(run).steps and s % STEPS_PER_EPOCH])
        assert first[0] > checkpoint.epoch * STEPS_PER_EPOCH >= STEPS_PER_EPOCH
        done = ended(store, run)
        assert (done.state, done.attempt, done.error) == ("done", 2, None)
        assert stored(store, design) == undisturbed(design)

    def test_it_begins_anew_where_the_checkpoint_is_damaged(self, engine: Background, long: MakeDesign) -> None:
        store, design = engine.store, long()
        run = engine.submit(design).run
        until_mid_epoch(store, run)
        (child,) = engine.run_processes()
        os.kill(child, signal.SIGSTOP)  # so that no other checkpoint is written
        (store.lock.parent / "checkpoints" / f"{run}.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}nonsense")
        os.kill(child, signal.SIGKILL)
        done = ended(store, run)
        assert done.state == "done"
        assert "training began anew" in (done.note or "")
        assert stored(store, design) == undisturbed(design)

    def test_it_is_failed_when_it_dies_again_and_again(self, engine: Background, long: MakeDesign) -> None:
        store = engine.store
        run = engine.submit(long(epochs=100)).run
        for attempt in range(1, MAX_DEATHS + 1):
            until_attempt(store, run, attempt)
            (child,) = until(engine.run_processes)
            os.kill(child, signal.SIGKILL)
        failed = ended(store, run)
        assert (failed.state, failed.attempt) == ("failed", MAX_DEATHS)
        assert failed.error is not None
        assert failed.error.startswith("The run's process died 3 times, the last time because it was killed by SIGKILL")
        assert (failed.traceback or "").count("SIGKILL") == MAX_DEATHS
        assert not engine.run_processes()

    def test_a_run_that_hangs_is_cancelled_all_the_same(self, engine: Background, long: MakeDesign) -> None:
        store = engine.store
        run = engine.submit(long(epochs=100)).run
        until(lambda: store.rows(run, Sample))
        (child,) = engine.run_processes()
        os.kill(child, signal.SIGSTOP)
        engine.cancel(run)
        assert ended(store, run).state == "cancelled"
        until(lambda: not engine.run_processes())


class TestForkserverKilled:
    def test_the_run_is_taken_up_again(self, engine: Background, long: MakeDesign) -> None:
        store, design = engine.store, long()
        run = engine.submit(design).run
        until_mid_epoch(store, run)
        for pid in engine.forkservers():
            os.kill(pid, signal.SIGKILL)
        assert ended(store, run).state == "done"
        assert store.get(run).attempt == 2
        assert stored(store, design) == undisturbed(design)


class TestSupervisorKilled:
    @pytest.mark.databases
    def test_its_runs_end_and_the_next_one_takes_them_up(
        self, store: Store, background: MakeBackground, long: MakeDesign
    ) -> None:
        engine, design = background(store), long()
        run = engine.submit(design).run
        until_mid_epoch(store, run)
        first = engine.supervisor_pid()
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: not engine.processes())  # nobody trains on unseen
        assert store.get(run).state == "running"  # nobody is there to say otherwise
        engine.ensure_worker()
        assert engine.supervisor_pid() not in (None, first)
        assert ended(store, run).state == "done"
        assert store.get(run).attempt == 2
        assert stored(store, design) == undisturbed(design)

    def test_a_fresh_process_finds_the_run_and_finishes_it(
        self, store: Store, background: MakeBackground, long: MakeDesign
    ) -> None:
        """As when the computer went down: nothing is left but the files."""
        engine, design = background(store), long()
        run = engine.submit(design).run
        until_mid_epoch(store, run)
        for process in engine.processes():
            os.kill(process.pid, signal.SIGKILL)
        until(lambda: not engine.processes())
        script = """
            import sys, time
            from snnviz.jobs.local import Local
            from snnviz.store import Store
            engine = Local(Store(sys.argv[1]))
            (run,) = engine.store.runs(states=("running",))
            engine.ensure_worker()
            while not engine.store.get(run.run).ended:
                time.sleep(0.05)
            engine.stop()
            print(run.run, engine.store.get(run.run).state)
        """
        said = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), store.url], check=True, capture_output=True, text=True
        )
        assert said.stdout.split() == [run, "done"]
        assert stored(store, design) == undisturbed(design)

    def test_the_command_line_can_finish_it_too(
        self, store: Store, background: MakeBackground, long: MakeDesign
    ) -> None:
        engine, design = background(store), long()
        run = engine.submit(design).run
        until_mid_epoch(store, run)
        supervisor = engine.supervisor_pid()
        assert supervisor is not None
        os.kill(supervisor, signal.SIGKILL)
        Immediate(store).submit(design)
        assert store.get(run).state == "done"
        assert stored(store, design) == undisturbed(design)


class TestSupervisorTold:
    def test_it_hands_its_runs_back_without_counting_a_death(
        self, store: Store, background: MakeBackground, long: MakeDesign
    ) -> None:
        engine, design = background(store), long()
        run = engine.submit(design).run
        until_mid_epoch(store, run)
        engine.stop()
        handed = store.get(run)
        assert (handed.state, handed.attempt, handed.traceback) == ("queued", 1, None)
        until(lambda: not engine.processes())
        engine.ensure_worker()
        assert ended(store, run).state == "done"
        assert stored(store, design) == undisturbed(design)

    def test_it_leaves_when_there_is_nothing_to_do_and_comes_back(
        self, store: Store, background: MakeBackground, tiny: MakeDesign
    ) -> None:
        engine = background(store, idle=0.3)
        for seed in (1, 2):
            assert ended(store, engine.submit(tiny(seed)).run).state == "done"
            until(lambda: engine.supervisor_pid() is None)
        until(lambda: not engine.processes())
        engine.ensure_worker()  # there is nothing to do
        assert engine.supervisor_pid() is None

    def test_it_leaves_when_its_store_is_removed(
        self, store: Store, background: MakeBackground, long: MakeDesign, tmp_path: Path
    ) -> None:
        engine = background(store)
        run = engine.submit(long(epochs=100)).run
        until(lambda: store.rows(run, Sample))
        store.close()
        for path in tmp_path.glob("runs*"):
            path.unlink()
        until(lambda: not engine.processes())


class TestOneSupervisor:
    @pytest.mark.databases
    def test_many_who_start_it_at_once_start_one_and_another_one_leaves_again(
        self, store: Store, background: MakeBackground
    ) -> None:
        engine = background(store)
        script = """
            import sys
            from snnviz.jobs.local import Local
            from snnviz.store import Store
            engine = Local(Store(sys.argv[1]))
            sys.stdin.readline()
            engine.start()
            print(engine.supervisor_pid())
        """
        command = [sys.executable, "-c", textwrap.dedent(script), store.url]
        crowd = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        time.sleep(1.0)
        for process in crowd:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = {process.communicate(timeout=60)[0].strip() for process in crowd}
        engine.start()
        assert said == {str(engine.supervisor_pid())}
        by_hand = subprocess.run(
            [sys.executable, "-m", "snnviz.jobs", "--store", store.url], capture_output=True, text=True
        )
        assert by_hand.returncode == 0
        assert by_hand.stderr == f"Another supervisor looks after {store.place}.\n"

    def test_the_lock_goes_with_the_process_that_holds_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a lock"
        handle = lock.acquire(path)
        assert handle is not None
        assert lock.acquire(path) is None
        lock.write_pid(handle, 123456)
        assert lock.holder_pid(path) == 123456
        os.close(handle)
        assert lock.holder_pid(path) is None


class TestWaitingForMemory:
    @pytest.fixture
    def supervisor(self, store: Store, tmp_path: Path):  # type: ignore[no-untyped-def]
        """A supervisor that takes the number in a file for the free memory."""
        script = """
            import sys
            from pathlib import Path
            from snnviz.jobs import machine, supervisor
            place = sys.argv.pop(1)
            machine.free_bytes = lambda: int(Path(place).read_text())
            supervisor.main()
        """
        (tmp_path / "free").write_text("1000000000")
        command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "free"), "--store", store.url]
        process = subprocess.Popen([*command, "--children", "2"], start_new_session=True)
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    @pytest.mark.usefixtures("supervisor")
    def test_a_run_waits_while_others_fill_it_and_is_refused_where_it_never_fits(
        self, store: Store, long: MakeDesign, tmp_path: Path
    ) -> None:
        first, second = (store.submit(long(seed, epochs=1000)).run for seed in (1, 2))
        until(lambda: store.get(first).state == "running")
        until(lambda: store.get(second).state == "running")
        store.cancel(second)
        ended(store, second)
        (tmp_path / "free").write_text("1000")
        store.submit(long(2, epochs=1000))
        time.sleep(2.0)
        assert store.get(second).state == "queued"
        (tmp_path / "free").write_text("1000000000")
        until(lambda: store.get(second).state == "running")
        (tmp_path / "free").write_text("1000")
        for run in (first, second):
            store.cancel(run)
            ended(store, run)
        third = store.submit(long(3)).run
        refused = ended(store, third)
        assert refused.state == "failed"
        assert (refused.error or "").startswith("design must fit into the 0.0 GB of memory that are free")


class TestDiskFull:
    def test_the_run_fails_with_a_sentence_and_goes_on_when_there_is_room(
        self, store: Store, tiny: MakeDesign, tmp_path: Path
    ) -> None:
        design, room = tiny(seed=4, epochs=60), [0]

        @event.listens_for(store._engine, "connect")
        def limit(connection: sqlite3.Connection, _: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {room[0]}")

        room[0] = (tmp_path / "runs.sqlite").stat().st_size // 4096
        store.close()
        Immediate(store).submit(design)
        run = store.get(design.digest)
        assert run.state == "failed"
        assert (run.error or "").startswith("The disk is full")
        assert 0 < len(store.rows(run.run, LayerState)) < len(undisturbed(design)[LayerState])
        room[0] = 10**6
        store.close()
        Immediate(store).submit(design)
        assert store.get(run.run).state == "done"
        assert stored(store, design) == undisturbed(design)


def test_a_checkpoint_that_was_being_written_is_not_mistaken_for_one(
    store: Store, claim: Claim, tmp_path: Path
) -> None:
    """Killed between the first byte and the renaming."""
    store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(1)}))
    (tmp_path / "checkpoints" / f"{claim.run}.1.tmp").write_bytes(b"half of it")
    store.record_death(claim.run, 1, "it was killed")
    checkpoint = store.load_checkpoint(claim.run)
    assert checkpoint is not None
    assert checkpoint.epoch == 1
    assert [path.suffix for path in (tmp_path / "checkpoints").iterdir()] == [".safetensors"]
