"""What a person may queue and keep, as their host decides (`people.hosting`), counted in the transaction that adds it.

Data sets of people are files, which are counted under a lock of their own (`data.uploads`): who trains and uploads in
the same moment may keep one more of either.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, func, select

from snnviz.data import owndata
from snnviz.data import owners as data_owners
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.submitted import Task
from snnviz.errors import InputError, LimitReached
from snnviz.people.hosting import Hosting, Limits
from snnviz.people.person import Person, data_mark, is_anonymous
from snnviz.store import server
from snnviz.store.fair_shares import Share
from snnviz.store.owners import shares_of
from snnviz.store.retention import store_bytes
from snnviz.store.single import SingleStore
from snnviz.store.switches import DRAINING, read_switches
from snnviz.store.tables import OWNERS, RUNS
from snnviz.tasks import KINDS, design_of
from snnviz.theory.costs import parameter_count, split_counts

BYTES_OF_A_PARAMETER = 4
MORE_THAN_WEIGHTS = 3
"""Optimizers keep up to two numbers beside each weight, until a run's weights are made smaller (`disk_space.trim`)."""

ROOM = 1.3
"""Visitors queue nothing more beyond so many times what retention lets a store take, weights of the queue included."""

STARRED = 1 / 3
"""The share of that which weights of runs with a star may take before visitors may star no more."""

_ACTIVE = ("queued", "running")


def check_limits(connection: Connection, person: Person, hosting: Hosting, task: Task, store: SingleStore) -> None:
    """Raises `LimitReached` if a person may not queue this task now: of the queue, of the server's room, of their
    role's limits, or of what they keep. Called in the transaction that queues it, after all others'.
    """
    weights = store.checkpoints
    _check_queue(connection, person, hosting)
    _check_room(connection, person, hosting, task, store)
    limits = hosting.limits_of(person.role)
    _check_use(connection, person, limits)
    _check_size(person, limits, task)
    if limits.kept_megabytes is not None:
        check_kept(person, limits, kept_bytes(connection, person.id, weights) + data_bytes(person.id),
                   expected_bytes(task), "a run whose weights take")  # fmt: skip


def _check_queue(connection: Connection, person: Person, hosting: Hosting) -> None:
    if person.is_admin:
        return
    if not hosting.queue.accepts or read_switches(connection).draining:
        raise LimitReached(DRAINING)
    waiting = connection.scalar(select(func.count()).where(RUNS.c.state == "queued")) or 0
    if waiting >= hosting.queue.longest:
        raise LimitReached(
            f"The server is busy: {waiting:,} runs wait, which is as many as its host allows; try again later."
        )


def _check_room(connection: Connection, person: Person, hosting: Hosting, task: Task, store: SingleStore) -> None:
    most = hosting.retention.megabytes * 1e6
    if not most or not is_anonymous(person.id):
        return
    database, files = store_bytes(store)
    active = select(func.sum(RUNS.c.expected_bytes)).where(RUNS.c.state.in_(_ACTIVE))
    taken = database + sum(files.values()) + (connection.scalar(active) or 0)
    if taken + expected_bytes(task) > ROOM * most:
        raise LimitReached(
            "The server is full for the moment: what nobody opened for longest is making room; try again in a minute."
        )


def check_star(connection: Connection, person: Person, hosting: Hosting, run: str, store: SingleStore) -> None:
    """Raises `LimitReached` if a visitor may star no further run, as those with a star never go by themselves."""
    most = hosting.retention.megabytes * 1e6 * STARRED
    if not most or not is_anonymous(person.id):
        return
    starred = {*connection.scalars(select(RUNS.c.run).where(RUNS.c.starred)), run}
    taken = sum(size for name, size in store_bytes(store)[1].items() if name in starred)
    if taken > most:
        raise LimitReached(
            f"Runs with a star must have at most {most / 1e6:,.0f} MB of weights together on this server, and these "
            "would have more: take a star off first."
        )


