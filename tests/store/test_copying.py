"""A backup is one file that a store on either database is restored from, row by row the same."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import inspect, select

from snnviz import store as rooms
from snnviz.errors import InputError, StoreError
from snnviz.events import Checkpoint, EpochEnd, LayerState, Sample
from snnviz.store import Store, classes, copying, learning
from snnviz.store.inspection import inspect_store
from tests.aged import older
from tests.conftest import MakeDesign, sample
from tests.store.test_classes import add, sit

BOTH = ["sqlite", "postgresql"]


@pytest.fixture(params=BOTH)
def other(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "elsewhere"))
    if request.param == "sqlite":
        opened = Store(tmp_path / "elsewhere" / "runs.sqlite")
        yield opened
        opened.close()
    else:
        with request.getfixturevalue("postgresql").database() as url:
            opened = Store(url)
            yield opened
            opened.close()


@pytest.fixture
def full(store: Store, tiny: MakeDesign) -> Store:
    """With runs in all states, rows of several kinds, numbers that are none, marks, lessons and a class."""
    for seed in range(6):
        store.submit(tiny(seed))
    for seed, state in enumerate(("done", "failed", "cancelled", "queued", "running")):
        claim = store.claim("me", tiny(seed).digest)
        assert claim is not None
        rows = [sample(1), Sample(2, 0.5, math.nan, -0.0), Sample(3, 0.5, math.inf, 1 / 3)]
        store.append_rows(claim.run, 1, [*rows, EpochEnd(1, 0.5, 0.4, 1.5, 1.75, 0.1, 1e-3)])
        store.append_rows(claim.run, 1, [LayerState(0, 0.0, 1, "L1", None, 0.25, None, 0.75)])
        store.save_checkpoint(claim.run, 1, Checkpoint(1, {"w": np.full(3, seed)}))
        if state != "running":
            store.finish(claim.run, 1, state, "why", "Zeile 1\nZeile 2 ∎")  # type: ignore[arg-type]
    store.submit(tiny(9))
    store.delete(tiny(9).digest)
    store.rename(tiny(0).digest, "Übung «1»")
    store.tag(tiny(0).digest, ["homework"])
    store.star(tiny(0).digest)
    store.annotate(tiny(1).digest, "it dies\nin L3")
    store.record_heartbeat("local@here#1")
    learning.keep_answer(store, "me", "a", "one", '"1"')
    add(store)
    sit(store, "Ada")
    return store


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table; a number that is none is None, as SQLite keeps it."""
    found = {}
    with store._reading() as connection:
        for table in copying.copied_tables():
            if inspect(connection).has_table(table.name):
                rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
                found[table.name] = [tuple(None if value != value else value for value in row) for row in rows]
    return found


def test_all_tables_are_copied() -> None:
    """Whoever adds a module with tables of its own names it in `copying`."""
    folder = Path(next(iter(rooms.__path__)))
    with_tables = {path.stem for path in folder.glob("*.py") if "= MetaData()" in path.read_text()}
    modules = {name: import_module(f"snnviz.store.{name}") for name in with_tables}
    named = {name for name, module in modules.items() if module.METADATA in copying.METADATA}
    assert named == with_tables


def test_what_is_restored_is_the_same_row_by_row(full: Store, other: Store, tmp_path: Path) -> None:
    before, file = everything(full), tmp_path / "copy.sqlite"
    copying.backup(full, file)
    found = copying.restore(other, file, weights=full.checkpoints)
    assert everything(other) == everything(full) == before
    assert {"learning_steps", "classes", "class_seats"} <= before.keys()
    assert len(before["samples"]) == 15
    assert (found.runs, found.weights, found.rows) == (6, 5, sum(map(len, before.values())))
    assert [path.name for path in tmp_path.glob("*copy*")] == ["copy.sqlite"]
    assert inspect_store(other).remarks == ()
    assert other.supervisors() == []
    for run in full.runs():
        assert other.get(run.run) == run
        mine, theirs = full.load_checkpoint(run.run), other.load_checkpoint(run.run)
        assert (mine and mine.arrays["w"].tolist()) == (theirs and theirs.arrays["w"].tolist())


def test_a_restored_store_goes_on(full: Store, other: Store, tmp_path: Path, tiny: MakeDesign) -> None:
    """New rows get numbers of their own, and who is deleted here keeps what it has there."""
    copying.backup(full, tmp_path / "copy.sqlite")
    copying.restore(other, tmp_path / "copy.sqlite", weights=full.checkpoints)
    last = max(number for run in other.runs() for number, _ in other.rows(run.run, Sample))
    claim = other.claim("you", tiny(3).digest)
    assert claim is not None
    assert claim.attempt == 2
    other.append_rows(claim.run, 2, [sample(7)])
    ((number, row),) = other.rows(claim.run, Sample, since=last)
    assert (number > last, row) == (True, sample(7))
    other.save_checkpoint(claim.run, 2, Checkpoint(2, {"w": np.zeros(3)}))
    other.delete(tiny(1).digest)
    for seed, epoch in ((3, 1), (1, 1)):
        kept = full.load_checkpoint(tiny(seed).digest)
        assert kept is not None
        assert kept.epoch == epoch
    assert other.lock != full.lock


