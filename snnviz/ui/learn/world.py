"""What checks of lessons can read of this visitor: the shown page, runs, and what is open on the page Look inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from snnviz.design.links import flatten, one_line_summary
from snnviz.errors import SnnvizError
from snnviz.events import EpochEnd, LayerState
from snnviz.lessons.checks.kind import Reading, SeenRun
from snnviz.store import Run
from snnviz.store.columns import metric_columns
from snnviz.store.filters import RunFilter
from snnviz.store.index import IndexedRuns, indexed_runs
from snnviz.ui.kit import opened, readings, services, state

DESIGN_PAGES = ("design", "data")
"""Pages whose setting is the edited design."""


class Visit:
    """Implementation of `snnviz.lessons.checks.kind.World` for the current visitor on the page called `page`."""

    def __init__(self, page: str) -> None:
        self.page = page

    def setting(self) -> Mapping[str, Any]:
        """Returns the fields of the setting that the page has drawn, or of the edited design."""
        shown = readings.shown(self.page)
        if shown is not None:
            return shown.fields
        return flatten(state.design()) if self.page in DESIGN_PAGES else {}

    def reading(self, name: str) -> Reading | None:
        """Returns the number or curve that the page shows under this name; None if it shows none."""
        shown = readings.shown(self.page)
        return None if shown is None else shown.find(name)

    def runs(self, wanted: RunFilter, metrics: Sequence[str]) -> Sequence[SeenRun]:
        """Returns the runs of designs that were started or opened in this visit, or that the Design page shows."""
        store, now = services.store(), _indexed()
        by_key = {run.key: run for run in now.runs}
        watched: str | None = st.session_state.watched
        names = dict.fromkeys([*opened.opened_runs(), *([watched] if watched else [])])
        mine = {
            run.run: run for name in names if (run := now.by_name.get(name) or by_key.get(name)) is not None
        }.values()
        asked = list(dict.fromkeys([*metrics, *wanted.metrics]))
        columns = metric_columns(store, now, asked) if asked else {}
        found = []
        for run in mine:
            values = {name: columns[name].get(run.run) for name in asked}
            if wanted.matches(run, values):
                found.append(SeenRun(run.run, run.title or _summary(run.run), run.state == "done", values))
        return found

    def series(self, run: str, name: str) -> Reading | None:
        """Returns a curve of a run, from its rows."""
        store = services.store()
        if name == "accuracy":
            ends = [row for _, row in store.rows(run, EpochEnd)]
            points = tuple((float(row.epoch), float(row.test_accuracy)) for row in ends)
            return Reading("Test accuracy after each epoch of the run.", None, points, ("epoch", "test accuracy"))
        field, words = {
            "rate": ("rate", "spikes per neuron and time step before training"),
            "variance": ("var_u", "Var[u] before training"),
            "gradient": ("grad_norm", "gradient norm at the beginning of training"),
        }[name]
        first: dict[int, float] = {}
        for _, row in store.rows(run, LayerState):
            value = getattr(row, field)
            if value is not None:
                first.setdefault(row.layer, float(value))
        points = tuple((float(layer), value) for layer, value in sorted(first.items()))
        if not points:
            return None
        return Reading(f"{words.capitalize()}, layer by layer.", None, points, ("layer", words))

    def open_look(self) -> Mapping[str, Any]:
        """Returns the fields of the `Look` (run, image, silenced neurons, ...) that is open on the page Look inside; {}
        if none is.
        """
        shown = readings.shown("inside")
        return {} if shown is None else shown.fields


def _indexed() -> IndexedRuns:
    return services.CACHE.get("indexed runs", lambda: indexed_runs(services.store()))


def _summary(name: str) -> str:
    try:
        run: Run = services.store().get(name)
    except SnnvizError:
        return name
    return one_line_summary(run.design)
