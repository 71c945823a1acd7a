"""Searches: what they find depends on them alone, wherever they are interrupted, and no candidate is trained twice."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import pytest
import torch

from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.events import Checkpoint, Event, Progress
from snnviz.jobs import lock
from snnviz.jobs.immediate import Immediate
from snnviz.search.strategies import RandomSearch
from snnviz.store import Store
from snnviz.studies.skips import tasks
from snnviz.studies.skips.compute.candidates import CandidateTrainer
from snnviz.studies.skips.compute.searching import run_skip_search
from snnviz.studies.skips.search import (
    Model,
    Search,
    Trial,
    Twin,
    candidate_design,
    count_skips,
    parse_code,
    search_space,
)
from snnviz.tasks import EMPTY_HISTORY, History
from snnviz.theory.choosing import hold_out
from tests.waiting import Background, ended, until


def make(**changes: Any) -> Search:
    """A search of a second: 27 candidates."""
    training = {"epochs": 1, "batch_size": 50, "learning_rate": 0.01, "schedule": "constant"}
    design = {
        "data": {"train_samples": 200, "test_samples": 20, "steps": 2},
        "network": {"kind": "block", "edges": "0000/0000/0000/0000", "channels": 2, "norm": "batch"},
        "training": training | changes.pop("training", {}),
    }
    usual = {"iterations": 4, "parallel": 2, "validation": 50, "shared_epochs": 2, "objective": "accuracy"}
    return Search.model_validate({"design": design, **usual, **changes})


def kept(events: Iterator[Event] | list[Event]) -> list[Event]:
    """What is stored of it, without how long it took."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, Trial):
            found.append(dataclasses.replace(event, seconds=0.0))
        elif isinstance(event, (Twin, Model)):
            found.append(event)
    return sorted(found, key=lambda event: (type(event).__name__, getattr(event, "number", 0)))


@lru_cache
def recorded(search: Search) -> tuple[Event, ...]:
    """All that a search says that nobody interrupts. Whoever stops listening earlier has heard the same until then."""
    torch.set_num_threads(1)
    return tuple(run_skip_search(search))


@lru_cache
def undisturbed(search: Search) -> list[Event]:
    return kept([*recorded(search)])


def stored(store: Store, search: Search) -> list[Event]:
    return kept([row for kind in (Twin, Trial, Model) for _, row in store.rows(search.digest, kind)])


def test_a_search_reads_what_its_design_holds_out_as_if_it_kept_as_many_apart_itself() -> None:
    """The same seed and number: the same images, and so the same trials, bit for bit."""
    own = make(iterations=2)
    held = own.model_copy(update={"design": hold_out(own.design, 0.25), "validation": 0})
    assert Search.check(held.document()) == held
    assert held.validation_count == own.validation_count == 50
    assert held.digest != own.digest
    assert undisturbed(held) == undisturbed(own)
    assert tasks.cost(held).steps == tasks.cost(own).steps


def trials(events: list[Event]) -> list[Trial]:
    return [event for event in events if isinstance(event, Trial)]


KINDS = [make(), make(weights="carried"), make(strategy="random", weights="scratch"), make(objective="loss")]


@pytest.mark.parametrize("search", KINDS, ids=lambda s: f"{s.strategy}-{s.weights}-{s.objective}")
class TestWhatIsFound:
    def test_as_many_candidates_as_were_asked_for_none_of_them_twice(self, search: Search) -> None:
        found = trials(undisturbed(search))
        assert [trial.number for trial in found] == list(range(8))
        assert [trial.iteration for trial in found] == [0, 0, 1, 1, 2, 2, 3, 3]
        assert len({trial.code for trial in found}) == 8

    def test_the_first_is_the_network_that_the_others_are_compared_with(self, search: Search) -> None:
        first = trials(undisturbed(search))[0]
        assert candidate_design(search, parse_code(first.code)) == search.design

    def test_two_cores_find_the_same(self, search: Search) -> None:
        assert kept(run_skip_search(search, EMPTY_HISTORY, lambda: 2)) == undisturbed(search)