def test_a_store_that_is_not_empty_is_replaced_only_when_told(
    full: Store, other: Store, tmp_path: Path, tiny: MakeDesign
) -> None:
    copying.backup(full, tmp_path / "copy.sqlite")
    run = other.submit(tiny(20)).run
    claim = other.claim("me")
    assert claim is not None
    other.append_rows(run, 1, [sample(n) for n in range(40)])
    other.save_checkpoint(run, 1, Checkpoint(1, {"w": np.ones(3)}))
    before = everything(other)
    with pytest.raises(InputError, match=r"store must be empty, .*--replace.*, got 1 rows of runs, 40 rows of samples"):
        copying.restore(other, tmp_path / "copy.sqlite")
    assert everything(other) == before
    assert other.checkpoint_path(run).exists()
    copying.restore(other, tmp_path / "copy.sqlite", replace=True)
    assert everything(other) == everything(full)
    assert not other.checkpoint_path(run).exists()
    copying.restore(other, tmp_path / "copy.sqlite", replace=True)
    assert everything(other) == everything(full)
    (said,) = inspect_store(other).remarks
    assert said.startswith("The weights of ")
    assert said.endswith(f" and 2 more runs are not in {other.checkpoints}.")


def test_a_copy_while_somebody_writes_is_of_one_moment(
    store: Store, other: Store, tmp_path: Path, tiny: MakeDesign
) -> None:
    runs = [store.submit(tiny(seed)).run for seed in range(2)]
    for run in runs:
        store.claim("me", run)
    over, written = threading.Event(), threading.Event()

    def write() -> None:
        step = 0
        while not over.is_set():
            for run in runs:  # the second never has more than the first
                store.append_rows(run, 1, [sample(step + n) for n in range(50)], seconds=1.0)
            step += 50
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(20)
        for number in range(3):
            file = tmp_path / f"copy{number}.sqlite"
            copying.backup(store, file)
            copying.restore(other, file, replace=True)
            first, second = (len(other.rows(run, Sample)) for run in runs)
            assert first > 0
            assert first % 50 == second % 50 == 0
            assert first - second in (0, 50)
            assert [other.get(run).seconds for run in runs] == [first / 50, second / 50]
            assert inspect_store(other).remarks == ()
    finally:
        over.set()
        writer.join()


def test_a_backup_of_an_older_release_is_brought_up_to_date_and_stays_as_it_is(
    other: Store, tmp_path: Path, tiny: MakeDesign
) -> None:
    old = Store(tmp_path / "old.sqlite")
    old.submit(tiny(1))
    old.close()
    older(tmp_path / "old.sqlite")
    before = (tmp_path / "old.sqlite").read_bytes()
    assert copying.restore(other, tmp_path / "old.sqlite").runs == 1
    assert other.submit(tiny(1)).created is False
    assert (tmp_path / "old.sqlite").read_bytes() == before
    assert list(tmp_path.glob("old.version-1*")) == []


def test_a_backup_that_is_damaged_or_none_changes_nothing(
    full: Store, other: Store, tmp_path: Path, tiny: MakeDesign
) -> None:
    file = tmp_path / "copy.sqlite"
    copying.backup(full, file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE samples SET loss = 7 WHERE run = ? AND step = 1", [tiny(2).digest])
        connection.commit()
    (tmp_path / "poem.txt").write_text("no store " * 1000)
    for path, sentence in ((file, "is not what was written"), (tmp_path / "poem.txt", "damaged or not a store")):
        with pytest.raises(StoreError, match=sentence):
            copying.restore(other, path)
    for path in (tmp_path / "none.sqlite", tmp_path):
        with pytest.raises(InputError, match="file must be a backup that is there"):
            copying.restore(other, path)
    with pytest.raises(InputError, match="weights must be a folder"):
        copying.restore(other, file, weights=tmp_path / "nowhere")
    assert everything(other)["runs"] == []
    assert [path.name for path in (tmp_path / "elsewhere").glob("restoring-*")] == []


def test_what_is_missing_is_said(store: Store, tiny: MakeDesign) -> None:
    for seed in range(3):
        run = store.submit(tiny(seed)).run
        store.claim("me", run)
        store.save_checkpoint(run, 1, Checkpoint(1, {"w": np.ones(3)}))
    assert inspect_store(store).remarks == ()
    store.checkpoint_path(tiny(0).digest).unlink()
    store.checkpoint_path(tiny(1).digest).write_bytes(b"half of it")
    with store._writing() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET design = '{{}}x' WHERE run = '{tiny(2).digest}'")
        connection.exec_driver_sql("INSERT INTO samples (run, step, epoch) VALUES ('0123456789abcdef', 1, 0.5)")
    first, second, third, fourth = inspect_store(store).remarks
    assert first.startswith(f"The run {tiny(2).digest} cannot be read by this snnviz: ")
    assert second == f"The weights of {tiny(0).digest} are not in {store.checkpoints}."
    assert third == f"The weights of {tiny(1).digest} are damaged, in {store.checkpoints}."
    assert fourth == "1 rows of samples are of runs that are not there."


def test_classes_are_what_they_were(full: Store, other: Store, tmp_path: Path) -> None:
    copying.backup(full, tmp_path / "copy.sqlite")
    copying.restore(other, tmp_path / "copy.sqlite")
    assert classes.all_classes(other) == classes.all_classes(full)
    sit(other, "Bob")
    assert [seat.nickname for seat in classes.seats_of(other, "ABCDEF")] == ["Ada", "Bob"]
