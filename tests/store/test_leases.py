"""What the docstring of `Store` promises to workers and of them: leases, cancelling, checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnviz.errors import LeaseLost
from snnviz.events import Checkpoint, Sample
from snnviz.store import MAX_DEATHS, Claim, Store
from tests.conftest import MakeDesign, sample


def writes(store: Store, claim: Claim) -> list[str]:
    """The names of the writes that this claim may still make."""
    rights = {
        "append": lambda: store.append_rows(claim.run, claim.attempt, [sample(99)]),
        "beat": lambda: store.renew_lease(claim.run, claim.attempt),
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

    def test_who_lost_the_lease_may_not_write(self, store: Store, claim: Claim) -> None:
        store.recover(lease=-1)
        second = store.claim("you")
        store.save_checkpoint(claim.run, 2, Checkpoint(1, {"w": np.zeros(1)}))
        assert writes(store, claim) == []
        assert store.rows(claim.run, Sample) == []
        kept = store.load_checkpoint(claim.run)
        assert kept is not None
        assert kept.epoch == 1
        assert [file.name for file in store.checkpoints.iterdir()] == [f"{claim.run}.safetensors"]
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
            store.record_death(claim.run, death, f"it was killed by signal {death}")
            again = store.claim("me")
            assert (again is None) == (death == MAX_DEATHS)
        run = store.get(claim.run)
        assert run.state == "failed"
        assert run.error == "The run's process died 3 times, the last time because it was killed by signal 3."
        assert [line[:9] for line in (run.traceback or "").splitlines()] == ["attempt 1", "attempt 2", "attempt 3"]
        store.submit(tiny())  # a person says: try again
        store.claim("me")
        store.record_death(claim.run, MAX_DEATHS + 1, "it was killed")
        assert store.get(claim.run).state == "queued"

    def test_a_late_word_of_a_death_changes_nothing(self, store: Store, claim: Claim) -> None:
        store.record_death(claim.run, 1, "it was killed")
        store.claim("me")
        store.record_death(claim.run, 1, "it was killed")
        assert store.get(claim.run).state == "running"


class TestCancelling:
    def test_a_queued_run_is_cancelled_at_once(self, store: Store, tiny: MakeDesign) -> None:
        run = store.submit(tiny()).run
        store.cancel(run)
        assert store.get(run).state == "cancelled"
        assert store.claim("me") is None

    def test_a_running_run_hears_of_it(self, store: Store, claim: Claim) -> None:
        assert store.renew_lease(claim.run, 1)
        store.cancel(claim.run)
        assert not store.renew_lease(claim.run, 1)
        assert not store.append_rows(claim.run, 1, [sample(1)])
        assert store.get(claim.run).cancel_requested
        assert store.running_claims("me")[0].cancel_requested

    @pytest.mark.parametrize("how", ["handed back", "died"])
    def test_it_is_cancelled_rather_than_queued_again(self, store: Store, claim: Claim, how: str) -> None:
        store.cancel(claim.run)
        if how == "died":
            store.record_death(claim.run, 1, "it was killed")
        else:
            store.finish(claim.run, 1, "queued")
        assert store.get(claim.run).state == "cancelled"

    def test_a_run_that_is_handed_back_waits_as_before(self, store: Store, claim: Claim) -> None:
        """Nobody asked that it be cancelled, so no page may say that it is about to be."""
        store.finish(claim.run, 1, "queued")
        run = store.get(claim.run)
        assert (run.state, run.cancel_requested, run.finished) == ("queued", False, None)

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

    def test_whoever_reads_one_leaves_what_its_owner_is_writing(self, store: Store, claim: Claim) -> None:
        """A running network is looked into: the file of the next checkpoint stays, those of dead attempts go."""
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(3)}))
        writing = store.checkpoints / f"{claim.run}.1.tmp"
        left = store.checkpoints / f"{claim.run}.0.tmp"
        for file in (writing, left):
            file.write_bytes(b"half a checkpoint")
        assert store.load_checkpoint(claim.run) is not None
        assert (writing.exists(), left.exists()) == (True, False)
        store.finish(claim.run, 1, "cancelled")
        assert store.load_checkpoint(claim.run) is not None
        assert not writing.exists()

    @pytest.mark.parametrize("damage", ["cut short", "empty", "a flipped bit", "removed"])
    def test_a_damaged_one_is_left_out_with_a_note(self, store: Store, claim: Claim, damage: str) -> None:
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(100)}))
        file = store.checkpoints / f"{claim.run}.safetensors"
        content = bytearray(file.read_bytes())
        content[-5] ^= 1
        if damage == "removed":
            file.unlink()
        else:
            file.write_bytes({"cut short": content[:-9], "empty": b"", "a flipped bit": content}[damage])
        assert store.load_checkpoint(claim.run) is None
        assert "began anew" in (store.get(claim.run).note or "")

    def test_a_remark_is_added_to_the_note_once_and_by_the_owner_alone(self, store: Store, claim: Claim) -> None:
        store.add_note(claim.run, 1, "A part of the data.")
        store.add_note(claim.run, 1, "A part of the data.")
        store.add_note(claim.run, 1, "And more.")
        assert store.get(claim.run).note == "A part of the data. And more."
        with pytest.raises(LeaseLost):
            store.add_note(claim.run, 2, "Not mine.")
        assert store.get(claim.run).note == "A part of the data. And more."

    @pytest.mark.of_a_file
    def test_one_left_from_a_removed_store_is_not_taken(self, store: Store, claim: Claim, tmp_path: Path) -> None:
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.ones(1)}))
        store.close()
        (tmp_path / "runs.sqlite").unlink()
        fresh = Store(tmp_path / "runs.sqlite")
        fresh.submit(claim.design)
        assert fresh.load_checkpoint(claim.run) is None
        assert fresh.get(claim.run).note is None
        fresh.close()
