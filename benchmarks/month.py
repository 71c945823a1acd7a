"""A month of an open demo: does its store stay below 2 GB under the default limits?

    .venv/bin/python -m benchmarks.month [--visitors 500] [--days 30] [--runs 4] [--seed 1]

Made-up visitors come to an empty store, whose clock goes from visit to visit. Each keeps a few runs, each of which is a
copy of one that was really trained (below; its rows, its summaries and a file as large as its weights, which takes no
room on the disk); one in a hundred trains as many of the largest network of an example as a visitor may in a day. Some
open what others made, and one in thirty stars a run. What goes by itself is what the server lets go (`store.retention`,
called as a server does, after a minute of training on two cores), by the defaults of `snnviz.toml`; nobody queues
what `store.limits` would refuse. Prints the size of the store (database and weights, as the file system says) day by
day, and the largest.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from snnviz.catalog.examples import EXAMPLES
from snnviz.errors import LimitReached
from snnviz.jobs.immediate import Immediate
from snnviz.people.hosting import Hosting
from snnviz.people.person import Person
from snnviz.store import Store, server
from snnviz.store.limits import check_star
from snnviz.store.retention import DAY, expire, store_bytes
from snnviz.store.tables import OF_RUNS, OWNERS, RUNS, SHARES

EXAMPLES_BY_WEIGHT = {"digits": 0.7, "ttfs-digits": 0.12, "digits-mlp": 0.13, "mobilenetv2-digits": 0.05}
"""What visitors train, and how often; the sizes of these are measured before the month begins."""

GREEDY, LARGEST = 0.01, "digits-mlp"
OPENS, STARS = 3, 1 / 30


class Month:
    """An open demo whose clock is set by hand."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.store, self.hosting = Store(folder / "runs.sqlite", gallery=False), Hosting()
        self.draw = random.Random(seed)
        self.samples = {name: self._trained(name) for name in EXAMPLES_BY_WEIGHT}
        with self.store._reading() as connection:
            self.copies = {
                run: [copy for table, copy in COPIES.items() if _has(connection, table, run)]
                for run, _, _ in self.samples.values()
            }
        self.now, self.count, self.refused, self.names = time.time(), 0, 0, list[str]()

    def _trained(self, example: str) -> tuple[str, int, float]:
        """A run that was really trained: its name, the bytes of its weights, and its seconds."""
        run = self.store.get(Immediate(self.store).submit(EXAMPLES[example]()).run)
        return run.run, self.store.checkpoint_path(run.run).stat().st_size, run.seconds

    def visit(self, runs: int) -> Iterator[list[tuple[Person, str]]]:
        """One visitor: their runs, as many at a time as two cores train in a minute; then they open what others made,
        and some star their last one.
        """
        person, batch, seconds = Person(f"{self.draw.getrandbits(128):032x}"), list[tuple[Person, str]](), 0.0
        for example in self.trained_by_one(runs):
            batch.append((person, example))
            seconds += self.samples[example][2]
            if seconds > 120.0:
                yield batch
                batch, seconds = [], 0.0
        yield batch
        with self.store._writing() as connection:
            for run in self.draw.sample(self.names, min(OPENS, len(self.names))):
                connection.execute(OPEN, {"name": run, "now": self.now})
            if self.draw.random() < STARS:
                try:
                    check_star(connection, person, self.hosting, self.names[-1], self.store)
                    connection.execute(update(RUNS).where(RUNS.c.run == self.names[-1]).values(starred=True))
                except LimitReached:
                    self.refused += 1

    def trained_by_one(self, runs: int) -> list[str]:
        """The examples that one visitor trains."""
        if self.draw.random() >= GREEDY:
            count = 1 + int(self.draw.expovariate(1 / (runs - 0.5)))
            return self.draw.choices([*EXAMPLES_BY_WEIGHT], [*EXAMPLES_BY_WEIGHT.values()], k=count)
        limits, (_, size, seconds) = self.hosting.limits.visitor, self.samples[LARGEST]
        assert limits.kept_megabytes is not None
        assert limits.seconds_a_day is not None
        return [LARGEST] * int(min(limits.kept_megabytes * 1e6 / size, limits.seconds_a_day / seconds))

    def keep(self, connection: Connection, person: Person, example: str) -> None:
        """A run of this person that has just ended, a copy of the example's."""
        (template, size, seconds), self.count = self.samples[example], self.count + 1
        name = f"{self.count:016x}"
        values = {"template": template, "new_run": name, "new_key": name, **{f"new_{one}": self.now for one in TIMES}}
        connection.execute(COPY_RUN, values)
        for copy in self.copies[template]:
            connection.execute(copy, {"template": template, "new_run": name})
        connection.execute(OWNERS.insert(), {"run": name, "person": person.id, "since": self.now, "charged": seconds})
        used = {"person": person.id, "recent": seconds, "day": seconds, "started": self.now, "at": self.now}
        connection.execute(server.insert(connection.dialect.name)(SHARES).values(used).on_conflict_do_nothing())
        with self.store.checkpoint_path(name).open("wb") as file:
            file.truncate(size)
        self.names.append(name)
        del self.names[:-3000]  # what one finds on the pages is mostly new

    def days(self, days: int, visitors: int, runs: int) -> Iterator[int]:
        """Goes through the days; the largest size of each, in bytes, as it was before something went."""
        clock, begin = server.clock, self.now
        server.clock = lambda _connection: self.now  # type: ignore[assignment]
        try:
            for day in range(days):
                most = 0
                for number in range(visitors):
                    self.now = begin + (day + number / visitors) * DAY
                    for batch in self.visit(runs):
                        with self.store._writing() as connection:
                            for person, example in batch:
                                self.keep(connection, person, example)
                        most = max(most, self.size())
                        expire(self.store, self.hosting.retention)
                yield most
        finally:
            server.clock = clock

    def size(self) -> int:
        """Bytes of database and weights."""
        database, weights = store_bytes(self.store)
        return database + sum(weights.values())


