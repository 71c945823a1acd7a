"""Classes in the store: which lessons and steps the teacher has opened, and the seats of the students, who have no
accounts.

Answers are rows of `store.learning`, by the learner of a seat. Both tables are created with the first class.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    select,
    update,
)

from snnviz.errors import InputError, NotFound, Unquoted
from snnviz.store import learning, server
from snnviz.store.learning import STEPS
from snnviz.store.on_demand import TablesOnDemand
from snnviz.store.store import Store

METADATA = MetaData()

CLASSES = Table(
    "classes",
    METADATA,
    Column("code", String(6), primary_key=True),
    Column("secret", String(64), nullable=False, unique=True),  # SHA-256 of what the teacher's link holds
    Column("maker", String(64), nullable=False, index=True),  # a pseudonym, for the limit
    Column("title", Text, nullable=False),
    Column("lessons", Text, nullable=False),  # names, in order, with spaces
    Column("pace", String(8), nullable=False),
    Column("lesson", String(40), nullable=False),  # where a class that goes together is
    Column("step", Integer, nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("handed", Text, nullable=False),  # a page and its setting, "" for none
    Column("made", Double, nullable=False),
    Column("seen", Double, nullable=False, index=True),  # the last sign of life, to the hour
    Column("ended", Double),
)

SEATS = Table(
    "class_seats",
    METADATA,
    Column("code", String(6), primary_key=True),
    Column("learner", String(64), primary_key=True),
    Column("visitor", String(64), nullable=False, index=True),  # a pseudonym, by which a browser finds its seats
    Column("nickname", Text, nullable=False),
    Column("folded", Text, nullable=False),  # what is unique of it
    Column("joined", Double, nullable=False),
    Column("left", Double),
    Column("seen", Double, nullable=False),
    Column("lesson", String(40), nullable=False),
    Column("step", Integer, nullable=False),
    Column("page", String(20), nullable=False),
    Column("link", Text, nullable=False),
    UniqueConstraint("code", "folded"),
)

TABLES = TablesOnDemand(METADATA)

Pace = Literal["together", "alone"]
"""Whether the teacher opens each step for all students, or everyone goes on at their own pace."""

MOST_OF_A_VISITOR = 5
MOST_CLASSES = 500
MOST_SEATS = 200
MOST_ANSWER_BYTES = 2_000_000
"""Of all answers of a class, which is five times what 200 students need."""

KEPT_DAYS = 30
"""Days after the last sign of life when a class is deleted, with its seats and answers."""

LONGEST_LINK = 4_000
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Classroom:
    """A class: students who take lessons, led by a teacher.

    lessons: names, in order. pace: "alone", or "together": then students can go as far as step `step` (from 0) of
    `lesson`, and `shown` says whether what is right in that step is shown; all that comes before is open and shown.
    handed: page and query string of a design or setting that was handed out, such as "design?seed=1", or "".
    made, seen, ended: seconds since 1970; seen: the last sign of life, to the hour.
    """

    code: str
    title: str
    lessons: tuple[str, ...]
    pace: Pace
    lesson: str
    step: int
    shown: bool
    handed: str
    made: float
    seen: float
    ended: float | None

    def open_steps(self, lesson: str, steps: int) -> int:
        """Returns how many of a lesson's `steps` the students may open: all if everyone works at their own pace, else
        as far as the teacher has opened.
        """
        place = self._relative(lesson)
        return steps if place < 0 else 0 if place > 0 else min(steps, self.step + 1)

    def shows(self, lesson: str, step: int) -> bool:
        """Returns whether students may see the right answer of the step with this index (from 0) of a lesson."""
        place = self._relative(lesson)
        return place < 0 or (place == 0 and (step < self.step or (step == self.step and self.shown)))

    def _relative(self, lesson: str) -> int:
        """-1 where the lesson lies behind the class or is none of it, 0 where the class is in it, 1 ahead of it."""
        if self.pace == "alone" or lesson not in self.lessons:
            return -1
        here, there = self.lessons.index(self.lesson), self.lessons.index(lesson)
        return (there > here) - (there < here)


class Seat(NamedTuple):
    """A student in a class: nickname, and the lesson, step and page where they were when their browser last reported
    (`seen`).

    learner: a pseudonym, by which answers are kept. left: when they left, None if they did not. page, link: the page
    that they were on, and the query string of its setting.
    """

    code: str
    learner: str
    nickname: str
    joined: float
    left: float | None
    seen: float
    lesson: str
    step: int
    page: str
    link: str


class Summary(NamedTuple):
    """A class in the list that the host of the server sees."""

    code: str
    title: str
    students: int
    made: float
    seen: float
    ended: float | None


# -- classes ----------------------------------------------------------------------------------------------------------


def add_class(store: Store, room: Classroom, *, secret: str, maker: str) -> bool:
    """Adds a class. secret: SHA-256 of the teacher's secret; maker: pseudonym of the visitor who made the class.

    Returns False if its code is in use. Raises `InputError` if there are too many classes, of the visitor or in all.
    """
    TABLES.create(store)
    with store._writing() as connection:
        server.wait_for_others(connection)
        mine = _count(connection, CLASSES, CLASSES.c.maker == maker, CLASSES.c.ended.is_(None))
        if mine >= MOST_OF_A_VISITOR:
            rule = f"be at most {MOST_OF_A_VISITOR} of a teacher that have not ended: end one first"
            raise InputError("classes", rule, Unquoted(f"{mine + 1} classes"))
        if _count(connection, CLASSES) >= MOST_CLASSES:
            raise InputError("classes", f"be at most {MOST_CLASSES} on this server", Unquoted(f"{MOST_CLASSES + 1}"))
        row = {name: getattr(room, name) for name in _FIELDS} | {"lessons": " ".join(room.lessons)}
        new = store._insert(CLASSES).values(**row, secret=secret, maker=maker).on_conflict_do_nothing()
        return connection.scalar(new.returning(CLASSES.c.code)) is not None


def get_class(store: Store, code: str) -> Classroom | None:
    """Returns the class with this code, or None."""
    return _class(store, CLASSES.c.code == code)


def taught_class(store: Store, secret: str) -> Classroom | None:
    """Returns the class whose teacher's secret has this SHA-256, or None."""
    return _class(store, CLASSES.c.secret == secret)


