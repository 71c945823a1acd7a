"""A lesson's file: Markdown with a head in TOML, read into a `Lesson`, or refused by one sentence with its line.

    +++
    title = "Why deep networks fall silent"
    minutes = 8
    summary = "..."
    +++

    ## A step

    ```toml
    page = "activity"
    [question]
    kind = "number"
    ...
    ```

    Text of the step.

    ### Explanation

    Shown after the answer.

`docs/lessons.md` has every field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import parse_qsl

from snnviz.design import links
from snnviz.errors import InputError, Unquoted
from snnviz.lessons.checks import CHECKS
from snnviz.lessons.lesson import Lesson, Mystery, Step
from snnviz.lessons.pages import PAGES, check_link, check_names
from snnviz.lessons.prose import FORBIDDEN_MATH, spans
from snnviz.lessons.questions import QUESTIONS
from snnviz.lessons.questions.kind import Question
from snnviz.lessons.table import Table

MOST_BYTES, MOST_STEPS, LONGEST_TEXT = 64_000, 30, 4_000
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_NAME = 40

_FENCE = "```"


def read_lesson(text: str, name: str, *, own: bool = False) -> Lesson:
    """Returns the lesson of a file's text. name: the file's, without ``.md``. Raises `InputError` naming the line."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        rule = f"be called by small letters, digits and dashes, at most {LONGEST_NAME}, and end in .md"
        raise InputError("file", rule, name)
    size = len(text.encode(errors="replace"))
    if size > MOST_BYTES:
        raise InputError("file", f"be at most {MOST_BYTES // 1000} kB", Unquoted(f"{size:,} bytes"))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    _no_invisible_letters(lines)
    start = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if lines[start].strip() != "+++":
        raise InputError(f"line {start + 1}", "be +++, which begins the head", lines[start])
    end = next((at for at in range(start + 1, len(lines)) if lines[at].strip() == "+++"), None)
    if end is None:
        raise InputError(f"line {len(lines)}", "come after a second +++, which ends the head", lines[-1])
    head = Table.parse("\n".join(lines[start + 1 : end]), start + 2)
    title, summary = head.text("title", most=80), head.text("summary", most=300)
    minutes = int(head.number("minutes", low=1, high=10, whole=True))
    head.finish("a lesson's head")
    steps = _steps(lines, end + 1)
    return Lesson(name, title, minutes, summary, tuple(steps), own=own)


def _no_invisible_letters(lines: Sequence[str]) -> None:
    for at, line in enumerate(lines, 1):
        if not all(letter.isprintable() or letter == "\t" for letter in line):
            raise InputError(f"line {at}", "have no invisible characters", line)


def _steps(lines: Sequence[str], first: int) -> list[Step]:
    heads, fenced = [], False
    for at in range(first, len(lines)):
        if lines[at].startswith(_FENCE):
            fenced = not fenced
        elif not fenced and lines[at].startswith("## "):
            heads.append(at)
        elif not fenced and not heads and lines[at].strip():
            raise InputError(f"line {at + 1}", "come after a step's title, such as ## First step", lines[at])
    if not heads:
        raise InputError(f"line {len(lines)}", "come after a step's title, such as ## First step", lines[-1])
    if len(heads) > MOST_STEPS:
        line = f"line {heads[MOST_STEPS] + 1}"
        raise InputError(line, f"be one of at most {MOST_STEPS} steps", Unquoted(f"{len(heads)} steps"))
    steps: list[Step] = []
    for at, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        step = _step(lines, at, end)
        if any(step.name == other.name for other in steps):
            raise InputError(f"line {at + 1}", "have another title than the steps before", step.title)
        steps.append(step)
    return steps


def _step(lines: Sequence[str], at: int, end: int) -> Step:
    title = lines[at].removeprefix("## ").strip()
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:LONGEST_NAME]
    if not name or len(title) > 80:
        raise InputError(f"line {at + 1}", "be a title of at most 80 letters or digits", title)
    body = list(range(at + 1, end))
    while body and not lines[body[0]].strip():
        body.pop(0)
    table = Table({}, [], at + 1)
    if body and lines[body[0]].strip() == f"{_FENCE}toml":
        opened = body.pop(0)
        close = next((row for row in body if lines[row].strip() == _FENCE), None)
        if close is None:
            raise InputError(f"line {opened + 1}", "begin a block that ends with ```", lines[opened])
        table = Table.parse("\n".join(lines[opened + 1 : close]), opened + 2)
        body = [row for row in body if row > close]
    text, after = body, []
    for place, row in enumerate(body):
        if lines[row].strip().lower() == "### explanation":
            text, after = body[:place], body[place + 1 :]
            break
    return _filled(table, name, title, _prose(lines, text), _prose(lines, after))


