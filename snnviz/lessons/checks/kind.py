"""Base class of checks, which find out what happened in a step of a lesson, and the protocol by which they see
results.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table
from snnviz.store.filters import RunFilter

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A number or a curve that a page shows: `number` or `series` of points (x, y), and names and units of its axes.

    words: a sentence on what it was measured of.
    """

    words: str
    number: float | None = None
    series: tuple[tuple[float, float], ...] = ()
    axes: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run that the learner has started or opened: its name and title, whether it is done, and its metrics by
    name.
    """

    run: str
    title: str
    done: bool
    values: Mapping[str, float | None]


class World(Protocol):
    """Protocol of what checks of a lesson can read: this learner's own page, runs and settings, and nothing of other
    users.
    """

    def setting(self) -> Mapping[str, Any]:
        """Returns the current fields, by path, of the page that the step is about."""

    def reading(self, name: str) -> Reading | None:
        """Returns the number or curve that the page shows now under this name; None if it shows none."""

    def runs(self, wanted: RunFilter, metrics: Sequence[str]) -> Sequence[SeenRun]:
        """Returns the runs that this learner has started or opened and that match the filter, the newest first.

        metrics: names of the metrics to read.
        """

    def series(self, run: str, name: str) -> Reading | None:
        """Returns a curve of a run over its epochs, by one of the names in `SERIES`; None if there is none."""

    def open_look(self) -> Mapping[str, Any]:
        """Returns the fields of the `Look` (image, muted sources, ...) that is open on the page Look inside a network;
        {} if none is.
        """


SERIES = ("accuracy", "rate", "variance", "gradient")
"""Curves of a run: test accuracy by epoch; spikes, variance and gradient norm by layer, before training."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a lesson's check: a sentence on what was found or is missing, and the measured `truth`, None until
    it has happened.
    """

    words: str
    truth: Truth | None = None

    @property
    def there(self) -> bool:
        """Whether what the step asks for has happened: `truth` is not None."""
        return self.truth is not None


@dataclass(frozen=True, slots=True)
class Check(ABC):
    """Base class of checks: they find out whether the learner has done what a step of a lesson asks for, and what
    resulted.
    """

    kind: ClassVar[str]

    @classmethod
    @abstractmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the check from its TOML table in a lesson's file. Raises `InputError`."""

    @property
    def result_kinds(self) -> frozenset[str]:
        """The kinds of result that the check measures, by which a question can be judged: "number", "cases",
        "series".
        """
        return frozenset()

    @abstractmethod
    def evaluate(self, world: World) -> Found:
        """Returns what the check finds at this moment in the learner's page and runs, `world`."""


@dataclass(frozen=True, slots=True)
class NoWorld:
    """A `World` in which the learner has done nothing, for previews of lessons. `fields`: the page's setting."""

    fields: Mapping[str, Any] = field(default_factory=dict)

    def setting(self) -> Mapping[str, Any]:
        """Returns `fields`, the page's setting."""
        return self.fields

    def reading(self, name: str) -> Reading | None:  # noqa: ARG002
        """Returns None: the page shows no numbers."""
        return None

    def runs(self, wanted: RunFilter, metrics: Sequence[str]) -> Sequence[SeenRun]:  # noqa: ARG002
        """Returns no runs."""
        return ()

    def series(self, run: str, name: str) -> Reading | None:  # noqa: ARG002
        """Returns None: there are no curves."""
        return None

    def open_look(self) -> Mapping[str, Any]:
        """Returns {}: nothing was opened on the page Look inside."""
        return {}
