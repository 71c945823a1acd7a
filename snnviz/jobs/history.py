"""The history of a task that is resumed, read from the store."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from snnviz.design.submitted import Task
from snnviz.errors import NotFound
from snnviz.events import Checkpoint, Row
from snnviz.jobs.outages import outlast
from snnviz.store import Store
from snnviz.tasks import History, PriorRun

R = TypeVar("R", bound=Row)


class StoredHistory(History):
    """A `tasks.History` that reads from the store on demand. Raises `StoreError`."""

    def __init__(self, store: Store, run: str) -> None:
        super().__init__()
        self._store, self._run = store, run

    def rows(self, kind: type[R]) -> list[R]:
        """Returns the rows of this kind that the run has reported, in order."""
        return [row for _, row in outlast(lambda: self._store.rows(self._run, kind))]

    def checkpoint(self) -> Checkpoint | None:
        """Returns the run's last checkpoint, or None."""
        return outlast(lambda: self._store.load_checkpoint(self._run))

    def prior_run(self, task: Task) -> PriorRun | None:
        """Returns the run of another task, on which this task builds (such as a training before its fine-tuning); None
        if it was never submitted.
        """
        try:
            run = outlast(lambda: self._store.get(task.digest))
        except NotFound:
            return None
        return PriorRun(run.run, run.state, partial(outlast, partial(self._store.load_checkpoint, run.run)))
