"""Runs that are distributed with snnviz (`store.shipped`): texts on where and when they were trained, and a button that
trains them here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache

import streamlit as st

from snnviz.errors import SnnvizError
from snnviz.jobs import machine
from snnviz.jobs.durations import format_duration
from snnviz.store import Run
from snnviz.ui.kit import restrictions, services, state
from snnviz.ui.kit.words import escape_markdown

ICON = ":material/inventory_2:"
SHORT = "came with snnviz"
HERE = "Trains it on this machine, which you can watch; your run is then shown in its place."


@cache
def _this_machine() -> str:
    return machine.description()


def sentence(run: Run) -> str:
    """Returns a sentence on where and when a run distributed with snnviz was trained, and whether on a machine like
    this one.
    """
    took = f" in {format_duration(run.seconds)}" if run.seconds else ""
    return f"Came with snnviz: trained {_when(run)}{took} on {run.machine}. {_alike([run])}"


def sentences(runs: Iterable[Run]) -> str:
    """Returns one text on where and when those of these runs were trained that are distributed with snnviz; "" if none
    is.
    """
    came = [run for run in runs if run.machine is not None]
    if not came:
        return ""
    when = " and ".join(dict.fromkeys(_when(run) for run in (min(came, key=_end), max(came, key=_end))))
    on = "; ".join(dict.fromkeys(str(run.machine) for run in came))
    of = "" if len(came) == 1 else f"{len(came)} runs, "
    return f"Came with snnviz: {of}trained {when} on {on}. {_alike(came)}"


def _alike(came: Iterable[Run]) -> str:
    if all(run.machine == _this_machine() for run in came):
        return "A machine like this one."
    return "Another machine than this one: trained here, last digits may differ."


def _end(run: Run) -> float:
    return run.finished or 0.0


def _when(run: Run) -> str:
    day = time.gmtime(_end(run))
    return f"on {day.tm_mday} {time.strftime('%B %Y', day)}"


def can_train() -> bool:
    """Returns whether the visitor may train: the Train action is neither hidden nor locked by a lesson or link."""
    return not (restrictions.is_hidden("train") or restrictions.is_locked("train"))


def train_here(run: str) -> None:
    """Callback of a button: trains a run that is distributed with snnviz on this machine, and watches it on the Design
    page.
    """
    if restrictions.is_locked("train"):
        st.toast(escape_markdown(restrictions.locked_sentence("train")), icon=":material/lock:")
        return
    try:
        services.engine().retrain(run)
    except SnnvizError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")
    else:
        st.session_state.own.add(run)
        state.watch_run(run)
        st.session_state.pressed += 1  # the live panel comes into view
    st.rerun()
