"""What the docstring of `Store` promises of runs and their rows, on a file."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from snnviz.design.design import Design
from snnviz.design.measurement import Measurement
from snnviz.errors import InputError, NotFound, StoreError
from snnviz.events import Checkpoint, EpochEnd, LayerState, Progress, Sample
from snnviz.store import Claim, Store, Task
from snnviz.studies.cells.scoring import CellSearch, Scoring
from snnviz.studies.shortcuts.study import STARTS, GradientSurvey
from snnviz.studies.skips.search import Search
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits
from snnviz.studies.ttfs.trajectories import USUAL, Trajectories
from snnviz.tasks import KINDS
from tests.conftest import MakeDesign, sample


class TestSubmitting:
    def test_a_design_twice_is_one_run(self, store: Store, tiny: MakeDesign) -> None:
        first, second = store.submit(tiny()), store.submit(tiny())
        assert (first.run, first.created, first.cached) == (tiny().digest, True, False)
        assert (second.run, second.created, second.cached) == (tiny().digest, False, False)
        assert [run.design for run in store.runs()] == [tiny()]

    def test_a_done_run_is_cached_and_stays_as_it_is(self, store: Store, claim: Claim, tiny: MakeDesign) -> None:
        store.finish(claim.run, claim.attempt, "done")
        before = store.get(claim.run)
        assert store.submit(tiny()).cached
        assert store.get(claim.run) == before

    def test_a_running_run_stays_as_it_is(self, store: Store, claim: Claim, tiny: MakeDesign) -> None:
        before = store.version(claim.run)
        assert not store.submit(tiny()).created
        assert store.version(claim.run) == before

    @pytest.mark.parametrize("state", ["failed", "cancelled"])
    def test_a_failed_or_cancelled_run_is_queued_again_with_what_it_has(
        self, store: Store, claim: Claim, tiny: MakeDesign, state: str
    ) -> None:
        store.append_rows(claim.run, 1, [sample(1)], Progress(1, 10), seconds=2.5)
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(3)}))
        store.finish(claim.run, 1, state, "why", "where")  # type: ignore[arg-type]
        assert (store.get(claim.run).error, store.get(claim.run).traceback) == ("why", "where")
        assert not store.submit(tiny()).created
        run = store.get(claim.run)
        assert (run.state, run.error, run.traceback, run.finished, run.seconds) == ("queued", None, None, None, 2.5)
        assert len(store.rows(claim.run, Sample)) == 1
        assert store.load_checkpoint(claim.run) is not None


class TestClaiming:
    def test_takes_the_oldest_and_counts_attempts(self, store: Store, tiny: MakeDesign) -> None:
        for seed in (3, 1, 2):
            store.submit(tiny(seed))
        claims = [store.claim("me") for _ in range(4)]
        assert [claim and claim.design.seed for claim in claims] == [3, 1, 2, None]
        assert {held.run for held in store.running_claims("me")} == {tiny(seed).digest for seed in (3, 1, 2)}
        assert store.counts() == {"queued": 0, "running": 3, "done": 0, "failed": 0, "cancelled": 0}

    def test_takes_a_certain_run(self, store: Store, tiny: MakeDesign) -> None:
        store.submit(tiny(1))
        store.submit(tiny(2))
        next_ = store.next_queued()
        assert next_ is not None
        assert next_.design.seed == 1
        claim = store.claim("me", tiny(2).digest)
        assert claim == Claim(tiny(2).digest, 1, tiny(2))
        assert store.claim("me", tiny(2).digest) is None

    def test_a_run_handed_back_is_claimed_again(self, store: Store, claim: Claim) -> None:
        store.finish(claim.run, 1, "queued")
        again = store.claim("you")
        assert again is not None
        assert again.attempt == 2


class TestWriting:
    def test_rows_are_read_from_where_the_reader_was(self, store: Store, claim: Claim) -> None:
        layer = LayerState(0, 0.0, 1, "layer 1", None, 0.25, None, 0.75)
        epoch = EpochEnd(1, 0.5, 0.4, 1.5, 1.75, 0.1, 1e-3)
        store.append_rows(claim.run, 1, [sample(1), layer, sample(2), epoch])
        (first, _), (second, _) = store.rows(claim.run, Sample)
        store.append_rows(claim.run, 1, [sample(3, 1 / 3)])
        assert store.rows(claim.run, Sample, since=second) == [(second + 1, sample(3, 1 / 3))]
        assert [row for _, row in store.rows(claim.run, Sample, since=first)] == [sample(2), sample(3, 1 / 3)]
        assert [row for _, row in store.rows(claim.run, LayerState)] == [layer]
        assert [row for _, row in store.rows(claim.run, EpochEnd)] == [epoch]

    def test_what_is_computed_again_changes_nothing(self, store: Store, claim: Claim) -> None:
        store.append_rows(claim.run, 1, [sample(1), sample(2)])
        before = store.rows(claim.run, Sample)
        store.append_rows(claim.run, 1, [sample(1, loss=9), sample(2, loss=9)])
        assert store.rows(claim.run, Sample) == before

    def test_numbers_of_numpy_and_those_that_are_not_finite_come_back(self, store: Store, claim: Claim) -> None:
        store.append_rows(claim.run, 1, [Sample(np.int64(1), np.float32(0.5), math.nan, np.float64(0.1))])  # type: ignore[arg-type]
        store.append_rows(claim.run, 1, [sample(2, math.inf)])
        (_, first), (_, second) = store.rows(claim.run, Sample)
        assert (first.step, first.epoch, first.accuracy) == (1, 0.5, 0.1)
        assert math.isnan(first.loss)
        assert second.loss == math.inf

    def test_progress_and_time_add_up(self, store: Store, claim: Claim) -> None:
        store.append_rows(claim.run, 1, (), Progress(3, 10), eta_seconds=7.0, seconds=1.5)
        store.append_rows(claim.run, 1, [sample(4)], seconds=0.5)
        run = store.get(claim.run)
        assert (run.step, run.steps, run.eta_seconds, run.seconds) == (3, 10, 7.0, 2.0)
        store.finish(claim.run, 1, "done")
        run = store.get(claim.run)
        assert (run.state, run.eta_seconds, run.ended) == ("done", None, True)
        assert run.started == pytest.approx(time.time(), abs=60)

    def test_the_version_changes_with_what_is_shown_and_not_with_a_heartbeat(self, store: Store, claim: Claim) -> None:
        seen = {store.version(claim.run)}
        everything = store.version()
        store.renew_lease(claim.run, 1)
        assert store.version(claim.run) in seen
        assert store.version() == everything
        store.append_rows(claim.run, 1, [sample(1)])
        seen.add(store.version(claim.run))
        store.append_rows(claim.run, 1, (), Progress(1, 2))
        seen.add(store.version(claim.run))
        store.rename(claim.run, "a title")
        seen.add(store.version(claim.run))
        store.cancel(claim.run)
        seen.add(store.version(claim.run))
        store.finish(claim.run, 1, "cancelled")
        seen.add(store.version(claim.run))
        store.delete(claim.run)
        seen.add(store.version(claim.run))
        assert len(seen) == 7
        assert store.version() != everything


class TestFinding:
    def test_by_the_start_of_its_name(self, store: Store, tiny: MakeDesign) -> None:
        runs = [store.submit(tiny(seed)).run for seed in range(20)]
        assert store.get(runs[3][:12]).run == runs[3]
        shared = next(a[0] for a in runs if sum(b[0] == a[0] for b in runs) > 1)
        with pytest.raises(NotFound, match=r"runs start so\), got '.'"):
            store.get(shared)

    @pytest.mark.parametrize("name", ["", "%", "_" * 16, "0" * 17, "ABC", "'; DROP TABLE runs; --", "\0", "é"])
    def test_what_is_not_a_name_is_not_found(self, store: Store, claim: Claim, name: str) -> None:
        with pytest.raises(NotFound, match="hexadecimal"):
            store.get(name)
        assert store.get(claim.run)

    def test_a_name_that_nothing_has_is_not_found(self, store: Store) -> None:
        for act in (store.get, store.delete, lambda run: store.rename(run, "title")):
            with pytest.raises(NotFound, match="got '0000000000000000'"):
                act("0" * 16)
        store.cancel("0" * 16)  # whatever it was, it does not run
        assert store.rows("0" * 16, Sample) == []

    def test_the_newest_first_by_state_and_number(self, store: Store, tiny: MakeDesign) -> None:
        runs = [store.submit(tiny(seed)).run for seed in range(4)]
        store.cancel(runs[1])
        assert [run.run for run in store.runs()] == runs[::-1]
        assert [run.run for run in store.runs(limit=2)] == [runs[3], runs[2]]
        assert [run.run for run in store.runs(states=("cancelled",))] == [runs[1]]

    def test_a_design_that_is_not_one_any_more_does_no_harm(self, store: Store, tiny: MakeDesign) -> None:
        old, new = (store.submit(tiny(seed)).run for seed in (1, 2))
        with store._writing() as connection:
            connection.execute(
                text("UPDATE runs SET design = :design WHERE run = :run"),
                {"design": '{"neuron":{"threshold":-7}}', "run": old},
            )
        assert [run.run for run in store.runs()] == [new]
        assert [(run.run, run.state) for run in store.unreadable()] == [(old, "queued")]
        assert "neuron.threshold must be" in store.unreadable()[0].reason
        with pytest.raises(StoreError, match="cannot be read by this snnviz"):
            store.get(old)
        next_ = store.next_queued()
        assert next_ is not None
        assert next_.run == new
        assert [(run.run, run.state) for run in store.unreadable()] == [(old, "failed")]
        store.delete(old)
        assert store.unreadable() == []


class TestTidying:
    def test_a_title_is_one_line_of_at_most_200_characters(self, store: Store, claim: Claim) -> None:
        store.rename(claim.run, "  my\n run ")
        assert store.get(claim.run).title == "my run"
        with pytest.raises(InputError, match="title must be at most 200 characters"):
            store.rename(claim.run, "x" * 201)

    def test_a_deleted_run_leaves_nothing(self, store: Store, claim: Claim, tiny: MakeDesign) -> None:
        store.append_rows(claim.run, 1, [sample(1)], Progress(1, 2), seconds=3.0)
        seen = store.rows(claim.run, Sample)[-1][0]
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(1)}))
        store.delete(claim.run)
        assert (store.runs(), store.rows(claim.run, Sample)) == ([], [])
        assert list(store.checkpoints.iterdir()) == []
        with pytest.raises(NotFound):
            store.delete(claim.run)
        store.submit(tiny())
        run = store.get(claim.run)
        assert (run.state, run.step, run.seconds, run.title, run.started) == ("queued", 0, 0, "", None)
        store.claim("me")
        store.append_rows(claim.run, 2, [sample(1)])
        assert store.rows(claim.run, Sample, since=seen)  # a reader that was there before misses nothing


class TestOpening:
    def test_a_store_is_found_again(self, store: Store, claim: Claim) -> None:
        other = Store(store.url)
        assert other.get(claim.run) == store.get(claim.run)
        other.close()

    def test_the_environment_says_where(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SNNVIZ_STORE", raising=False)
        monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "a" / "cache"))
        assert Store().path == tmp_path / "a" / "cache" / "runs.sqlite"
        monkeypatch.setenv("SNNVIZ_STORE", f"sqlite:///{tmp_path}/b/my runs.sqlite")
        assert Store().path == tmp_path / "b" / "my runs.sqlite"
        monkeypatch.setenv("SNNVIZ_STORE", f"{tmp_path}/b/my #1? 50% runs.sqlite")
        assert Store().counts() == Store(Store().url).counts()
        assert Store().path == tmp_path / "b" / "my #1? 50% runs.sqlite"

    def test_two_stores_in_a_folder_do_not_share_checkpoints(self, tmp_path: Path, tiny: MakeDesign) -> None:
        one, two = Store(tmp_path / "runs.sqlite"), Store(tmp_path / "mine.sqlite")
        for opened in (one, two):
            opened.submit(tiny())
            opened.claim("me")
        one.save_checkpoint(tiny().digest, 1, Checkpoint(1, {"w": np.ones(1)}))
        assert two.load_checkpoint(tiny().digest) is None
        assert one.lock != two.lock

    def test_a_column_that_came_with_a_later_release_is_added(self, store: Store, claim: Claim) -> None:
        store.append_rows(claim.run, 1, [sample(1)])
        with store._writing() as connection:
            connection.execute(text("ALTER TABLE samples DROP COLUMN accuracy"))
            connection.execute(text("ALTER TABLE samples DROP COLUMN crc"))  # which stands for the others
            connection.execute(text("ALTER TABLE runs DROP COLUMN note"))
            connection.execute(text("DROP TABLE epochs"))
        newer = Store(store.url)
        newer.append_rows(claim.run, 1, [sample(2), EpochEnd(1, 0.5, 0.5, 1, 1, 0.1, 0.1)])
        (_, old), (_, new) = newer.rows(claim.run, Sample)
        assert math.isnan(old.accuracy)
        assert new == sample(2)
        assert newer.get(claim.run).note is None
        newer.close()

    def test_it_takes_along_neither_torch_nor_pandas_nor_streamlit(self) -> None:
        heavy = "{'torch', 'pandas', 'streamlit', 'scipy', 'sklearn'}"
        script = f"import sys, snnviz.store, snnviz.jobs.local; assert not {heavy} & set(sys.modules)"
        subprocess.run([sys.executable, "-c", script], check=True)

    def test_every_kind_of_row_has_a_table(self, store: Store) -> None:
        for event in KINDS.row_types:
            assert store.rows("0" * 16, event) == []
        assert Design().digest not in [run.run for run in store.runs()]


TASKS: list[Task] = [
    Design(),
    Search(design=Design.check({"network": {"kind": "block"}})),
    Scoring(),
    CellSearch(),
    GradientSurvey(design=STARTS["deep mlp"], depths=(2, 4)),
    Trajectories(design=USUAL),
    FineTuning(design=default_design(), limits=HardwareLimits(weight_bits=4)),
    Measurement(design=Design()),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
class TestKindsOfTasks:
    def test_each_is_claimed_as_it_was_submitted_and_listed_among_its_own(self, store: Store, task: Task) -> None:
        for one in TASKS:
            store.submit(one)
        assert [run.task for run in store.runs(of=type(task))] == [task]
        assert {run.run for run in store.runs(of=None)} == {one.digest for one in TASKS}
        claim = store.claim("me", task.digest)
        assert claim == Claim(task.digest, 1, task)
        store.rename(task.digest, "mine")
        assert (store.get(task.digest).title, store.get(task.digest).task) == ("mine", task)
        store.record_death(task.digest, 1, "it fell")
        assert store.get(task.digest).state == "queued"
        store.cancel(task.digest)
        assert store.get(task.digest).state == "cancelled"
        store.delete(task.digest)
        assert store.runs(of=type(task)) == []

    def test_what_it_does_not_accept_any_more_is_unreadable(self, store: Store, task: Task) -> None:
        store.submit(task)
        with store._writing() as connection:
            connection.exec_driver_sql("""update runs set design = '{"nothing": 1}'""")
        assert store.runs(of=None) == []
        (shown,) = store.unreadable()
        assert "nothing" in shown.reason
        assert store.claim("me") is None
        store.delete(shown.run)
        assert store.unreadable() == []
