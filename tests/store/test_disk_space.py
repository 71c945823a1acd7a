"""Checkpoints of a budget, a full disk, and a file that shrinks."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from snnviz.design.design import Design
from snnviz.errors import StoreError
from snnviz.events import Checkpoint, Sample
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store, disk_space
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits
from snnviz.tasks import KINDS
from tests.conftest import MakeDesign

DAY = 86_400.0


def kept(store: Store, design: Design, *, days: float, state: str = "done", moments: bool = False) -> str:
    """A run with a megabyte of weights that was last opened so long ago."""
    run = store.submit(design).run
    claim = store.claim("me", run)
    assert claim is not None
    arrays = {"L1.weight": np.ones(250_000, np.float32)}
    store.save_checkpoint(run, claim.attempt, Checkpoint(1, arrays))
    if state != "running":
        store.finish(run, claim.attempt, state)  # type: ignore[arg-type]
    if moments:  # as a release of before left it
        from snnviz.store import checkpoints

        more = {f"optimizer/L1.weight/{name}": arrays["L1.weight"] for name in ("exp_avg", "exp_avg_sq")}
        checkpoints.write_checkpoint(store.checkpoint_path(run), Checkpoint(1, arrays | more))
    with store._writing() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET opened = {time.time() - days * DAY} WHERE run = '{run}'")
    return run


def test_a_finished_run_keeps_its_weights_alone(store: Store, tiny: MakeDesign) -> None:
    for state, names in (("cancelled", {"w", "optimizer/w/exp_avg"}), ("done", {"w"})):
        run = store.submit(tiny()).run
        claim = store.claim("me", run)
        assert claim is not None
        store.save_checkpoint(run, claim.attempt, Checkpoint(1, {"w": np.ones(3), "optimizer/w/exp_avg": np.ones(3)}))
        store.finish(run, claim.attempt, state)  # type: ignore[arg-type]
        found = store.load_checkpoint(run)
        assert found is not None
        assert set(found.arrays) == names


def test_also_one_that_was_trained(store: Store, tiny: MakeDesign) -> None:
    Immediate(store).submit(tiny())
    found = store.load_checkpoint(tiny().digest)
    assert found is not None
    assert not [name for name in found.arrays if name.startswith("optimizer/")]
    assert found.epoch == 3


class TestBudget:
    @pytest.fixture(autouse=True)
    def budget(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SNNVIZ_CHECKPOINTS_MEGABYTES", "2.5")

    def test_those_opened_longest_ago_go_first_and_only_after_a_week(self, store: Store, tiny: MakeDesign) -> None:
        ages = {1: 10, 2: 30, 3: 20, 4: 1, 5: 0}
        runs = {seed: kept(store, tiny(seed), days=days) for seed, days in ages.items()}
        assert store.trim() == [runs[2], runs[3], runs[1]]
        assert store.trim() == []  # above the budget still would be right: none of the others may go
        assert [store.checkpoint_path(run).exists() for run in runs.values()] == [False, False, False, True, True]
        gone = store.get(runs[2])
        assert (gone.state, gone.checkpoint) == ("done", None)
        assert (gone.note or "").startswith("Its weights were removed on 20")
        assert store.load_checkpoint(runs[2]) is None
        assert "damaged" not in (store.get(runs[2]).note or "")

    def test_opening_one_keeps_it(self, store: Store, tiny: MakeDesign) -> None:
        runs = [kept(store, tiny(seed), days=30 - seed) for seed in range(3)]
        store.mark_viewed(runs[0])
        assert store.trim() == [runs[1]]

    def test_never_one_that_is_to_be_computed_or_that_such_a_one_begins_with(
        self, store: Store, tiny: MakeDesign
    ) -> None:
        running = kept(store, tiny(1), days=90, state="running")
        queued = kept(store, tiny(2), days=90, state="cancelled")
        store.submit(tiny(2))
        network = kept(store, default_design(), days=90)
        store.submit(FineTuning(design=default_design(), limits=HardwareLimits(weight_bits=2), epochs=2))
        other = kept(store, tiny(3), days=8)
        assert store.trim() == [other]
        assert all(store.checkpoint_path(run).exists() for run in (running, queued, network))

    def test_what_only_training_needs_goes_before_any_weights(self, store: Store, tiny: MakeDesign) -> None:
        runs = [kept(store, tiny(seed), days=30, moments=True) for seed in range(2)]
        assert store.trim() == []
        for run in runs:
            found = store.load_checkpoint(run)
            assert found is not None
            assert set(found.arrays) == {"L1.weight"}

    def test_nothing_goes_below_it(self, store: Store, tiny: MakeDesign) -> None:
        for seed in range(2):
            kept(store, tiny(seed), days=30)
        assert store.trim() == []

    def test_of_no_bound_all_are_kept(self, store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SNNVIZ_CHECKPOINTS_MEGABYTES", "inf")
        for seed in range(3):
            kept(store, tiny(seed), days=30)
        assert store.trim() == []

    @pytest.mark.parametrize("text", ["much", "nan"])
    def test_a_budget_that_is_none_is_a_sentence(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        monkeypatch.setenv("SNNVIZ_CHECKPOINTS_MEGABYTES", text)
        with pytest.raises(StoreError, match="SNNVIZ_CHECKPOINTS_MEGABYTES must be a number"):
            store.trim()


def test_a_run_without_weights_is_trained_again_with_the_same_rows(store: Store, tiny: MakeDesign) -> None:
    engine, run = Immediate(store), tiny().digest
    engine.submit(tiny())
    before = {kind: store.rows(run, kind) for kind in KINDS.row_types}
    first, seconds = store.load_checkpoint(run), store.get(run).seconds
    assert first is not None
    engine.retrain(run)  # it has its weights: nothing happens
    assert store.get(run).attempt == 1
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET checkpoint = NULL")
    store.checkpoint_path(run).unlink()
    engine.retrain(run)
    again = store.get(run)
    assert (again.state, again.attempt, again.checkpoint) == ("done", 2, 3)
    assert again.seconds < 20 * seconds + 1  # of this training alone
    assert {kind: store.rows(run, kind) for kind in KINDS.row_types} == before
    second = store.load_checkpoint(run)
    assert second is not None
    assert all((second.arrays[name] == array).all() for name, array in first.arrays.items())


def test_a_finished_run_whose_weights_are_damaged_can_be_trained_again(store: Store, tiny: MakeDesign) -> None:
    run = kept(store, tiny(), days=0)
    store.checkpoint_path(run).write_bytes(b"nonsense")
    assert store.load_checkpoint(run) is None
    found = store.get(run)
    assert found.checkpoint is None
    assert (found.note or "").startswith("The weights were damaged (")
    store.retrain(run)
    again = store.get(run)
    assert (again.state, again.step, again.seconds, again.finished) == ("queued", 0, 0, None)


@pytest.mark.of_a_file
def test_a_file_shrinks_when_runs_are_deleted(store: Store, tiny: MakeDesign) -> None:
    assert store.path is not None
    for seed in range(2):
        run = store.submit(tiny(seed)).run
        store.claim("me", run)
        store.append_rows(run, 1, [Sample(step, 0.1, 1.0, 0.5) for step in range(20_000)])
    store.flush_log()
    before = store.path.stat().st_size
    store.delete(run)
    assert store.path.stat().st_size < 0.6 * before
    assert len(store.rows(tiny(0).digest, Sample)) == 20_000
    assert store.check() == 20_000


@pytest.mark.of_a_file
def test_a_reserve_is_whole_or_not_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the system cannot allocate a file, as macOS."""
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    monkeypatch.setattr(disk_space, "RESERVE_BYTES", 1000)
    store.reserve()
    assert store.path is not None
    reserve = store.path.with_suffix(".reserve")
    assert reserve.stat().st_size == 1000
    assert store.release()

    def full(_: int) -> bytes:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "urandom", full)
        store.reserve()
    assert not reserve.exists()
    store.reserve()
    assert store.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
