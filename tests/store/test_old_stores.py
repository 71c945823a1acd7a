"""Stores that earlier releases wrote, opened today: nothing is lost, what is done is found, what is not goes on."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from snnviz import commands
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.events import EpochEnd
from snnviz.store import Run, Store
from snnviz.store.tables import VERSION
from snnviz.tasks import KINDS
from tests import numbers
from tests.old_stores import GOLDEN, Old, lost, manifest, tables, unpack
from tests.waiting import Background, until

RELEASES = tuple(manifest())
OLDEST = "7457e709a44c"
"""What it trained differs from today's in the seventh digit: sums were taken in another order."""

ALL_KINDS = "33dca0e2a834"
"""A release that had all kinds of task."""

Open = Callable[[str], Store]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the store of a release."""
    found: list[Store] = []

    def make(release: str) -> Store:
        found.append(Store(unpack(release, tmp_path)))
        return found[-1]

    yield make
    for store in found:
        store.close()


def of(release: str, *states: str) -> list[Old]:
    return [old for old in manifest()[release] if old.state in states]


def weights(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.safetensors")}


def test_there_are_stores_of_many_releases_with_every_kind_in_every_state() -> None:
    assert len(RELEASES) >= 7
    assert {path.name.partition(".")[0] for path in (GOLDEN / "stores").glob("*.tar.xz")} == {*RELEASES}
    assert all((GOLDEN / "stores" / f"{release}.tar.xz").stat().st_size < 150_000 for release in RELEASES)
    known = {(old.kind, old.state) for release in RELEASES for old in manifest()[release]}
    for kind in KINDS.names:
        assert {(kind, state) for state in ("done", "running", "failed", "queued")} <= known, kind


@pytest.mark.parametrize("release", RELEASES)
class TestOpened:
    def test_nothing_is_lost(self, opened: Open, release: str, tmp_path: Path) -> None:
        path = unpack(release, tmp_path / "before")
        before, files = tables(path), weights(path.parent)
        store = opened(release)
        after = tables(tmp_path / "runs.sqlite")
        assert list(lost(before, after)) == []
        runs = {row["run"]: row for row in after["runs"]}
        assert {*runs} >= {row["run"] for row in before["runs"]}
        for row in before["runs"]:
            now = runs[row["run"]]
            for column in ("state", "title", "attempt", "seconds", "step", "steps", "created", "error", "checkpoint"):
                assert now[column] == row[column], column
        assert {name: files[name] for name in files} == {name: weights(tmp_path)[name] for name in files}
        assert not store.unreadable()
        assert store.check() >= sum(map(len, (rows for name, rows in before.items() if "seq" in str(rows[:1]))))

    def test_every_run_is_shown_by_its_name(self, opened: Open, release: str) -> None:
        store = opened(release)
        assert {run.run for run in store.runs(of=None)} == {old.run for old in manifest()[release]} | extra(store)
        for old in manifest()[release]:
            run = store.get(old.run)
            assert (run.run, run.state, run.task) == (old.run, old.state, old.task)
            assert store.get(old.run[:10]).run == old.run
        assert [run.title for run in store.runs() if run.title] == ["the one with a title"]

    def test_what_is_done_is_found_by_its_task_and_by_its_link(self, opened: Open, release: str) -> None:
        store = opened(release)
        found = [old for old in of(release, "done") if not old.mended]
        assert len(found) > 4
        for old in found:
            submitted = store.submit(old.task)
            assert (submitted.run, submitted.cached, submitted.created) == (old.run, True, False), old
            if old.link is not None:
                design = links.from_query(old.link)
                assert store.submit(design).run == old.run
                assert store.last_rows(EpochEnd, [design.digest])[design.digest].epoch == 3
        assert store.counts()["queued"] == len(of(release, "queued"))

    def test_what_trains_differently_since_has_another_name_and_the_old_run_says_why(
        self, opened: Open, release: str
    ) -> None:
        store = opened(release)
        for old in (old for old in of(release, "done") if old.mended):
            before = store.get(old.run)
            assert before.note
            submitted = store.submit(old.task)
            assert (submitted.created, submitted.cached) == (True, False), old
            assert submitted.run != old.run
            assert store.get(old.run) == before
            assert store.rows(old.run, EpochEnd)

    def test_what_waits_failed_or_was_cancelled_is_the_one_that_is_asked_for(self, opened: Open, release: str) -> None:
        store = opened(release)
        for old in of(release, "queued", "failed", "cancelled"):
            submitted = store.submit(old.task)
            assert (submitted.run, submitted.created) == (old.run, False)
            assert store.get(old.run).state == "queued"
        claimed = []
        while (claim := store.claim("me")) is not None:
            claimed.append(claim.run)
        assert {*claimed} == {old.run for old in of(release, "queued", "failed", "cancelled")}
        assert all(store.get(run).state == "running" for run in claimed)

    def test_opening_it_again_changes_nothing(self, opened: Open, release: str, tmp_path: Path) -> None:
        opened(release).close()
        once = tables(tmp_path / "runs.sqlite")
        Store(tmp_path / "runs.sqlite").close()
        assert tables(tmp_path / "runs.sqlite") == once

    def test_a_copy_as_it_was_is_beside_it_and_a_sentence_says_so(
        self, opened: Open, release: str, tmp_path: Path
    ) -> None:
        before = tables(unpack(release, tmp_path / "before"))
        store = opened(release)
        copies = [path for path in tmp_path.glob("*.sqlite") if path.name != "runs.sqlite"]
        if before["snnviz_store"][0]["version"] == VERSION:
            assert not copies
            return
        assert len(copies) == 1
        assert any(copies[0].name in words for words in store.notices())
        copied = tables(copies[0])
        assert list(lost(before, copied)) == []
        assert len(copied["runs"]) == len(before["runs"])
        for then, now in zip(before["runs"], copied["runs"], strict=True):
            assert {name: now[name] for name in then} == then


def extra(store: Store) -> set[str]:
    """Runs that a release made on the way: the trainings that measurements look at."""
    return {run.run for run in store.runs() if run.design.seed in (21, 22, 23, 24)}


def test_the_same_command_finds_a_design_of_each_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for release in RELEASES:
        folder = tmp_path / release
        monkeypatch.setenv("SNNVIZ_STORE", str(unpack(release, folder)))
        monkeypatch.setenv("SNNVIZ_CACHE", str(folder))
        old = of(release, "done")[0]
        settings = [f"--set={path}={value}" for path, value in links.flatten_document(old.task.document()).items()]
        commands.main(["run", "digits", *settings, "--json"])
        said = json.loads(capsys.readouterr().out)
        assert (said["run"], said["cached"], said["state"]) == (old.run, True, "done"), release
        for one in (one for one in of(release, "done") if one.kind == "cells"):
            commands.main(
                ["cells", "search", *(f"--set={name}={value}" for name, value in one.task.document().items()), "--json"]
            )
            said = json.loads(capsys.readouterr().out)
            assert (said["search"], said["state"], len(said["candidates"])) == (one.run, "done", 12)
        for one in (one for one in of(release, "done") if one.kind == "trajectories"):
            document = one.task.document()
            (folder / "design.json").write_text(json.dumps(document["design"]))
            given = [f"--looks={document['looks']}", f"--slower={document['slower']}", str(folder / "design.json")]
            commands.main(["ttfs", "trajectories", *given, "--json"])
            said = json.loads(capsys.readouterr().out)
            assert (said["run"], said["state"]) == (one.run, "done")
        for state in ("done", "failed", "queued", "running"):
            for other in {each.kind: each for each in of(release, state)}.values():
                commands.main(["show", other.run, "--json"])
                assert json.loads(capsys.readouterr().out)


def performed(store: Store, run: str) -> Run:
    """Compute a queued run here and now."""
    from snnviz.jobs.worker import execute_claim

    claim = store.claim("me", run)
    assert claim is not None
    execute_claim(store, claim)
    return store.get(run)


@pytest.mark.parametrize(
    "release", [pytest.param(name, marks=() if name == ALL_KINDS else pytest.mark.slow) for name in RELEASES]
)
class TestGoingOn:
    def test_what_waited_is_computed(self, opened: Open, release: str) -> None:
        store = opened(release)
        for old in of(release, "queued"):
            ended = performed(store, old.run)
            assert (ended.run, ended.state, ended.error) == (old.run, "done", None), old.kind
            assert store.submit(old.task).cached

    def test_what_was_killed_in_the_middle_goes_on_or_begins_anew_with_a_note(self, opened: Open, release: str) -> None:
        store = opened(release)
        halves = of(release, "running")
        assert {*store.recover(lambda _: True)} == {old.run for old in halves}
        for old in halves:
            before = {kind: [row for _, row in store.rows(old.run, kind)] for kind in KINDS[old.kind].rows}
            ended = performed(store, old.run)
            assert (ended.run, ended.state, ended.error) == (old.run, "done", None), old.kind
            assert ended.attempt == 2
            assert store.submit(old.task).cached
            for kind, rows in before.items():
                after = [row for _, row in store.rows(old.run, kind)]
                assert ended.note or after[: len(rows)] == rows, old.kind
            if isinstance(old.task, Design):
                assert any(before.values())
                epochs = [row.epoch for _, row in store.rows(old.run, EpochEnd)]
                assert epochs == [1, 2, 3]

    def test_what_it_trained_is_what_is_trained_today(self, opened: Open, release: str, tmp_path: Path) -> None:
        """Also from the weights of then. Bit for bit on a machine like the one that wrote it, but for the oldest."""
        store, fresh = opened(release), Store(tmp_path / "fresh.sqlite")
        alike = numbers.machine() == numbers.read()["machine"] and release != OLDEST
        store.recover(lambda _: True)
        for old in of(release, "done", "running"):
            if old.kind != "run" or old.mended:
                continue
            if old.state == "running":
                performed(store, old.run)
            performed(fresh, fresh.submit(old.task).run)
            told, today = ([asdict(row) for _, row in one.rows(old.task.digest, EpochEnd)] for one in (store, fresh))
            assert (numbers.same if alike else numbers.elsewhere)({"": told}, {"": today}) == [], old
        fresh.close()


@pytest.mark.slow
@pytest.mark.parametrize("release", [RELEASES[0], ALL_KINDS, RELEASES[-1]])
def test_the_background_takes_up_all_that_waits_and_all_that_was_killed(
    opened: Open, background: Callable[..., Background], release: str
) -> None:
    """By itself, as soon as there is a supervisor: who was killed elsewhere is silent for a lease."""
    store = opened(release)
    background(store).ensure_worker()
    names = [old.run for old in of(release, "queued", "running")]
    until(lambda: all(run.ended for run in store.get_many(names).values()), 240)
    assert {run.state for run in store.get_many(names).values()} == {"done"}
    assert store.counts() == {"queued": 0, "running": 0} | {
        state: len(of(release, state)) + (len(names) if state == "done" else 0) + len(extra(store)) * (state == "done")
        for state in ("done", "failed", "cancelled")
    }


OPENING = """
    import os, signal, sys
    from sqlalchemy import Engine, event
    from snnviz.store import Store

    count = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def tell(connection, cursor, statement, parameters, context, many):
        global count
        count += 1
        if count == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

    Store(sys.argv[1]).close()
    print(count)
