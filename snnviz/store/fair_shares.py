"""The order in which waiting runs are started: fair between people, small runs first, and nobody waits for ever.

Each person has what they used recently (processor-seconds, halved every half an hour), and their next run comes when
they have used the least. That is fair queuing by virtual time (Goyal, Vin & Cheng 1996) with a memory that fades, as
clusters share by recent use. Waiting earns credit, so that a steady stream of newcomers starves nobody; the credit is
spent with the first run that is started. Somebody who queues 200 runs delays another's first by no more than what runs.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

HALF_LIFE = 1800.0
"""Seconds in which what somebody used counts half."""

DAY = 86_400.0
CREDIT = 0.2
"""Processor-seconds of credit for a second of waiting since a person's last run was started."""

PATIENCE = 0.1
"""By how many seconds smaller a person's own run counts for each second that it has waited."""

UNKNOWN_SECONDS = 30.0
"""Of a run that was submitted without an estimate."""

NOBODY = ""
"""Who owns runs that no person asked for, such as the command line's. They are started in order."""


class Waiting(NamedTuple):
    """A queued run: its owners, its estimated processor-seconds, and since when it waits (seconds since 1970)."""

    run: str
    people: tuple[str, ...]
    seconds: float
    since: float


class Share(NamedTuple):
    """What a person used: processor-seconds of late (`recent`), and in about a day (`day`); when their last run was
    started.
    """

    recent: float = 0.0
    day: float = 0.0
    started: float = 0.0

    def later(self, seconds: float) -> Share:
        """Returns what is left of it after so many seconds: `recent` halves in `HALF_LIFE`, `day` falls by 1/e a day.

        >>> Share(8.0, 8.0).later(1800.0).recent
        4.0
        """
        gone = max(0.0, seconds)
        return self._replace(recent=self.recent * 0.5 ** (gone / HALF_LIFE), day=self.day * math.exp(-gone / DAY))

    def plus(self, seconds: float) -> Share:
        """Returns it with so many processor-seconds more."""
        return self._replace(recent=self.recent + seconds, day=self.day + seconds)


def fair_order(
    waiting: Sequence[Waiting], shares: Mapping[str, Share], running: Sequence[Waiting], now: float
) -> list[str]:
    """Returns the names of waiting runs in the order in which they are to be started.

    `shares`: what people used until `now`, by id. `running`: runs at work, which count as used.

    >>> many = [Waiting(f"a{k}", ("ann",), 5.0, 0.0) for k in range(3)]
    >>> fair_order([*many, Waiting("b0", ("bob",), 5.0, 1.0)], {}, [Waiting("a", ("ann",), 5.0, 0.0)], 2.0)
    ['b0', 'a0', 'a1', 'a2']
    """
    used: dict[str, float] = defaultdict(float, {person: share.recent for person, share in shares.items()})
    for one in running:
        for person in one.people or (NOBODY,):
            used[person] += one.seconds / max(1, len(one.people))
    queues: dict[str, list[Waiting]] = defaultdict(list)
    for one in waiting:
        for person in one.people or (NOBODY,):
            queues[person].append(one)
    started = {person: shares[person].started if person in shares else 0.0 for person in queues}
    for person, queue in queues.items():
        queue.sort(key=lambda one: _own_place(one, now) if person else (one.since, one.since, one.run), reverse=True)

    oldest = {person: min(one.since for one in queue) for person, queue in queues.items()}

    def score(person: str) -> tuple[float, float, str]:
        since = max(oldest[person], started[person])
        return used[person] - CREDIT * max(0.0, now - since), oldest[person], person

    heap = [score(person) for person in queues]
    heapq.heapify(heap)
    order: dict[str, None] = {}
    while heap:
        at, _, person = heap[0]
        queue = queues[person]
        while queue and queue[-1].run in order:  # another of its owners was first
            queue.pop()
        if not queue:
            heapq.heappop(heap)
        elif score(person)[0] > at:  # it was charged meanwhile
            heapq.heapreplace(heap, score(person))
        else:
            one = queue.pop()
            order[one.run] = None
            for owner in one.people or (NOBODY,):
                used[owner] += one.seconds / max(1, len(one.people))
                started[owner] = now
            heapq.heapreplace(heap, score(person))
    return [*order]


def _own_place(one: Waiting, now: float) -> tuple[float, float, str]:
    return one.seconds - PATIENCE * max(0.0, now - one.since), one.since, one.run
