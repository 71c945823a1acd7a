"""The kind of task: a survey of gradients before training."""

from __future__ import annotations

from snnviz.catalog.shortcutstudies import GradientSurvey, InitialGradient
from snnviz.tasks import Cost, TaskKind
from snnviz.theory import costs


def _cost(survey: GradientSurvey) -> Cost:
    return Cost(survey.layers, costs.survey_seconds(survey), costs.memory_bytes(costs.deepest(survey)))


KINDS = (
    TaskKind(
        name="gradients",
        value=GradientSurvey,
        rows=(InitialGradient,),
        cost=_cost,
        run="snnviz.jobs.surveying:survey",
        show="snnviz.cli.gradients:show",
        measure="snnviz.cli.gradients:measure",
        page="shortcuts",
        design=lambda survey: survey.design,
    ),
)
