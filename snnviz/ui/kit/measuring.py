"""A note on runs of early releases, whose layers were measured on the first 64 training images, and a button that
measures them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.design.design import Design
from snnviz.design.measurement import Measurement
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import show_failures, submit
from snnviz.ui.kit.words import pluralise
from snnviz.views.results import Result


def is_active(designs: Sequence[Design]) -> bool:
    """Returns whether some of the designs' runs are being measured again."""
    return task_runs.are_active([Measurement(design=design) for design in designs])


def unmeasured(designs: Sequence[Design], results: Mapping[str, Result]) -> list[Design]:
    """Returns the designs whose finished runs (`results` by digest) were measured on the old probe: the first 64
    training images.
    """
    found = ((design, results.get(design.digest)) for design in designs)
    return [design for design, result in found if result is not None and result.probe is None]


def offer_measuring(designs: Sequence[Design], key: str) -> None:
    """Draws a note and a button that measures runs of these designs again; nothing unless some were measured on the old
    probe (the first 64 training images).
    """
    if not designs:
        return
    tasks = [Measurement(design=design) for design in designs]
    runs, key = task_runs.runs_of(tasks), f"{key}-anew"
    show_failures(runs.values(), key)
    going = task_runs.is_active(runs)
    sentence, button = st.columns([9, 3], vertical_alignment="center")
    sentence.caption(
        f"{pluralise(len(designs), 'run')} of before looked at layers **on the first 64 training images**, "
        "which may be of "
        "one class: so are firing rates of layers, Var[u], operations and energy."
    )
    button.button(
        "Measuring anew" if going else "Measure anew",
        icon=":material/refresh:",
        disabled=going,
        width="stretch",
        key=f"{key}-button",
        help="From the weights of each run, on images drawn by the seed from every class. Nothing is trained.",
        on_click=submit,
        args=(tasks, key),
    )
