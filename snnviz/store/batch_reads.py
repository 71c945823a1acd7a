"""Reading many runs with one query, for pages with lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from snnviz.errors import StoreError
from snnviz.events import Row
from snnviz.store import reading, tables
from snnviz.store.maintenance import Maintenance
from snnviz.store.tables import RUNS
from snnviz.store.values import Run, UnreadableRun

R = TypeVar("R", bound=Row)
V = TypeVar("V")


class BatchReads(Maintenance):
    """The methods of `Store` that read many runs at once, by their names or the digests of their tasks.

    Results are dictionaries with the requested names or digests as keys; those of unknown runs are left out.
    """

    def get_many(self, names: Iterable[str]) -> dict[str, Run]:
        """Returns several runs with one query, as a dictionary from the given strings, which are names of runs or
        digests of their tasks; those that are not in the store are left out. Raises `StoreError` if one cannot be read.
        """
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
        """Returns all rows of one kind (a class of `Row`) of several runs, in order, by the requested name; runs
        without such rows are left out.
        """
        asked = tuple(names)
        with self._reading() as connection:
            rows = connection.execute(reading.MANY_ROWS_QUERIES[event], {"of": asked}).all()
        found: dict[tuple[str, str | None], list[R]] = {}
        for run, *columns, crc, key in rows:
            found.setdefault((run, key), []).append(tables.row_from_columns(event, run, columns, crc))
        return by_requested_name(asked, [(run, key, several) for (run, key), several in found.items()])

    def new_rows(self, since: Mapping[str, int], event: type[R]) -> dict[str, list[tuple[int, R]]]:
        """Returns the rows of one kind (a class of `Row`), with their numbers, that each of several runs has gained
        since a row number.

        since: the last known row number of each run, 0 for all rows.
        """
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
    """Returns values by the requested names, given triples (name of the run, digest of its task, value); a requested
    string may be either, and names take precedence.
    """
    called = [*found]
    known = {key: value for _, key, value in called} | {run: value for run, _, value in called}
    return {name: known[name] for name in asked if name in known}
