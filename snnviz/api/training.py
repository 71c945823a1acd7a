"""Training designs, here or in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from snnviz.api.places import open_store
from snnviz.api.runs import Run, finished
from snnviz.design.design import Design
from snnviz.events import EpochEnd, Event
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.local import Local
from snnviz.store import Run as StoredRun
from snnviz.store import Store

POLL_SECONDS = 0.2


def train(design: Design, on_event: Callable[[Event], object] | None = None) -> Run:
    """Trains a design in this process and returns its run; what was trained before is found, not trained again.

    on_event: called with each event of training (`snnviz.events`), such as the end of an epoch. Raises `InputError` if
    it failed, with the reason, and `DataMissing`.

        run = snnviz.train(design)
        print(run)
    """
    store = open_store()
    submitted = Immediate(store, on_event).submit(design)
    return finished(store, store.get(submitted.run))


@dataclass(frozen=True)
class Pending:
    """A run in the background, which goes on if this process ends."""

    store: Store
    name: str

    @property
    def stored(self) -> StoredRun:
        """The run as the store has it now."""
        return self.store.get(self.name)

    @property
    def state(self) -> str:
        """queued, running, done, failed or cancelled."""
        return self.stored.state

    def wait(self, seconds: float | None = None) -> Run:
        """Returns the run when it is done. Raises `InputError` if it failed, and `TimeoutError` after `seconds`."""
        began = time.monotonic()
        while not (found := self.stored).ended:
            if seconds is not None and time.monotonic() - began > seconds:
                raise TimeoutError(f"run {self.name} is {found.state} after {seconds:g} s")
            time.sleep(POLL_SECONDS)
        return finished(self.store, found)

    def cancel(self) -> None:
        """Stops it; results so far are kept."""
        Local(self.store).cancel(self.name)

    async def events(self) -> AsyncIterator[EpochEnd]:
        """Yields the end of each epoch as it comes, until the run has ended."""
        last = 0
        while True:
            ended = self.stored.ended  # before the rows, so that the last are read
            for number, row in self.store.rows(self.name, EpochEnd, last):
                last = number
                yield row
            if ended:
                return
            await asyncio.sleep(POLL_SECONDS)


def submit(design: Design) -> Pending:
    """Puts a design in the queue of this machine, and returns at once; a process of its own trains it.

    For example:

        import asyncio

        pending = snnviz.submit(snnviz.load_design("digits-mlp", **small, seed=1))


        async def follow():
            async for end in pending.events():
                print(end.epoch, end.test_accuracy)


        asyncio.run(follow())
        other = pending.wait()
    """
    store = open_store()
    return Pending(store, Local(store).submit(design).run)
