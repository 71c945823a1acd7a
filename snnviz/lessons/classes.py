"""Rules of classes, groups of students whom a teacher leads through lessons: codes to join, the teacher's secret link,
nicknames, handouts and scores.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import secrets
import time
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from snnviz.design.links import MAX_QUERY_LENGTH, RESERVED_PARAMETERS
from snnviz.errors import InputError
from snnviz.lessons.lesson import Lesson
from snnviz.lessons.library import Library
from snnviz.lessons.pages import PAGES, check_link
from snnviz.store import Store, classes
from snnviz.store.classes import Classroom, Pace
from snnviz.store.learning import StepProgress

LETTERS = "ABCDEFGHJKMNPRSTWXYZ"
"""Of codes: those that nobody takes for another one, read from a wall or heard (no I, L, O, Q, U, V)."""

CODE_LENGTH = 6
SECRET_BYTES = 32
LONGEST_NICKNAME = 24
LONGEST_TITLE = 80
MOST_LESSONS = 20
POINTS = {"right": 1.0, "near": 0.5}
"""Points for an answer by its verdict; others have none, and "open" does not count."""

_INSIDE = " .-_'"
"""What a nickname may have besides letters, their marks, and digits."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{20,100}")


def new_code() -> str:
    """Returns a random code by which students join a class: six letters, one of 64 million."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def read_code(text: str) -> str:
    """Returns the code of a class in what a student typed; small letters, spaces and dashes are accepted. Raises
    `InputError`.

    >>> read_code(" hkr-tpw")
    'HKRTPW'
    """
    code = re.sub(r"[\s-]+", "", text[:40]).upper()
    if len(code) != CODE_LENGTH or not set(code) <= set(LETTERS):
        raise InputError("class", f"be a code of {CODE_LENGTH} letters, such as HKRTPW", text)
    return code


def new_secret() -> str:
    """Returns a random text, which only the teacher's link to a class holds."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_digest(text: str) -> str:
    """Returns the SHA-256 of a teacher's secret, which is what the store keeps of it; "" for a text that cannot be a
    secret.
    """
    return hashlib.sha256(text.encode()).hexdigest() if _SECRET.fullmatch(text) else ""


def read_nickname(text: str) -> str:
    """Returns a student's nickname without surrounding space. Raises `InputError` for one that is not allowed.

    It begins with a letter or digit, so that no spreadsheet takes it for a formula, and has no invisible characters.
    """
    wide = " ".join(unicodedata.normalize("NFKC", text[: 8 * LONGEST_NICKNAME]).split())
    marks = 0
    fine = 0 < len(wide) <= LONGEST_NICKNAME and unicodedata.category(wide[0])[0] in "LN"
    for letter in wide:
        kind = unicodedata.category(letter)[0]
        marks = marks + 1 if kind == "M" else 0
        fine = fine and (kind in "LN" or letter in _INSIDE or 0 < marks < 3)
    if not fine:
        rule = f"be 1 to {LONGEST_NICKNAME} letters, digits, spaces and . - _ ', and begin with a letter or digit"
        raise InputError("nickname", rule, text)
    return wide


def fold_nickname(nickname: str) -> str:
    """Returns the form of a nickname in which the nicknames of a class are compared, so that no two look the same.

    >>> fold_nickname("Ada L."), fold_nickname("adal")
    ('adal', 'adal')
    """
    return "".join(letter for letter in nickname.casefold() if letter not in _INSIDE)


