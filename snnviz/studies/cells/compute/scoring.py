"""Runs a scoring or a search of cells in untrained networks; each cell is scored once.

Results depend on the setting alone: not on how many cells are scored in parallel, nor on interruptions. Candidates are
reported in the order of their numbers; to resume, known ones are left out.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace

from snnviz.design.cells import parse, to_text
from snnviz.events import Event, Progress
from snnviz.studies.cells.compute.score import Scorer, use_one_thread
from snnviz.studies.cells.scoring import Candidate, CellSearch, Report, Scoring
from snnviz.studies.cells.theory import costs
from snnviz.studies.cells.theory.candidates import rank_candidates
from snnviz.tasks import EMPTY_HISTORY, History, one_thread

POLL_SECONDS = 0.1
MAX_THREADS = 2
"""Largest number of cells that are scored in parallel."""


class _Stopped(Exception):
    """Nobody wants the rest."""


def run_scoring(setting: Scoring, *_: object) -> Iterator[Event]:
    """Scores a cell; yields Progress, and then the Report. Raises `DataMissing`, `InputError`."""
    steps, made = costs.scoring_steps(setting), 0

    def pulse() -> None:
        nonlocal made
        made += 1
        if stop.is_set():
            raise _Stopped

    yield Progress(0, steps)
    with _crew() as (crew, stop):
        going = crew.submit(lambda: Scorer(setting).findings(setting.cell, pulse))
        while not wait([going], POLL_SECONDS).done:
            yield Progress(min(made, steps), steps)
        yield Report(0, going.result().write())
    yield Progress(steps, steps)


def run_cell_search(
    setting: CellSearch, history: History = EMPTY_HISTORY, threads: Callable[[], int] = one_thread
) -> Iterator[Event]:
    """Searches cells; yields Progress and Candidates: all of them in small networks, then the best again in larger
    ones.

    Resumes an interrupted search. `threads()` returns how many cores may be used. A cell that is drawn more than once
    is scored once. Raises `DataMissing`, `InputError`.
    """
    past = history.rows(Candidate)
    coarse, fine = Scorer(setting.coarse), Scorer(setting.fine)
    if setting.best:
        _ = fine.chosen  # what it refuses is said before anything is scored
    cells = [to_text(setting.cell(number)) for number in range(setting.candidates)]
    with _crew() as (crew, stop):
        work = _Work(setting, cells, crew, stop, threads)
        first = [row for row in past if not row.fine]
        second = [row for row in past if row.fine]
        work.count(len({row.cell for row in first}), len(second))
        yield work.progress()
        for event in work.stage(coarse, 0, range(len(cells)), first):
            if isinstance(event, Candidate):
                first.append(event)
            yield event
        best = [standing.coarse.number for standing in rank_candidates(first, setting.metric) if standing.valid]
        yield from work.stage(fine, 1, best[: setting.best], second)
    yield Progress(work.steps, work.steps)


@contextmanager
def _crew() -> Iterator[tuple[Executor, threading.Event]]:
    """Threads on which cells are scored, each operation on one of them, and what stops them."""
    stop = threading.Event()
    with ThreadPoolExecutor(MAX_THREADS, "scorer", use_one_thread) as crew:
        try:
            yield crew, stop
        finally:
            stop.set()


class _Work:
    """Scores candidates side by side, and counts what is done."""

    def __init__(
        self,
        setting: CellSearch,
        cells: Sequence[str],
        crew: Executor,
        stop: threading.Event,
        threads: Callable[[], int],
    ) -> None:
        self.cells, self.crew, self.stop, self.threads = cells, crew, stop, threads
        self.weights = costs.progress_weights(setting)
        self.steps = costs.search_steps(setting)
        self.made = 0

    def count(self, *scored: int) -> None:
        """So many cells of each stage."""
        self.made += sum(weight * many for weight, many in zip(self.weights, scored, strict=True))

    def progress(self) -> Progress:
        return Progress(min(self.made, self.steps), self.steps)

    def stage(self, scorer: Scorer, fine: int, numbers: Iterable[int], past: Sequence[Candidate]) -> Iterator[Event]:
        """The candidates of these numbers that are not among the past ones, in that order."""
        known, old = {row.cell: row for row in past}, {row.number for row in past}
        missing = deque(number for number in numbers if number not in old)
        queue: deque[tuple[int, Future[Candidate] | None]] = deque()
        begun = set(known)
        while missing or queue:
            most = min(self.threads(), MAX_THREADS)
            while missing and len(_going(queue)) < most:
                number = missing.popleft()
                cell = self.cells[number]
                new = None if cell in begun else self.crew.submit(self._candidate, scorer, fine, number)
                begun.add(cell)
                queue.append((number, new))
            while queue and (queue[0][1] is None or queue[0][1].done()):
                number, future = queue.popleft()
                cell = self.cells[number]
                if future is not None:
                    known[cell] = future.result()
                    self.count(1 - fine, fine)
                yield replace(known[cell], number=number, seconds=known[cell].seconds if future is not None else 0.0)
            yield self.progress()
            if going := _going(queue):
                wait(going, POLL_SECONDS, FIRST_COMPLETED)

    def _candidate(self, scorer: Scorer, fine: int, number: int) -> Candidate:
        begun = time.perf_counter()
        found = scorer.score(parse(self.cells[number]), self._pulse)
        sahd, hd = found["sahd"], found["hd"]
        return Candidate(
            number=number,
            fine=fine,
            cell=self.cells[number],
            sahd=sahd.mean,
            hd=hd.mean,
            sahd_sd=sahd.deviation,
            hd_sd=hd.deviation,
            invalid=sahd.invalid or hd.invalid or None,
            seconds=time.perf_counter() - begun,
        )

    def _pulse(self) -> None:
        if self.stop.is_set():
            raise _Stopped


def _going(queue: Iterable[tuple[int, Future[Candidate] | None]]) -> list[Future[Candidate]]:
    return [future for _, future in queue if future is not None and not future.done()]
