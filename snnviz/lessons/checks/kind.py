"""What a kind of check is: it looks at what really happened, and says "not yet" where nothing has."""

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
    """A number or a curve that a page shows, with the name and the unit of its axes and a sentence on what it is of."""

    words: str
    number: float | None = None
    series: tuple[tuple[float, float], ...] = ()
    axes: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run that the learner has started or opened: its own name, a title, whether it is done, and its metrics."""

    run: str
    title: str
    done: bool
    values: Mapping[str, float | None]


class World(Protocol):
    """What a check may look at: what this learner has before them, and nothing of others."""

    def setting(self) -> Mapping[str, Any]:
        """Returns the fields of the setting of the page beneath, by path."""

    def reading(self, name: str) -> Reading | None:
        """Returns what the page shows under this name; None where it shows nothing of the kind."""

    def runs(self, wanted: RunFilter, metrics: Sequence[str]) -> Sequence[SeenRun]:
        """Returns the runs that this learner has started or opened and that are meant, the newest first."""

    def series(self, run: str, name: str) -> Reading | None:
        """Returns a curve of a run: `SERIES` has the names."""

    def look(self) -> Mapping[str, Any]:
        """Returns the fields of the look that was opened inside a network; empty where none was."""


SERIES = ("accuracy", "rate", "variance", "gradient")
"""Curves of a run: test accuracy by epoch; spikes, variance and gradient norm by layer, before training."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found. truth: None where it is not there yet; words: what is missing, or what was found."""

    words: str
    truth: Truth | None = None

    @property
    def there(self) -> bool:
        """Whether it has happened."""
        return self.truth is not None


@dataclass(frozen=True, slots=True)
class Check(ABC):
    """A check. gives: what of a truth it measures, so that a question can be judged by it."""

    kind: ClassVar[str]

    @classmethod
    @abstractmethod
    def read(cls, table: Table) -> Self:
        """Returns the check of a lesson's TOML. Raises `InputError`."""

    @property
    def gives(self) -> frozenset[str]:
        """What of a truth it measures: "number", "cases", "series"."""
        return frozenset()

    @abstractmethod
    def look(self, world: World) -> Found:
        """Returns what is found now."""


@dataclass(frozen=True, slots=True)
class NoWorld:
    """A world in which nothing has happened, for previews."""

    fields: Mapping[str, Any] = field(default_factory=dict)

    def setting(self) -> Mapping[str, Any]:
        """Returns `fields`."""
        return self.fields

    def reading(self, name: str) -> Reading | None:  # noqa: ARG002
        """Returns None."""
        return None

    def runs(self, wanted: RunFilter, metrics: Sequence[str]) -> Sequence[SeenRun]:  # noqa: ARG002
        """Returns no runs."""
        return ()

    def series(self, run: str, name: str) -> Reading | None:  # noqa: ARG002
        """Returns None."""
        return None

    def look(self) -> Mapping[str, Any]:
        """Returns no fields."""
        return {}
