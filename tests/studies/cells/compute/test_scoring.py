"""Scorings and searches of cells: what they find depends on them alone, wherever they are interrupted."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest
import torch

from snnviz.data import datasets
from snnviz.design.cells import parse, to_text
from snnviz.errors import InputError, TooLarge
from snnviz.events import Event, Progress
from snnviz.jobs import engine, lock, machine
from snnviz.jobs.immediate import Immediate
from snnviz.store import Run, Store, Task
from snnviz.studies.cells.compute import scoring
from snnviz.studies.cells.compute.cells import CachedWeights
from snnviz.studies.cells.compute.score import Scorer
from snnviz.studies.cells.scoring import Candidate, CellSearch, Report, Scoring
from snnviz.studies.cells.theory import costs
from snnviz.studies.cells.theory.candidates import rank_candidates
from snnviz.studies.cells.theory.sahd import ScoringResult
from snnviz.tasks import KINDS, History
from tests.waiting import Background, ended, until


def make(**changes: Any) -> CellSearch:
    """A search of a fraction of a second."""
    usual = {"candidates": 30, "channels": 2, "hidden": 8, "steps": 3, "batch": 6, "size": 8, "best": 4}
    fine = {"fine_channels": 4, "fine_batch": 8}
    return CellSearch.check({**usual, **fine, **changes})


def long(**changes: Any) -> CellSearch:
    """A search of some seconds."""
    return make(**{"candidates": 400, "channels": 8, "batch": 16, "size": 16, "fine_channels": 16, **changes})


def kept(events: Iterable[Event]) -> list[Candidate]:
    """What is stored of it, in the order in which it came, without how long it took."""
    return [replace(event, seconds=0.0) for event in events if isinstance(event, Candidate)]


@lru_cache
def undisturbed(search: CellSearch) -> list[Candidate]:
    return kept(scoring.run_cell_search(search))


def stored(store: Store, search: CellSearch) -> list[Candidate]:
    return kept(row for _, row in store.rows(search.digest, Candidate))


class TestWhatIsFound:
    def test_all_candidates_in_order_and_then_the_best_of_them_again(self) -> None:
        search, found = make(), undisturbed(make())
        coarse, fine = [row for row in found if not row.fine], [row for row in found if row.fine]
        assert found == coarse + fine
        assert [row.number for row in coarse] == list(range(30))
        assert [row.cell for row in coarse] == [to_text(search.cell(number)) for number in range(30)]
        best = rank_candidates(coarse, "sahd")[:4]
        assert [row.number for row in fine] == [standing.coarse.number for standing in best]

    def test_scores_are_those_of_the_scorings(self) -> None:
        search = make()
        for row in undisturbed(search)[::7]:
            setting = search.fine if row.fine else search.coarse
            scores = Scorer(setting).score(parse(row.cell))
            assert (row.sahd, row.hd) == (scores["sahd"].mean, scores["hd"].mean)
            assert (row.sahd_sd, row.hd_sd) == (scores["sahd"].deviation, scores["hd"].deviation)
            assert (row.sahd_sd is None) == (not row.fine)

    @pytest.mark.parametrize("changes", [{}, {"metric": "hd", "connections": "backward"}], ids=["forward", "backward"])
    def test_two_cores_find_the_same_in_the_same_order(self, changes: dict[str, Any]) -> None:
        search = make(**changes)
        assert kept(scoring.run_cell_search(search, threads=lambda: 2)) == undisturbed(search)

    def test_a_cell_that_is_drawn_twice_is_scored_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scored: list[str] = []
        score = Scorer.score

        def counting(self: Scorer, cell: Any, *more: Any) -> Any:
            scored.append(to_text(cell))
            return score(self, cell, *more)

        monkeypatch.setattr(Scorer, "score", counting)
        search = make(candidates=200, best=0, seed=3)
        for threads in (1, 2):
            scored.clear()
            rows = kept(scoring.run_cell_search(search, threads=lambda: threads))  # noqa: B023
            assert len(scored) == len(set(scored)) == costs.distinct_count(search) < 200
            alike = {row.cell: (row.sahd, row.hd) for row in rows}
            assert all((row.sahd, row.hd) == alike[row.cell] for row in rows)

    @pytest.mark.parametrize("after", [0, 1, 17, 30, 32, 34])
    def test_it_goes_on_from_whatever_was_finished(self, after: int) -> None:
        search = make()
        past = undisturbed(search)[:after]
        new = kept(scoring.run_cell_search(search, History(past), lambda: 2))
        assert past + new == undisturbed(search)

    def test_progress_never_goes_back_and_ends_at_the_whole(self) -> None:
        search = make()
        for past in ([], undisturbed(search)[:12], undisturbed(search)):
            seen = [event for event in scoring.run_cell_search(search, History(past)) if isinstance(event, Progress)]
            steps = [event.step for event in seen]
            assert steps == sorted(steps)
            assert {event.steps for event in seen} == {costs.search_steps(search)} == {steps[-1]}
        assert steps[0] == steps[-1]

    def test_cells_without_a_score_say_why_and_come_last(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dead = parse("0000 0000 0000 0000")
        cell = CellSearch.cell
        monkeypatch.setattr(CellSearch, "cell", lambda self, n: dead if n < 3 else cell(self, n))
        rows = kept(scoring.run_cell_search(make(candidates=5, best=4, seed=9)))
        assert [row.invalid for row in rows[:3]] == ["no neuron spikes"] * 3
        assert all((row.sahd, row.hd) == (None, None) for row in rows[:3])
        standings = rank_candidates(rows, "sahd")
        assert (standings[-1].coarse.cell, standings[-1].times, standings[-1].valid) == (to_text(dead), 3, False)
        assert [row.fine for row in rows].count(1) == 2

    def test_images_that_all_look_alike_have_no_score_anywhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Images differ, but the network cannot tell two of them apart."""
        batches = Scorer.batches.func  # type: ignore[attr-defined]

        def doubled(self: Scorer) -> Any:
            found = batches(self)
            for batch in found:
                batch[1] = batch[0]
            return found

        monkeypatch.setattr(Scorer, "batches", property(doubled))
        monkeypatch.setattr(CachedWeights, "dropout", lambda _, *shape: torch.ones(shape))
        rows = kept(scoring.run_cell_search(make(candidates=6)))
        assert {row.invalid for row in rows} == {"images 1 and 2 of the batch make the same spikes"}
        assert len(rows) == 6


