"""What the shortcuts study ships already computed: the runs and the survey that its page shows first."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.store import Store
from snnviz.studies.shortcuts.study import STARTS, GradientSurvey, ShortcutStudy, gradient_survey, study_runs


def runs(_: Store) -> list[Design]:
    """Returns the runs of the comparison that the Shortcuts page shows first, to train and ship them."""
    return list(distinct_designs(study_runs(next(iter(STARTS.values())), ShortcutStudy())))


def survey(_: Store) -> list[GradientSurvey]:
    """Returns the survey of initial gradients that the Shortcuts page shows first, to compute and ship it."""
    return [gradient_survey(next(iter(STARTS.values())), ShortcutStudy())]
