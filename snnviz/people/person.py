"""A person who uses a server, and their role."""

from __future__ import annotations

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
