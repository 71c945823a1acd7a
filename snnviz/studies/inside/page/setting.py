"""What the page looks at: a run, an image, and what is changed for it, as one value with its link."""

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
from snnviz.ui.kit.switch import Views

FRAGMENT = "inside-look"
VIEWS = Views(
    "inside", {"time": "One image in time", "many": "All test images", "compare": "Compare", "why": "Why it answers so"}
)
LOOK = PageSettings(Look(), "inside", prefix="look.", fragments=(FRAGMENT,), noun="look")

MOST_LISTED = 200
"""Runs that the menu offers, the newest first."""


def to_link(look: Look, view: str = VIEWS.first) -> str:
    """The query string of a look.

    >>> to_link(Look(run="0123456789abcdef", image=7), "many")
    'look.run=0123456789abcdef&look.image=7&view=many'
    """
    return "&".join(part for part in (LOOK.to_link(look), VIEWS.write(view)) if part)


def open_design(design: Design) -> None:
    """Have the page show the run of a design."""
    st.session_state[LOOK.name] = Look(run=design.digest)
    LOOK.clear_problems()
    LOOK.renew_widgets()
    VIEWS.show(VIEWS.first)


def choices() -> dict[str, Run]:
    """The runs that can be looked into, by name, the newest first: of designs, with weights."""

    def read() -> dict[str, Run]:
        found = [run for run in services.store().runs(of=Design) if run.checkpoint is not None and can_look(run.design)]
        return {run.run: run for run in sorted(found, key=lambda run: -run.created)[:MOST_LISTED]}

    return services.CACHE.get("inside-runs", read)


def can_look(design: Design) -> bool:
    """Whether this page shows such networks."""
    return design.network.code != "ttfs"


def run_of(look: Look) -> Run | None:
    """The run that is looked into, None where it is not in the store or is no training."""
    if not look.run:
        return next(iter(choices().values()), None)
    try:
        run = services.store().get(look.run)
    except NotFound:
        return None
    return run if KINDS.of(run.task).trained else None


def run_words(run: Run) -> str:
    """A run in a menu: its title or its design, and its name."""
    return f"{run.title or one_line_summary(run.design)} · {run.run[:8]}"


def version(run: Run) -> tuple[str, float | None, int | None]:
    """What the answers to looks depend on besides the look."""
    return run.run, run.finished, run.checkpoint


def class_names(design: Design) -> tuple[str, ...]:
    """Classes in words, where the data set has them."""
    return tuple(datasets.dataset_card(design.data.name).labels)


def read(query: Mapping[str, str]) -> tuple[Look, str]:
    """Look and view of a link. Raises `InputError`."""
    return LOOK.from_link(query), VIEWS.read(query)
