"""What the TTFS study ships already computed: the runs and tasks that the views of its page show first."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.store import Store, Task
from snnviz.studies.ttfs.curves import LimitSettings, curve_points, finetuning_task, pretrained_designs
from snnviz.studies.ttfs.penalty import PenaltyStudy, penalty_runs
from snnviz.studies.ttfs.study import STARTS, TtfsStudy, compared_networks
from snnviz.studies.ttfs.trajectories import Trajectories

START = next(iter(STARTS.values()))


def networks(_: Store) -> list[Design]:
    """Returns the trainings of the network that the TTFS page shows first: as ReLU network, as TTFS
    (time-to-first-spike) twin, and rate-coded, to run and ship them.
    """
    return list(compared_networks(START, TtfsStudy().steps).values())


def naive(_: Store) -> list[Trajectories]:
    """Returns the task that trains four networks side by side (view on naive training), to run and ship it."""
    return [Trajectories.from_sparse({"design": START})]


def limits(_: Store) -> list[Task]:
    """Returns the fine-tuning under the page's first hardware limits, and the tasks of the curve over one of them, to
    run and ship them.
    """
    now = LimitSettings()
    points = [point.task for point in curve_points(START, now, [now.axis])]
    return [*pretrained_designs(START, now.seeds), finetuning_task(START, now.limits, now), *points]


def penalties(_: Store) -> list[Design]:
    """Returns the trainings with several weights of the activity penalty, to run and ship them."""
    return [one.design for one in penalty_runs(START, PenaltyStudy())]
