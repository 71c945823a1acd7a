"""How long runs take on this machine, and how that is said."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping

from snnviz.catalog.cells import CellSearch, Scoring
from snnviz.catalog.measuring import Measurement
from snnviz.catalog.searches import Search
from snnviz.catalog.shortcutstudies import GradientSurvey
from snnviz.catalog.trajectories import Trajectories
from snnviz.catalog.ttfslimits import FineTuning
from snnviz.jobs import machine
from snnviz.store import Run, Store, Task
from snnviz.theory import cell_costs, costs, tuningcosts


def speed(store: Store) -> float:
    """How long the last 20 runs took, over how long they were estimated to take: the median."""
    done = [run for run in store.runs(limit=20, states=("done",)) if run.seconds > 1]
    ratios = [run.seconds / costs.training_seconds(run.design) for run in done]
    return min(20.0, max(0.05, statistics.median(ratios))) if ratios else 1.0


def steps(task: Task) -> int:
    """What a task's progress counts to: training steps of a run, or of a whole search."""
    if isinstance(task, Scoring):
        return cell_costs.scoring_steps(task)
    if isinstance(task, CellSearch):
        return cell_costs.search_steps(task)
    if isinstance(task, GradientSurvey):
        return task.layers
    if isinstance(task, Trajectories):
        return costs.training_steps(task.design)
    if isinstance(task, FineTuning):
        return tuningcosts.steps(task)
    if isinstance(task, Measurement):
        return 1
    return costs.search_steps(task) if isinstance(task, Search) else costs.training_steps(task)


def seconds(task: Task, speed: float = 1.0) -> float:
    """An estimate of the length of a task on one core."""
    if isinstance(task, Scoring):
        return speed * cell_costs.scoring_seconds(task)
    if isinstance(task, CellSearch):
        return speed * cell_costs.search_seconds(task)
    if isinstance(task, GradientSurvey):
        return costs.survey_seconds(task, speed)
    if isinstance(task, Trajectories):
        return costs.trajectories_seconds(task, speed)
    if isinstance(task, FineTuning):
        return tuningcosts.seconds(task, speed)
    if isinstance(task, Measurement):
        return costs.measurement_seconds(task.design, speed)
    return costs.search_seconds(task, speed) if isinstance(task, Search) else costs.training_seconds(task, speed)


def seconds_left(tasks: Iterable[Task], runs: Mapping[str, Run], speed: float) -> float:
    """Of wall time until all of them are done, with one on each core. `runs`: those there are, by digest."""
    left, longest = [], 0.0
    for task in tasks:
        run = runs.get(task.digest)
        if run is not None and run.state == "done":
            continue
        kept = run is not None and run.steps and (not run.ended or isinstance(task, Search | CellSearch))
        share = run.step / run.steps if run is not None and kept else 0.0
        left.append(seconds(task, speed) * (1 - share))
        if not isinstance(task, CellSearch):  # which no other cores can help
            longest = max(longest, left[-1])
    return max(sum(left) / machine.cores(), longest)


def in_words(duration: float | None) -> str:
    """A duration as people say it.

    >>> in_words(7.4), in_words(200), in_words(9000), in_words(None)
    ('7 s', '3 min 20 s', '2 h 30 min', '?')
    """
    if duration is None:
        return "?"
    whole = round(duration)
    if whole < 60:
        return f"{max(whole, 1)} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