class TestAScoring:
    SETTING = Scoring.check({"channels": 2, "hidden": 8, "steps": 3, "batch": 6})

    def test_it_reports_once_what_the_core_finds(self) -> None:
        events = list(scoring.run_scoring(self.SETTING))
        (report,) = [event for event in events if isinstance(event, Report)]
        assert report == Report(0, Scorer(self.SETTING).findings(self.SETTING.cell).write())
        steps = [event.step for event in events if isinstance(event, Progress)]
        assert steps == sorted(steps)
        assert steps[-1] == costs.scoring_steps(self.SETTING)

    def test_steps_count_the_whole_work(self) -> None:
        pulses: list[None] = []
        Scorer(self.SETTING).findings(self.SETTING.cell, lambda: pulses.append(None))
        assert len(pulses) == costs.scoring_steps(self.SETTING)

    @pytest.mark.alone
    def test_whoever_stops_asking_stops_the_work(self) -> None:
        going = scoring.run_scoring(self.SETTING.model_copy(update={"steps": 50, "channels": 32, "batch": 128}))
        next(going)
        next(going)
        start = time.monotonic()
        going.close()  # type: ignore[attr-defined]
        assert time.monotonic() - start < 2


@pytest.fixture(params=["immediate", "local"])
def submit(
    request: pytest.FixtureRequest, store: Store, background: Callable[..., Background]
) -> Callable[[Task], Run]:
    """Submits to an engine and waits for the end."""

    def through(task: Task) -> Run:
        (Immediate(store) if request.param == "immediate" else background(store)).submit(task)
        return ended(store, task.digest)

    return through


