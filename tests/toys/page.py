"""Their page: a setting with its link, what is done with any task, and what it found."""

from __future__ import annotations

import streamlit as st

from snnviz.design.submitted import Task
from snnviz.events import Row
from snnviz.ui.components.address import address
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.rows import rows_of
from snnviz.ui.kit.settings import PageSettings
from tests.toys.values import Dice, Place, Throw, Walk

THROW = Verb("Throw", "Throwing", "Thrown", "game")
WALK = Verb("Start", "Walking", "All walked", "walk")

FOUND = "toys-found"
DICE = PageSettings(Dice(), "toy-dice", prefix="dice.", presets={"one": Dice(throws=1), "many": Dice(throws=100)})


def page() -> None:
    """Looks again every second while something is done."""
    if DICE.name not in st.session_state:
        DICE.begin(dict(st.query_params))
    DICE.show_problem(linked=True)
    DICE.preset_menu(st)
    DICE.numbers(["throws", "seed"])
    address(DICE.link, key="toys-address", steps=True)
    task_runs.live(_draw, FOUND, lambda: task_runs.are_active(_tasks()))


def _tasks() -> list[Task]:
    return [DICE.value, Walk(seconds=0.2)]


def _draw() -> None:
    dice, walk = _tasks()
    parts: list[tuple[Task, Verb, type[Row]]] = [(dice, THROW, Throw), (walk, WALK, Place)]
    for task, verb, row in parts:
        own = task_runs.runs_of([task])
        actions([task], own, task.kind, verb=verb)
        st.caption(f"{len(rows_of(own, row).get(task.digest, ()))} rows of {task.kind}")
