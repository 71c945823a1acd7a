"""The button that starts tasks; it asks first if a data set must be downloaded or if it takes long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from snnviz.data import datasets
from snnviz.design.submitted import Task
from snnviz.jobs.durations import format_duration
from snnviz.tasks import KINDS
from snnviz.ui.kit.words import escape_markdown

LONG = 1800.0
"""Duration in seconds from which on the visitor is asked first."""


def start_button(
    place: Any,
    label: str,
    tasks: Sequence[Task],
    seconds: float,
    key: str,
    icon: str,
    submit: Callable[..., None],
    *args: Any,
) -> str:
    """Draws a primary button that calls `submit` with the tasks and `args`, or first a question with such a button.

    seconds: predicted duration. Without tasks it is disabled. Returns why it cannot be pressed if a data set is missing
    that must be downloaded by hand, else "".
    """
    absent = dict.fromkeys(name for task in tasks for name in KINDS.kind_of(task).needs(task))
    absent = dict.fromkeys(name for name in absent if not datasets.is_available(name))
    look: dict[str, Any] = {"type": "primary", "icon": icon, "width": "stretch"}
    by_hand = [name for name in absent if not datasets.is_downloaded_automatically(name)]
    if by_hand or not tasks:
        place.button(label, disabled=True, key=key, **look)
        titles = " and ".join(datasets.dataset_card(name).title for name in by_hand)
        verb = "are" if len(by_hand) > 1 else "is"
        return f"{titles} {verb} not on this machine: get it on the Data page first." if by_hand else ""
    asked = [f"{_download(name)} is downloaded first." for name in absent]
    if seconds >= LONG:
        asked.append(f"This takes about {format_duration(seconds)} here.")
    if not asked:
        place.button(label, key=key, on_click=submit, args=(tasks, *args), **look)
        return ""
    with place.popover(label, key=f"{key}-asked", **look):
        st.write(escape_markdown(" ".join(asked)))
        do = "Download and start" if absent else "Start"
        st.button(do, type="primary", key=key, on_click=submit, args=(tasks, *args))
    return ""


def _download(name: str) -> str:
    size = sum(archive.megabytes for archive in datasets.dataset_card(datasets.source_dataset(name)).archives)
    return datasets.dataset_card(name).title + (f" ({size:,} MB)" if size else "")
