"""What a step of a lesson costs the server: processor milliseconds for a press on "go on", by the page that it opens.

    python benchmarks/going_on.py [--students 8] [--lessons gradients ...]

Students of one class, each in turn, go through the lessons by the button that leads on, without a question answered:
what sixty of them need when a teacher opens a step is sixty times this number. The first student fills the caches, and
is not counted. Of each step the least of all students' counts, and of a page the mean of its steps: the clock is the
server's processor time, which other work on the machine lengthens, though less than it lengthens an answer.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl

from person import Failed, Person, Times
from server import Server, machine, report, serving

from snnviz.lessons.classes import new_class, secret_digest
from snnviz.lessons.lesson import Lesson
from snnviz.lessons.library import library
from snnviz.store import classes
from snnviz.ui.learn.seat import CLASS

LESSONS = ("gradients", "what-is-a-spike", "why-silent", "one-spike", "choosing-an-initialisation", "skips")

SETTLED = 0.05
"""Seconds after an answer in which the server sends what is left."""


def processor_seconds(pid: int) -> float:
    """Processor time of another process so far, with all its threads, to the nanosecond (as clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


class Walk:
    """One student's way through the lessons; `spent`: milliseconds of each press, by the step that it opened."""

    def __init__(self, server: Server, code: str, name: str, lessons: dict[str, Lesson]) -> None:
        self.server, self.code, self.name, self.lessons = server, code, name, lessons
        self.person = Person(server.url, Times())
        self.spent: dict[tuple[str, str], float] = {}

    async def walk(self) -> None:
        await self.begin()
        for lesson in self.lessons.values():
            await self.start(lesson)
            for _ in lesson.steps[1:]:
                await self.go_on()
        await self.person.close()

    async def begin(self) -> None:
        await self.person.open("classes", f"{CLASS}={self.code}")
        self.person.fill("class-join-code", string_value=self.code)
        self.person.fill("class-join-name", string_value=self.name)
        await self.person.press("class-join-go", "join")

    async def start(self, lesson: Lesson) -> None:
        await self.person.open(lesson.steps[0].beneath, f"lesson={lesson.name}&step=1&{CLASS}={self.code}")

    async def go_on(self) -> None:
        key = "lesson-next" if self.person.find("lesson-next") is not None else "lesson-skip"
        before = self.at()
        begin = processor_seconds(self.server.process.pid)
        await self.person.press(key, "go on")
        await asyncio.sleep(SETTLED)
        spent = processor_seconds(self.server.process.pid) - begin
        if self.at() == before:
            raise Failed(f"{self.name} is still at {before}")
        self.spent[self.at()] = 1000 * spent

    def at(self) -> tuple[str, str]:
        query = dict(parse_qsl(self.person.query))
        return query.get("lesson", ""), query.get("step", "1")


async def measure(server: Server, students: int, names: tuple[str, ...]) -> dict[str, Any]:
    store = server.store()
    secret = new_class(store, library(), title="Some", lessons=names, pace="alone", maker="benchmark")
    room = classes.taught_class(store, secret_digest(secret))
    store.close()
    assert room is not None
    lessons = {name: library().get(name) for name in names}
    walks = [Walk(server, room.code, f"student {number:02}", lessons) for number in range(students + 1)]
    idle = Person(server.url, Times())  # where nobody is left, Streamlit forgets its pages
    await idle.open("home")
    for one in walks:
        await one.walk()
    await idle.close()
    pages: dict[str, list[float]] = defaultdict(list)
    for lesson, number in walks[0].spent:
        least = min(one.spent[lesson, number] for one in walks[1:])
        pages[lessons[lesson].steps[int(number) - 1].beneath].append(least)
    return {
        "students": students,
        "presses": {page: len(several) for page, several in sorted(pages.items())},
        "ms": {page: round(sum(several) / len(several), 1) for page, several in sorted(pages.items())},
        "mean_ms": round(sum(map(sum, pages.values())) / sum(map(len, pages.values())), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--students", type=int, default=8, help="who are counted")
    parser.add_argument("--lessons", nargs="+", default=LESSONS, choices=[*library().lessons])
    given = parser.parse_args()
    before = machine()
    with serving() as server:
        found = asyncio.run(measure(server, given.students, tuple(given.lessons)))
    found |= {"before": before, "after": machine()}
    told = ", ".join(f"{page} {spent}" for page, spent in found["ms"].items())
    report(found, f"| {told} | mean {found['mean_ms']} ms |")


if __name__ == "__main__":
    main()
