"""An offer to hold out training images for validation, since the best of an experiment is otherwise chosen by test
images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import streamlit as st

from snnviz.design.design import Design
from snnviz.store import Run
from snnviz.studies.tradeoffs.page.setting import ASK, EXPERIMENT, RUNS
from snnviz.theory.choosing import OFFERED_SHARE, hold_out, stored_runs_left_out
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.notices import rerun_fragments
from snnviz.ui.kit.words import pluralise
from snnviz.views.numbers import share

HELP = (
    "The best of many on the test images looks better than it is. Chosen by images that nothing learns from, it is "
    "told honestly by the test images, which had no say."
)


def can_be_offered() -> bool:
    """Returns whether holding out validation images can be offered: the experiment's base holds out none, and
    `data.validation` is not varied.
    """
    asked = EXPERIMENT.value
    return not asked.base.data.validation and "data.validation" not in {name for a in asked.axes for name in a.fields}


def offer(runs: Mapping[str, Run]) -> None:
    """Draws an offer, below an experiment's runs (by digest), to hold out validation images, and says how many runs
    could then not be reused.
    """
    if not can_be_offered():
        return
    left, right = st.columns([72, 34], vertical_alignment="center")
    left.caption(f"Is the best of them to be picked? Then images to choose by are better held out{_price(runs)}.")
    hold_out_button(right)


def _price(runs: Mapping[str, Run]) -> str:
    stored = [run.design for run in runs.values() if run.state == "done"]
    held = task_runs.runs_of([_held(design) for design in stored]) if stored else {}
    known = {design.digest for design in stored} | {name for name, run in held.items() if run.state == "done"}
    count = stored_runs_left_out(stored, lambda digests: known & {*digests})
    return f": {pluralise(count, 'stored run')} would be left out and trained anew" if count else ""


@lru_cache(maxsize=4096)
def _held(design: Design) -> Design:
    return hold_out(design)


def hold_out_button(
    place: st.delta_generator.DeltaGenerator, key: str = "tradeoffs-hold-out", fragments: Sequence[str] = (ASK, RUNS)
) -> None:
    """Draws in `place` the button that makes the experiment's base hold out validation images (`data.validation`).

    key: of the widget. fragments: of the page, which are rerun after a click.
    """
    place.button(
        f"Hold {share(OFFERED_SHARE, 0)} out",
        icon=":material/content_cut:",
        key=key,
        on_click=_hold_out,
        args=(fragments,),
        help=HELP,
    )


def _hold_out(fragments: Sequence[str]) -> None:
    now = EXPERIMENT.value
    EXPERIMENT.replace(now.model_copy(update={"base": hold_out(now.base)}), "Images to choose by are held out.")
    rerun_fragments(*fragments)
