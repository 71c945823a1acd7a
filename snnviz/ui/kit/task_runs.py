"""The runs of a study: which exist, their results, and a fragment that is redrawn while they are active.

They are ordinary runs, found by their designs' digests, so a study stores nothing of its own. For buttons see
`kit.actions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from snnviz.design.design import Design
from snnviz.design.measurement import Measurement, measurement_digest
from snnviz.events import EpochEnd
from snnviz.store import Run, Task
from snnviz.store.metrics import metrics
from snnviz.ui.kit import services
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.rows import rows_of
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.views.results import Result

EVERY = 1.0
"""Seconds between two updates while runs are active."""


def live(draw: Callable[[], None], key: str, is_active: Callable[[], bool], every: float = EVERY) -> None:
    """Draws `draw` in a fragment that is rerun every `every` seconds as long as `is_active()` is true.

    Whether it reruns by itself is decided when the whole page runs.
    """
    active = is_active()
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_live, key=key, run_every=every if active else None)(draw, is_active, active)


@show_store_errors()
def _live(draw: Callable[[], None], is_active: Callable[[], bool], was_active: bool) -> None:
    if is_active() != was_active:
        st.rerun()
    draw()


def is_active(runs: Mapping[str, Run]) -> bool:
    """Returns whether some of these runs have not ended."""
    return any(not run.ended for run in runs.values())


def are_active(tasks: Sequence[Task]) -> bool:
    """Returns whether runs of some of these tasks have not ended."""
    return is_active(runs_of(tasks))


def runs_of(tasks: Sequence[Task]) -> dict[str, Run]:
    """Returns the existing runs of these tasks, by digest."""
    names = tuple(task.digest for task in tasks)
    return services.CACHE.get(("study", names), lambda: services.store().get_many(names))


def epochs_of(designs: Sequence[Design]) -> dict[str, tuple[EpochEnd, ...]]:
    """Returns the epochs of each run that has any, by digest."""
    return rows_of(runs_of(designs), EpochEnd)


def results(designs: Sequence[Design], runs: Mapping[str, Run]) -> dict[str, Result]:
    """Returns the results (metrics) of the finished runs among `runs`, by digest."""
    done = {d.digest: d for d in designs if d.digest in runs and runs[d.digest].state == "done"}
    found = _results({name: (name, runs[name].finished, None) for name in done}, runs)
    old = {measurement_digest(done[name]): name for name, one in found.items() if one.probe is None}
    anew = runs_of([Measurement(design=done[name]) for name in old.values()]) if old else {}
    ended = {old[name]: run.finished for name, run in anew.items() if run.state == "done"}
    return found | _results({name: (name, runs[name].finished, at) for name, at in ended.items()}, runs)


Ended = tuple[str, float | None, float | None]
"""A design's digest, when its run ended, and when the run was measured again."""

_RESULTS: LruCache[Result] = LruCache(6000, lambda _: 1.0)


def _results(asked: Mapping[str, Ended], runs: Mapping[str, Run]) -> dict[str, Result]:
    """By digest; those that nobody has asked for are read together."""
    found = {name: one for name, ended in asked.items() if (one := _RESULTS.get(ended)) is not None}
    if missing := [name for name in asked if name not in found]:
        reached = metrics(services.store(), [runs[name] for name in missing])
        for name in missing:
            found[name] = Result(reached[runs[name].run])
            _RESULTS.put(asked[name], found[name])
    return found
