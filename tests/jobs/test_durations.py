"""How long runs will take: estimates, corrected by what runs took here."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from snnviz.design.design import Design
from snnviz.jobs import durations, machine
from snnviz.store import Store, Task
from snnviz.studies.cells.scoring import CellSearch, Scoring
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches
from snnviz.theory import costs
from tests.conftest import MakeDesign

PLAIN = durations.DurationModel(other=durations.LinearDuration(0, 1))
"""As estimated, with nothing besides."""


def test_what_is_left_is_shared_by_the_cores_but_no_run_is(
    store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_cores", lambda: 2)
    designs = [tiny(seed) for seed in range(4)]
    each = costs.training_seconds(tiny())
    assert durations.remaining_seconds(designs, {}, PLAIN) == pytest.approx(2 * each)
    assert durations.remaining_seconds(
        designs[:1], {}, durations.DurationModel(other=durations.LinearDuration(0, 3))
    ) == pytest.approx(3 * each)
    store.submit(designs[0])
    run = store.get(designs[0].digest)
    half, done = replace(run, state="running", step=5, steps=10), replace(run, state="done")
    assert durations.remaining_seconds(designs, {run.run: half}, PLAIN) == pytest.approx(1.75 * each)
    assert durations.remaining_seconds(designs, {run.run: done}, PLAIN) == pytest.approx(1.5 * each)
    assert durations.remaining_seconds(designs[:1], {run.run: done}, PLAIN) == 0


def test_a_paused_search_keeps_what_it_has_and_a_cancelled_run_begins_anew(store: Store, tiny: MakeDesign) -> None:
    (search,) = optimisation_searches(Optimisation(repeats=1, random="without"))
    design = tiny()
    for task, left in ((search, 0.75), (design, 1.0)):
        store.submit(task)
        stopped = replace(store.get(task.digest), state="cancelled", step=25, steps=100)
        whole = durations.reference_seconds(task)
        assert durations.remaining_seconds([task], {task.digest: stopped}, PLAIN) == pytest.approx(left * whole)


def test_a_run_that_trains_says_itself_what_is_left(store: Store, tiny: MakeDesign) -> None:
    store.submit(tiny())
    run = replace(store.get(tiny().digest), state="running", step=5, steps=10, eta_seconds=77.0)
    assert durations.remaining_seconds([tiny()], {run.run: run}, PLAIN) == 77


def test_what_has_shown_nothing_yet_takes_what_was_measured_elsewhere(store: Store) -> None:
    assert durations.fit_durations(store).seconds(Design()) == durations.FIXED_SECONDS + costs.training_seconds(
        Design()
    )


MADE_UP = random.Random(1)


def made_up(fixed: float, factor: float, works: Sequence[float]) -> list[tuple[float, float]]:
    """What runs take that have so much work, on a machine of others' making."""
    return [(work, (fixed + factor * work) * math.exp(MADE_UP.gauss(0, 0.15))) for work in works]


@pytest.mark.parametrize("factor", [0.7, 1, 1.4])
@pytest.mark.parametrize("fixed", [0.5, 1, 1.4])
def test_many_short_runs_do_not_make_a_long_one_longer(fixed: float, factor: float) -> None:
    short, long = (2 - fixed) / factor, (10 - fixed) / factor
    seen = durations.fit_line(made_up(fixed, factor, [short] * 28))
    assert 1 / 1.5 < seen(long) / 10 < 1.5
    assert seen(short) == pytest.approx(2, rel=0.15)


@pytest.mark.parametrize("factor", [0.5, 1, 4])
@pytest.mark.parametrize("fixed", [0, 0.3, 3])
def test_two_sizes_of_runs_tell_fixed_cost_from_speed(fixed: float, factor: float) -> None:
    seen = durations.fit_line(made_up(fixed, factor, [0.4] * 5 + [4.0] * 5 + [0.4] * 28))
    for work in (0.4, 4, 40):
        assert 1 / 1.5 < seen(work) / (fixed + factor * work) < 1.5


