"""Runs tasks in the background from the command line, as many at a time as there are cores, and waits for them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence

import click

from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import Bar
from snnviz.errors import SnnvizError
from snnviz.events import EpochEnd, Event, Progress
from snnviz.jobs import durations
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.local import Local
from snnviz.store import Run, Store, Task

POLL_SECONDS = 0.4
IDLE_SECONDS = 60.0
"""Seconds after its last run after which the supervisor exits."""


ProgressText = Callable[[Mapping[str, Run]], str]


class EventBar(Bar):
    """The progress bar of a task that runs in this process; called with each of its events."""

    last: EpochEnd | None = None
    check: Callable[[], None]
    """Raises KeyboardInterrupt if Ctrl-C was pressed."""

    def __call__(self, event: Event) -> None:
        self.check()
        if isinstance(event, EpochEnd):
            self.last = event
        if isinstance(event, Progress) and event.doing and not self.quiet:
            click.echo(f"\r{event.doing:70}", nl=False, err=True)
        if isinstance(event, Progress) and event.steps:
            end = self.last
            words = f"epoch {end.epoch}: test accuracy {end.test_accuracy:.1%}" if end else ""
            if end and end.validation_accuracy is not None:
                words += f", validation {end.validation_accuracy:.1%}"
            self.move(event.step, event.steps, words)


class Runs(dict[str, Run]):
    """Runs by the digest of their task. `stopped`: whether Ctrl-C ended the wait, so that some runs may be unfinished
    or missing.
    """

    stopped = False

    def add(self, others: Runs) -> None:
        """Adds the runs of another `Runs`, `others`, to these."""
        self |= others
        self.stopped |= others.stopped


def train(
    store: Store,
    tasks: Sequence[Task],
    *,
    quiet: bool,
    label: str = "training",
    progress_text: ProgressText | None = None,
) -> Runs:
    """Runs the tasks and returns the ended run of each, by digest; finished ones are not repeated, failed ones are
    retried.

    `label` and the result of `progress_text` are shown beside the bar; by default the number of ended runs and the time
    left. Ctrl-C cancels what was queued here, prints that, and returns the runs so far, to be printed before
    `exit_with_status`; runs queued by others go on. Raises what `submit` of an engine raises, with nothing left queued.
    """
    engine = Local(store, idle=IDLE_SECONDS)
    queued: list[str] = []
    known = store.get_many(task.digest for task in tasks)
    try:
        with reliable_interrupts() as check:
            for task in tasks:
                run = known.get(task.digest)
                if run is None or run.state in ("failed", "cancelled"):
                    queued.append(task.digest)
                engine.submit(task)
            return _wait(engine, tasks, Bar(quiet, eta=False, label=label), progress_text, check)
    except KeyboardInterrupt:
        stopped = len(_going(store, queued))
        _cancel(engine, queued)
        others = len(_going(store, [task.digest for task in tasks if task.digest not in queued]))
        elsewhere = f", {_runs(others)} queued elsewhere left alone" if others else ""
        click.echo(f"\nStopped: {_runs(stopped)} cancelled{elsewhere}; the same command goes on from there.", err=True)
        found = Runs(store.get_many(task.digest for task in tasks))
        found.stopped = True
        return found
    except SnnvizError:
        _cancel(engine, queued)
        raise


def run_now(store: Store, task: Task) -> None:
    """Runs a short task in this process; if it is not done at the end, prints a sentence and exits with code 1."""
    ended = store.get(Immediate(store).submit(task).run)
    if ended.state != "done":
        click.echo(ended.error or f"It was {ended.state}.", err=True)
        sys.exit(1)


def exit_with_status(runs: Runs) -> None:
    """Exits with code 130 after Ctrl-C, or with 1 if a run is not done; else returns. Called after printing results."""
    if runs.stopped:
        sys.exit(130)
    if problem := failures_text(runs):
        click.echo(problem, err=True)
        sys.exit(1)


def failures_text(runs: Mapping[str, Run]) -> str:
    """Returns one sentence on failed runs and one on cancelled runs; "" if all are done."""
    failed = [run for run in runs.values() if run.state == "failed"]
    cancelled = sum(run.state == "cancelled" for run in runs.values())
    sentences = []
    if failed:
        reason = failed[0].error or "It left no reason."
        which = "" if len(failed) == 1 else f"the first of them, {failed[0].run}: "
        sentences.append(f"{len(failed)} of {_runs(len(runs))} failed: {which}{reason}")
    if cancelled:
        sentences.append(f"{cancelled} of {_runs(len(runs))} cancelled; the same command goes on with them.")
    return " ".join(sentences)


def state_of(runs: Mapping[str, Run], name: str) -> str:
    """Returns the state of the run with the digest `name`; "missing" if it was not queued before Ctrl-C."""
    return runs[name].state if name in runs else "missing"


def _wait(
    engine: Local, tasks: Sequence[Task], bar: Bar, progress_text: ProgressText | None, check: Callable[[], None]
) -> Runs:
    store, seen, known = engine.store, "", durations.fit_durations(engine.store)
    steps = {task.digest: durations.progress_steps(task) for task in tasks}
    runs = Runs()
    with bar:
        while True:
            check()
            if (version := store.version()) != seen:
                seen = version
                going = [name for name in steps if name not in runs or not runs[name].ended]
                runs |= (found := store.get_many(going))
                for name in going:
                    if name not in found:  # somebody deleted it
                        store.get(name)
            ended = sum(run.ended for run in runs.values())
            if ended == len(runs) and bar.bar is None:
                return runs
            made = sum(steps[name] if run.ended else min(run.step, steps[name]) for name, run in runs.items())
            if progress_text is None:
                left = durations.format_duration(durations.remaining_seconds(tasks, runs, known))
                words = f"{ended} of {_runs(len(runs))} done, about {left} left"
            else:
                words = progress_text(runs)
            bar.move(made, sum(steps.values()), words)
            if ended == len(runs):
                return runs
            engine.ensure_worker()
            time.sleep(POLL_SECONDS)


def _going(store: Store, names: Sequence[str]) -> list[str]:
    """Those of the runs that have not ended."""
    return [name for name, run in store.get_many(names).items() if not run.ended]


def _cancel(engine: Local, names: Sequence[str]) -> None:
    for name in _going(engine.store, names):
        engine.cancel(name)


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"
