"""The figures of a comparison's runs, drawn once for all who watch them."""

from __future__ import annotations

from snnviz.studies.shortcuts.charts.shortcuts import compare_charts, profile_chart, why_charts
from snnviz.studies.shortcuts.study import StudyRun
from snnviz.ui.components.charts import payload
from snnviz.ui.kit.rows import Revisions, curves
from snnviz.ui.kit.shared import shared
from snnviz.views.results import Rows


def watched(shown: Revisions) -> dict[str, Rows]:
    """The rows of each run that has said something of its layers, by digest."""
    return {name: rows for name, rows in curves(shown).items() if rows.layers}


@shared(16)
def charts_of(several: tuple[StudyRun, ...], shown: Revisions) -> tuple[bytes, bytes]:
    """The charts above the profile, and those below it."""
    found = watched(shown)
    return payload(compare_charts(several, found)), payload(why_charts(several, found))


@shared(64)
def profile_of(several: tuple[StudyRun, ...], shown: Revisions, epoch: float) -> bytes:
    """The profile at an epoch."""
    return payload([profile_chart(several, watched(shown), epoch)])