def change_class(store: Store, code: str, **fields: Any) -> None:
    """Sets fields of a class (`pace`, `lesson`, `step`, `shown`, `handed`, `ended`). Raises `NotFound`."""
    with store._writing() as connection:
        new = update(CLASSES).where(CLASSES.c.code == code).values(**fields, seen=time.time())
        if not connection.execute(new).rowcount:
            raise NotFound(f"class must be one that is there, got {code!r}")


def delete_class(store: Store, code: str) -> None:
    """Deletes a class with its seats and their answers."""
    if TABLES.exist(store):
        with store._writing() as connection:
            _delete(connection, [code])


def delete_unused(store: Store, now: float | None = None) -> int:
    """Deletes the classes in which nobody was active for `KEPT_DAYS` days, and returns how many they were."""
    if store.readonly or not TABLES.exist(store):
        return 0
    last = (time.time() if now is None else now) - KEPT_DAYS * 86_400
    query = select(CLASSES.c.code).where(CLASSES.c.seen < last)
    with store._reading() as connection:
        if not connection.scalars(query).all():
            return 0
    with store._writing() as connection:
        codes = list(connection.scalars(query).all())
        _delete(connection, codes)
    return len(codes)


def all_classes(store: Store) -> list[Summary]:
    """Returns all classes, the most recently active first."""
    if not TABLES.exist(store):
        return []
    counted = select(func.count()).where(SEATS.c.code == CLASSES.c.code).scalar_subquery()
    columns = (CLASSES.c.code, CLASSES.c.title, counted, CLASSES.c.made, CLASSES.c.seen, CLASSES.c.ended)
    with store._reading() as connection:
        return [Summary(*row) for row in connection.execute(select(*columns).order_by(CLASSES.c.seen.desc())).all()]


# -- seats ------------------------------------------------------------------------------------------------------------


def take_seat(store: Store, code: str, *, learner: str, visitor: str, nickname: str, folded: str) -> None:
    """Adds a student to a class; one who was in it before gets back their seat, with the nickname that they had.

    folded: the form of the nickname that is unique in the class. Raises `NotFound` if the class is gone or has ended,
    and `InputError` if it is full or the nickname is taken.
    """
    TABLES.create(store)
    now = time.time()
    here = SEATS.c.code == code
    with store._writing() as connection:
        server.wait_for_others(connection)
        if not _count(connection, CLASSES, CLASSES.c.code == code, CLASSES.c.ended.is_(None)):
            raise NotFound(f"class must be one that goes on, got {code!r}")
        back = update(SEATS).where(here, SEATS.c.learner == learner).values(left=None, seen=now)
        if not connection.execute(back).rowcount:
            if _count(connection, SEATS, here) >= MOST_SEATS:
                raise InputError("class", f"have at most {MOST_SEATS} students", Unquoted("one more"))
            if _count(connection, SEATS, here, SEATS.c.folded == folded):
                raise InputError("nickname", "be one that nobody in the class has yet", nickname)
            row = {"code": code, "learner": learner, "visitor": visitor, "nickname": nickname, "folded": folded}
            place = {"lesson": "", "step": 0, "page": "", "link": ""}
            connection.execute(SEATS.insert().values(**row, **place, joined=now, seen=now))
        connection.execute(update(CLASSES).where(CLASSES.c.code == code).values(seen=now))