def _copy(table: Any, new: tuple[str, ...]) -> Any:
    """A statement that writes the rows of the run `template` once more, with other values; row numbers are the
    database's.
    """
    columns = [column for column in table.columns if column.name != "seq"]
    rows = select(*(bindparam(f"new_{one.name}", type_=one.type) if one.name in new else one for one in columns))
    of = rows.where(table.c.run == bindparam("template"))
    return table.insert().from_select([one.name for one in columns], of)


def _has(connection: Connection, table: Any, run: str) -> bool:
    return connection.scalar(select(table.c.run).where(table.c.run == run).limit(1)) is not None


TIMES = ("created", "queued", "started", "finished", "opened")
COPY_RUN = _copy(RUNS, ("run", "key", *TIMES))
COPIES = {table: _copy(table, ("run",)) for table in OF_RUNS if table is not OWNERS}
OPEN = update(RUNS).where(RUNS.c.run == bindparam("name"), RUNS.c.state == "done").values(opened=bindparam("now"))


def main() -> None:
    """Prints a line a day, and the largest size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visitors", type=int, default=500, help="a day")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--runs", type=int, default=4, help="of one visitor, on average")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SNNVIZ_CACHE"] = folder
        begun, month = time.monotonic(), Month(Path(folder), given.seed)
        for name, (run, size, seconds) in month.samples.items():
            print(f"{name}: weights of {size / 1e6:.2f} MB, {seconds:.1f} s ({run})")
        largest = 0
        for day, most in enumerate(month.days(given.days, given.visitors, given.runs), 1):
            largest = max(largest, most)
            with month.store._reading() as connection:
                there = connection.scalar(select(func.count()).where(RUNS.c.state == "done"))
            print(
                f"day {day}: {month.count:,} runs were made, {there:,} are there, {month.size() / 1e6:,.0f} MB, "
                f"{most / 1e6:,.0f} at most, {time.monotonic() - begun:.0f} s",
                flush=True,
            )
        print(f"largest: {largest / 1e6:,.0f} MB; {month.refused} stars were refused")
        month.store.close()


if __name__ == "__main__":
    main()
