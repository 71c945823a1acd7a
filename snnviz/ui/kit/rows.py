"""Rows of runs, read from the store incrementally, and cached for all visitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from snnviz.events import Branch, EpochEnd, LayerState, Row, Sample
from snnviz.store import Run
from snnviz.ui.kit import services
from snnviz.ui.kit.lru import LruCache
from snnviz.views.results import Rows

R = TypeVar("R", bound=Row)


class CachedRows(NamedTuple):
    """The rows of one kind that a run had at one revision (None: none were read), and the number of the last row."""

    revision: int | None = None
    last: int = 0
    rows: tuple[Any, ...] = ()


MOST_ROWS = 400_000
"""Largest number of cached rows, of all runs and kinds together."""

_SEEN: LruCache[CachedRows] = LruCache(MOST_ROWS, lambda seen: 1 + len(seen.rows))


class RunRevision(NamedTuple):
    """A run as it was requested and as it is: the requested digest (`name`), its name in the store, when it was
    created, and its revision, which increases with every change.
    """

    name: str
    run: str
    created: float
    revision: int


Revisions = tuple[RunRevision, ...]
"""Revisions of several started runs; the key of cached figures."""


def revisions(runs: Mapping[str, Run]) -> Revisions:
    """Returns the current revision of each started run."""
    return tuple(RunRevision(name, r.run, r.created, r.revision) for name, r in runs.items() if r.state != "queued")


def read(shown: Revisions, kind: type[R]) -> dict[str, tuple[R, ...]]:
    """Returns the rows of one kind of each run that has any, by requested digest; the same tuple object until new rows
    arrive.

    Only new rows are read, by one query for all runs that changed. A run that was deleted and came back is another.
    """
    seen = {at: _SEEN.get((at.run, at.created, kind)) or CachedRows() for at in shown}
    if changed := {at: one for at, one in seen.items() if one.revision != at.revision}:

        def fetch() -> dict[RunRevision, CachedRows]:
            new = services.store().new_rows({at.run: one.last for at, one in changed.items()}, kind)
            for at, (_, last, before) in changed.items():
                more = new.get(at.run, [])
                rows = (*before, *(row for _, row in more)) if more else before
                changed[at] = CachedRows(at.revision, more[-1][0] if more else last, rows)
                _SEEN.put((at.run, at.created, kind), changed[at])
            return changed

        known = tuple((at, one.last) for at, one in changed.items())
        seen |= services.CACHE.get(("rows", kind, known), fetch)  # who asks for the same waits for it
    return {at.name: one.rows for at, one in seen.items() if one.rows}


def rows_of(runs: Mapping[str, Run], kind: type[R]) -> dict[str, tuple[R, ...]]:
    """Returns the rows of one kind of each run at its current revision, by digest."""
    return read(revisions(runs), kind)


def rows(run: Run, kind: type[R]) -> tuple[R, ...]:
    """Returns the rows of one kind (a class of `Row`) that one run has reported so far."""
    return rows_of({run.run: run}, kind).get(run.run, ())


def curves(shown: Revisions) -> dict[str, Rows]:
    """Returns all rows that the charts of each run need (samples, layer states, states of shortcut branches, epochs),
    by requested digest.
    """
    found: list[dict[str, tuple[Any, ...]]] = [read(shown, kind) for kind in (Sample, LayerState, Branch, EpochEnd)]
    return {at.name: Rows(*(of.get(at.name, ()) for of in found)) for at in shown}


def clear() -> None:
    """Drops all cached rows."""
    _SEEN.clear()