class TestFullDisk:
    @pytest.fixture
    def small(self, tmp_path: Path) -> Iterator[Path]:
        """A disk of 13 MB: an empty store takes a quarter of one."""
        place = tmp_path / "small"
        place.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=13m", "none", str(place)], capture_output=True)
        if mounted.returncode:
            pytest.skip("mounting is not allowed here")
        yield place
        subprocess.run(["umount", str(place)], check=True)

    def test_deleting_works_and_frees(self, small: Path, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(disk_space, "RESERVE_BYTES", 2_000_000)
        store = Store(small / "runs.sqlite")
        run = kept(store, tiny(1), days=0)
        other = kept(store, tiny(2), days=0, state="running")
        store.append_rows(other, 1, [Sample(step, 0.1, 1.0, 0.5) for step in range(20_000)])
        store.flush_log()
        store.shrink()
        store.reserve()
        with (small / "other").open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        assert shutil.disk_usage(small).free == 0
        with pytest.raises(StoreError, match="disk"):
            store.append_rows(other, 1, [Sample(step, 0.1, 1.0, 0.5) for step in range(20_000, 90_000)])
        used = sum(path.stat().st_size for path in small.rglob("*"))
        store.delete(other)
        store.delete(run)
        assert sum(path.stat().st_size for path in small.rglob("*")) < used - 3_000_000
        assert store.check() == 0
        assert store.submit(tiny(3)).created
        store.close()
