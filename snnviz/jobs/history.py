"""What the store has of a task that is taken up."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from snnviz.design.submitted import Task
from snnviz.errors import NotFound
from snnviz.events import Checkpoint, Row
from snnviz.store import Store
from snnviz.tasks import History, PriorRun

R = TypeVar("R", bound=Row)


class StoredHistory(History):
    """Read when it is asked for. Raises `StoreError`."""

    def __init__(self, store: Store, run: str) -> None:
        super().__init__()
        self._store, self._run = store, run

    def rows(self, kind: type[R]) -> list[R]:
        return [row for _, row in self._store.rows(self._run, kind)]

    def checkpoint(self) -> Checkpoint | None:
        return self._store.load_checkpoint(self._run)

    def of(self, task: Task) -> PriorRun | None:
        try:
            run = self._store.get(task.digest)
        except NotFound:
            return None
        return PriorRun(run.run, run.state, partial(self._store.load_checkpoint, run.run))
