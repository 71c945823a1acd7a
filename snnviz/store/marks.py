"""Tags, notes and stars that people put on runs: checking their texts, and the part of `Store` that keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from snnviz.errors import InputError, NotFound, Unquoted
from snnviz.store import reading, server
from snnviz.store.leases import update_and_notify
from snnviz.store.summaries import Summaries
from snnviz.store.tables import RUNS
from snnviz.store.values import tags_from_text

MOST_TAGS, LONGEST_TAG, LONGEST_NOTE = 20, 40, 2000

MOST_STARRED = 500
"""Runs of a store that are kept by a star: more than that, and nothing could ever be removed from a full disk."""

_TAG = re.compile(r"[\w][\w.:/+-]*")


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Returns tags sorted and without duplicates, ignoring case. Raises `InputError` for an invalid tag or too many.

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
    """Returns a note without surrounding white space and with invisible characters replaced by spaces.

    Raises `InputError` if it is too long.
    """
    text = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text).strip()
    if len(text) > LONGEST_NOTE:
        rule = f"be at most {LONGEST_NOTE:,} characters long"
        raise InputError("note", rule, Unquoted(f"{len(text):,} characters"))
    return text


class Marks(Summaries):
    """The part of the store that keeps tags, notes and stars of runs; they are deleted with the run."""

    def tag(self, run: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> tuple[str, ...]:
        """Adds tags to a run, removes others, and returns the tags that it then has.

        Raises `InputError` for an invalid tag and `NotFound` if there is no such run.
        """
        gone = {tag.strip().casefold() for tag in remove}
        mine = (RUNS.c.run == reading.name_query(run), RUNS.c.state != "deleted")
        with self._writing() as connection:
            before = connection.execute(select(RUNS.c.run, RUNS.c.tags).where(*mine).with_for_update()).one_or_none()
            if before is None:
                raise NotFound(f"run must be the name of a run, got {run[:60]!r}")
            had = tags_from_text(before.tags)
            now = check_tags([*(tag for tag in had if tag.casefold() not in gone), *add])
            if now != had:
                connection.execute(update_and_notify(RUNS.c.run == before.run).values(tags=" ".join(now)))
        return now

    def annotate(self, run: str, note: str) -> None:
        """Replaces the note of a run; an empty note removes it."""
        checked = check_note(note)
        with self._writing() as connection:
            _mark(connection, run, notes=checked)

    def star(self, run: str, starred: bool = True) -> None:
        """Stars a run, which protects it from deletion and its weights from eviction, or removes the star.

        Raises `InputError` if too many runs have a star.
        """
        with self._writing() as connection:
            if starred:
                server.wait_for_others(connection)
                others = (RUNS.c.starred.is_(True), RUNS.c.run != reading.name_query(run))
                count = connection.scalar(select(func.count()).select_from(RUNS).where(*others)) or 0
                if count >= MOST_STARRED:
                    rule = f"be on at most {MOST_STARRED} runs: take one off first"
                    raise InputError("star", rule, Unquoted(f"{count + 1} runs"))
                self._admit_star(connection, connection.scalar(select(reading.name_query(run))) or run)
            _mark(connection, run, starred=starred)

    def _admit_star(self, connection: Connection, run: str) -> None:
        """Raises `LimitReached` if the run may have no star."""


def _mark(connection: Connection, run: str, **values: object) -> None:
    mine = (RUNS.c.run == reading.name_query(run), RUNS.c.state != "deleted")
    if not connection.execute(update_and_notify(*mine).values(**values)).rowcount:
        raise NotFound(f"run must be the name of a run, got {run[:60]!r}")
