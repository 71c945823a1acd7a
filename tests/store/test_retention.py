"""What nobody opened for long goes, and nothing else."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from snnviz.data import owndata
from snnviz.design.design import Design
from snnviz.errors import LimitReached
from snnviz.events import Checkpoint
from snnviz.people.hosting import Hosting, Retention
from snnviz.people.person import Person, data_mark
from snnviz.store import Store, retention
from snnviz.store.retention import DAY, expire
from snnviz.store.tables import RUNS

VISITOR, OTHER = Person("0123456789abcdef" * 2), Person("fedcba9876543210" * 2)
MEMBER = Person("ann@uni.example", "member")


def trained(store: Store, seed: int, *people: Person, days: float = 0.0, floats: int = 250) -> str:
    """A run that ended, of these people, and was last opened so many days ago."""
    run = store.submit(Design.check({"seed": seed})).run if not people else ""
    for person in people:
        run = store.acting_as(person).submit(Design.check({"seed": seed})).run
    claim = store.claim("worker", run)
    assert claim is not None
    store.save_checkpoint(run, claim.attempt, Checkpoint(1, {"w": np.zeros(floats, np.float32)}))
    store.finish(run, claim.attempt, "done")
    with store._writing() as connection:
        then = store.clock() - days * DAY
        connection.execute(update(RUNS).where(RUNS.c.run == run).values(opened=then, created=then - 5.0))
    return run


def names(store: Store) -> set[str]:
    return {run.run for run in store.runs()}


def test_only_what_visitors_alone_want_and_nobody_opened_goes(store: Store) -> None:
    old = trained(store, 0, VISITOR, OTHER, days=31)
    kept = {
        trained(store, 1, VISITOR, days=29),
        trained(store, 2, VISITOR, MEMBER, days=99),
        trained(store, 3, days=99),
        trained(store, 4, VISITOR, days=99),
        store.acting_as(VISITOR).submit(Design.check({"seed": 5})).run,
    }
    store.star(store.resolve_name(Design.check({"seed": 4}).digest))
    before = expire(store, Retention(), act=False)
    assert (before.runs, names(store)) == ((old,), {old, *kept})
    assert expire(store, Retention()).runs == (old,)
    assert names(store) == kept
    assert not store.checkpoint_path(old).exists()
    assert store.owners([old]) == {}
    assert expire(store, Retention(days=0.0, megabytes=0.0, whose="all")).runs == ()
    gone = expire(store, Retention(whose="all")).runs
    assert len(gone) == 2
    assert len(names(store)) == 3


def test_what_is_opened_meanwhile_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(store, 0, VISITOR, days=31)
    found, _ = retention._runs_to_go(store, Retention())
    store.mark_viewed(run)
    monkeypatch.setattr("snnviz.store.retention._runs_to_go", lambda *_: (found, 0))
    assert expire(store, Retention()).runs == ()
    assert names(store) == {run}


def test_where_it_is_too_much_the_longest_unopened_go_first(store: Store) -> None:
    runs = [trained(store, number, VISITOR, days=5 - number, floats=250_000) for number in range(5)]
    size = 5 * 1.0 + (store.path.stat().st_size / 1e6 if store.path is not None else 0.0)
    gone = expire(store, Retention(days=0.0, megabytes=size - 1.5)).runs
    assert gone == tuple(runs[:2])
    assert names(store) == set(runs[2:])


def test_a_visitor_adds_nothing_to_a_server_that_is_full_and_others_do(store: Store) -> None:
    trained(store, 0, VISITOR, floats=400_000)
    full = Hosting(retention=Retention(megabytes=1.0))
    with pytest.raises(LimitReached, match="The server is full for the moment"):
        store.acting_as(OTHER, full).submit(Design.check({"seed": 1}))
    store.acting_as(MEMBER, full).submit(Design.check({"seed": 1}))
    expire(store, full.retention)
    store.acting_as(OTHER, full).submit(Design.check({"seed": 2}))


def test_stars_of_visitors_keep_a_share_alone(store: Store) -> None:
    runs = [trained(store, number, VISITOR, floats=250_000) for number in range(3)]
    visitor = store.acting_as(VISITOR, Hosting(retention=Retention(megabytes=7.0)))
    visitor.star(runs[0])
    visitor.star(runs[1])
    with pytest.raises(LimitReached, match="at most 2 MB of weights together on this server"):
        visitor.star(runs[2])
    visitor.star(runs[0], False)
    visitor.star(runs[2])


def own_data(cache: Path, name: str, maker: str, days: float) -> None:
    folder = cache / "datasets" / name
    folder.mkdir(parents=True)
    for array in owndata.ARRAYS["images"]:
        np.save(folder / f"{array}.npy", np.zeros(10, np.uint8))
    (folder / "card.json").write_text(json.dumps({"kind": "images", "title": "x", "version": 1}))
    if maker:
        (folder / "makers.json").write_text(json.dumps({maker: "0" * 32}))
    then = time.time() - days * DAY
    os.utime(folder / "card.json", (then, then))


@pytest.mark.of_a_file
def test_data_sets_of_visitors_go_too_unless_somebody_used_them(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    sets = [f"own-{number:012x}" for number in range(5)]
    for name, maker, days in zip(
        sets, (VISITOR.id, VISITOR.id, data_mark(MEMBER.id), "", VISITOR.id), (31, 29, 99, 99, 99), strict=True
    ):
        own_data(tmp_path, name, maker, days)
    monkeypatch.setattr(owndata, "own_dataset_sizes", lambda: {owndata.dataset_folder(name): 20 for name in sets})
    monkeypatch.setattr(owndata, "remove_dataset", lambda name: removed.append(name))
    removed: list[str] = []
    owndata.mark_opened(sets[4])
    assert expire(store, Retention()).data_sets == (sets[0],)
    assert removed == [sets[0]]
    assert expire(store, Retention(days=0.0)).data_sets == ()