def seats_of(store: Store, code: str) -> list[Seat]:
    """Returns the seats (students) of a class, sorted by nickname."""
    if not TABLES.exist(store):
        return []
    columns = [SEATS.c[name] for name in Seat._fields]
    with store._reading() as connection:
        query = select(*columns).where(SEATS.c.code == code).order_by(SEATS.c.folded)
        return [Seat(*row) for row in connection.execute(query).all()]


def last_seat(store: Store, visitor: str) -> str:
    """Returns the code of the class in which a visitor was last, if the class has not ended and they did not leave it;
    else "".
    """
    if not TABLES.exist(store):
        return ""
    query = (
        select(SEATS.c.code)
        .join(CLASSES, CLASSES.c.code == SEATS.c.code)
        .where(SEATS.c.visitor == visitor, SEATS.c.left.is_(None), CLASSES.c.ended.is_(None))
    )
    with store._reading() as connection:
        return connection.scalar(query.order_by(SEATS.c.seen.desc()).limit(1)) or ""


def leave_seat(store: Store, code: str, learner: str) -> None:
    """Marks that a student has left; their seat and answers are kept, and they may come back."""
    with store._writing() as connection:
        mine = (SEATS.c.code == code, SEATS.c.learner == learner)
        connection.execute(update(SEATS).where(*mine).values(left=time.time()))


def remove_seat(store: Store, code: str, learner: str) -> None:
    """Deletes a student's seat and answers; their nickname is free again."""
    with store._writing() as connection:
        connection.execute(delete(SEATS).where(SEATS.c.code == code, SEATS.c.learner == learner))
        if learning.TABLES.exist(store):
            connection.execute(delete(STEPS).where(STEPS.c.learner == learner))


def note_places(store: Store, places: Iterable[Seat]) -> None:
    """Stores where several students are (lesson, step, page) and the time, in one write."""
    rows = [
        {"c": one.code, "l": one.learner, **{name: getattr(one, name) for name in ("seen", "lesson", "step", "page")},
         "link": one.link if len(one.link) <= LONGEST_LINK else ""}
        for one in places
    ]  # fmt: skip
    if not rows or store.readonly or not TABLES.exist(store):
        return
    mine = update(SEATS).where(SEATS.c.code == bindparam("c"), SEATS.c.learner == bindparam("l"))
    alive = update(CLASSES).where(CLASSES.c.code.in_({row["c"] for row in rows}), CLASSES.c.seen < time.time() - HOUR)
    with store._writing() as connection:
        connection.execute(mine, rows)
        connection.execute(alive.values(seen=time.time()))


def check_room_for_answer(store: Store, code: str, answer: str) -> None:
    """Raises `InputError` if the class's stored answers are so large that no further one may be stored."""
    if not learning.TABLES.exist(store):
        return
    theirs = select(SEATS.c.learner).where(SEATS.c.code == code)
    with store._reading() as connection:
        taken = connection.scalar(select(func.sum(func.length(STEPS.c.answer))).where(STEPS.c.learner.in_(theirs))) or 0
    if taken + len(answer) > MOST_ANSWER_BYTES:
        rule = f"be at most {MOST_ANSWER_BYTES / 1e6:g} MB together"
        raise InputError("answers of a class", rule, Unquoted(f"{(taken + len(answer)) / 1e6:.1f} MB"))


# -- inside -----------------------------------------------------------------------------------------------------------

_FIELDS = ("code", "title", "lessons", "pace", "lesson", "step", "shown", "handed", "made", "seen", "ended")


def _class(store: Store, where: Any) -> Classroom | None:
    if not TABLES.exist(store):
        return None
    with store._reading() as connection:
        row = connection.execute(select(*(CLASSES.c[name] for name in _FIELDS)).where(where)).one_or_none()
    if row is None:
        return None
    found = dict(zip(_FIELDS, row, strict=True))
    return Classroom(**{**found, "lessons": tuple(found["lessons"].split())})


def _count(connection: Connection, table: Table, *where: Any) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*where)) or 0


def _delete(connection: Connection, codes: Sequence[str]) -> None:
    theirs = select(SEATS.c.learner).where(SEATS.c.code.in_(codes))
    if connection.dialect.has_table(connection, STEPS.name):
        connection.execute(delete(STEPS).where(STEPS.c.learner.in_(theirs)))
    connection.execute(delete(SEATS).where(SEATS.c.code.in_(codes)))
    connection.execute(delete(CLASSES).where(CLASSES.c.code.in_(codes)))
