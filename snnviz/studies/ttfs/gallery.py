"""What of the study of TTFS networks comes with snnviz: what the views of its page open with."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.store import Store, Task
from snnviz.studies.ttfs.curves import LimitSettings, curve_points, finetuning_task, pretrained_designs
from snnviz.studies.ttfs.penalty import PenaltyStudy, penalty_runs
from snnviz.studies.ttfs.study import STARTS, TtfsStudy, compared_networks
from snnviz.studies.ttfs.trajectories import Trajectories

START = next(iter(STARTS.values()))


def networks(_: Store) -> list[Design]:
    """Returns the network, its twin, and the rate-coded one."""
    return list(compared_networks(START, TtfsStudy().steps).values())


def naive(_: Store) -> list[Trajectories]:
    """Returns the four trainings side by side."""
    return [Trajectories.meant({"design": START})]


def limits(_: Store) -> list[Task]:
    """Returns the fine-tuning under the first limits, and the curve over one of them."""
    now = LimitSettings()
    points = [point.task for point in curve_points(START, now, [now.axis])]
    return [*pretrained_designs(START, now.seeds), finetuning_task(START, now.limits, now), *points]


def penalties(_: Store) -> list[Design]:
    """Returns the runs with a penalty on activity."""
    return [one.design for one in penalty_runs(START, PenaltyStudy())]
