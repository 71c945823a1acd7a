"""The kind of task "gradients": a survey of gradients before training."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.studies.shortcuts.study import GradientSurvey, InitialGradient
from snnviz.tasks import Cost, GalleryEntry, TaskKind
from snnviz.theory import costs

STEPS = 6
"""Number of training steps that take as long as the gradients of one untrained network."""


def deepest_design(survey: GradientSurvey) -> Design:
    """Returns the design of the largest network of a gradient survey."""
    depths = {"network.depth": max(survey.depths), "training.shortcut.layers": ""} if survey.depths else {}
    return change(survey.design, depths)


def cost(survey: GradientSurvey) -> Cost:
    """Returns the estimated cost of a gradient survey; its steps are layers."""
    largest = deepest_design(survey)
    a_step = costs.training_seconds(largest) / costs.training_steps(largest)
    alike = sum(survey.depths) / max(survey.depths) if survey.depths else 1
    seconds = STEPS * a_step * alike * max(1, len(survey.inits))
    return Cost(survey.layers, seconds, costs.memory_bytes(largest))


def sample() -> GradientSurvey:
    """Returns a small gradient survey of three networks, for tests."""
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

GALLERY = (
    GalleryEntry(
        "shortcuts-runs",
        "Shortcuts: what branches bring",
        "shortcuts",
        "snnviz.studies.shortcuts.gallery:runs",
        weights=False,
    ),
    GalleryEntry(
        "shortcuts-survey",
        "Shortcuts: gradients before training",
        "shortcuts",
        "snnviz.studies.shortcuts.gallery:survey",
    ),
)
