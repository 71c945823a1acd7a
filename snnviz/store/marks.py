"""What people put on a run to find it again and to keep it: tags, a note, a star."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import func, select

from snnviz.errors import InputError, NotFound, Unquoted
from snnviz.store import reading
from snnviz.store.leases import update_and_notify
from snnviz.store.summaries import Summaries
from snnviz.store.tables import RUNS
from snnviz.store.values import tags_from_text

MOST_TAGS, LONGEST_TAG, LONGEST_NOTE = 20, 40, 2000

MOST_STARRED = 500
"""Runs of a store that are kept by a star: more than that, and nothing could ever be removed from a full disk."""

_TAG = re.compile(r"[\w][\w.:/+-]*")


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags in order, each once, whatever its capitals are. Raises `InputError`.

    >>> check_tags(["week-2", "homework", "Homework"])
    ('homework', 'week-2')
    """
    found: dict[str, str] = {}
    for tag in (tag.strip() for tag in tags):
        if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag):
            raise InputError("tag", f"be one word of at most {LONGEST_TAG} letters, digits and . : / + - _", tag)
        found.setdefault(tag.casefold(), tag)
    if len(found) > MOST_TAGS:
        raise InputError("tags", f"be at most {MOST_TAGS} of a run", Unquoted(f"{len(found)} tags"))
    return tuple(found[tag] for tag in sorted(found))


def check_note(text: str) -> str:
    """A note without what surrounds it, and with spaces for what cannot be seen. Raises `InputError`."""
    text = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text).strip()
    if len(text) > LONGEST_NOTE:
        rule = f"be at most {LONGEST_NOTE:,} characters long"
        raise InputError("note", rule, Unquoted(f"{len(text):,} characters"))
    return text


class Marks(Summaries):
    """The marks of runs; they go with the run that is deleted."""

    def tag(self, run: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> tuple[str, ...]:
        """Put tags on a run and take others off; those it has then. Raises `InputError`, `NotFound`."""
        gone = {tag.strip().casefold() for tag in remove}
        mine = (RUNS.c.run == reading.name_query(run), RUNS.c.state != "deleted")
        with self._writing() as connection:
            before = connection.execute(select(RUNS.c.run, RUNS.c.tags).where(*mine)).one_or_none()
            if before is None:
                raise NotFound(f"run must be the name of a run, got {run[:60]!r}")
            had = tags_from_text(before.tags)
            now = check_tags([*(tag for tag in had if tag.casefold() not in gone), *add])
            if now != had:
                connection.execute(update_and_notify(RUNS.c.run == before.run).values(tags=" ".join(now)))
        return now

    def annotate(self, run: str, note: str) -> None:
        """Write a note on a run in the place of what was there; an empty one takes it away."""
        self._mark(run, notes=check_note(note))

    def star(self, run: str, starred: bool = True) -> None:
        """Keep a run from being deleted, and its weights from making room; or no more. Raises `InputError` where too
        many are."""
        if starred:
            with self._reading() as connection:
                others = (RUNS.c.starred.is_(True), RUNS.c.run != reading.name_query(run))
                count = connection.scalar(select(func.count()).select_from(RUNS).where(*others)) or 0
            if count >= MOST_STARRED:
                rule = f"be on at most {MOST_STARRED} runs: take one off first"
                raise InputError("star", rule, Unquoted(f"{count + 1} runs"))
        self._mark(run, starred=starred)

    def _mark(self, run: str, **values: object) -> None:
        mine = (RUNS.c.run == reading.name_query(run), RUNS.c.state != "deleted")
        with self._writing() as connection:
            if not connection.execute(update_and_notify(*mine).values(**values)).rowcount:
                raise NotFound(f"run must be the name of a run, got {run[:60]!r}")
