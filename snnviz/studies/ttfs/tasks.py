"""The kinds of task: networks that learn side by side, and one that is trained on through limits of hardware."""

from __future__ import annotations

from snnviz.catalog.trajectories import Course, Trajectories
from snnviz.catalog.ttfslimits import FineTuning, Tuned
from snnviz.tasks import Cost, TaskKind
from snnviz.theory import costs, tuningcosts


def _trajectories(task: Trajectories) -> Cost:
    return Cost(costs.training_steps(task.design), costs.trajectories_seconds(task), costs.trajectories_bytes(task))


def _finetuning(task: FineTuning) -> Cost:
    return Cost(tuningcosts.steps(task), tuningcosts.seconds(task), tuningcosts.memory_bytes(task))


KINDS = (
    TaskKind(
        name="trajectories",
        value=Trajectories,
        rows=(Course,),
        cost=_trajectories,
        run="snnviz.core.trajectories:courses",
        show="snnviz.cli.trajectories:show",
        page="ttfs",
        design=lambda task: task.design,
    ),
    TaskKind(
        name="finetuning",
        value=FineTuning,
        rows=(Tuned,),
        cost=_finetuning,
        run="snnviz.jobs.tuning:tune",
        show="snnviz.cli.limittables:show",
        page="ttfs",
        design=lambda task: task.design,
    ),
)
