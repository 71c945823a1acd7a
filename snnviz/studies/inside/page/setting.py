"""The settings of the page: a run, an image and the changes to them, as one `Look` with its link."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

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
"""Runs that the menu offers, the newest first."""


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
    """Returns the runs for the page's menu, by name, the newest first: those of designs that have weights."""

    def read() -> dict[str, Run]:
        found = [run for run in services.store().runs(of=Design) if run.checkpoint is not None and can_look(run.design)]
        return {run.run: run for run in sorted(found, key=lambda run: -run.created)[:MOST_LISTED]}

    return services.CACHE.get("inside-runs", read)


def can_look(design: Design) -> bool:
    """Returns whether the page can show networks of this design: all but TTFS (time-to-first-spike) networks."""
    return design.network.code != "ttfs"


def run_of(look: Look) -> Run | None:
    """Returns the run that a request (`Look`) names, the newest one if it names none; None if it is not in the store or
    not a training.
    """
    if not look.run:
        return next(iter(choices().values()), None)
    try:
        run = services.store().get(look.run)
    except NotFound:
        return None
    return run if KINDS.kind_of(run.task).trained else None


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