def read_title(text: str) -> str:
    """Returns a class's title on one line, "" for none. Raises `InputError` for one that is too long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[:1000]).split())
    if len(line) > LONGEST_TITLE:
        raise InputError("title", f"be at most {LONGEST_TITLE} characters long", text)
    return line


def new_class(store: Store, library: Library, *, title: str, lessons: Sequence[str], pace: Pace, maker: str) -> str:
    """Stores a new class that takes these lessons, and returns the teacher's secret, which is in the teacher's link and
    of which only the SHA-256 is stored.

    lessons: names, in order. pace: "together" (the teacher opens each step) or "alone". maker: pseudonym of the visitor
    who makes the class, as one visitor can have only so many. Raises `InputError` if there is no lesson, one that is
    not in the library, a title that is too long, or too many classes; and `StoreError`.
    """
    named = list(dict.fromkeys(lessons))
    if not 0 < len(named) <= MOST_LESSONS:
        raise InputError("lessons", f"be 1 to {MOST_LESSONS}", named)
    for name in named:
        library.get(name)
    secret, now = new_secret(), time.time()
    for _ in range(20):
        room = Classroom(new_code(), read_title(title), tuple(named), pace, named[0], 0, False, "", now, now, None)
        if classes.add_class(store, room, secret=secret_digest(secret), maker=maker):
            return secret
    raise InputError("class", "get a code that is free; try again", "")


def lessons_of(room: Classroom, library: Library) -> list[Lesson]:
    """Returns the lessons of a class; those that no longer exist in the library are left out."""
    return [library.lessons[name] for name in room.lessons if name in library.lessons]


def read_handout(text: str) -> str:
    """Returns the page and its setting, such as "design?seed=1", in an address that a teacher wants to give to the
    class. It must be an address of this server.

    Raises `InputError` if it is too long, of no page with a setting, or has a setting that the page refuses.
    """
    if len(text) > MAX_QUERY_LENGTH:
        raise InputError("address", f"be at most {MAX_QUERY_LENGTH:,} characters long", text)
    try:
        parts = urlsplit(text.strip())
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=300)
    except ValueError:
        raise InputError("address", "be the address of a page", text) from None
    page = parts.path.strip("/").rpartition("/")[2]
    if page not in PAGES:
        rule = f"be that of a page with a setting, such as /design?...: {', '.join(sorted(PAGES))}"
        raise InputError("address", rule, text)
    kept = {name: value for name, value in pairs if name not in RESERVED_PARAMETERS}
    if error := check_link(page, kept):
        raise error
    return f"{page}?{urlencode(kept)}".removesuffix("?")


# -- scores -----------------------------------------------------------------------------------------------------------


class Score(NamedTuple):
    """What a student has reached in a lesson: `points` of the `questions` that count, how many were answered."""

    points: float
    questions: int
    answered: int

    @property
    def percent(self) -> float:
        """Points in percent of the questions that count, with one decimal."""
        return round(100 * self.points / self.questions, 1) if self.questions else 0.0


def lesson_score(lesson: Lesson, steps: Mapping[str, StepProgress]) -> Score:
    """Returns a student's score in a lesson, given their progress by step: a point for a right answer, half a one for
    a near one; a question whose verdict is "open", as the data cannot tell, does not count.
    """
    asked = [steps.get(step.name) for step in lesson.steps if step.question is not None]
    levels = ["" if row is None or row.answer is None else row.level for row in asked]
    answered = sum(row is not None and row.answer is not None for row in asked)
    return Score(sum(POINTS.get(level, 0.0) for level in levels), sum(level != "open" for level in levels), answered)


def moodle_csv(lessons: Sequence[Lesson], scores: Mapping[str, Sequence[Score]]) -> str:
    """Returns scores by nickname as CSV for Moodle's grade import: a header, then a student a row, grades in percent.

    Source: docs.moodle.org, "Grade import": columns are mapped to user fields and grade items when it is imported.
    """
    header = ["username", *(_item(lesson) for lesson in lessons)]
    return _csv([header, *([name, *_grades(found)] for name, found in scores.items())])


def canvas_csv(lessons: Sequence[Lesson], scores: Mapping[str, Sequence[Score]]) -> str:
    """Returns scores by nickname as CSV for Canvas's gradebook, grades of 100 points.

    Source: Canvas's `lib/gradebook_importer.rb`: columns Student, ID, SIS Login ID, Section, then an assignment each; a
    row "Points Possible"; a student is found by ID, login or name.
    """
    header = ["Student", "ID", "SIS Login ID", "Section", *(_item(lesson) for lesson in lessons)]
    possible = ["Points Possible", "", "", "", *("100" for _ in lessons)]
    rows = [[name, "", name, "", *_grades(found)] for name, found in scores.items()]
    return _csv([header, possible, *rows])


def _item(lesson: Lesson) -> str:
    """Canvas takes a number in brackets at the end of a title for an assignment's ID."""
    title = re.sub(r"[()]", "", lesson.title)
    return f"snnviz: {title}"


def _grades(scores: Sequence[Score]) -> list[str]:
    return [f"{score.percent:g}" for score in scores]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