def _prose(lines: Sequence[str], rows: Sequence[int]) -> str:
    """The text of these lines, which have no Markdown but the subset's."""
    for row in rows:
        line = lines[row]
        if line.startswith((_FENCE, "#")):
            raise InputError(f"line {row + 1}", "be text: there is one ```toml block, right below the title", line)
        for style, piece in spans(line):
            if style == "math" and (bad := FORBIDDEN_MATH.search(piece)):
                raise InputError(f"line {row + 1}", f"have no {bad[0]} in its math", line)
    text = "\n".join(lines[row].rstrip() for row in rows).strip()
    if len(text) > LONGEST_TEXT:
        rule = f"begin a text of at most {LONGEST_TEXT:,} characters"
        raise InputError(f"line {rows[0] + 1}", rule, Unquoted(f"{len(text):,} characters"))
    return text


def _filled(table: Table, name: str, title: str, text: str, explanation: str) -> Step:
    page = table.one_of("page", ["", *PAGES], "")
    link = table.text("link", "", most=2000)
    if link and (wrong := _wrong_link(page, link)):
        raise table.wrong("link", wrong.rule, wrong.value if wrong.field == "link" else wrong)
    given: dict[str, Any] = {}
    for field in ("hide", "lock", "open", "cover"):
        given[field] = table.texts(field)
        if wrong := check_names(page, given[field]):
            raise table.wrong(field, wrong.rule, wrong.value)
    mystery = _mystery(table, page)
    question, check = _entry(table, "question", QUESTIONS), _entry(table, "check", CHECKS)
    do = table.text("do", "", most=300)
    table.finish("a step")
    drawn = mystery is not None and check is None and question is not None and question.needs == "number"
    measured = check is not None and question is not None and question.needs in check.result_kinds
    if question is not None and not (question.states_truth or drawn or measured):
        rule = f"measure {_wanted(question)} for this question"
        raise table.wrong("check", rule, Unquoted("nothing") if check is None else check.kind)
    if question is None and given["cover"]:
        raise table.wrong("cover", "be left out where nothing is asked", list(given["cover"]))
    return Step(
        name, title, text, explanation, page, link, do=do, mystery=mystery, question=question, check=check, **given
    )


def _wanted(question: Question) -> str:
    return {"number": "a number", "cases": "cases", "series": "a curve"}[question.needs]


def _wrong_link(page: str, link: str) -> InputError | None:
    pairs = parse_qsl(link.removeprefix("?"), keep_blank_values=True, max_num_fields=200)
    query = dict(pairs)
    reserved = sorted(query.keys() & links.RESERVED_PARAMETERS)
    if reserved:
        return InputError("link", "hold a page's setting alone", reserved[0])
    return check_link(page, query)


def _mystery(table: Table, page: str) -> Mystery | None:
    inside = table.table("mystery")
    if inside is None:
        return None
    field = inside.text("field", most=60)
    values = inside.numbers("values", 2, 20)
    for value in values:
        if wrong := check_link(page, {field: f"{value:g}"}):
            raise inside.wrong("values", wrong.rule, value)
    inside.finish("a mystery")
    return Mystery(field, values)


class _Kind(Protocol):
    """A question or a check: a class in a registry, by its kind."""

    @property
    def kind(self) -> str: ...

    @classmethod
    def from_table(cls, table: Table) -> Self: ...


K = TypeVar("K", bound=_Kind)


def _entry(table: Table, name: str, registry: Mapping[str, type[K]]) -> K | None:
    """The question or check in the sub-table `name`, None without one."""
    inside = table.table(name)
    if inside is None:
        return None
    entry = registry[inside.one_of("kind", registry)].from_table(inside)
    inside.finish(f"a {name} of kind {entry.kind}")
    return entry
