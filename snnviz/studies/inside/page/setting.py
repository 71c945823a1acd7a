"""The settings of the page: a run, an image and the changes to them, as one `Look` with its link."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.catalog.examples import get_example
from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.design.links import one_line_summary
from snnviz.errors import NotFound
from snnviz.store import Run
from snnviz.studies.inside.look import Look
from snnviz.tasks import KINDS
from snnviz.ui.kit import services
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.view_switch import Views

FRAGMENT = "inside-look"
VIEWS = Views(
    "inside", {"time": "One image in time", "many": "All test images", "compare": "Compare", "why": "Why it answers so"}
)
LOOK = PageSettings(Look(), "inside", prefix="look.", fragments=(FRAGMENT,), noun="look")

MOST_LISTED = 200
"""Runs that the menu offers, those of this machine before those that came with snnviz, each the newest first."""

BEGINS_WITH = "digits"
"""The named design whose run is shown where nothing was trained here yet: the newest that came may be a failed one."""


def to_link(look: Look, view: str = VIEWS.first) -> str:
    """Returns the query string that opens the page Look inside with a request (`Look`) and a view.

    >>> to_link(Look(run="0123456789abcdef", image=7), "many")
    'look.run=0123456789abcdef&look.image=7&view=many'
    """
    return "&".join(part for part in (LOOK.to_link(look), VIEWS.write(view)) if part)


def open_run(run: Run) -> None:
    """Sets the page to a run, before the browser is sent there."""
    st.session_state[LOOK.name] = Look(run=run.run)
    LOOK.clear_problems()
    LOOK.renew_widgets()
    VIEWS.show(VIEWS.first)


def choices() -> dict[str, Run]:
    """Returns the runs for the page's menu, by name: those of designs that have weights, first the ones trained here
    and then the ones that came with snnviz, each the newest first.
    """

    def read() -> dict[str, Run]:
        found = [run for run in services.store().runs(of=Design) if run.checkpoint is not None and can_look(run.design)]
        ordered = sorted(found, key=lambda run: (run.machine is not None, -run.created))
        return {run.run: run for run in ordered[:MOST_LISTED]}

    return services.CACHE.get("inside-runs", read)


def can_look(design: Design) -> bool:
    """Returns whether the page can show networks of this design: all but TTFS (time-to-first-spike) networks."""
    return design.network.code != "ttfs"


def run_of(look: Look) -> Run | None:
    """Returns the run that a request (`Look`) names, `usual_run` if it names none; None if it is not in the store or
    not a training.
    """
    if not look.run:
        return usual_run()
    try:
        run = services.store().get(look.run)
    except NotFound:
        return None
    return run if KINDS.kind_of(run.task).trained else None


def usual_run() -> Run | None:
    """Returns the run that the page opens with: the newest one trained here; before there is any, of those that came
    with snnviz the one of the design `BEGINS_WITH`, or else the newest; None if there is none at all.
    """
    runs = choices()
    newest = next(iter(runs.values()), None)
    if newest is None or newest.machine is None:
        return newest
    known = get_example(BEGINS_WITH)
    return next((run for run in runs.values() if run.design == known), newest)


def run_words(run: Run) -> str:
    """Returns what a run is called in the menu: its title, or a summary of its design, and the start of its name."""
    return f"{run.title or one_line_summary(run.design)} · {run.run[:8]}"


def version(run: Run) -> tuple[str, float | None, int | None]:
    """Returns what identifies the state of a run's weights, as a key for cached answers."""
    return run.run, run.finished, run.checkpoint


def class_names(design: Design) -> tuple[str, ...]:
    """Returns the names of the classes of a design's data set; () if it has none."""
    return tuple(datasets.dataset_card(design.data.name).labels)


def read(query: Mapping[str, str]) -> tuple[Look, str]:
    """Returns the request (`Look`) and the view that a link's parameters describe. Raises `InputError` for invalid
    ones.
    """
    return LOOK.from_link(query), VIEWS.read(query)
