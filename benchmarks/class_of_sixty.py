"""Sixty students in one class on this machine: how long each action takes, and whether an answer is ever lost.

    python benchmarks/class_of_sixty.py [--minutes 15] [--students 60] [--pace 45] [--kill]

Each student is a websocket with a cookie that does what Streamlit's browser half does (`person.Person`): joins by the
code, predicts at each step, trains where a step says so (every fourth a network of their own seed, so that runs wait),
and goes on when the teacher opens the next step. The teacher is one more, with the live page open. In the end the
answers in the store are compared with those that were given. `--kill` kills the server in the middle, and starts it
again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from person import Failed, Person, Times
from server import Server, cpu_seconds, machine, quantile, report, serving
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from snnviz.lessons.classes import new_class, secret_digest
from snnviz.lessons.lesson import Lesson, Step
from snnviz.lessons.library import library
from snnviz.lessons.questions.curve import FULL, POINTS
from snnviz.store import Store, classes, learning
from snnviz.ui.learn.seat import CLASS

LESSONS = ("gradients", "what-is-a-spike", "why-silent", "one-spike")
LOST = (ConnectionClosed, InvalidHandshake, OSError, EOFError)
QUEUED = re.compile(r"\w+ in the queue, about [^*]+")
LATEST = 120.0
"""Seconds after the end in which what waits in the queue may still be trained."""


@dataclass
class Room:
    """What all know: the class, its lessons, and when it is over."""

    code: str
    server: Server
    lessons: dict[str, Lesson]
    ends: float
    pace: float
    times: Times = field(default_factory=Times)
    down: asyncio.Event = field(default_factory=asyncio.Event)
    queue_words: Counter[str] = field(default_factory=Counter)
    trained: int = 0
    back: int = 0
    trouble: list[str] = field(default_factory=list)


class Student:
    """Somebody who takes the lessons as the teacher opens them."""

    def __init__(self, room: Room, number: int) -> None:
        self.room, self.number = room, number
        self.draw = random.Random(number)
        self.person = Person(room.server.url, room.times)
        self.given: dict[tuple[str, str], Any] = {}
        self.own: set[tuple[str, str]] = set()
        self.learnt: set[tuple[str, str]] = set()
        self.since = time.monotonic()

    async def study(self) -> None:
        """Until the class is over; comes back where the server was killed."""
        await asyncio.sleep(self.number * 0.25)
        path, query = "classes", f"{CLASS}={self.room.code}"
        while time.monotonic() < self.room.ends:
            try:
                if self.person.socket is None:
                    await self.person.open(path, query, "come back" if self.person.cookie else "open")
                await self.step()
            except LOST:
                self.room.back += 1
                path, query = self.person.path.lower() or "classes", self.person.query
                with suppress(*LOST):
                    await self.person.close()
                self.person.socket = None
                await asyncio.sleep(1 + 2 * self.draw.random())
            except Failed as error:
                self.room.trouble.append(f"student {self.number}: {error}")
                await self.person.live(1.0)
        await self.person.close()

    async def step(self) -> None:
        """One thing that there is to do."""
        person = self.person
        self.hear()
        at, step = self.where()
        if person.find("class-join-go") is not None:
            person.fill("class-join-code", string_value=self.room.code)
            person.fill("class-join-name", string_value=f"student {self.number:02}")
            await person.press("class-join-go", "join")
        elif self.can("class-go"):
            await self.think(2.0)
            await person.press("class-go", "go on")
        elif step is None:
            await person.live(1.0)
        elif self.can("lesson-keep") and at not in self.given:
            await self.think(self.room.pace / 4)
            await self.predict(at, step)
        elif self.can("lesson-next"):
            await self.think(2.0)
            await person.press("lesson-next", "go on")
        elif self.can("train") and self.trains(step) and at not in self.learnt:
            await self.think(2.0)
            await self.train(at)
        elif self.can("lesson-skip") and at in self.given and not self.trains(step):
            await self.think(self.room.pace / 4)
            if self.can("lesson-skip"):
                await person.press("lesson-skip", "go on")
        else:
            await person.live(1.0)

    def where(self) -> tuple[tuple[str, str], Step | None]:
        query = dict(parse_qsl(self.person.query))
        lesson = self.room.lessons.get(query.get("lesson", ""))
        if lesson is None:
            return ("", ""), None
        step = lesson.steps[min(len(lesson.steps), int(query.get("step", "1"))) - 1]
        return (lesson.name, step.name), step

    def can(self, key: str) -> bool:
        element = self.person.find(key)
        return element is not None and not getattr(element, "disabled", False)

    def trains(self, step: Step) -> bool:
        return step.page == "design" and step.check is not None and step.check.kind == "run"

    async def think(self, most: float) -> None:
        """The page lives on meanwhile."""
        await self.person.live(self.draw.uniform(0.2, max(most, 0.3)))

    def hear(self) -> None:
        for text in self.person.said:
            for found in QUEUED.findall(text.replace("\u00a0", " ")):
                self.room.queue_words[re.sub(r"\d[\d.]*", "N", found)[:60]] += 1
        self.person.said.clear()

    async def predict(self, at: tuple[str, str], step: Step) -> None:
        key = next((key for key in self.person.elements if key.startswith("lesson-answer/")), "")
        question: Any = step.question
        if not key or question is None or tuple(key.split("/")[1:]) != at:  # the address follows the page
            await self.person.live(0.5)
            return
        if question.kind == "number":
            steps = round((question.high - question.low) / question.step)
            answer: Any = float(question.low + question.step * self.draw.randint(0, steps))
            answer = min(answer, float(question.high))
            self.person.fill(key, double_value=answer)
        elif question.kind == "choice":
            place = self.draw.randrange(len(question.options))
            answer = question.options[place].name
            self.person.fill(key, string_value=self.person.find(key).options[place])
        elif question.kind == "order":
            places = self.draw.sample(range(len(question.items)), len(question.items))
            answer = [question.items[place][0] for place in places]
            options = self.person.find(key).options
            self.person.fill(key, string_array_value=[options[place] for place in places])
        else:
            answer = [int(FULL * (1 - k / POINTS) ** (1 + self.number % 5)) for k in range(POINTS)]
            self.person.fill(key, json_value=json.dumps({"drawn": answer}))
        await self.person.press("lesson-keep", "answer")
        self.given[at] = answer

    async def train(self, at: tuple[str, str]) -> None:
        if self.number % 4 == 0 and at not in self.own:  # a variant of one's own, by its link
            self.own.add(at)
            await self.person.open("design", f"seed={self.number + 1}&{self.person.query}", "open a link")
            return
        await self.person.press("train", "train")
        self.learnt.add(at)
        self.room.trained += 1


class Teacher:
    """Opens the steps one after the other, and shows what is right, from the live page."""

    def __init__(self, room: Room, secret: str) -> None:
        self.room, self.secret = room, secret
        self.person = Person(room.server.url, room.times)
        self.steps = 0

    async def teach(self) -> None:
        while time.monotonic() < self.room.ends:
            try:
                if self.person.socket is None:
                    await self.person.open(
                        "classes", f"teach={self.secret}", "come back" if self.person.cookie else "open"
                    )
                    await self.person.live(2.0 if self.steps else 0.25 * 60)
                for key, share in (("class-show", 0.45), ("class-open", 0.55)):
                    await self.person.live(share * self.room.pace)
                    if self.person.find(key) is not None and time.monotonic() < self.room.ends:
                        await self.person.press(key, "teacher")
                        self.steps += key == "class-open"
            except LOST:
                self.person.socket = None
                await asyncio.sleep(1.0)
            except Failed as error:
                self.room.trouble.append(f"teacher: {error}")
                await self.person.live(1.0)
        await self.person.close()


def lost_answers(store: Store, room: Room, students: list[Student]) -> tuple[int, int]:
    """How many answers were given, and how many of them the store does not have as they were given."""
    seats = {seat.nickname: seat.learner for seat in classes.seats_of(store, room.code)}
    kept = {(row.learner, row.lesson, row.step): row.answer for row in learning.steps_of(store, [*seats.values()])}
    given = lost = 0
    for one in students:
        learner = seats.get(f"student {one.number:02}", "")
        for (lesson, step), answer in one.given.items():
            given += 1
            found = kept.get((learner, lesson, step))
            lost += found is None or json.loads(found) != answer
    return given, lost


async def measure(server: Server, count: int, minutes: float, pace: float, kill: bool) -> dict[str, object]:
    store = server.store()
    secret = new_class(store, library(), title="Sixty", lessons=LESSONS, pace="together", maker="benchmark")
    found = classes.taught_class(store, secret_digest(secret))
    assert found is not None
    lessons = {name: library().get(name) for name in LESSONS}
    steps = sum(len(lesson.steps) for lesson in lessons.values())
    begin = time.monotonic()
    room = Room(found.code, server, lessons, begin + 60 * minutes, max(pace, (60 * minutes - 15) / steps))
    teacher = Teacher(room, secret)
    students = [Student(room, number) for number in range(count)]
    work = [asyncio.create_task(one.study()) for one in students] + [asyncio.create_task(teacher.teach())]
    down, spent, own = 0.0, cpu_seconds(server.process.pid), time.process_time()
    if kill:
        await asyncio.sleep(30 * minutes)
        at = time.monotonic()
        await asyncio.to_thread(server.restart)
        down, spent = time.monotonic() - at, 0.0
    await asyncio.gather(*work)
    share = (cpu_seconds(server.process.pid) - spent) / (time.monotonic() - begin) * (2 if kill else 1)
    mine = (time.process_time() - own) / (time.monotonic() - begin)
    given, lost = lost_answers(store, room, students)
    runs = store.runs(states=("queued", "running", "done", "failed"))
    store.close()
    coming_back = room.times.actions.pop("come back", [])
    actions = [seconds for several in room.times.actions.values() for seconds in several]
    return {
        "students": count,
        "minutes": minutes,
        "seconds_a_step": round(room.pace),
        "steps_opened": teacher.steps + 1,
        "actions": len(actions),
        "action_p50_ms": round(1000 * quantile(actions, 0.5)),
        "action_p95_ms": round(1000 * quantile(actions, 0.95)),
        "action_max_ms": round(1000 * max(actions)),
        "p95_ms_by_action": {
            name: [len(several), round(1000 * quantile(several, 0.5)), round(1000 * quantile(several, 0.95))]
            for name, several in sorted(room.times.actions.items())
        },
        "ticks_per_second": round(len(room.times.ticks) / (60 * minutes), 1),
        "tick_p95_ms": round(1000 * quantile(room.times.ticks, 0.95)),
        "answers": given,
        "lost_answers": lost,
        "pressed_train": room.trained,
        "runs": dict(Counter(run.state for run in runs)),
        "queue_words": dict(room.queue_words.most_common(5)),
        "server_was_down_s": round(down, 1),
        "came_back": len(coming_back),
        "came_back_within_s": round(max(coming_back, default=0.0), 1),
        "server_cpu_percent": round(100 * share),
        "clients_cpu_percent": round(100 * mine),
        "trouble": room.trouble[:10],
        "troubles": len(room.trouble),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--students", type=int, default=60, choices=range(1, 201), metavar="1..200")
    parser.add_argument("--pace", type=float, default=45.0, help="seconds that a step takes at least")
    parser.add_argument("--kill", action="store_true", help="kill the server in the middle, and start it again")
    given = parser.parse_args()
    before = machine()
    with serving() as server:
        found = asyncio.run(measure(server, given.students, given.minutes, given.pace, given.kill))
    found |= {"before": before, "after": machine()}
    line = "| {students} students | {minutes} min | p95 {action_p95_ms} ms | {lost_answers} of {answers} answers lost |"
    report(found, line.format(**found))


if __name__ == "__main__":
    main()
