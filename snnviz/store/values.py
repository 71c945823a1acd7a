"""What the store hands out. Times are seconds since 1970 (UTC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from snnviz.design.design import Design
from snnviz.design.submitted import Task
from snnviz.tasks import design_of

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

MAX_DEATHS = 3
"""A run whose process died this often without a word from a person is failed and not tried again."""


@dataclass(frozen=True, slots=True)
class Run:
    """A task that was submitted, such as a design, and how far it got.

    `attempt` counts how often a worker took it up (0: never). `seconds` is training wall time over all attempts.
    `eta_seconds` is the training time left, while that is known; `doing` what a run does before it can train. `error`
    is one sentence, `traceback` what a developer wants to see with it. `note` says what a person should know of a run
    that went on all the same. `checkpoint` is the epoch after which its weights were kept, None where there are none.
    `key` is that of its task as it was computed, None of one that is a twin of the run that has it. `revision` goes up
    whenever anything shown of it changes, its rows among it; a heartbeat alone does not.
    """

    run: str
    state: State
    title: str
    task: Task
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
    checkpoint: int | None = None
    key: str | None = None
    revision: int = 0

    @property
    def design(self) -> Design:
        """See `tasks.design_of`."""
        return design_of(self.task)

    @property
    def current(self) -> bool:
        """Whether its task, submitted today, is this run: not where formulas were mended since, nor of a twin."""
        return self.key == self.task.digest

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
    """The right to write to `run`, for as long as `attempt` is its current attempt."""

    run: str
    attempt: int
    task: Task

    @property
    def design(self) -> Design:
        """See `tasks.design_of`."""
        return design_of(self.task)


@dataclass(frozen=True, slots=True)
class RunningClaim:
    """A running run, as its owner sees it."""

    run: str
    attempt: int
    cancel_requested: bool
    heartbeat: float


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """The process that runs the queue. `heartbeat`: when it last said that it is alive, in seconds since 1970.

    `temporary`: the folder for temporary files of its workers. `version`: of the stores that it can read; None means 1.
    """

    owner: str
    heartbeat: float
    temporary: str | None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRun:
    """A run whose design no longer passes validation: it can be listed and deleted, not shown."""

    run: str
    state: State
    reason: str
