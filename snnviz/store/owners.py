"""Who wants a run, what people used, and the order of the queue that follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from snnviz.people.person import Person
from snnviz.store import server
from snnviz.store.fair_shares import UNKNOWN_SECONDS, Share, Waiting, fair_order
from snnviz.store.tables import OWNERS, RUNS, SHARES

_ACTIVE = ("queued", "running")


def add_owner(connection: Connection, run: str, person: str) -> None:
    """Records that a person wants a run too. What it took before counts for those who wanted it then."""
    taken = select(RUNS.c.seconds).where(RUNS.c.run == run).scalar_subquery()
    values = {"run": run, "person": person, "since": server.clock(connection), "charged": func.coalesce(taken, 0.0)}
    connection.execute(server.insert(connection.dialect.name)(OWNERS).values(values).on_conflict_do_nothing())


def owners_of(connection: Connection, runs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Returns the ids of the people who want each of these runs, the first to ask first; runs of nobody are left
    out.
    """
    found: dict[str, list[str]] = defaultdict(list)
    query = select(OWNERS.c.run, OWNERS.c.person).where(OWNERS.c.run.in_(tuple(runs)))
    for run, person in connection.execute(query.order_by(OWNERS.c.since, OWNERS.c.person)):
        found[run].append(person)
    return {run: tuple(people) for run, people in found.items()}


def let_go(connection: Connection, run: str, person: str) -> bool:
    """Records that a person wants a run no more. Returns whether others still want it, so that it must stay."""
    connection.execute(select(RUNS.c.run).where(RUNS.c.run == run).with_for_update())  # of two who go, one is the last
    others = select(func.count()).where(OWNERS.c.run == run, OWNERS.c.person != person)
    if not connection.scalar(others):
        return False
    charge(connection, run)
    connection.execute(delete(OWNERS).where(OWNERS.c.run == run, OWNERS.c.person == person))
    return True


def refusal(connection: Connection, run: str, person: Person) -> str | None:
    """Returns why a person may not change a run, as the rule of an error's sentence; None if they may. A run of nobody
    may be changed by everybody, as before there were owners.
    """
    if person.is_admin:
        return None
    owners = owners_of(connection, [run]).get(run, ())
    return None if not owners or person.id in owners else "be one of your own: a copy of it may be changed"


def shares_of(connection: Connection, people: Iterable[str], now: float) -> dict[str, Share]:
    """Returns what these people used until `now`, by id."""
    columns = select(SHARES.c.person, SHARES.c.recent, SHARES.c.day, SHARES.c.started, SHARES.c.at)
    found = connection.execute(columns.where(SHARES.c.person.in_(tuple(people))))
    return {row.person: Share(row.recent, row.day, row.started).later(now - row.at) for row in found}


def charge(connection: Connection, run: str) -> None:
    """Adds what a run took since it was last charged to what its owners used, in equal parts."""
    query = select(OWNERS.c.person, (RUNS.c.seconds - OWNERS.c.charged).label("more"))
    owed = connection.execute(
        query.where(OWNERS.c.run == run, RUNS.c.run == OWNERS.c.run).order_by(OWNERS.c.person)
    ).all()
    if not any(row.more for row in owed):
        return
    for row in owed:
        _put(connection, row.person, seconds=max(0.0, row.more) / len(owed))
    connection.execute(
        update(OWNERS).where(OWNERS.c.run == run).values(
            charged=select(RUNS.c.seconds).where(RUNS.c.run == run).scalar_subquery()
        )
    )  # fmt: skip


def forget_charges(connection: Connection, run: str) -> None:
    """Records that a run's seconds are counted from 0 again."""
    connection.execute(update(OWNERS).where(OWNERS.c.run == run).values(charged=0.0))


def start(connection: Connection, run: str) -> None:
    """Records that a run of its owners was started now, which spends the credit of having waited."""
    now = server.clock(connection)
    for person in owners_of(connection, [run]).get(run, ()):
        _put(connection, person, started=now)


