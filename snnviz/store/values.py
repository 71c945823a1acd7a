"""The values that the store returns. Times are in seconds since 1970 (UTC)."""

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
"""After this many deaths of its process, a run is failed, until a user submits it again."""


def tags_from_text(text: str | None) -> tuple[str, ...]:
    """Returns the tags of a run from the text in the store's column, () for None."""
    return tuple((text or "").split())


@dataclass(frozen=True, slots=True)
class Run:
    """A submitted task, such as a design, and its progress.

    `attempt`: how often a worker claimed it (0: never). `seconds`: training wall time over all attempts. `step` of
    `steps`: progress. `eta_seconds`: training time left, if known; `doing`: what it does before training. `error`: one
    sentence; `traceback`: for developers. `note`: what users should know about a run that went on. `checkpoint`: the
    epoch of the stored weights, or None. `key`: digest of its task when it was computed, None if another run has the
    same task. `revision`: increases with every visible change, rows included; heartbeats do not count. `tags`, `notes`
    and `starred`: set by users; a starred run cannot be deleted. `machine`: of a run that came with snnviz
    (`store.shipped`), the one that trained it, in words; None of all others.
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
    tags: tuple[str, ...] = ()
    notes: str = ""
    starred: bool = False
    machine: str | None = None

    @property
    def design(self) -> Design:
        """The design that was run, or from which the task starts. Raises `TypeError` for tasks without a design."""
        return design_of(self.task)

    @property
    def current(self) -> bool:
        """Whether submitting the run's task today would find this run, instead of creating a new one: false if formulas
        have changed since, or another run has the task's digest.
        """
        return self.key == self.task.digest

    @property
    def ended(self) -> bool:
        """Whether the run is done, failed or cancelled."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Submitted:
    """Result of submitting a task: the run's name, whether the run is done already (`cached`), and whether it was newly
    created (`created`).
    """

    run: str
    cached: bool
    created: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write to `run`, valid as long as `attempt` is its current attempt."""

    run: str
    attempt: int
    task: Task

    @property
    def design(self) -> Design:
        """The design to run, or from which the task starts. Raises `TypeError` for tasks without a design."""
        return design_of(self.task)


@dataclass(frozen=True, slots=True)
class RunningClaim:
    """A running run as its owner sees it: its attempt number, whether cancelling was requested, and the time of the
    last heartbeat.
    """

    run: str
    attempt: int
    cancel_requested: bool
    heartbeat: float


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """A supervisor, the process that runs the queue. `heartbeat`: time of its last sign of life, in seconds since 1970.

    `temporary`: folder for temporary files of its workers. `version`: the store version that it reads; None means 1.
    """

    owner: str
    heartbeat: float
    temporary: str | None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRun:
    """A run whose task this release does not accept, with the `reason`: it can be listed and deleted, not shown."""

    run: str
    state: State
    reason: str
