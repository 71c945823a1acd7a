"""Runs or resumes a search for skip connections: asks the strategy for candidates, trains them, and tells the strategy
their values.

Results depend on the search alone: not on how many candidates are trained in parallel, nor on interruptions. Finished
candidates are rows in the store; to resume, the strategy is told all of them again.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import TypeVar

from snnviz.core import train
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.events import Checkpoint, Event, Progress
from snnviz.search.strategies import RandomSearch, Strategy
from snnviz.search.ucb import UCB
from snnviz.studies.skips.compute.candidates import CandidateTrainer, ValidationResult
from snnviz.studies.skips.search import (
    Code,
    Model,
    Search,
    Trial,
    Twin,
    candidate_design,
    format_code,
    original_code,
    parse_code,
    search_space,
)
from snnviz.tasks import EMPTY_HISTORY, History, one_thread
from snnviz.theory.posterior import FittedProcess, posterior

POLL_SECONDS = 0.1

FIRST_CANDIDATES = 4
"""Number of random candidates before the first fit."""

T = TypeVar("T")
Job = Callable[[Executor | None], T]


class _Stopped(Exception):
    """The search is not wanted any more."""


def run_skip_search(
    search: Search, history: History = EMPTY_HISTORY, threads: Callable[[], int] = one_thread
) -> Iterator[Event]:
    """Runs a skip search. Yields `Progress`, a `Twin` row (the accuracy of the ANN twin), a `Trial` row for each
    candidate network when it is finished, `Model` rows (fitted Gaussian processes), and Checkpoints of the shared
    weights.

    `threads()` returns how many cores may be used. Raises `DataMissing`, `InputError`.
    """
    with train.worker_threads() as executor, train.worker_threads() as desk:
        going = _Search(search, history, executor, desk, threads)
        try:
            yield from going.run()
        finally:
            going.stop.set()


class _Search:
    def __init__(
        self, search: Search, history: History, executor: Executor, desk: Executor, threads: Callable[[], int]
    ) -> None:
        self.search, self.executor, self.desk, self.threads = search, executor, desk, threads
        self.sizes = search_space(search).sizes
        self.stop, self._counting = threading.Event(), threading.Lock()
        self.trainer = CandidateTrainer(search)
        self.twin = next(iter(history.rows(Twin)), None)
        self.trials = {trial.number: trial for trial in history.rows(Trial)}
        self.weights = history.checkpoint()
        tuned, whole = search.tuning_epochs, search.design.training.epochs
        self.shared_epochs = 0 if search.weights == "scratch" else search.shared_epochs
        self.own_epochs = whole if search.weights == "scratch" else tuned
        self.steps = self.trainer.steps * (whole + self.shared_epochs + search.trials * self.own_epochs)
        shared = min(self.weights.epoch, self.shared_epochs) if self.weights else 0
        epochs = (whole if self.twin else 0) + shared + len(self.trials) * self.own_epochs
        self.made = self.trainer.steps * epochs

    def run(self) -> Iterator[Event]:
        yield Progress(self.made, self.steps)
        if self.twin is None:
            for event in self._side_by_side([lambda executor: self.trainer.train_twin(self._step, executor)]):
                if isinstance(event, Progress):
                    yield event
                else:
                    self.twin = Twin(self.search.seed, event[1].accuracy, event[1].loss)
                    yield self.twin
        if self.search.weights != "scratch":
            yield from self._share()
        yield from self._candidates()

    def _share(self) -> Iterator[Event]:
        """The epochs of the shared weights, or what is left of them."""
        first = 0
        if self.weights is not None:
            self.trainer.shared.restore(self.weights.arrays)
            first = self.weights.epoch
        for epoch in range(first, self.shared_epochs):
            for event in self._side_by_side([self._epoch(epoch)]):
                if isinstance(event, Progress):
                    yield event
            yield Checkpoint(epoch + 1, self.trainer.shared.arrays())

    def _epoch(self, epoch: int) -> Job[None]:
        def draw(batch: int) -> Design:
            chance = random.Random(f"{self.search.seed}/shared/{epoch}/{batch}")
            return candidate_design(self.search, tuple(chance.randrange(size) for size in self.sizes))

        return lambda executor: self.trainer.train_shared_weights(epoch, draw, self._step, executor)

    def _candidates(self) -> Iterator[Event]:
        search = self.search
        strategy = (
            UCB(
                self.sizes,
                search.seed,
                kernel=search.kernel,
                initial=max(FIRST_CANDIDATES, search.parallel),
                kappa=search.kappa,
                decay=search.decay,
            )
            if search.strategy == "ucb"
            else RandomSearch(self.sizes, search.seed)
        )
        number = 0
        for iteration in range(search.iterations):
            yield Progress(self.made, self.steps, None)
            codes = self._chosen(strategy, iteration)
            if not codes:
                break
            expected: list[tuple[float | None, float | None]] = [(None, None)] * len(codes)
            if isinstance(strategy, UCB) and strategy.belief is not None:
                yield _model(iteration - 1, strategy.belief)
                means, sds = posterior(strategy.belief, strategy.codes, strategy.values, codes)
                expected = list(zip(means.tolist(), sds.tolist(), strict=True))
            numbers = range(number, number + len(codes))
            missing = [n for n in numbers if n not in self.trials]
            jobs = [self._evaluation(codes[n - number]) for n in missing]
            networks: dict[int, Network] = {}
            for event in self._side_by_side(jobs):
                if isinstance(event, Progress):
                    yield event
                    continue
                n, (found, networks[n]) = missing[event[0]], event[1]
                self.trials[n] = self._trial(n, iteration, codes[n - number], found, expected[n - number])
                yield self.trials[n]
            for n in numbers:
                strategy.tell(parse_code(self.trials[n].code), self.trials[n].value)
            if search.weights == "carried" and networks:
                for n in sorted(networks, key=lambda n: -self.trials[n].value):
                    self.trainer.shared.update_from(networks[n])
                yield Checkpoint(self.shared_epochs + iteration + 1, self.trainer.shared.arrays())
            number += len(codes)
        if isinstance(strategy, UCB) and number:
            yield _model(iteration, strategy.fit())
        yield Progress(self.steps, self.steps)

    def _chosen(self, strategy: Strategy[float], iteration: int) -> list[Code]:
        """What the strategy asks for; the first of all is the network that all others are compared with."""
        start = original_code(self.search) if iteration == 0 else None
        if start is None:
            return strategy.ask(self.search.parallel)
        others = strategy.ask(self.search.parallel - 1) if self.search.parallel > 1 else []
        if start in others:
            others = [code for code in others if code != start] + strategy.ask(1)
        return [start, *others]

    def _evaluation(self, code: Code) -> Job[tuple[ValidationResult, Network]]:
        design = candidate_design(self.search, code)
        return lambda executor: self.trainer.evaluate(design, self._step, executor)

    def _trial(
        self,
        number: int,
        iteration: int,
        code: Code,
        found: ValidationResult,
        expected: tuple[float | None, float | None],
    ) -> Trial:
        search, shown = self.search, found.accuracy
        assert self.twin is not None
        value, error = found.loss, found.loss_error
        if search.objective != "loss":
            value = 100 * (self.twin.accuracy - shown)
            error = 100 * math.sqrt(shown * (1 - shown) / search.validation_count)
        if search.objective == "accuracy+operations":
            value += search.price * (found.macs + found.additions) / 1e6
        return Trial(
            number=number,
            iteration=iteration,
            code=format_code(code),
            value=value,
            error=error,
            accuracy=shown,
            loss=found.loss,
            rate=found.rate,
            macs=found.macs,
            additions=found.additions,
            eff_macs=found.eff_macs,
            eff_acs=found.eff_acs,
            mean=expected[0],
            sd=expected[1],
            epochs=self.shared_epochs + (number + 1) * self.own_epochs,
            seconds=found.seconds,
        )

    def _step(self) -> None:
        with self._counting:
            self.made += 1
        if self.stop.is_set():
            raise _Stopped

    def _side_by_side(self, jobs: Sequence[Job[T]]) -> Generator[Progress | tuple[int, T]]:
        """The results with their places as they come, and progress meanwhile. A job that is alone may use two cores."""
        waiting = list(enumerate(jobs))
        going: dict[Future[T], int] = {}
        try:
            while waiting or going:
                free = self.threads() > 1
                while waiting and len(going) < (2 if free else 1):
                    alone = len(waiting) == 1 and not going
                    place, job = waiting.pop(0)
                    going[self.desk.submit(job, self.executor if alone and free else None)] = place
                done, _ = wait(going, POLL_SECONDS, FIRST_COMPLETED)
                yield Progress(min(self.made, self.steps), self.steps)
                for future in done:
                    yield going.pop(future), future.result()
        finally:
            if going:
                self.stop.set()


def _model(iteration: int, belief: FittedProcess) -> Model:
    lengths = ",".join(f"{length:.6g}" for length in belief.lengths)
    return Model(iteration, lengths, belief.scale, belief.noise, belief.mean, belief.shift, belief.spread)
