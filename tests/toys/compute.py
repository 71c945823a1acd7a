"""How they are done, as `TaskKind.run` says."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

from snnviz.events import Event, Progress
from snnviz.tasks import History
from tests.toys.values import Dice, Place, Throw, Walk


def throw(dice: Dice, _history: History, _threads: Callable[[], int]) -> Iterator[Event]:
    """Begins anew, and says the same."""
    chance = random.Random(dice.seed)
    for number in range(dice.throws):
        yield Progress(number, dice.throws)
        yield Throw(number, chance.randint(1, 6))
    yield Progress(dice.throws, dice.throws)


def walk(task: Walk, history: History, _threads: Callable[[], int]) -> Iterator[Event]:
    """Goes on from the last place."""
    known = history.rows(Place)
    height = known[-1].height if known else 0.0
    for step in range(len(known), task.steps):
        yield Progress(step, task.steps)
        time.sleep(task.seconds)
        height += random.Random(step).choice([-1, 1])
        yield Place(step, height)
    yield Progress(task.steps, task.steps)