@pytest.mark.parametrize("seconds", [0.5, 6.0, 60.0])
def test_one_run_moves_the_estimate_as_far_as_it_is_likely(seconds: float) -> None:
    """Of runs almost without work, the fixed cost f alone: a Laplace law of log(seconds / f) times a normal law of
    log f around that of 1 s, both f with a fifth of a second added; by a search of 20,000 points."""
    fixed = np.geomspace(0.01, 120, 20_000)
    prior = stats.norm(0, math.log(2)).logpdf(np.log((fixed + 0.2) / 1.2))
    likely = stats.laplace(0, math.log(1.5)).logpdf(np.log(seconds / fixed))
    assert durations.fit_line([(1e-9, seconds)]).fixed == pytest.approx(fixed[np.argmax(prior + likely)], rel=0.06)


def test_a_run_that_was_held_up_changes_little() -> None:
    seen = made_up(1, 1, [1.0, 3.0, 5.0, 8.0, 12.0, 1.0, 3.0])
    slow = durations.fit_line([(8.0, 300.0), *seen])
    assert slow(30) == pytest.approx(durations.fit_line(seen)(30), rel=0.2)


def test_runs_of_before_are_looked_at_as_long_as_few_of_their_size_came_since() -> None:
    slower = durations.fit_line(made_up(1, 3, [10.0] * 5) + made_up(1, 1, [10.0] * 100))
    assert slower(10) == pytest.approx(31, rel=0.2)
    assert durations.fit_line(made_up(1, 3, [0.1] * 200) + made_up(1, 3, [10.0] * 5))(10) == pytest.approx(31, rel=0.2)


def test_each_kind_of_task_has_its_own_pace_and_shares_the_machine_s(store: Store) -> None:
    def ended(task: Task, seconds: float) -> None:
        store.submit(task)
        claim = store.claim("somebody")
        assert claim is not None
        store.append_rows(claim.run, claim.attempt, seconds=seconds)
        store.finish(claim.run, claim.attempt, "done")

    for seed in range(6):
        epochs = 2 + 3 * seed
        design = Design.check({"seed": seed, "training": {"epochs": epochs}})
        ended(design, 2 + 3 * costs.training_seconds(design))
    known = durations.fit_durations(store)
    assert known.seconds(Design()) == pytest.approx(2 + 3 * costs.training_seconds(Design()), rel=0.2)
    scoring = Scoring()
    assert known.seconds(scoring) == pytest.approx(
        durations.FIXED_SECONDS + 3 * durations.reference_seconds(scoring), rel=0.3
    )
    for seed in range(6):
        ended(Scoring(seed=seed), 9.0)
    assert durations.fit_durations(store).seconds(scoring) == pytest.approx(9, rel=0.2)
    assert durations.fit_durations(store).lines[Design] == known.lines[Design]


def test_the_place_in_the_queue_is_said_with_the_time(
    store: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_cores", lambda: 2)
    each = costs.training_seconds(tiny())
    for seed in range(5):
        store.submit(tiny(seed))
    first, *waiting = store.queued_runs()
    running = [replace(first, state="running", eta_seconds=1.5 * each)]
    places = durations.queue_positions(waiting, running, PLAIN)
    found = [places[run.run] for run in waiting]
    assert [place.number for place in found] == [1, 2, 3, 4]
    assert [place.seconds / each for place in found] == pytest.approx([0, 1, 1.5, 2])
    assert durations.queue_positions([], running, PLAIN) == {}


def test_a_search_of_cells_is_shared_by_the_cores_and_keeps_what_it_has(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_cores", lambda: 2)
    search, scoring = CellSearch(candidates=50), Scoring()
    whole = durations.reference_seconds(search)
    assert durations.remaining_seconds([search], {}, PLAIN) == pytest.approx(whole / 2)
    assert durations.remaining_seconds([scoring], {}, PLAIN) == pytest.approx(durations.reference_seconds(scoring))
    for task, left in ((search, 0.75 * whole / 2), (scoring, durations.reference_seconds(scoring))):
        store.submit(task)
        stopped = replace(store.get(task.digest), state="cancelled", step=25, steps=100)
        assert durations.remaining_seconds([task], {task.digest: stopped}, PLAIN) == pytest.approx(left)
