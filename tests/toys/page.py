"""Their page: what is done with any task, and what it found."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.kit import questions, services
from snnviz.ui.kit.actions import Verb, actions
from tests.toys.values import Dice, Place, Throw, Walk

THROW = Verb("Throw", "Throwing", "Thrown", "game")
WALK = Verb("Start", "Walking", "All walked", "walk")


def page() -> None:
    """Looks again twice a second while something is done."""
    runs = questions.runs_of([Dice(), Walk(seconds=0.2)])
    st.fragment(_draw, run_every=0.5 if questions.is_active(runs) else None)(questions.is_active(runs))


def _draw(was_active: bool) -> None:
    dice, walk = Dice(), Walk(seconds=0.2)
    runs = questions.runs_of([dice, walk])
    if questions.is_active(runs) != was_active:
        st.rerun()
    for task, verb, row in ((dice, THROW, Throw), (walk, WALK, Place)):
        own = {name: run for name, run in runs.items() if name == task.digest}
        actions([task], own, task.kind, verb=verb)
        st.caption(f"{len(services.store().rows(task.digest, row))} rows of {task.kind}")