class PersonUsage(NamedTuple):
    """A person as their host sees them: how many runs of theirs wait, run and are there, and what they used."""

    person: str
    queued: int
    running: int
    runs: int
    share: Share


def people(connection: Connection) -> list[PersonUsage]:
    """Returns all who want a run or used something, who used the most of late first."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    joined = select(OWNERS.c.person, RUNS.c.state, func.count()).where(OWNERS.c.run == RUNS.c.run)
    for person, state, count in connection.execute(joined.group_by(OWNERS.c.person, RUNS.c.state)):
        counts[person][state] = count
    names = [*connection.scalars(select(SHARES.c.person))]
    shares = shares_of(connection, names, server.clock(connection))
    found = []
    for person in {**counts, **shares}:
        mine = counts.get(person, {})
        share = shares.get(person, Share())
        found.append(PersonUsage(person, mine.get("queued", 0), mine.get("running", 0), sum(mine.values()), share))
    return sorted(found, key=lambda one: (-round(one.share.recent), -one.runs, one.person))


class Workload(NamedTuple):
    """What a store has done and has to do: processor-seconds of all its runs, people with runs that wait or run, and
    since when the oldest waits (seconds since 1970; None: none).
    """

    seconds: float
    people: int
    oldest: float | None


def workload(connection: Connection) -> Workload:
    """Returns what the store has done and has to do."""
    seconds = connection.scalar(select(func.sum(RUNS.c.seconds)))
    active = select(func.count(func.distinct(OWNERS.c.person))).where(
        OWNERS.c.run == RUNS.c.run, RUNS.c.state.in_(_ACTIVE)
    )
    oldest = connection.scalar(select(func.min(RUNS.c.queued)).where(RUNS.c.state == "queued"))
    return Workload(seconds or 0.0, connection.scalar(active) or 0, oldest)


def fair_queue(connection: Connection, which: Iterable[ColumnElement[bool]], limit: int) -> list[str]:
    """Returns the names of up to `limit` queued runs that are `which`, in the order in which they are to be started."""
    waiting = _waiting(connection, which)
    people = {person for one in waiting for person in one.people}
    if not people:  # as they came
        return [one.run for one in sorted(waiting, key=lambda one: (one.since, one.run))[:limit]]
    now = server.clock(connection)
    running = _waiting(connection, (RUNS.c.state == "running",))
    return fair_order(waiting, shares_of(connection, people, now), running, now)[:limit]


def _waiting(connection: Connection, which: Iterable[ColumnElement[bool]]) -> list[Waiting]:
    columns = select(RUNS.c.run, RUNS.c.estimate, RUNS.c.queued, OWNERS.c.person)
    joined = columns.select_from(RUNS.outerjoin(OWNERS, OWNERS.c.run == RUNS.c.run)).where(*which)
    found: dict[str, Waiting] = {}
    for row in connection.execute(joined.order_by(OWNERS.c.since, OWNERS.c.person)):
        one = found.get(row.run) or Waiting(row.run, (), row.estimate or UNKNOWN_SECONDS, row.queued)
        found[row.run] = one._replace(people=(*one.people, row.person)) if row.person else one
    return [*found.values()]


def _put(connection: Connection, person: str, *, seconds: float = 0.0, started: float | None = None) -> None:
    now = server.clock(connection)
    connection.execute(
        server.insert(connection.dialect.name)(SHARES)
        .values(person=person, recent=0.0, day=0.0, started=0.0, at=now)
        .on_conflict_do_nothing()
    )
    connection.execute(select(SHARES.c.person).where(SHARES.c.person == person).with_for_update())  # of two, one waits
    new = shares_of(connection, [person], now).get(person, Share()).plus(seconds)
    begun = new.started if started is None else started
    values = {"recent": new.recent, "day": new.day, "started": begun, "at": now}
    connection.execute(update(SHARES).where(SHARES.c.person == person).values(**values))
