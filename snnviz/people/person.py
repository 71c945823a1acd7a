"""A person who uses a server, and their role."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["visitor", "member", "teacher", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Roles, each of which may do what the ones before it may."""

LONGEST_ID = 200
"""Characters of a person's id."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the store knows them.

    `id`: of somebody who signed in, what they signed in with; of a visitor, a keyed hash of their cookie. `role`: what
    they may do.
    """

    id: str
    role: Role = "visitor"

    @property
    def is_admin(self) -> bool:
        """Whether they may change what is others'."""
        return self.role == "admin"


def is_anonymous(id: str) -> bool:
    """Returns whether this is the id of a visitor who did not sign in: a hash of a cookie.

    >>> is_anonymous("0123456789abcdef" * 2), is_anonymous("ann@uni.example")
    (True, False)
    """
    return re.fullmatch("[0-9a-f]{32}", id) is not None


def data_mark(id: str) -> str:
    """Returns what is written beside a data set of a person: their id, or a hash of it if they signed in.

    >>> data_mark("0123456789abcdef" * 2), data_mark("ann@uni.example")
    ('0123456789abcdef0123456789abcdef', 's1175fe72869a32d8cf835534f2b1b32')
    """
    return id if is_anonymous(id) else f"s{hashlib.sha256(id.encode()).hexdigest()[:31]}"
