"""How long runs will take: estimates, corrected by what runs took here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from snnviz.catalog.cells import CellSearch, Scoring
from snnviz.catalog.optimisations import Optimisation, searches
from snnviz.jobs import machine, pace
from snnviz.store import Store
from snnviz.theory import costs
from tests.conftest import MakeDesign


def test_what_is_left_is_shared_by_the_cores_but_no_run_is(
    store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    designs = [tiny(seed) for seed in range(4)]
    each = costs.training_seconds(tiny())
    assert pace.seconds_left(designs, {}, 1) == pytest.approx(2 * each)
    assert pace.seconds_left(designs[:1], {}, 3) == pytest.approx(3 * each)
    store.submit(designs[0])
    run = store.get(designs[0].digest)
    half, done = replace(run, state="running", step=5, steps=10), replace(run, state="done")
    assert pace.seconds_left(designs, {run.run: half}, 1) == pytest.approx(1.75 * each)
    assert pace.seconds_left(designs, {run.run: done}, 1) == pytest.approx(1.5 * each)
    assert pace.seconds_left(designs[:1], {run.run: done}, 1) == 0


def test_a_paused_search_keeps_what_it_has_and_a_cancelled_run_begins_anew(store: Store, tiny: MakeDesign) -> None:
    (search,) = searches(Optimisation(repeats=1, random="without"))
    design = tiny()
    for task, left in ((search, 0.75), (design, 1.0)):
        store.submit(task)
        stopped = replace(store.get(task.digest), state="cancelled", step=25, steps=100)
        whole = pace.seconds(task)
        assert pace.seconds_left([task], {task.digest: stopped}, 1) == pytest.approx(left * whole)


def test_speed_is_one_until_a_run_has_shown_another(store: Store) -> None:
    assert pace.speed(store) == 1


def test_a_search_of_cells_is_shared_by_the_cores_and_keeps_what_it_has(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    search, scoring = CellSearch(candidates=50), Scoring()
    whole = pace.seconds(search)
    assert pace.seconds_left([search], {}, 1) == pytest.approx(whole / 2)
    assert pace.seconds_left([scoring], {}, 2) == pytest.approx(2 * pace.seconds(scoring))
    for task, left in ((search, 0.75 * whole / 2), (scoring, pace.seconds(scoring))):
        store.submit(task)
        stopped = replace(store.get(task.digest), state="cancelled", step=25, steps=100)
        assert pace.seconds_left([task], {task.digest: stopped}, 1) == pytest.approx(left)
