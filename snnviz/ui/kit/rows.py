"""What runs have said, fetched as it comes, for everybody who watches them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from snnviz.events import Branch, EpochEnd, LayerState, Row, Sample
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.ui.kit import services
from snnviz.ui.kit.lru import LruCache
from snnviz.views.results import Rows

R = TypeVar("R", bound=Row)


class Seen(NamedTuple):
    """The rows of one kind that a run had said at one revision of it, and the number of the last of them."""

    revision: int = -1
    last: int = 0
    rows: tuple[Any, ...] = ()


MOST_ROWS = 400_000
"""Rows that are kept, of all runs and kinds together."""

_SEEN: LruCache[Seen] = LruCache(MOST_ROWS, lambda seen: 1 + len(seen.rows))


class At(NamedTuple):
    """A run as far as it is: what it is asked for by, its name, when it was made, and its revision."""

    name: str
    run: str
    created: float
    revision: int


Revisions = tuple[At, ...]
"""Of runs that have begun. What figures of their rows are found by."""


def revisions(runs: Mapping[str, Run]) -> Revisions:
    """Of those that may have something to say."""
    return tuple(At(name, r.run, r.created, r.revision) for name, r in runs.items() if r.state != "queued")


def read(shown: Revisions, kind: type[R]) -> dict[str, tuple[R, ...]]:
    """The rows of each run that has some, by what it was asked for by; as long as there is no new one, the same tuple.

    Only new rows are read, by one query for all runs that changed. A run that was deleted and came back is another.
    """
    place = str(cache_dir())
    seen = {at: _SEEN.get((place, at.run, at.created, kind)) or Seen() for at in shown}
    if changed := {at: one for at, one in seen.items() if one.revision != at.revision}:

        def fetch() -> dict[At, Seen]:
            new = services.store().new_rows({at.run: one.last for at, one in changed.items()}, kind)
            for at, (_, last, before) in changed.items():
                more = new.get(at.run, [])
                rows = (*before, *(row for _, row in more)) if more else before
                changed[at] = Seen(at.revision, more[-1][0] if more else last, rows)
                _SEEN.put((place, at.run, at.created, kind), changed[at])
            return changed

        known = tuple((at, one.last) for at, one in changed.items())
        seen |= services.CACHE.get(("rows", kind, known), fetch)  # who asks for the same waits for it
    return {at.name: one.rows for at, one in seen.items() if one.rows}


def rows_of(runs: Mapping[str, Run], kind: type[R]) -> dict[str, tuple[R, ...]]:
    """The same of runs as they are now."""
    return read(revisions(runs), kind)


def rows(run: Run, kind: type[R]) -> tuple[R, ...]:
    """Those of one run."""
    return rows_of({run.run: run}, kind).get(run.run, ())


def curves(shown: Revisions) -> dict[str, Rows]:
    """All that runs say while they train."""
    found: list[dict[str, tuple[Any, ...]]] = [read(shown, kind) for kind in (Sample, LayerState, Branch, EpochEnd)]
    return {at.name: Rows(*(of.get(at.name, ()) for of in found)) for at in shown}


def clear() -> None:
    """Read all of it anew."""
    _SEEN.clear()
