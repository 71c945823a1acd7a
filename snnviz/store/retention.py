"""What goes by itself: runs and data sets that nobody opened for long, and the longest unopened where room is short.

Never what has a star, what waits, runs or is needed by what does, nor what came with snnviz.
"""

from __future__ import annotations

import math
import os
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, func, select

from snnviz.data import owndata
from snnviz.data import owners as data_owners
from snnviz.errors import NotFound
from snnviz.people.hosting import Retention
from snnviz.people.person import is_anonymous
from snnviz.store import server
from snnviz.store.disk_space import names_needed
from snnviz.store.single import SingleStore
from snnviz.store.tables import OWNERS, RUNS, SHARES
from snnviz.store.values import ENDED

DAY = 86_400.0
BATCH = 50
"""Runs that are deleted in one transaction, for which others wait."""


class Expired(NamedTuple):
    """What went: names of runs and of data sets, and about how many bytes they took."""

    runs: tuple[str, ...]
    data_sets: tuple[str, ...]
    bytes: int


def expire(store: SingleStore, retention: Retention, *, act: bool = True) -> Expired:
    """Deletes what `retention` lets go, and returns it. act: False only returns what would go."""
    runs, freed = _runs_to_go(store, retention)
    gone = [row.run for row in runs]
    if act:
        gone = []
        for batch in (runs[first : first + BATCH] for first in range(0, len(runs), BATCH)):
            still = {row.run: (RUNS.c.state == row.state, row.last == _LAST, ~RUNS.c.starred) for row in batch}
            gone += store.delete_all(still)
        if gone:
            store.shrink()
            store.reserve()
        _forget(store, retention)
    data_sets = _data_sets_to_go(store, retention)
    for name, size in list(data_sets.items()):
        freed += size
        if act:
            with suppress(NotFound):
                owndata.remove_dataset(name)
    return Expired(tuple(gone), tuple(data_sets), freed)


def store_bytes(store: SingleStore) -> tuple[int, dict[str, int]]:
    """Returns the bytes of the database's file (0 of a server's), and of the weights of each run."""
    weights = {}
    with suppress(FileNotFoundError), os.scandir(store.checkpoints) as found:  # as many, and asked for at each press
        for entry in found:
            if entry.name.endswith(".safetensors"):
                with suppress(OSError):
                    weights[entry.name.partition(".")[0]] = entry.stat().st_size
    return sum(_size(path) for path in _files(store)), weights


def _runs_to_go(store: SingleStore, retention: Retention) -> tuple[list[Row[Any, Any, Any]], int]:
    """The runs that go, those first that nobody opened for longest, and about how many bytes they take."""
    if not retention.days and not retention.megabytes:
        return [], 0
    database, weights = store_bytes(store)
    over = database + sum(weights.values()) - retention.megabytes * 1e6 if retention.megabytes else 0.0
    ended = select(RUNS.c.run, RUNS.c.state, _LAST.label("last")).where(RUNS.c.state.in_(ENDED), ~RUNS.c.starred)
    with store._reading() as connection:
        long_ago = server.clock(connection) - retention.days * DAY if retention.days else -math.inf
        if over <= 0:  # as mostly
            ended = ended.where(long_ago > _LAST)
        needed = names_needed(connection)
        whose = _owners(connection)
        count = connection.scalar(select(func.count()).where(RUNS.c.state != "deleted")) or 0
        rows = [
            row
            for row in connection.execute(ended.order_by("last", RUNS.c.run))
            if row.run not in needed and _may_go(whose.get(row.run, []), retention)
        ]
    each = database / count if count else 0.0
    gone, freed = [], 0.0
    for row in rows:
        if row.last >= long_ago and over <= freed:
            break
        gone.append(row)
        freed += weights.get(row.run, 0) + each
    return gone, round(freed)


def _may_go(people: list[str], retention: Retention) -> bool:
    """Whether a run of these people may go: "visitors" keeps what somebody who signed in wants, and what nobody asked
    for in the dashboard.
    """
    return retention.whose == "all" or (bool(people) and all(is_anonymous(person) for person in people))


def _owners(connection: Connection) -> dict[str, list[str]]:
    whose: dict[str, list[str]] = defaultdict(list)
    for run, person in connection.execute(select(OWNERS.c.run, OWNERS.c.person)):
        whose[run].append(person)
    return whose


def _forget(store: SingleStore, retention: Retention) -> None:
    """What people used who have nothing any more, and what is left of runs that were deleted long ago: by then no
    worker is left that could still write to them.
    """
    if not retention.days:
        return
    with store._writing() as connection:
        long_ago = server.clock(connection) - retention.days * DAY
        of_nobody = SHARES.c.person.not_in(select(OWNERS.c.person))
        connection.execute(delete(SHARES).where(SHARES.c.at < long_ago, of_nobody))
        past = (RUNS.c.state == "deleted", RUNS.c.created < long_ago, func.coalesce(RUNS.c.heartbeat, 0.0) < long_ago)
        connection.execute(delete(RUNS).where(*past))


def _data_sets_to_go(store: SingleStore, retention: Retention) -> dict[str, int]:
    """Data sets of people that nobody opened for that long, and their bytes; none that a run which stays for sure or is
    to be computed names.
    """
    if not retention.days:
        return {}
    with store._reading() as connection:
        stays = select(RUNS.c.design).where(RUNS.c.starred | RUNS.c.state.in_(("queued", "running")))
        texts = connection.scalars(stays).all()
    found = {}
    for folder, size in owndata.own_dataset_sizes().items():
        makers = data_owners.read_owners(folder)
        if owndata.last_opened(folder.name) > time.time() - retention.days * DAY:
            continue
        if retention.whose == "visitors" and not (makers and all(is_anonymous(one) for one in makers)):
            continue
        if not any(folder.name in text for text in texts):
            found[folder.name] = size
    return found


_LAST = func.coalesce(RUNS.c.opened, RUNS.c.finished, RUNS.c.created)


def _files(store: SingleStore) -> list[Path]:
    return [] if store.path is None else [store.path.with_name(store.path.name + more) for more in ("", "-wal")]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