@pytest.mark.parametrize("search", [KINDS[0], KINDS[2]], ids=["ucb-frozen", "random-scratch"])
@pytest.mark.parametrize("after", [0, 3, 6, 8])
def test_it_goes_on_from_whatever_was_finished(search: Search, after: int) -> None:
    past, weights, seen = [], None, 0
    for event in recorded(search):
        if isinstance(event, Checkpoint):
            weights = event
        elif isinstance(event, Trial) and seen == after:
            break
        elif isinstance(event, (Twin, Trial)):
            past.append(event)
            seen += isinstance(event, Trial)
    twins = [row for row in past if isinstance(row, Twin)]
    finished = [row for row in past if isinstance(row, Trial)]
    events = list(run_skip_search(search, History([*twins, *finished], weights)))
    new = trials(events)
    assert [trial.number for trial in new] == list(range(after, 8))
    assert trials(kept(past + new)) == trials(undisturbed(search))
    assert not [event for event in events if isinstance(event, Twin)]


def test_weights_that_are_handed_on_go_on_from_an_iteration() -> None:
    search, past, weights = make(weights="carried"), [], None
    for event in recorded(search):
        if isinstance(event, (Twin, Trial)):
            past.append(event)
        if isinstance(event, Checkpoint):
            weights = event
            if event.epoch == search.shared_epochs + 2:
                break
    twins = [row for row in past if isinstance(row, Twin)]
    finished = [row for row in past if isinstance(row, Trial)]
    assert len(finished) == 4
    new = list(run_skip_search(search, History([*twins, *finished], weights)))
    assert trials(kept(past + new)) == trials(undisturbed(search))


def test_the_frozen_snapshot_is_the_same_for_every_candidate() -> None:
    """A candidate's result does not depend on those that were trained before it."""
    search = make()
    last = trials(undisturbed(search))[-1]
    weights = [event for event in recorded(search) if isinstance(event, Checkpoint)][-1]
    trainer = CandidateTrainer(search)
    trainer.shared.restore(weights.arrays)
    found, _ = trainer.evaluate(candidate_design(search, parse_code(last.code)), lambda: None, None)
    assert (found.accuracy, found.loss) == (last.accuracy, last.loss)


def test_a_candidate_from_scratch_is_trained_as_an_ordinary_network() -> None:
    search = make(strategy="random", weights="scratch")
    code = RandomSearch(search_space(search).sizes, search.seed).ask(1)[0]
    found, network = CandidateTrainer(search).evaluate(candidate_design(search, code), lambda: None, None)
    second = trials(undisturbed(search))[1]
    assert (parse_code(second.code), found.loss, found.accuracy) == (code, second.loss, second.accuracy)
    fresh = Network(candidate_design(search, code))
    assert not torch.equal(fresh.parameters["L1.weight"], network.parameters["L1.weight"])


def test_images_that_judge_are_not_learnt_from() -> None:
    trainer = CandidateTrainer(make())
    learnt = {image.numpy().tobytes() for image in trainer.images.images}
    judging = {image.numpy().tobytes() for image in trainer.held.images}
    assert (len(trainer.images), len(trainer.held)) == (150, 50)
    assert not learnt & judging


def test_what_is_made_small() -> None:
    for search in (make(), make(objective="loss"), make(objective="accuracy+operations", price=3.0)):
        events = undisturbed(search)
        twin = next(event for event in events if isinstance(event, Twin))
        for trial in trials(events):
            drop = 100 * (twin.accuracy - trial.accuracy)
            cost = 3.0 * (trial.macs + trial.additions) / 1e6
            value = {"loss": trial.loss, "accuracy": drop, "accuracy+operations": drop + cost}[search.objective]
            assert trial.value == pytest.approx(value)
            assert trial.error > 0
            assert trial.macs + trial.additions > 0


