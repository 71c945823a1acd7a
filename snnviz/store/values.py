"""What the store hands out. Times are seconds since 1970 (UTC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from snnviz.catalog.searches import Search
from snnviz.design import Design

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

Task = Design | Search
"""What can be submitted."""

MAX_DEATHS = 3
"""A run whose process died this often without a word from a person is failed and not tried again."""


@dataclass(frozen=True, slots=True)
class Run:
    """A design that was submitted, and how far it got.

    `attempt` counts how often a worker took it up (0: never). `seconds` is training wall time over all attempts.
    `eta_seconds` is the training time left, while that is known; `doing` what a run does before it can train. `error`
    is one sentence, `traceback` what a developer wants to see with it. `note` says what a person should know of a run
    that went on all the same. Of a `search`, `design` is what its candidates share.
    """

    run: str
    state: State
    title: str
    design: Design
    attempt: int
    created: float
    started: float | None
    finished: float | None
    seconds: float
    step: int
    steps: int
    eta_seconds: float | None
    doing: str | None
    error: str | None
    traceback: str | None
    note: str | None
    cancel_requested: bool
    heartbeat: float | None
    search: Search | None = None

    @property
    def ended(self) -> bool:
        """Nothing of it will change unless a person asks."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Submitted:
    """`cached`: the run is done already. `created`: nobody had submitted this design before."""

    run: str
    cached: bool
    created: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write to `run`, for as long as `attempt` is its current attempt; to a search's, if it has one."""

    run: str
    attempt: int
    design: Design
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A running run, as its owner sees it."""

    run: str
    attempt: int
    cancel_requested: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A run whose design no longer passes validation: it can be listed and deleted, not shown."""

    run: str
    state: State
    reason: str
