"""Section of the TTFS page: the runs of its networks, each with a button, progress and Cancel."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.design.design import Design
from snnviz.places import TOP
from snnviz.store import Run
from snnviz.studies.ttfs.page.setting import DESIGN, RUNS, twin
from snnviz.studies.ttfs.study import compared_networks
from snnviz.ui.kit import state, task_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.views.numbers import share

SHORT = {"relu": "ReLU", "ttfs": "TTFS", "rate": "rate-coded"}
TRAIN = Verb("Train", "Training", "Trained", "run")
HALF = (5, 4, 8)
"""Widths of a run's columns in half a page."""


def runs() -> None:
    """Draws the button and the progress of the runs of the ReLU network and the TTFS (time-to-first-spike) network,
    updated live.
    """
    task_runs.live(_runs, RUNS, lambda: task_runs.are_active([DESIGN.value, twin()]))


def _runs() -> None:
    both = {name: each for name, each in compared_networks(DESIGN.value).items() if name != "rate"}
    found = task_runs.runs_of(list(both.values()))
    for place, (name, each) in zip(st.columns(2, gap="medium"), both.items(), strict=True):
        with place:
            run_panel(name, each, found, HALF)


def run_panel(name: str, of: Design, found: Mapping[str, Run], widths: tuple[int, int, int]) -> None:
    """Draws one of the two runs: a Train button with progress and Cancel, or, when finished, its result and a button to
    its curves.
    """
    own = {run: found[run] for run in found if run == of.digest}
    if not own or own[of.digest].state != "done":
        actions([of], own, f"ttfs-{name}", verb=TRAIN, what=SHORT[name], widths=widths)
        return
    ends = task_runs.epochs_of([of]).get(of.digest)
    reached = f": {share(ends[-1].test_accuracy)} of the test images" if ends else ""
    words, button = st.columns([12, 5], vertical_alignment="center")
    words.markdown(f":material/check: **{SHORT[name]} network trained**{reached}")
    if button.button("Its curves", icon=":material/open_in_new:", width="stretch", key=f"ttfs-{name}-open"):
        state.open_run(of.digest)
        st.switch_page(TOP / "pages" / "design.py")
