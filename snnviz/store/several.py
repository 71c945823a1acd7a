"""Many runs by one query: what a page of them would otherwise ask one after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import select

from snnviz.errors import StoreError
from snnviz.events import Row
from snnviz.store import reading, tables
from snnviz.store.care import Care
from snnviz.store.tables import RUNS
from snnviz.store.values import Run, Unreadable

R = TypeVar("R", bound=Row)


class Several(Care):
    """What is read of many runs at once, by what they were asked for; those that there are not are left out."""

    def several(self, names: Iterable[str]) -> dict[str, Run]:
        """The runs of these names, whole ones. Raises `StoreError` where one cannot be read."""
        query = reading.RUN.where(RUNS.c.run.in_(tuple(names)), RUNS.c.state != "deleted")
        with self._reading() as connection:
            rows = connection.execute(query).all()
        found: dict[str, Run] = {}
        for row in rows:
            shown = reading.run(row)
            if isinstance(shown, Unreadable):
                raise StoreError(f"The run {shown.run} cannot be read by this snnviz: {shown.reason}.")
            found[shown.run] = shown
        return found

    def rows_of(self, names: Iterable[str], event: type[R]) -> dict[str, list[R]]:
        """The rows of each run that has some, in the order in which they came."""
        with self._reading() as connection:
            rows = connection.execute(reading.MANY[event], {"of": tuple(names)}).all()
        found: dict[str, list[R]] = {}
        for run, *columns, crc in rows:
            found.setdefault(run, []).append(tables.event(event, run, columns, crc))
        return found

    def versions(self, names: Iterable[str]) -> dict[str, str]:
        """What `version` says of each."""
        query = select(RUNS.c.run, RUNS.c.revision).where(RUNS.c.run.in_(tuple(names)))
        with self._reading() as connection:
            return {run: str(revision) for run, revision in connection.execute(query)}
