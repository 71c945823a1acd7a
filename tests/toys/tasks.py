"""The kinds of task: one with rows and a page of its own, and one that keeps what it found over a pause."""

from __future__ import annotations

from snnviz.tasks import Cost, Page, TaskKind
from tests.toys.values import Dice, Place, Throw, Walk

PAGE = Page("toys", "Toys", ":material/casino:", "tests.toys.page:page")

KINDS = (
    TaskKind(
        value=Dice,
        rows=(Throw,),
        cost=lambda dice: Cost(dice.throws, dice.throws / 1e4, 1000),
        run="tests.toys.compute:throw",
        show="tests.toys.command:show",
        page=PAGE,
        sample=Dice,
    ),
    TaskKind(
        value=Walk,
        rows=(Place,),
        cost=lambda walk: Cost(walk.steps, walk.steps * (walk.seconds + 1e-4), 1000),
        run="tests.toys.compute:walk",
        show="tests.toys.command:show",
        page=PAGE,
        sample=Walk,
        keeps=True,
    ),
)