class TestInTheStore:
    def test_a_search_is_stored_once_whatever_engine_runs_it(self, store: Store, submit: Callable[[Task], Run]) -> None:
        search = make()
        run = submit(search)
        assert (run.task, run.state, run.error, run.attempt) == (search, "done", None, 1)
        assert run.step == run.steps == costs.search_steps(search)
        assert stored(store, search) == undisturbed(search)
        again = submit(search)
        assert again.attempt == 1
        assert store.runs() == []
        assert [found.run for found in store.runs(of=CellSearch)] == [search.digest]
        with pytest.raises(TypeError):
            _ = run.design
        store.rename(run.run, "mine")
        assert store.get(run.run).title == "mine"
        store.delete(search.digest)
        assert (stored(store, search), store.runs(of=CellSearch)) == ([], [])

    def test_a_scoring_is_stored_once_whatever_engine_runs_it(
        self, store: Store, submit: Callable[[Task], Run]
    ) -> None:
        setting = TestAScoring.SETTING
        run = submit(setting)
        assert (run.task, run.state, run.step) == (setting, "done", run.steps)
        ((_, report),) = store.rows(run.run, Report)
        assert ScoringResult.read(report.text).scores == Scorer(setting).score(setting.cell)
        assert [found.run for found in store.runs(of=Scoring)] == [setting.digest]
        assert (store.runs(), store.runs(of=CellSearch)) == ([], [])

    def test_what_it_refuses_is_said_before_anything_is_scored(
        self, store: Store, submit: Callable[[Task], Run], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(machine, "free_bytes", lambda: 100_000_000)
        for task in (make(fine_channels=256, fine_batch=512), Scoring(channels=256, batch=512)):
            with pytest.raises(TooLarge, match=r"^setting must fit into the 0\.1 GB of memory that are free, got one"):
                submit(task)
        assert store.runs(of=None) == []

    def test_images_that_run_out_are_a_sentence(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        split = datasets.load_images("digits")
        split.train_images[20:] = split.train_images[0]
        monkeypatch.setattr(datasets, "load_images", lambda *_: split)
        search = make(fine_batch=50)
        Immediate(store).submit(search)
        run = store.get(search.digest)
        assert (run.state, run.error) == ("failed", "batch must be at most the 20 different training images, got 50")
        assert stored(store, search) == []
        with pytest.raises(InputError):
            next(iter(scoring.run_cell_search(search)))

    def test_the_worker_is_killed_and_nothing_is_lost_or_repeated(
        self, store: Store, background: Callable[..., Background]
    ) -> None:
        search = long()
        engine = background(store)
        engine.submit(search)
        before = until(lambda: found if len(found := store.rows(search.digest, Candidate)) >= 30 else None)
        (child,) = engine.run_processes()
        os.kill(child, signal.SIGKILL)
        done = ended(store, search.digest)
        assert (done.state, done.attempt) == ("done", 2)
        assert store.rows(search.digest, Candidate)[: len(before)] == before
        assert stored(store, search) == undisturbed(search)

    def test_the_supervisor_is_killed_and_the_search_goes_on(
        self, store: Store, background: Callable[..., Background]
    ) -> None:
        search = long(connections="backward", seed=1)
        engine = background(store)
        engine.submit(search)
        before = until(lambda: found if len(found := store.rows(search.digest, Candidate)) >= 30 else None)
        supervisor = lock.holder_pid(store.lock)
        assert supervisor is not None
        os.kill(supervisor, signal.SIGKILL)
        until(lambda: lock.holder_pid(store.lock) is None)
        engine.ensure_worker()
        assert ended(store, search.digest).state == "done"
        assert store.rows(search.digest, Candidate)[: len(before)] == before
        assert stored(store, search) == undisturbed(search)

    @pytest.mark.alone
    def test_candidates_are_seen_and_it_is_stopped_without_delay_and_taken_up_again(
        self, store: Store, background: Callable[..., Background]
    ) -> None:
        search = long(seed=2)
        engine = background(store)
        engine.submit(make())
        ended(store, make().digest)  # the worker is warm
        start = time.monotonic()
        engine.submit(search)
        until(lambda: store.rows(search.digest, Candidate))
        assert time.monotonic() - start < 5  # two seconds on a machine that does nothing else
        before = store.rows(search.digest, Candidate)
        start = time.monotonic()
        engine.cancel(search.digest)
        assert ended(store, search.digest).state == "cancelled"
        assert time.monotonic() - start < 4  # one second on a machine that does nothing else
        engine.submit(search)
        assert ended(store, search.digest).state == "done"
        assert store.rows(search.digest, Candidate)[: len(before)] == before
        assert stored(store, search) == undisturbed(search)

    def test_a_kind_of_a_newer_snnviz_is_unreadable_and_can_be_deleted(self, store: Store, tiny: Any) -> None:
        store.submit(tiny())
        with store._writing() as connection:
            connection.exec_driver_sql("update runs set kind = 'evolution'")
        (unreadable,) = store.unreadable()
        assert unreadable.reason == f"kind must be one of {', '.join(KINDS.names)}, got 'evolution'"
        store.delete(unreadable.run)
        assert store.unreadable() == []


def test_what_a_scoring_needs_is_estimated_from_its_size() -> None:
    small, large = Scoring(channels=8), Scoring(channels=256, batch=512, size=64, steps=50)
    assert engine.required_memory(small) < 100_000_000 < 20_000_000_000 < engine.required_memory(large)
    assert engine.required_memory(make()) < engine.required_memory(make(fine_channels=64))
