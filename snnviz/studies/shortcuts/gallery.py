"""What of the study of shortcuts comes with snnviz: what its page opens with."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.store import Store
from snnviz.studies.shortcuts.study import STARTS, GradientSurvey, ShortcutStudy, gradient_survey, study_runs


def runs(_: Store) -> list[Design]:
    """Returns the runs of the first comparison."""
    return list(distinct_designs(study_runs(next(iter(STARTS.values())), ShortcutStudy())))


def survey(_: Store) -> list[GradientSurvey]:
    """Returns the first survey of gradients before training."""
    return [gradient_survey(next(iter(STARTS.values())), ShortcutStudy())]
