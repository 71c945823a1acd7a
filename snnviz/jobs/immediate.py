"""The engine that runs tasks in this process: for the command line, scripts and tests."""

from __future__ import annotations

import time
from collections.abc import Callable

from snnviz.events import Event, Progress
from snnviz.jobs import engine
from snnviz.jobs.worker import execute_claim
from snnviz.store import Store, Submitted, Task

POLL_SECONDS = 0.1


class Immediate:
    """Engine that runs a submitted task in this process; `listen` is called with each event.

    A run that another process computes is followed to its end (`listen` gets its progress), and taken over if that
    process dies. Ctrl-C cancels a run that is computed here, and leaves one that is followed alone.
    """

    def __init__(self, store: Store, listen: Callable[[Event], object] | None = None) -> None:
        self.store, self.listen = store, listen

    def submit(self, task: Task) -> Submitted:
        """Runs a task and returns when it has ended. Raises `TooLarge`, `InputError`, `StoreError`."""
        submitted = engine.submit_checked(self.store, task)
        self._see_to(submitted.run)
        return submitted

    def retrain(self, run: str) -> None:
        """Trains a finished run whose weights were deleted, or that came with snnviz, once more, until it has ended.

        Raises as `submit`.
        """
        engine.retrain_checked(self.store, run)
        self._see_to(run)

    def _see_to(self, name: str) -> None:
        owner, seen = engine.owner_name("immediate"), ""
        while not (run := self.store.get(name)).ended:
            claim = self.store.claim(owner, name) if run.state == "queued" else None
            if claim is not None:
                execute_claim(self.store, claim, self.listen)
                continue
            if self.listen is not None and (version := self.store.version(run.run)) != seen:
                seen = version
                self.listen(Progress(run.step, run.steps))
            self.store.recover(engine.owner_has_exited)
            time.sleep(POLL_SECONDS)

    def cancel(self, run: str) -> None:
        """Cancels a queued run, or asks the process that computes it to stop. Raises `StoreError`."""
        self.store.cancel(run)

    def ensure_worker(self) -> None:
        """Does nothing: this engine has no background process."""