"""


def die_opening(path: Path, at: int) -> subprocess.CompletedProcess[str]:
    """Open a store in a process that is killed before so many a statement; 0: not at all."""
    command = [sys.executable, "-c", textwrap.dedent(OPENING), str(path), str(at)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": os.getcwd()})


def settled(path: Path) -> dict[str, object]:
    """What a store holds but for the moment at which it was brought up to date."""
    found = tables(path)
    del found["snnviz_store"]
    return dict(found)


@pytest.mark.parametrize(
    "share", [pytest.param(share / 8, marks=() if share == 5 else pytest.mark.slow) for share in range(1, 8)]
)
def test_who_is_killed_while_it_is_brought_up_to_date_has_lost_nothing(tmp_path: Path, share: float) -> None:
    whole = unpack(ALL_KINDS, tmp_path / "whole")
    said = die_opening(whole, 0)
    assert said.returncode == 0, said.stderr
    total = int(said.stdout)
    path = unpack(ALL_KINDS, tmp_path / "killed")
    assert die_opening(path, round(share * total)).returncode == -signal.SIGKILL
    die_opening(path, round(share * total) - 3)  # once more, unless it was done when it was killed
    Store(path).close()
    assert settled(path) == settled(whole)
    left = {one.name for one in path.parent.iterdir()}
    assert left == {one.name for one in whole.parent.iterdir()}
