"""What the docstring of `Store` promises, on a file."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from snnviz.design import Design
from snnviz.errors import InputError, LeaseLost, NotFound, StoreError
from snnviz.events import ROWS, Checkpoint, EpochEnd, LayerState, Progress, Sample
from snnviz.store import MAX_DEATHS, Claim, Store
from tests.conftest import MakeDesign


def sample(step: int, loss: float = 2.0) -> Sample:
    return Sample(step, step / 10, loss, 0.5)


@pytest.fixture
def claim(store: Store, tiny: MakeDesign) -> Claim:
    """A run that somebody is at."""
    store.submit(tiny())
    taken = store.claim("me")
    assert taken is not None
    return taken


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
        store.append(claim.run, 1, [sample(1)], Progress(1, 10), seconds=2.5)
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
        assert [held.run for held in store.held("me")] == [tiny(seed).digest for seed in (3, 1, 2)]
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

    def test_a_run_of_another_revision_is_failed_with_the_reason(self, store: Store, tiny: MakeDesign) -> None:
        store.submit(tiny(1))
        with store._writing() as connection:
            connection.execute(text("UPDATE runs SET run = '0123456789abcdef'"))
        store.submit(tiny(2))
        claim = store.claim("me")
        assert claim is not None
        assert claim.design.seed == 2
        assert "another revision" in (store.get("0123456789abcdef").error or "")


class TestWriting:
    def test_rows_are_read_from_where_the_reader_was(self, store: Store, claim: Claim) -> None:
        layer = LayerState(0, 0.0, 1, "layer 1", None, 0.25, None)
        epoch = EpochEnd(1, 0.5, 0.4, 1.5, 1.75, 0.1, 1e-3)
        store.append(claim.run, 1, [sample(1), layer, sample(2), epoch])
        (first, _), (second, _) = store.rows(claim.run, Sample)
        store.append(claim.run, 1, [sample(3, 1 / 3)])
        assert store.rows(claim.run, Sample, since=second) == [(second + 1, sample(3, 1 / 3))]
        assert [row for _, row in store.rows(claim.run, Sample, since=first)] == [sample(2), sample(3, 1 / 3)]
        assert [row for _, row in store.rows(claim.run, LayerState)] == [layer]
        assert [row for _, row in store.rows(claim.run, EpochEnd)] == [epoch]

    def test_what_is_computed_again_changes_nothing(self, store: Store, claim: Claim) -> None:
        store.append(claim.run, 1, [sample(1), sample(2)])
        before = store.rows(claim.run, Sample)
        store.append(claim.run, 1, [sample(1, loss=9), sample(2, loss=9)])
        assert store.rows(claim.run, Sample) == before

    def test_numbers_of_numpy_and_those_that_are_not_finite_come_back(self, store: Store, claim: Claim) -> None:
        store.append(claim.run, 1, [Sample(np.int64(1), np.float32(0.5), math.nan, np.float64(0.1))])  # type: ignore[arg-type]
        store.append(claim.run, 1, [sample(2, math.inf)])
        (_, first), (_, second) = store.rows(claim.run, Sample)
        assert (first.step, first.epoch, first.accuracy) == (1, 0.5, 0.1)
        assert math.isnan(first.loss)
        assert second.loss == math.inf

    def test_progress_and_time_add_up(self, store: Store, claim: Claim) -> None:
        store.append(claim.run, 1, (), Progress(3, 10), eta_seconds=7.0, seconds=1.5)
        store.append(claim.run, 1, [sample(4)], seconds=0.5)
        run = store.get(claim.run)
        assert (run.step, run.steps, run.eta_seconds, run.seconds) == (3, 10, 7.0, 2.0)
        store.finish(claim.run, 1, "done")
        run = store.get(claim.run)
        assert (run.state, run.eta_seconds, run.ended) == ("done", None, True)
        assert run.started == pytest.approx(time.time(), abs=60)

    def test_the_version_changes_with_what_is_shown_and_not_with_a_heartbeat(self, store: Store, claim: Claim) -> None:
        seen = {store.version(claim.run)}
        everything = store.version()
        store.beat(claim.run, 1)
        assert store.version(claim.run) in seen
        assert store.version() == everything
        store.append(claim.run, 1, [sample(1)])
        seen.add(store.version(claim.run))
        store.append(claim.run, 1, (), Progress(1, 2))
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


def writes(store: Store, claim: Claim) -> list[str]:
    """The names of the writes that this claim may still make."""
    rights = {
        "append": lambda: store.append(claim.run, claim.attempt, [sample(99)]),
        "beat": lambda: store.beat(claim.run, claim.attempt),
        "checkpoint": lambda: store.save_checkpoint(claim.run, claim.attempt, Checkpoint(9, {"w": np.ones(1)})),
        "finish": lambda: store.finish(claim.run, claim.attempt, "done"),
    }
    allowed = []
    for name, write in rights.items():
        try:
            write()
            allowed.append(name)
        except LeaseLost:
            pass
    return allowed


class TestLeases:
    def test_an_owner_may_write(self, store: Store, claim: Claim) -> None:
        assert writes(store, claim) == ["append", "beat", "checkpoint", "finish"]

    @pytest.mark.parametrize("state", ["done", "failed", "cancelled", "queued"])
    def test_nobody_may_write_to_a_run_that_is_not_running(self, store: Store, claim: Claim, state: str) -> None:
        store.finish(claim.run, 1, state)  # type: ignore[arg-type]
        assert writes(store, claim) == []

    def test_who_lost_the_lease_may_not_write(self, store: Store, claim: Claim, tmp_path: Path) -> None:
        store.recover(lease=-1)
        second = store.claim("you")
        store.save_checkpoint(claim.run, 2, Checkpoint(1, {"w": np.zeros(1)}))
        assert writes(store, claim) == []
        assert store.rows(claim.run, Sample) == []
        kept = store.load_checkpoint(claim.run)
        assert kept is not None
        assert kept.epoch == 1
        assert [file.name for file in (tmp_path / "checkpoints").iterdir()] == [f"{claim.run}.safetensors"]
        assert second is not None
        assert writes(store, second) == ["append", "beat", "checkpoint", "finish"]

    def test_a_worker_of_a_deleted_run_may_not_write_to_its_successor(
        self, store: Store, claim: Claim, tiny: MakeDesign
    ) -> None:
        store.delete(claim.run)
        assert writes(store, claim) == []
        assert store.submit(tiny()).created
        again = store.claim("you")
        assert again is not None
        assert again.attempt == 2
        assert writes(store, claim) == []

    def test_a_live_owner_keeps_its_run_and_a_silent_one_loses_it(self, store: Store, claim: Claim) -> None:
        assert store.recover() == []
        assert store.recover(lambda _: False, lease=-1) == []
        assert store.recover(lambda _: None, lease=-1) == [claim.run]
        assert store.get(claim.run).state == "queued"

    def test_a_dead_owner_loses_its_run_at_once(self, store: Store, claim: Claim) -> None:
        assert store.recover(lambda owner: owner == "me") == [claim.run]
        assert store.get(claim.run).state == "queued"

    def test_a_run_is_failed_at_its_last_death_and_the_story_is_kept(
        self, store: Store, claim: Claim, tiny: MakeDesign
    ) -> None:
        for death in range(1, MAX_DEATHS + 1):
            store.died(claim.run, death, f"it was killed by signal {death}")
            again = store.claim("me")
            assert (again is None) == (death == MAX_DEATHS)
        run = store.get(claim.run)
        assert run.state == "failed"
        assert run.error == "The run's process died 3 times, the last time because it was killed by signal 3."
        assert [line[:9] for line in (run.traceback or "").splitlines()] == ["attempt 1", "attempt 2", "attempt 3"]
        store.submit(tiny())  # a person says: try again
        store.claim("me")
        store.died(claim.run, MAX_DEATHS + 1, "it was killed")
        assert store.get(claim.run).state == "queued"

    def test_a_late_word_of_a_death_changes_nothing(self, store: Store, claim: Claim) -> None:
        store.died(claim.run, 1, "it was killed")
        store.claim("me")
        store.died(claim.run, 1, "it was killed")
        assert store.get(claim.run).state == "running"


class TestCancelling:
    def test_a_queued_run_is_cancelled_at_once(self, store: Store, tiny: MakeDesign) -> None:
        run = store.submit(tiny()).run
        store.cancel(run)
        assert store.get(run).state == "cancelled"
        assert store.claim("me") is None

    def test_a_running_run_hears_of_it(self, store: Store, claim: Claim) -> None:
        assert store.beat(claim.run, 1)
        store.cancel(claim.run)
        assert not store.beat(claim.run, 1)
        assert not store.append(claim.run, 1, [sample(1)])
        assert store.get(claim.run).cancel_requested
        assert store.held("me")[0].cancel_requested

    @pytest.mark.parametrize("how", ["handed back", "died"])
    def test_it_is_cancelled_rather_than_queued_again(self, store: Store, claim: Claim, how: str) -> None:
        store.cancel(claim.run)
        if how == "died":
            store.died(claim.run, 1, "it was killed")
        else:
            store.finish(claim.run, 1, "queued")
        assert store.get(claim.run).state == "cancelled"

    def test_an_ended_run_stays_as_it_is(self, store: Store, claim: Claim) -> None:
        store.finish(claim.run, 1, "done")
        before = store.get(claim.run)
        store.cancel(claim.run)
        assert store.get(claim.run) == before


class TestCheckpoints:
    def test_come_back_as_they_were(self, store: Store, claim: Claim) -> None:
        arrays = {
            "weight": np.arange(6, dtype=np.float32).reshape(2, 3).T,
            "optimizer/weight/step": np.array(7.0),
            "count": np.array([2**40], dtype=np.int64),
            "empty": np.zeros((0, 4), dtype=np.float32),
        }
        store.save_checkpoint(claim.run, 1, Checkpoint(3, arrays))
        back = store.load_checkpoint(claim.run)
        assert back is not None
        assert back.epoch == 3
        assert {name: (a.dtype, a.shape, a.tolist()) for name, a in back.arrays.items()} == {
            name: (a.dtype, a.shape, a.tolist()) for name, a in arrays.items()
        }

    def test_the_last_one_counts(self, store: Store, claim: Claim) -> None:
        assert store.load_checkpoint(claim.run) is None
        for epoch in (1, 2):
            store.save_checkpoint(claim.run, 1, Checkpoint(epoch, {"w": np.full(3, epoch)}))
        back = store.load_checkpoint(claim.run)
        assert back is not None
        assert (back.epoch, back.arrays["w"].tolist()) == (2, [2, 2, 2])

    @pytest.mark.parametrize("damage", ["cut short", "empty", "a flipped bit", "removed"])
    def test_a_damaged_one_is_left_out_with_a_note(
        self, store: Store, claim: Claim, tmp_path: Path, damage: str
    ) -> None:
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(100)}))
        file = tmp_path / "checkpoints" / f"{claim.run}.safetensors"
        content = bytearray(file.read_bytes())
        content[-5] ^= 1
        if damage == "removed":
            file.unlink()
        else:
            file.write_bytes({"cut short": content[:-9], "empty": b"", "a flipped bit": content}[damage])
        assert store.load_checkpoint(claim.run) is None
        assert "began anew" in (store.get(claim.run).note or "")

    def test_one_left_from_a_removed_store_is_not_taken(self, store: Store, claim: Claim, tmp_path: Path) -> None:
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(1)}))
        store.close()
        (tmp_path / "runs.sqlite").unlink()
        fresh = Store(tmp_path / "runs.sqlite")
        fresh.submit(claim.design)
        assert fresh.load_checkpoint(claim.run) is None
        assert fresh.get(claim.run).note is None
        fresh.close()


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

    def test_a_deleted_run_leaves_nothing(self, store: Store, claim: Claim, tiny: MakeDesign, tmp_path: Path) -> None:
        store.append(claim.run, 1, [sample(1)], Progress(1, 2), seconds=3.0)
        seen = store.rows(claim.run, Sample)[-1][0]
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(1)}))
        store.delete(claim.run)
        assert (store.runs(), store.rows(claim.run, Sample)) == ([], [])
        assert list((tmp_path / "checkpoints").iterdir()) == []
        with pytest.raises(NotFound):
            store.delete(claim.run)
        store.submit(tiny())
        run = store.get(claim.run)
        assert (run.state, run.step, run.seconds, run.title, run.started) == ("queued", 0, 0, "", None)
        store.claim("me")
        store.append(claim.run, 2, [sample(1)])
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
        store.append(claim.run, 1, [sample(1)])
        with store._writing() as connection:
            connection.execute(text("ALTER TABLE samples DROP COLUMN accuracy"))
            connection.execute(text("ALTER TABLE runs DROP COLUMN note"))
            connection.execute(text("DROP TABLE epochs"))
        newer = Store(store.url)
        newer.append(claim.run, 1, [sample(2), EpochEnd(1, 0.5, 0.5, 1, 1, 0.1, 0.1)])
        (_, old), (_, new) = newer.rows(claim.run, Sample)
        assert math.isnan(old.accuracy)
        assert new == sample(2)
        assert newer.get(claim.run).note is None

    def test_it_takes_along_neither_torch_nor_pandas_nor_streamlit(self) -> None:
        heavy = "{'torch', 'pandas', 'streamlit', 'scipy', 'sklearn'}"
        script = f"import sys, snnviz.store, snnviz.jobs.local; assert not {heavy} & set(sys.modules)"
        subprocess.run([sys.executable, "-c", script], check=True)

    def test_every_kind_of_row_has_a_table(self, store: Store) -> None:
        for event in ROWS:
            assert store.rows("0" * 16, event) == []
        assert Design().digest not in [run.run for run in store.runs()]
