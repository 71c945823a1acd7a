"""Tags, notes and stars of runs."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from snnviz.errors import InputError, NotFound
from snnviz.events import Checkpoint
from snnviz.store import Claim, Store, marks
from tests.conftest import MakeDesign, sample


def test_they_are_of_the_run_and_change_nothing_else(store: Store, claim: Claim, tiny: MakeDesign) -> None:
    before = store.get(claim.run)
    assert (before.tags, before.notes, before.starred) == ((), "", False)
    assert store.tag(claim.run, ["week-2", "homework"]) == ("homework", "week-2")
    store.annotate(claim.run, "  dies in L3,\n\x1bwhy? ")
    store.star(claim.run)
    after = store.get(claim.run)
    assert (after.tags, after.notes, after.starred) == (("homework", "week-2"), "dies in L3,\n why?", True)
    assert after.revision == before.revision + 3
    assert store.tag(claim.run, ["Homework", "exam"], remove=["WEEK-2"]) == ("exam", "homework")
    store.annotate(claim.run, "")
    store.star(claim.run, False)
    store.append_rows(claim.run, 1, [sample(1)])  # the worker's write is not theirs
    assert [(run.tags, run.notes, run.starred) for run in store.runs()] == [(("exam", "homework"), "", False)]
    assert store.get(claim.run).task == tiny()
    revision = store.get(claim.run).revision
    store.tag(claim.run, ["exam"])
    assert store.get(claim.run).revision == revision


@pytest.mark.parametrize("tag", ["", "two words", "a,b", "(a)", "x" * 41, "<b>", "-a", "'a'"])
def test_a_tag_is_a_word(store: Store, claim: Claim, tag: str) -> None:
    with pytest.raises(InputError, match="tag must be one word of at most 40 letters"):
        store.tag(claim.run, [tag])


def test_there_are_at_most_so_many(store: Store, claim: Claim) -> None:
    store.tag(claim.run, map(str, range(marks.MOST_TAGS)))
    with pytest.raises(InputError, match="tags must be at most 20 of a run, got 21 tags"):
        store.tag(claim.run, ["one-more"])
    with pytest.raises(InputError, match=r"note must be at most 2,000 characters long, got 2,001 characters"):
        store.annotate(claim.run, "x" * 2001)
    assert len(store.get(claim.run).tags) == marks.MOST_TAGS


def test_who_tags_at_the_same_time_loses_nothing(store: Store, claim: Claim) -> None:
    threads = [threading.Thread(target=store.tag, args=(claim.run, [f"tag-{n}"])) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(claim.run).tags == tuple(f"tag-{n}" for n in range(8))


def test_a_star_keeps_a_run(store: Store, claim: Claim, tiny: MakeDesign) -> None:
    store.append_rows(claim.run, 1, [sample(1)])
    store.star(claim.run)
    with pytest.raises(
        InputError, match=f"run must have no star, which keeps it: take that off first, got '{claim.run}'"
    ):
        store.delete(claim.run)
    with pytest.raises(InputError):
        store.delete(tiny().digest)
    assert store.append_rows(claim.run, 1, [sample(2)])  # the worker goes on
    store.star(claim.run, False)
    store.delete(claim.run)
    assert store.runs() == []


def test_a_starred_run_keeps_its_weights(store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in (0, 1):
        run = store.submit(tiny(seed)).run
        store.claim("me", run)
        store.save_checkpoint(run, 1, Checkpoint(3, {"w": np.ones(1000)}))
        store.finish(run, 1, "done")
    store.star(tiny(0).digest)
    with store._writing() as connection:
        connection.execute(text("UPDATE runs SET finished = 1"))
    monkeypatch.setenv("SNNVIZ_CHECKPOINTS_MEGABYTES", "0.001")
    assert store.trim() == [tiny(1).digest]
    assert [store.get(tiny(seed).digest).checkpoint for seed in (0, 1)] == [3, None]


def test_stars_have_an_end(store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MOST_STARRED", 1)
    for seed in (0, 1):
        store.submit(tiny(seed))
    store.star(tiny(0).digest)
    store.star(tiny(0).digest)
    with pytest.raises(InputError, match="star must be on at most 1 runs: take one off first, got 2 runs"):
        store.star(tiny(1).digest)


def test_they_go_with_a_run_that_is_deleted(store: Store, claim: Claim, tiny: MakeDesign) -> None:
    store.tag(claim.run, ["homework"])
    store.annotate(claim.run, "mine")
    store.delete(claim.run)
    for act in (lambda: store.tag(claim.run, ["a"]), lambda: store.annotate(claim.run, ""), lambda: store.star("ff")):
        with pytest.raises(NotFound, match="run must be the name of a run"):
            act()
    store.submit(tiny())
    back = store.get(claim.run)
    assert (back.tags, back.notes, back.starred) == ((), "", False)


def test_a_store_of_before_has_runs_without_marks(place: Path, tiny: MakeDesign) -> None:
    store = Store(place)
    store.submit(tiny())
    with store._writing() as connection:
        for name in ("tags", "notes", "starred"):
            connection.execute(text(f"ALTER TABLE runs DROP COLUMN {name}"))
    store.close()
    store = Store(place)
    run = store.get(tiny().digest)
    assert (run.tags, run.notes, run.starred) == ((), "", False)
    store.star(run.run)
    with pytest.raises(InputError):
        store.delete(run.run)
    store.star(run.run, False)
    store.delete(run.run)
    store.close()
