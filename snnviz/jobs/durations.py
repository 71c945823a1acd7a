"""Predicted durations of tasks on this machine, learnt from the durations of finished runs, and their formatting."""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from snnviz.design.design import Design
from snnviz.design.submitted import Task
from snnviz.jobs import machine
from snnviz.store import Run, Store
from snnviz.tasks import KINDS

FIXED_SECONDS = 1.0
"""Assumed fixed cost of a run in seconds, whatever its size, until runs on this machine have shown it."""

RECENT = 300
SIZES_SEEN = 5
"""Number of the newest runs used for each size, to a factor of 2, so that many small runs do not outweigh the others.
"""

SPREAD = math.log(1.5)
"""Standard deviation of the logarithm of the duration of equal runs."""

MACHINES = math.log(2)
"""Standard deviation of the logarithm of the speed of machines, and of the fixed cost, before any run was seen."""

_FIXED = np.concatenate([np.arange(0, 2, 0.1), np.geomspace(2, 120, 40)])[:, None, None]
_FACTORS = np.geomspace(1 / 16, 16, 129)[:, None]
_UNLIKELY = (
    (np.log((_FIXED[..., 0] + 0.2) / (FIXED_SECONDS + 0.2)) / MACHINES) ** 2 + (np.log(_FACTORS[:, 0]) / MACHINES) ** 2
) / 2


@dataclass(frozen=True, slots=True)
class LinearDuration:
    """Predicted seconds of a task: `fixed` + `factor` times its estimated seconds on the reference machine."""

    fixed: float = FIXED_SECONDS
    factor: float = 1.0

    def __call__(self, work: float) -> float:
        return self.fixed + self.factor * work


@dataclass(frozen=True, slots=True)
class DurationModel:
    """Predicted durations on this machine: a `LinearDuration` for each kind of task that has ended here, and one for
    others.
    """

    lines: Mapping[type[Task], LinearDuration] = field(default_factory=dict)
    other: LinearDuration = LinearDuration()

    def seconds(self, task: Task) -> float:
        """Returns the predicted duration of a task on one core, in seconds."""
        return self.lines.get(type(task), self.other)(reference_seconds(task))


def fit_line(histories: Sequence[tuple[float, float]], factor: float = 1.0) -> LinearDuration:
    """Returns the most likely `LinearDuration` given `histories`: pairs (estimated seconds, measured seconds), newest
    first.

    Runs of one size cannot tell fixed cost from proportional one, so a prior counts too: `FIXED_SECONDS`, and a machine
    as fast as `factor` says, both to a factor of about 2 (`MACHINES`). Absolute errors of the logarithm are summed, so
    that single outliers matter little.

    >>> alike = fit_line([(0.5, 2.0)] * 28)
    >>> 7 < alike(9.0) < 15
    True
    """
    sizes: Counter[int] = Counter()
    seen = []
    for estimated, taken in histories:
        size = round(math.log2(max(estimated, 1e-3)))
        if taken > 0 and sizes[size] < SIZES_SEEN:
            sizes[size] += 1
            seen.append((estimated, taken))
    if not seen:
        return LinearDuration(factor=factor)
    estimates, seconds = np.array(seen).T
    factors = factor * _FACTORS
    errors = np.abs(np.log(_FIXED + factors * estimates) - np.log(seconds)).sum(axis=2) / SPREAD
    at, slow = np.unravel_index(np.argmin(errors + _UNLIKELY), errors.shape)
    return LinearDuration(float(_FIXED[at, 0, 0]), float(factors[slow, 0]))


def fit_durations(store: Store) -> DurationModel:
    """Returns the `DurationModel` fitted to the runs that have ended in this store; new kinds of task share the
    designs' factor.
    """
    histories: dict[type[Task], list[tuple[float, float]]] = defaultdict(list)
    for run in store.runs(limit=RECENT, states=("done",), of=None, include_shipped=False):
        histories[type(run.task)].append((reference_seconds(run.task), run.seconds))
    designs = fit_line(histories[Design])
    lines = {kind: fit_line(some, designs.factor) for kind, some in histories.items()}
    return DurationModel(lines, LinearDuration(factor=designs.factor))


def progress_steps(task: Task) -> int:
    """Returns the number of steps that a task's progress counts to: training steps of a run, or of a whole search."""
    return _cost(task)[0]


def reference_seconds(task: Task) -> float:
    """Returns the estimated duration of a task in seconds, on one core of the machine on which the constants were
    measured.
    """
    return _cost(task)[1]


_COSTS: dict[tuple[str, str], tuple[int, float]] = {}
MOST_COSTS = 20_000


def _cost(task: Task) -> tuple[int, float]:
    """Steps and seconds of a task, computed once, as a page asks for those of all its tasks each second."""
    key = (task.kind, task.digest)
    if (found := _COSTS.get(key)) is None:
        if len(_COSTS) >= MOST_COSTS:
            _COSTS.clear()
        cost = KINDS.kind_of(task).cost(task)
        found = _COSTS[key] = (cost.steps, cost.seconds)
    return found


def remaining_seconds(tasks: Iterable[Task], runs: Mapping[str, Run], pace: DurationModel) -> float:
    """Returns the predicted wall time in seconds until all tasks are done, one per core; `runs`: existing runs by
    digest.
    """
    left, longest, cores = [], 0.0, machine.available_cores()
    for task in tasks:
        run = runs.get(task.digest)
        if run is not None and run.state == "done":
            continue
        left.append(_left(task, run, pace))
        longest = max(longest, left[-1] / min(KINDS.kind_of(task).cores, cores))
    return max(sum(left) / cores, longest)


def _left(task: Task, run: Run | None, pace: DurationModel) -> float:
    if run is not None and run.state == "running" and run.eta_seconds is not None:
        return run.eta_seconds
    kept = run is not None and run.steps and (not run.ended or KINDS.kind_of(task).keeps)
    share = run.step / run.steps if run is not None and kept else 0.0
    return pace.seconds(task) * (1 - share)


class QueuePosition(NamedTuple):
    """Place of a run in the queue: `number` 1 is next; `seconds`: predicted time until it starts."""

    number: int
    seconds: float


def queue_positions(waiting: Iterable[Run], running: Iterable[Run], pace: DurationModel) -> dict[str, QueuePosition]:
    """Returns the place of each waiting run by name, if each free core takes the next one; `waiting` is in queue
    order.
    """
    free = [_left(run.task, run, pace) for run in running]
    free += [0.0] * (machine.available_cores() - len(free))
    heapq.heapify(free)
    found = {}
    for number, run in enumerate(waiting, 1):
        found[run.run] = QueuePosition(number, free[0])
        heapq.heapreplace(free, free[0] + _left(run.task, run, pace))
    return found


def format_duration(duration: float | None) -> str:
    """Returns a duration in seconds as readable text.

    >>> format_duration(7.4), format_duration(200), format_duration(9000), format_duration(None)
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
