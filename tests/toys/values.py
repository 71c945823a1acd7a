"""What is asked, and the rows that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from snnviz.design.registry import Range
from snnviz.design.submitted import Task
from snnviz.events import Row


class Dice(Task):
    """A die is thrown so often."""

    kind = "toy-dice"
    noun = "a game of dice"
    field = "dice"

    throws: Annotated[int, Range(1, 1000, "Throws.", 1)] = 6
    seed: Annotated[int, Range(0, 1000, "Of the die.", 1)] = 0


class Walk(Task):
    """A walk of so many steps, each up or down."""

    kind = "toy-walk"
    noun = "a walk"
    field = "walk"

    steps: Annotated[int, Range(1, 1000, "Steps.", 1)] = 8
    seconds: Annotated[float, Range(0, 10, "Of a step.", 0.1)] = 0.0


@dataclass(frozen=True, slots=True)
class Throw(Row):
    """What the die showed."""

    table: ClassVar[str] = "toy_throws"
    key: ClassVar[tuple[str, ...]] = ("number",)

    number: int
    eyes: int


@dataclass(frozen=True, slots=True)
class Place(Row):
    """Where the walker was after a step."""

    table: ClassVar[str] = "toy_places"
    key: ClassVar[tuple[str, ...]] = ("step",)

    step: int
    height: float
