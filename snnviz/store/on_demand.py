"""Tables that are created at the first write to them, so that older and read-only stores need no change."""

from __future__ import annotations

import threading

from sqlalchemy import MetaData, inspect

from snnviz.store import server
from snnviz.store.store import Store


class TablesOnDemand:
    """The database tables of `metadata`, which are created together, at the first write to one of them."""

    def __init__(self, metadata: MetaData) -> None:
        self._metadata = metadata
        self._lock = threading.Lock()
        self._there: set[tuple[str, str | None]] = set()  # another store may take a place

    def exist(self, store: Store) -> bool:
        """Returns whether the store has these tables. Raises `StoreError`."""
        if (store.place, store._seen.id) not in self._there:
            with store._reading() as connection:
                present = inspect(connection)
                if not all(present.has_table(name) for name in self._metadata.tables):
                    return False
            self._there.add((store.place, store._seen.id))
        return True

    def create(self, store: Store) -> None:
        """Creates the tables that the store lacks. Raises `StoreError`."""
        with self._lock:
            if not self.exist(store):
                with store._writing() as connection:
                    server.wait_for_others(connection)  # two who create a table at once disturb each other
                    self._metadata.create_all(connection)
                self._there.add((store.place, store._seen.id))
