"""A lesson as a frozen value: steps with text, a page, hidden and locked controls, a question and a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from snnviz.lessons.checks.kind import Check
from snnviz.lessons.questions.kind import Question

LESSONS = "lessons"
"""Name of the file of the page of lessons."""


@dataclass(frozen=True, slots=True)
class Mystery:
    """A field of a page's setting whose value is drawn from `values` for each learner and hidden, to be found out."""

    field: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lesson: a text, optionally a page below it, a question and a check.

    name: its title in small letters and dashes, by which progress is kept. text, explanation: of the subset of Markdown
    in `snnviz.lessons.prose`; the explanation is shown after the answer and the check. page: the page shown below the
    step, by the name of its file in `pages/`, or "" for none; link: query string of its setting. hide, lock: names of
    controls and panels (fields by path, or `*`); open: names that `lock` leaves alone; cover: panels that are hidden
    until the question is answered. do: what to do before the check can say something.
    """

    name: str
    title: str
    text: str
    explanation: str = ""
    page: str = ""
    link: str = ""
    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    cover: tuple[str, ...] = ()
    do: str = ""
    mystery: Mystery | None = None
    question: Question | None = None
    check: Check | None = None

    @property
    def beneath(self) -> str:
        """The page that is drawn below the step's text, by the name of its file in `pages/`; the page of lessons if
        `page` is "".
        """
        return self.page or LESSONS


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson: its `name` (the file's), title, minutes that it takes, one sentence of summary, and its steps.

    own: whether it came with snnviz.
    """

    name: str
    title: str
    minutes: int
    summary: str
    steps: tuple[Step, ...]
    own: bool = True
    places: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """Number of each step, from 0, by its name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {step.name: place for place, step in enumerate(self.steps)})
