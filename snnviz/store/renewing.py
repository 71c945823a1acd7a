"""Bringing up to date the keys, digests of tasks by which runs are found: of runs of earlier releases, and of runs that
turn out to be of the same task.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, case, delete, func, or_, select, update

from snnviz.design import naming
from snnviz.design.revisions import Revision
from snnviz.design.submitted import Task
from snnviz.store.tables import OF_RUNS, RUNS, TABLES

TWIN = "It is the same task as the run {}, which is found in its place."
"""Note on a run whose task is that of another run."""

ANEW = "It had begun before {}: it began anew."
BEFORE = "It was computed before {}: the same task is now another run."


def describe_revisions(several: list[Revision]) -> str:
    """Returns a sentence on what is computed differently since a run was stored: the last date, and how it is now and
    was.

    >>> describe_revisions([Revision("2026-11-29", "Neuron.learn", ("beta",), "a leak is kept; before, it was not")])
    '2026-11-29, since when a leak is kept (before, it was not)'
    """
    told = [f"{each.what.replace('; ', ' (')}{')' if '; ' in each.what else ''}" for each in several]
    return f"{several[-1].date}, since when {', and '.join(told)}"


def candidate_names(key: str) -> Iterator[str]:
    """Yields the names that a new run with this key may get, the key's own first; the first unused one is taken."""
    yield key
    for number in range(1, 100):
        yield hashlib.sha256(f"{key} {number}".encode()).hexdigest()[:16]


def stored_revisions(stored: str) -> dict[str, int]:
    """Returns the revision numbers (of changes of computation), by field or registry, with which a run was computed,
    from its stored text.
    """
    told = json.loads(stored).get("revisions", {})
    return {str(part): int(number) for part, number in dict(told).items()}


def renew_key(connection: Connection, run: str, task: Task, stored: str) -> str | None:
    """Gives a run that is to be computed the current key of its task; returns the name of another run with that key, or
    None.

    Results so far are deleted if formulas have changed since.
    """
    key = task.digest
    other: str | None = connection.scalar(
        select(RUNS.c.run).where(RUNS.c.key == key, RUNS.c.run != run, RUNS.c.state != "deleted")
    )
    if other is not None:
        return other
    connection.execute(update(RUNS).where(RUNS.c.key == key, RUNS.c.run != run).values(key=None))  # of a deleted one
    new: dict[str, Any] = {"key": key, "twin": None, "design": task.stored()}
    several = naming.applicable_revisions(type(task), task.document(), stored_revisions(stored))
    if several:
        has_rows = [select(table.c.run).where(table.c.run == RUNS.c.run).exists() for table in TABLES.values()]
        begun = or_(RUNS.c.checkpoint.is_not(None), *has_rows)
        note = func.coalesce(RUNS.c.note + " ", "") + ANEW.format(describe_revisions(several))
        new |= {"note": case((begun, note), else_=RUNS.c.note), "checkpoint": None, "step": 0, "seconds": 0}
    connection.execute(update(RUNS).where(RUNS.c.run == run).values(new))
    if several:
        for table in OF_RUNS:
            connection.execute(delete(table).where(table.c.run == run))
    return None


def transfer_key(connection: Connection, run: str) -> None:
    """Moves the key of a run that is being deleted to another run of the same task, if there is one, finished ones
    first.
    """
    key = connection.scalar(select(RUNS.c.key).where(RUNS.c.run == run))
    if key is None:
        return
    first = (case((RUNS.c.state == "done", 0), else_=1), RUNS.c.created.desc())
    heir = connection.scalar(select(RUNS.c.run).where(RUNS.c.twin == key).order_by(*first).limit(1))
    if heir is not None:
        connection.execute(update(RUNS).where(RUNS.c.run == run).values(key=None))
        note = func.trim(func.replace(func.coalesce(RUNS.c.note, ""), TWIN.format(run), ""))
        connection.execute(update(RUNS).where(RUNS.c.run == heir).values(key=key, twin=None, note=note))
        others = update(RUNS).where(RUNS.c.twin == key)
        connection.execute(others.values(note=func.replace(RUNS.c.note, TWIN.format(run), TWIN.format(heir))))
