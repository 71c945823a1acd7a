"""What a host switches while the server runs: a line for all, whether it can be changed, whether it takes new runs.

What is in `snnviz.toml` counts as well: either says so.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from snnviz.errors import InputError, StoreError, Unquoted
from snnviz.people.person import Person
from snnviz.store.tables import SWITCHES

LONGEST_NOTICE = 300

READ_ONLY = "The server is read-only at the moment: its host lets everything be looked at, and nothing be changed."
DRAINING = "The server takes no new runs at the moment, as its host is about to change it; those that wait go on."


class Switches(NamedTuple):
    """`notice`: a line at the top of every page, "" for none; `read_only`: nobody but an admin can change anything;
    `draining`: what is queued is done, and nothing new is taken, except from admins.
    """

    notice: str = ""
    read_only: bool = False
    draining: bool = False


def read_switches(connection: Connection) -> Switches:
    """Returns what the host has switched."""
    found = {row.name: row.value for row in connection.execute(select(SWITCHES.c.name, SWITCHES.c.value))}
    return Switches(found.get("notice", ""), "read_only" in found, "draining" in found)


def write_switches(connection: Connection, now: Switches) -> None:
    """Replaces what the host has switched. Raises `InputError` if the line is too long."""
    notice = " ".join(now.notice.split())
    if len(notice) > LONGEST_NOTICE:
        raise InputError("notice", f"be at most {LONGEST_NOTICE} characters long", Unquoted(f"{len(notice)}"))
    connection.execute(delete(SWITCHES))
    named = {"notice": notice, "read_only": "on" * now.read_only, "draining": "on" * now.draining}
    if rows := [{"name": name, "value": value} for name, value in named.items() if value]:
        connection.execute(SWITCHES.insert(), rows)


def refuse_if_read_only(connection: Connection, person: Person | None) -> None:
    """Raises `StoreError` if a person may change nothing at the moment."""
    if person is not None and not person.is_admin and read_switches(connection).read_only:
        raise StoreError(READ_ONLY)
