"""Runs a search for a Pareto front: asks a strategy for candidates, trains them, and reports the results to it.

The result depends on the search alone, not on where it was interrupted: finished trainings are rows in the store, and
a resumed search reports all of them to its strategy again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator

from snnviz.core.execute import execute
from snnviz.design import adjacency
from snnviz.design.axes import Axis
from snnviz.design.design import Design
from snnviz.errors import Diverged
from snnviz.events import EpochEnd, Event, LayerState, Progress, Row, Timing
from snnviz.search import NEHVI, RandomSearch, Scale, categories, ordered_scale
from snnviz.search.strategies import StatefulStrategy
from snnviz.studies.tradeoffs.search import (
    PARTS,
    Code,
    FrontSearch,
    FrontTrial,
    base_code,
    candidate_design,
    finished_candidates,
    format_code,
    to_minimise,
)
from snnviz.tasks import EMPTY_HISTORY, History, one_thread
from snnviz.theory.metrics import METRICS, Outcome

FIRST_CANDIDATES = 6
"""Number of candidates that are chosen at random, before there is anything to learn from."""


def run_front_search(
    search: FrontSearch, history: History = EMPTY_HISTORY, threads: Callable[[], int] = one_thread
) -> Iterator[Event]:
    """Runs a search for a Pareto front: yields `Progress` events, and a `FrontTrial` row for each training. Raises
    `DataMissing` or `InputError`.

    history: rows of an interrupted attempt, which are not trained again. threads: returns the number of threads to
    use.
    """
    trials = {(trial.number, trial.seed): trial for trial in history.rows(FrontTrial)}
    strategy = make_strategy(search)
    steps, number, made = PARTS * search.trials * search.repeats, 0, 0
    for iteration in range(search.iterations):
        codes = _chosen(search, strategy, iteration)
        if not codes:
            break
        for code in codes:
            design = candidate_design(search, code)
            assert isinstance(design, Design)
            told: list[FrontTrial] = []
            for seed in search.seeds():
                trial = trials.get((number, seed))
                if trial is None:
                    doing = f"candidate {number + 1} of {search.trials}"
                    trial = yield from _train(
                        search, design, (number, seed, iteration, code), made, steps, doing, threads
                    )
                    yield trial
                told.append(trial)
                made += PARTS
                if trial.why:
                    break
            found = finished_candidates(search, told)[0]
            if found.why:
                strategy.exclude(code)
            else:
                strategy.tell(code, to_minimise(search, found.values))
            number += 1
            made = PARTS * number * search.repeats
    yield Progress(steps, steps)


def _chosen(search: FrontSearch, strategy: StatefulStrategy[tuple[float, ...]], iteration: int) -> list[Code]:
    """What the strategy asks for; the first of all is the base, where it is a candidate."""
    start = base_code(search) if iteration == 0 else None
    if start is None:
        return strategy.ask(search.parallel)
    others = [code for code in strategy.ask(search.parallel) if code != start]
    for code in others[search.parallel - 1 :]:
        strategy.pending.remove(code)
    return [start, *others[: search.parallel - 1]]


def _train(
    search: FrontSearch,
    design: Design,
    where: tuple[int, int, int, Code],
    made: int,
    steps: int,
    doing: str,
    threads: Callable[[], int],
) -> Generator[Progress, None, FrontTrial]:
    """Trains a candidate once; a training that diverges comes to nothing."""
    number, seed, iteration, code = where
    rows: dict[type[Row], list[Row]] = {}
    start, why, values = time.monotonic(), "", dict[str, float | None]()
    own = design.model_copy(update={"seed": seed})
    yield Progress(made, steps, doing)
    try:
        for event in execute(own, threads=threads):
            if isinstance(event, Progress) and event.steps:
                yield Progress(made + PARTS * event.step // event.steps, steps, doing)
            elif isinstance(event, EpochEnd | LayerState | Timing):
                rows.setdefault(type(event), []).append(event)
    except Diverged as error:
        why = str(error)
    else:
        values = METRICS.read(Outcome(own, rows), ("accuracy", "validation_accuracy", *search.costs.split(",")))
    costs = [values.get(name) for name in search.costs.split(",")]
    for name, cost in zip(search.costs.split(","), costs, strict=True):
        if not why and (cost is None or not math.isfinite(cost)):
            why = f"It has no {METRICS[name].label.lower()}."
    return FrontTrial(
        number=number,
        seed=seed,
        iteration=iteration,
        code=format_code(code),
        accuracy=values.get("accuracy"),
        validation_accuracy=values.get("validation_accuracy"),
        cost=costs[0],
        second=costs[1] if len(costs) > 1 else None,
        seconds=time.monotonic() - start,
        why=why or None,
    )


def make_strategy(search: FrontSearch) -> StatefulStrategy[tuple[float, ...]]:
    """Returns the search strategy of a search for a Pareto front, without any results yet.

    Both kinds, qLogNEHVI and random, begin with the same random candidates.
    """

    def allowed(code: Code) -> bool:
        return isinstance(candidate_design(search, code), Design)

    if search.strategy == "random":
        return RandomSearch(search.sizes, search.seed, allowed=allowed)
    return NEHVI(
        [axis_scale(axis) for axis in search.axes],
        search.seed,
        objectives=len(search.objectives),
        initial=max(FIRST_CANDIDATES, search.parallel),
        allowed=allowed,
    )


def axis_scale(axis: Axis) -> Scale:
    """Returns how similar the levels of an axis are for the Gaussian process: numbers by distance, matrices by their
    entries.

    Other levels are all equally different.
    """
    values = [[level[path] for path in axis.fields] for level in axis.levels]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for row in values for value in row):
        return ordered_scale(len(values))
    if axis.fields == ("network.edges",):
        matrices = [adjacency.parse(text) for (text,) in values]
        entries = [[float(kind) for row in edges for kind in row] for edges in matrices]
        if len({len(row) for row in entries}) == 1:  # of as many layers each
            places = [place for place, column in enumerate(zip(*entries, strict=True)) if len({*column}) > 1]
            return Scale(tuple(tuple(row[place] for place in places or [0]) for row in entries), False)
    return categories(len(values))
