"""Cached figures of a comparison's runs, shared by all visitors."""

from __future__ import annotations

from snnviz.studies.shortcuts.charts.shortcuts import compare_charts, profile_chart, why_charts
from snnviz.studies.shortcuts.study import StudyRun
from snnviz.theory.backward import ExpectedGradients
from snnviz.ui.components.charts import payload
from snnviz.ui.kit.rows import Revisions, curves
from snnviz.ui.kit.shared import shared
from snnviz.views.results import Rows


def layer_rows(shown: Revisions) -> dict[str, Rows]:
    """Returns the rows of each run that has reported states of layers, for its charts, by digest."""
    return {name: rows for name, rows in curves(shown).items() if rows.layers}


@shared(16)
def charts_of(several: tuple[StudyRun, ...], shown: Revisions) -> tuple[bytes, bytes]:
    """Returns the charts of these runs, serialised and cached: those drawn above the gradient profile, and those below
    it.
    """
    found = layer_rows(shown)
    return payload(compare_charts(several, found)), payload(why_charts(several, found))


@shared(64)
def profile_of(
    several: tuple[StudyRun, ...], shown: Revisions, epoch: float, expected: ExpectedGradients | None
) -> bytes:
    """Returns the chart of the gradient norm by layer at an epoch, with what is expected before training, serialised
    and cached.
    """
    return payload([profile_chart(several, layer_rows(shown), epoch, expected)])