def _check_use(connection: Connection, person: Person, limits: Limits) -> None:
    if limits.queued is not None:
        mine = select(func.count()).where(
            OWNERS.c.person == person.id, OWNERS.c.run == RUNS.c.run, RUNS.c.state.in_(_ACTIVE)
        )
        if (count := connection.scalar(mine) or 0) >= limits.queued:
            raise LimitReached(
                f"Runs that wait or run must be at most {limits.queued:,} of one {person.role}, and {count:,} of yours "
                "do: another can be queued when one of them has ended or is cancelled."
            )
    if limits.seconds_a_day is not None:
        used = shares_of(connection, [person.id], server.clock(connection)).get(person.id, Share()).day
        if used >= limits.seconds_a_day:
            raise LimitReached(
                f"Training must take at most {limits.seconds_a_day / 60:,.0f} processor-minutes a day of one "
                f"{person.role}, and yours took {used / 60:,.0f}: it is forgotten evenly, by half in 17 hours."
            )


def _check_size(person: Person, limits: Limits, task: Task) -> None:
    kind = KINDS.kind_of(task)
    if limits.parameters is not None and kind.design is not None:
        count = parameter_count(design_of(task))
        if count > limits.parameters:
            raise LimitReached(
                f"A network must have at most {limits.parameters:,} parameters for one {person.role}, and this one has "
                f"{count:,}: half as many channels or neurons a layer are about a quarter of them."
            )
    if limits.seconds_a_run is not None:
        seconds = kind.cost(task).seconds
        if seconds > limits.seconds_a_run:
            raise LimitReached(
                f"One {kind.noun} must be expected to take at most {_time(limits.seconds_a_run)} of a processor for "
                f"one {person.role}, and this one is expected to take {_time(seconds)}: "
                f"{_what_fits(task, limits.seconds_a_run / seconds)}."
            )


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 180 else f"{seconds / 60:,.0f} min"


def _what_fits(task: Task, share: float) -> str:
    """What would take `share` of the time."""
    if not KINDS.kind_of(task).trained:
        return KINDS.kind_of(task).smaller
    design = design_of(task)
    most = _seconds(design) * share
    epochs, used = design.training.epochs, split_counts(design)[0]
    for count in range(int(epochs * share), max(0, int(epochs * share) - 3), -1):
        if _seconds(change(design, {"training.epochs": count})) <= most:
            return f"{count:,} instead of {epochs:,} epochs would fit"
    for part in (0.9, 0.5, 0.2):
        count = int(used * epochs * share * part)
        with suppress(InputError):
            if _seconds(change(design, {"training.epochs": 1, "data.train_samples": count})) <= most:
                return f"one epoch of {count:,} training images would fit"
    return KINDS.kind_of(task).smaller


def _seconds(design: Design) -> float:
    return KINDS.kind_of(design).cost(design).seconds


def expected_bytes(task: Task) -> int:
    """Returns how many bytes of weights a run of this task is expected to keep at most; 0 of tasks without a design."""
    if KINDS.kind_of(task).design is None:
        return 0
    return MORE_THAN_WEIGHTS * BYTES_OF_A_PARAMETER * parameter_count(design_of(task))


def kept_bytes(connection: Connection, person: str, weights: Path) -> int:
    """Returns the bytes of weights that a person keeps, and of those that their runs in the queue are expected to; a
    run of several people counts in equal parts.
    """
    every = OWNERS.alias("every")
    people = select(func.count()).where(every.c.run == RUNS.c.run).scalar_subquery()
    mine = select(RUNS.c.run, RUNS.c.state, RUNS.c.expected_bytes, people.label("people")).where(
        OWNERS.c.person == person, OWNERS.c.run == RUNS.c.run
    )
    found = 0.0
    for row in connection.execute(mine):
        size = 0
        with suppress(OSError):
            size = (weights / f"{row.run}.safetensors").stat().st_size
        if row.state in _ACTIVE:
            size = max(size, row.expected_bytes or 0)
        found += size / max(1, row.people)
    return round(found)


def data_bytes(person: str) -> int:
    """Returns the bytes of data sets of their own that a person keeps."""
    mark = data_mark(person)
    return sum(size for folder, size in owndata.own_dataset_sizes().items() if mark in data_owners.read_owners(folder))


def check_kept(person: Person, limits: Limits, kept: int, more: int, what: str) -> None:
    """Raises `LimitReached` if a person who keeps so many bytes may not keep `more` of `what`."""
    if limits.kept_megabytes is None or kept + more <= limits.kept_megabytes * 1e6:
        return
    free = max(0.0, limits.kept_megabytes - kept / 1e6)
    raise LimitReached(
        f"Weights and data sets must take at most {limits.kept_megabytes:,.0f} MB of one {person.role}, and yours take "
        f"{kept / 1e6:,.0f}: {what} {free:,.0f} MB would fit, and deleting runs or data sets makes room."
    )
