"""The view Ask of the Trade-offs page: an experiment's base design, axes and seeds, and its runs below."""

from __future__ import annotations

import streamlit as st

from snnviz.design import links
from snnviz.places import TOP
from snnviz.studies.tradeoffs.experiments import first_experiment
from snnviz.studies.tradeoffs.page import axes, forecasting
from snnviz.studies.tradeoffs.page.setting import ASK, EXPERIMENT, RUNS, to_link
from snnviz.ui.components.address import address
from snnviz.ui.kit import state, task_runs
from snnviz.ui.kit.designs import OWN
from snnviz.ui.kit.start_menu import start_menu
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import define_terms, escape_markdown
from snnviz.views.changes import label, value

ABOUT = (
    "**What changes if only this changes?** A design is trained with other values of some fields. All groups have the "
    "same seeds, so that they can be compared run by run; what was trained before is found again."
)
HOW = {"every": "every combination", "each": "one field at a time", "spread": "points spread evenly"}
HOW_HELP = (
    "Every combination of all values; each field by itself, the others as in the base; or so many points that fill the "
    "space of all fields evenly (Sobol's sequence)."
)


def panel() -> None:
    """Draws the form of the experiment, and below it its forecast and its runs, updated while runs are active."""
    st.caption(define_terms(ABOUT))
    with st.container():
        _settings()
    task_runs.live(forecasting.panel, RUNS, forecasting.is_active)


@st.fragment(key=ASK)
@show_store_errors()
def _settings() -> None:
    asked = EXPERIMENT.value
    _start_menu()
    left, right = st.columns([92, 14], vertical_alignment="center")
    said = links.one_line_summary(asked.base, lambda path, given: f"{label(path)} {value(path, given)}")
    left.markdown(f"**Base:** {escape_markdown(said)}")
    if right.button("Edit it", icon=":material/hub:", width="stretch", key="tradeoffs-edit"):
        state.replace_with_notice(asked.base, "Taken from Trade-offs.")
        st.switch_page(TOP / "pages" / "design.py")
    axes.rows()
    widths = [60, 16, 14, 16] if asked.how == "spread" else [60, 16, 30]
    row = st.columns(widths, vertical_alignment="bottom")
    EXPERIMENT.segments(row[0], "how", "How", names=HOW, help=HOW_HELP)
    EXPERIMENT.number(row[1], "seeds")
    if asked.how == "spread":
        EXPERIMENT.number(row[2], "points")
    EXPERIMENT.show_problem()
    address(to_link(), key="tradeoffs-address", steps=True)


def _start_menu() -> None:
    """The named experiments and the edited design; none is marked where the experiment is another."""
    now = EXPERIMENT.value
    known = {name: preset for name, preset in EXPERIMENT.presets.items() if preset == now}
    marked = next(iter(known), OWN if now.base == state.design() else None)
    words = "An experiment, or the design that is edited as the base of one."
    start_menu(st, [*EXPERIMENT.presets, OWN], marked, EXPERIMENT.widget_key("start"), _start, words)


def _start(name: str) -> None:
    chosen = first_experiment(state.design()) if name == OWN else EXPERIMENT.presets[name]
    EXPERIMENT.take(chosen, f"Started from {name}.")
