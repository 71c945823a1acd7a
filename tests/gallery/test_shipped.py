"""What came with snnviz is read as one's own is, and never written."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from snnviz.errors import InputError, NotFound
from snnviz.events import EpochEnd, LayerState, Sample
from snnviz.jobs import durations
from snnviz.jobs.history import StoredHistory
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store, shipped
from snnviz.store.checkpoints import read_checkpoint
from snnviz.store.columns import metric_columns
from snnviz.store.filters import parse_filter
from snnviz.store.groups import run_groups
from snnviz.store.index import indexed_runs
from snnviz.store.metrics import metrics
from snnviz.store.tables import TABLES
from tests.gallery.conftest import make, one, two


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_is_found_in_an_empty_store_by_all_that_reads(beside: Store) -> None:
    first, second = two(beside)
    run = beside.get(first.digest)
    assert (run.state, run.title, run.tags, run.machine) == ("done", "The first", ("gallery",), shipped_machine(beside))
    assert beside.get(first.digest[:8]) == run
    assert beside.get_many([first.digest, "0" * 16]) == {first.digest: run}
    assert {each.run for each in beside.runs()} == {first.digest, second.digest}
    epochs = beside.rows(first.digest, EpochEnd)
    assert len(epochs) == 2
    assert beside.rows_of([first.digest], EpochEnd)[first.digest] == [row for _, row in epochs]
    assert beside.new_rows({first.digest: epochs[0][0]}, EpochEnd) == {first.digest: epochs[1:]}
    assert beside.last_rows(EpochEnd, [first.digest]) == {first.digest: epochs[-1][1]}
    assert beside.last_rows(EpochEnd)[first.digest] == epochs[-1][1]
    assert beside.finished_times([first.digest]) == {first.digest: run.finished}
    assert beside.version(first.digest) == beside.version(first.digest)
    assert [each.run for each in indexed_runs(beside).runs if each.machine] == [each.run for each in beside.runs()]
    reached = metrics(beside, [run])[first.digest]
    assert reached["accuracy"] == epochs[-1][1].test_accuracy
    now = indexed_runs(beside)
    assert metric_columns(beside, now, ["accuracy"])["accuracy"][first.digest] == reached["accuracy"]
    assert indexed_runs(beside) is now
    assert [len(group.runs) for group in run_groups(beside, parse_filter("tag = gallery"))] == [2]
    prior = StoredHistory(beside, second.digest).prior_run(first)
    assert prior is not None
    assert prior.checkpoint() is not None
    assert beside.load_checkpoint(second.digest) is None  # whose weights were left out
    assert beside.get(second.digest).checkpoint is None
    assert beside.counts()["done"] == 0


def shipped_machine(store: Store) -> str:
    assert store.shipped is not None
    return next(iter(store.shipped.machines.values()))


@pytest.mark.parametrize(
    "change",
    [
        lambda store, run: store.delete(run),
        lambda store, run: store.cancel(run),
        lambda store, run: store.rename(run, "mine"),
        lambda store, run: store.tag(run, ["mine"]),
        lambda store, run: store.annotate(run, "mine"),
        lambda store, run: store.star(run),
    ],
)
def test_nobody_changes_it(beside: Store, change, made: Path) -> None:  # type: ignore[no-untyped-def]
    run, before = one(beside)[0].digest, _files(made)
    shown = beside.get(run)
    with pytest.raises(InputError, match="run must be one of those trained here: what came with snnviz stays as it is"):
        change(beside, run)
    beside.mark_viewed(run)
    assert beside.get(run) == shown
    assert _files(made) == before


def test_its_time_is_no_time_of_this_machine(beside: Store) -> None:
    run = beside.get(one(beside)[0].digest)
    assert run.seconds > 0
    assert metrics(beside, [run])[run.run]["seconds"] is None
    there = beside.shipped
    assert there is not None
    assert there.store.summaries([run.run], ["seconds"])[run.run]["seconds"].value == run.seconds  # as it was made
    assert "seconds" not in [name for group in run_groups(beside) for name, of in group.values.items() if of]
    assert durations.fit_durations(beside).seconds(run.task) == durations.DurationModel().seconds(run.task)


def test_to_submit_it_finds_it_and_to_train_it_here_takes_its_place(beside: Store) -> None:
    design = one(beside)[0]
    came = beside.get(design.digest)
    found = beside.submit(design)
    assert (found.run, found.cached, found.created) == (came.run, True, False)
    assert not beside.runs(include_shipped=False)
    before = beside.version(), beside.version(came.run), indexed_runs(beside)
    Immediate(beside).retrain(came.run)
    own = beside.get(design.digest)
    assert own.machine is None
    assert own.state == "done"
    assert own.title == ""
    assert own.checkpoint is not None
    assert before[0] != beside.version()
    assert before[1] != beside.version(came.run)
    assert [each.machine for each in indexed_runs(beside).runs if each.run == came.run] == [None]
    there = beside.shipped
    assert there is not None
    for kind in (EpochEnd, Sample, LayerState):  # on one machine it is the same, bit for bit
        mine = [row for _, row in beside.rows(design.digest, kind)]
        assert mine
        assert mine == [row for _, row in there.store.rows(design.digest, kind)]
    beside.rename(own.run, "mine")
    beside.delete(own.run)
    assert beside.get(design.digest) == came


def test_it_can_be_left_out(beside: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shipped.VARIABLE, "0")
    assert not beside.runs()
    assert not beside.get_many([one(beside)[0].digest])
    assert not beside.notices()
    with pytest.raises(NotFound):
        beside.get(one(beside)[0].digest)


def test_it_is_unpacked_once_and_again_where_it_is_gone(beside: Store, cache: Path) -> None:
    beside.runs()
    (place,) = (cache / "came").iterdir()
    at = (place / "runs.sqlite").stat().st_mtime_ns
    other = Store(cache / "other.sqlite")
    assert len(other.runs()) == 2
    assert [*(cache / "came").iterdir()] == [place]
    assert (place / "runs.sqlite").stat().st_mtime_ns == at
    other.close()
    shutil.rmtree(place)
    assert len(beside.runs()) == 2


def test_a_damaged_one_is_a_sentence_and_all_else_is_as_without_it(
    made: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, harm in (("flipped", _flip), ("empty", _empty), ("manifest", _no_manifest)):
        folder = shutil.copytree(made, tmp_path / name)
        harm(folder)
        monkeypatch.setenv(shipped.VARIABLE, str(folder))
        store = Store()
        assert store.runs() == []
        (said,) = store.notices()
        assert said.startswith("What came with snnviz cannot be shown: ")
        assert said.count("\n") == 0
        store.close()
    assert not (cache / "came").exists() or not [*(cache / "came").iterdir()]


def _flip(folder: Path) -> None:
    whole = bytearray((folder / shipped.ARCHIVE).read_bytes())
    whole[len(whole) // 2] ^= 1
    (folder / shipped.ARCHIVE).write_bytes(whole)


def _empty(folder: Path) -> None:
    (folder / shipped.ARCHIVE).write_bytes(b"")
    told = json.loads((folder / shipped.MANIFEST).read_text())
    told["archive"] = shipped.file_digest(folder / shipped.ARCHIVE)
    (folder / shipped.MANIFEST).write_text(json.dumps(told))


def _no_manifest(folder: Path) -> None:
    (folder / shipped.MANIFEST).write_text('{"archive": 3, "runs": {}}')


def test_one_of_an_older_release_says_which_runs_no_design_finds(
    beside: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not beside.notices()
    monkeypatch.setattr(shipped, "_OUTDATED", {})
    there = beside.shipped
    assert there is not None
    first = one(beside)[0]
    monkeypatch.setattr(type(first), "digest", property(lambda self: "f" * 16 if self.seed == 0 else "e" * 16))
    assert beside.notices() == [
        "2 of the 2 runs that came with snnviz were trained by formulas of before: they are shown, and no design of "
        "today finds them."
    ]
    assert len(beside.runs()) == 2


def test_it_is_made_the_same_twice(made: Path, tmp_path: Path) -> None:
    make(tmp_path / "work", tmp_path / "again")
    told = [json.loads((folder / shipped.MANIFEST).read_text()) for folder in (made, tmp_path / "again")]
    assert told[0]["runs"] == told[1]["runs"]
    assert told[0]["entries"] == told[1]["entries"]
    contents = []
    for folder in (made, tmp_path / "again"):
        place = tmp_path / f"{folder.name}-{len(contents)}"
        shutil.unpack_archive(folder / shipped.ARCHIVE, place, "xztar", filter="data")
        with closing(sqlite3.connect(place / "runs.sqlite")) as connection:
            names = [table.name for table in TABLES.values()]
            rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
        weights = {}
        for path in (place / "checkpoints").glob("*"):  # whose header has no order
            kept = read_checkpoint(path)
            weights[path.name] = kept.epoch, {name: array.tobytes() for name, array in kept.arrays.items()}
        contents.append((rows, weights))
    assert sum(map(len, contents[0][0].values())) > 20
    assert len(contents[0][1]) == 1
    assert contents[0] == contents[1]
