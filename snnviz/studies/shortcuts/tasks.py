"""The kind of task: a survey of gradients before training."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.studies.shortcuts.study import GradientSurvey, InitialGradient
from snnviz.tasks import Cost, TaskKind
from snnviz.theory import costs

STEPS = 6
"""Training steps in which as much is computed as for the gradients of one untrained network, its making included."""


def deepest_design(survey: GradientSurvey) -> Design:
    """The largest network of a survey."""
    depths = {"network.depth": max(survey.depths), "training.shortcut.layers": ""} if survey.depths else {}
    return change(survey.design, depths)


def cost(survey: GradientSurvey) -> Cost:
    """Counts layers. Each network goes as far as in so many training steps."""
    largest = deepest_design(survey)
    a_step = costs.training_seconds(largest) / costs.training_steps(largest)
    alike = sum(survey.depths) / max(survey.depths) if survey.depths else 1
    seconds = STEPS * a_step * alike * max(1, len(survey.inits))
    return Cost(survey.layers, seconds, costs.memory_bytes(largest))


def sample() -> GradientSurvey:
    """Of three networks."""
    design = {
        "data": {"train_samples": 60, "test_samples": 20, "steps": 2},
        "network": {"kind": "mlp", "width": 8},
        "training": {"epochs": 1, "shortcut": {"schedule": {"kind": "constant"}}},
    }
    return GradientSurvey.check({"design": design, "depths": [2, 3, 4]})


KINDS = (
    TaskKind(
        value=GradientSurvey,
        rows=(InitialGradient,),
        cost=cost,
        run="snnviz.studies.shortcuts.compute.surveying:run_gradient_survey",
        show="snnviz.studies.shortcuts.command.gradients:show",
        measure="snnviz.studies.shortcuts.command.gradients:measure",
        page="shortcuts",
        sample=sample,
        design=lambda survey: survey.design,
    ),
)
