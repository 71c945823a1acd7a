"""Many runs by one query: what a page of them would otherwise ask one after another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from snnviz.errors import StoreError
from snnviz.events import Row
from snnviz.store import reading, tables
from snnviz.store.care import Maintenance
from snnviz.store.tables import RUNS
from snnviz.store.values import Run, UnreadableRun

R = TypeVar("R", bound=Row)
V = TypeVar("V")


class BatchReads(Maintenance):
    """What is read of many runs at once, by what they were asked for: their names, or the digests of their tasks.

    Those that there are not are left out.
    """

    def several(self, names: Iterable[str]) -> dict[str, Run]:
        """The runs of these names, whole ones. Raises `StoreError` where one cannot be read."""
        asked = tuple(names)
        with self._reading() as connection:
            rows = connection.execute(
                reading.RUN_QUERY.where(reading.has_name_or_key(asked), RUNS.c.state != "deleted")
            ).all()
        runs = []
        for row in rows:
            shown = reading.run_from_columns(row)
            if isinstance(shown, UnreadableRun):
                raise StoreError(f"The run {shown.run} cannot be read by this snnviz: {shown.reason}.")
            runs.append(shown)
        return by_requested_name(asked, [(run.run, run.key, run) for run in runs])

    def rows_of(self, names: Iterable[str], event: type[R]) -> dict[str, list[R]]:
        """The rows of each run that has some, in the order in which they came."""
        asked = tuple(names)
        with self._reading() as connection:
            rows = connection.execute(reading.MANY_ROWS_QUERIES[event], {"of": asked}).all()
        found: dict[tuple[str, str | None], list[R]] = {}
        for run, *columns, crc, key in rows:
            found.setdefault((run, key), []).append(tables.row_from_columns(event, run, columns, crc))
        return by_requested_name(asked, [(run, key, several) for (run, key), several in found.items()])

    def new_rows(self, since: Mapping[str, int], event: type[R]) -> dict[str, list[tuple[int, R]]]:
        """The rows of each run after that of the number that the reader has, 0 for all; each with its own number."""
        least = {"of": tuple(since), "since": min(since.values(), default=0)}
        with self._reading() as connection:
            rows = connection.execute(reading.NEW[event], least).all()
        found: dict[tuple[str, str | None], list[tuple[int, R]]] = {}
        for number, run, *columns, crc, key in rows:
            found.setdefault((run, key), []).append((number, tables.row_from_columns(event, run, columns, crc)))
        known = by_requested_name(since, [(run, key, several) for (run, key), several in found.items()])
        return {
            name: new for name, several in known.items() if (new := [one for one in several if one[0] > since[name]])
        }


def by_requested_name(asked: Iterable[str], found: Iterable[tuple[str, str | None, V]]) -> dict[str, V]:
    """By what was asked for, from own names and keys; a run of that name goes before one of that key."""
    called = [*found]
    known = {key: value for _, key, value in called} | {run: value for run, _, value in called}
    return {name: known[name] for name in asked if name in known}