def test_a_space_that_is_used_up_ends_the_search() -> None:
    small = make(skips="dsc", iterations=20, parallel=3, tuning_epochs=0, shared_epochs=1)
    assert search_space(small).count == 8 == small.trials
    found = list(run_skip_search(small))
    assert len({trial.code for trial in trials(found)}) == 8
    assert isinstance(found[-1], Progress)
    assert found[-1].step == found[-1].steps


def test_progress_never_goes_back_and_ends_at_the_whole() -> None:
    steps = [(event.step, event.steps) for event in recorded(make()) if isinstance(event, Progress)]
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1] == 3 * (1 + 2 + 8)


class TestInTheStore:
    def test_a_search_is_stored_once_and_is_not_listed_among_the_runs(self, store: Store) -> None:
        search = make()
        first = Immediate(store).submit(search)
        assert (first.cached, first.created, first.run) == (False, True, search.digest)
        assert stored(store, search) == undisturbed(search)
        assert Immediate(store).submit(search).cached
        shown = store.get(search.digest)
        assert (shown.task, shown.design, shown.state) == (search, search.design, "done")
        assert store.runs() == []
        assert [found.run for found in store.runs(of=Search)] == [search.digest]

    def test_the_worker_is_killed_and_no_finished_candidate_is_lost_or_repeated(
        self, store: Store, background: Callable[..., Background]
    ) -> None:
        search = make(iterations=5, tuning_epochs=2, training={"batch_size": 4})
        engine = background(store)
        engine.submit(search)
        before = until(lambda: found if len(found := store.rows(search.digest, Trial)) >= 3 else None)
        (child,) = engine.run_processes()
        os.kill(child, signal.SIGKILL)
        done = ended(store, search.digest)
        assert (done.state, done.attempt) == ("done", 2)
        after = store.rows(search.digest, Trial)
        assert after[: len(before)] == before
        assert stored(store, search) == undisturbed(search)

    def test_the_supervisor_is_killed_and_the_search_goes_on(
        self, store: Store, background: Callable[..., Background]
    ) -> None:
        search = make(iterations=5, tuning_epochs=2, training={"batch_size": 4})
        engine = background(store)
        engine.submit(search)
        before = until(lambda: found if len(found := store.rows(search.digest, Trial)) >= 2 else None)
        supervisor = lock.holder_pid(store.lock)
        assert supervisor is not None
        os.kill(supervisor, signal.SIGKILL)
        until(lambda: lock.holder_pid(store.lock) is None)
        engine.ensure_worker()
        assert ended(store, search.digest).state == "done"
        assert store.rows(search.digest, Trial)[: len(before)] == before
        assert stored(store, search) == undisturbed(search)

    @pytest.mark.alone
    def test_it_is_stopped_within_a_second_and_taken_up_again(
        self, store: Store, background: Callable[..., Background]
    ) -> None:
        search = make(iterations=5, tuning_epochs=2, training={"batch_size": 4}, seed=2)
        engine = background(store)
        engine.submit(search)
        before = until(lambda: store.rows(search.digest, Trial))
        start = time.monotonic()
        engine.cancel(search.digest)
        assert ended(store, search.digest).state == "cancelled"
        assert time.monotonic() - start < 5  # one second on a machine that does nothing else
        engine.submit(search)
        assert ended(store, search.digest).state == "done"
        assert store.rows(search.digest, Trial)[: len(before)] == before
        assert len(store.rows(search.digest, Trial)) == 10

    def test_a_search_that_is_deleted_leaves_nothing(self, store: Store) -> None:
        search = make()
        Immediate(store).submit(search)
        store.delete(search.digest)
        assert stored(store, search) == []
        assert store.runs(of=Search) == []


def test_the_best_candidate_is_an_ordinary_design() -> None:
    search = make()
    best = min(trials(undisturbed(search)), key=lambda trial: trial.value)
    design = candidate_design(search, parse_code(best.code))
    assert isinstance(design, Design)
    assert Design.read(design.canonical()) == design
    assert count_skips(design) == sum(choice > 0 for choice in parse_code(best.code))
