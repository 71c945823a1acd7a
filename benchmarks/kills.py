"""Random SIGKILL and SIGSTOP of everything that works at a store, under all kinds of task.

    .venv/bin/python -m benchmarks.kills [--count 300] [--seed 1] [--lease 4]

A dashboard (a real server), its supervisor, the forkserver and the runs' processes are killed or stopped at random;
some of those that are stopped are continued later, as if a laptop woke up. Every task that ends must have the rows of
an undisturbed one, bit for bit, but for how long a row took; none may fail, and nothing may stand still for a minute. A
run whose own process was hit twice is left alone, because the third death fails it by design. Processes are found by
the store's own records: the lock's holder, what it started, and what that forked. A stopped dashboard is continued and
a killed one started again by this script: nobody else would.

`--lease`: seconds, in place of 10; three of them are a hang (SNNVIZ_LEASE_SECONDS).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.measurement import Measurement
from snnviz.jobs import lock
from snnviz.jobs.immediate import Immediate
from snnviz.places import ROOT
from snnviz.store import MAX_DEATHS, Store, Task
from snnviz.studies.cells.scoring import CellSearch, Scoring
from snnviz.studies.shortcuts.study import GradientSurvey
from snnviz.studies.skips.search import Search
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits
from snnviz.studies.ttfs.trajectories import USUAL, Trajectories
from snnviz.tasks import KINDS

VICTIMS = ("child", "child", "forkserver", "supervisor", "dashboard")
PATIENCE = 600.0
"""Seconds after the last disturbance in which all that is left must end."""


def trained() -> Design:
    """A design that is trained before anything is disturbed: a measurement looks at its weights."""
    return Design.check({"network": {"kind": "mlp", "depth": 3, "width": 60}, "training": {"epochs": 1}, "seed": 4})


def tasks() -> dict[str, list[Task]]:
    """Small ones of each kind, by what the store calls them."""
    data = {"train_samples": 400, "test_samples": 50, "steps": 4}
    training = {"epochs": 3, "batch_size": 4}
    deep = {"kind": "mlp", "depth": 4, "width": 60}
    block = {"kind": "block", "edges": "0000/0000/0000/0000", "channels": 2, "norm": "batch"}
    searched = {"data": {**data, "steps": 2}, "network": block, "training": {"epochs": 1, "batch_size": 10}}
    cell = {"cell": "0340 0020 0001 0100", "channels": 32, "batch": 64, "repeats": 10, "steps": 5, "hidden": 8}
    cells = {"candidates": 800, "channels": 4, "hidden": 8, "steps": 3, "batch": 8, "size": 8, "best": 4}
    shortcut = {"training": {"shortcut": {"schedule": {"kind": "constant"}}}}
    survey = {"network": {"kind": "mlp", "width": 30}, "data": {"steps": 3}, **shortcut}
    small = {"network.depth": 3, "network.width": 20, "data.train_samples": 400}
    one = change(default_design(), {"network.width": 20, "data.train_samples": 400, "training.epochs": 2})
    return {
        "run": [
            Design.check({"data": data, "network": deep, "training": training, "seed": 1}),
            Design.check({"data": data, "network": {**block, "channels": 4}, "training": training, "seed": 2}),
            Design.check({"data": data, "network": deep, "training": {**training, **shortcut["training"]}, "seed": 3}),
            one,
        ],
        "search": [
            Search.model_validate({"design": searched, "iterations": 2, "parallel": 2, "validation": 50}),
            Search.model_validate(
                {"design": searched, "iterations": 3, "parallel": 2, "validation": 50, "weights": "scratch"}
            ),
        ],
        "score": [Scoring.check(cell)],
        "cells": [CellSearch.check({**cells, "fine_channels": 4, "fine_batch": 8})],
        "gradients": [
            GradientSurvey.check({"design": survey, "depths": list(range(2, 60, 3)), "inits": ["kaiming", "glorot"]})
        ],
        "trajectories": [Trajectories(design=change(USUAL, small | {"training.epochs": 60}), looks=1)],
        "measurement": [Measurement(design=trained())],
        "front": [KINDS["front"].sample()],
        "finetuning": [FineTuning(design=one, limits=HardwareLimits(weight_bits=2), epochs=30)],
    }


def rows(store: Store, run: str) -> dict[str, list[Any]]:
    """All of a run, in the order of their keys, without how long they took."""
    found = {}
    for kind in KINDS.row_types:
        said = [row for _, row in store.rows(run, kind)]
        if said and hasattr(said[0], "seconds"):
            said = [replace(row, seconds=0.0) for row in said]  # type: ignore[type-var]
        found[kind.__name__] = sorted(repr(row) for row in said)
    return found


def undisturbed(chosen: list[Task]) -> dict[str, dict[str, list[Any]]]:
    """The rows of each task, from a store of its own where nothing happens."""
    with tempfile.TemporaryDirectory() as place:
        store = Store(Path(place) / "runs.sqlite")
        Immediate(store).submit(trained())
        for task in chosen:
            Immediate(store).submit(task)
            run = store.get(task.digest)
            assert run.state == "done", (run.state, run.error)
        expected = {task.digest: rows(store, task.digest) for task in chosen}
        store.close()
    return expected


class Dashboard:
    """The server, as `make run` starts it."""

    def __init__(self, cache: Path, lease: float) -> None:
        self.cache, self.lease = cache, lease
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = dict(os.environ) | {"SNNVIZ_CACHE": str(self.cache), "SNNVIZ_LEASE_SECONDS": str(self.lease)}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
        command += ["--server.address", "127.0.0.1", "--server.port", str(self.port)]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def ensure_worker(self) -> None:
        """Start it again where it was killed."""
        if self.process.poll() is not None:
            self.process = self._start()

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def parents() -> dict[int, int]:
    """The parent of each process."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                found[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def forkserver(supervisor: int, of: dict[int, int]) -> int | None:
    for pid, parent in of.items():
        if parent == supervisor:
            with suppress(OSError):
                if b"forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
    return None


@dataclass
class Outcome:
    """What happened in all."""

    disturbed: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    standstill: float = 0.0
    seconds: float = 0.0

    @property
    def fine(self) -> bool:
        return not self.wrong and not self.failed and self.standstill < 60


class Trial:
    """A store under fire."""

    def __init__(self, chosen: list[tuple[str, Task]], expected: dict[str, Any], lease: float, seed: int) -> None:
        self.chosen, self.expected, self.lease = chosen, expected, lease
        self.chance = random.Random(seed)
        self.folder = tempfile.TemporaryDirectory()
        self.cache = Path(self.folder.name)
        self.store = Store(self.cache / "runs.sqlite")
        Immediate(self.store).submit(trained())
        self.dashboard = Dashboard(self.cache, lease)
        self.outcome = Outcome()
        self.hits: Counter[str] = Counter()
        self.waking: list[tuple[float, int]] = []
        self.seen, self.moved, self.next = "", time.monotonic(), 0
        self.disturbed = self.moved

    def work(self, count: int) -> Outcome:
        """Disturb so often, and then see everything end."""
        began = time.monotonic()
        try:
            self._work(count)
        except KeyboardInterrupt:
            print("interrupted: what there is", file=sys.stderr)
        finally:
            self.outcome.seconds = time.monotonic() - began
            self._end()
        return self.outcome

    def _work(self, count: int) -> None:
        made, due = 0, time.monotonic()
        last = None
        while made < count or self.store.counts()["queued"] + self.store.counts()["running"]:
            self._look(resubmit=made < count)
            # Only what moves again is disturbed again: else nothing would ever be loaded and ready.
            if made < count and time.monotonic() > due and self.moved > self.disturbed and self._disturb():
                made += 1
                self.disturbed = time.monotonic()
                due = self.disturbed + self.chance.choice([0.1, 0.5, 1, 2, 4, 8])
                if made % 10 == 0:
                    trouble = len(self.outcome.wrong) + len(self.outcome.failed)
                    done, still = sum(self.outcome.done.values()), self.outcome.standstill
                    said = f"{made} disturbed, {done} done, {trouble} not as they should, {still:.0f} s at most"
                    print(said, file=sys.stderr, flush=True)
            if made == count:
                last = last or time.monotonic()
                if time.monotonic() - last > PATIENCE:
                    self.outcome.failed.append("what was left did not end")
                    break
            time.sleep(0.1)

    def _look(self, resubmit: bool) -> None:
        """Compare what has ended, submit new work, wake what is due, and note whether anything moves."""
        now = time.monotonic()
        for due, pid in [each for each in self.waking if each[0] < now]:
            self.waking.remove((due, pid))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.dashboard.ensure_worker()
        for run in self.store.runs(of=None, states=("done", "failed", "cancelled")):
            if run.run not in self.expected:
                continue
            kind = next(kind for kind, task in self.chosen if task.digest == run.run)
            if run.state != "done":
                self.outcome.failed.append(f"{kind} {run.run}: {run.state}, {run.error}\n{run.traceback}")
            elif rows(self.store, run.run) != self.expected[run.run]:
                self.outcome.wrong.append(f"{kind} {run.run}, attempt {run.attempt}")
            else:
                self.outcome.done[kind] += 1
            self.store.delete(run.run)
            self.hits[run.run] = 0
        counts = self.store.counts()
        while resubmit and counts["queued"] + counts["running"] < 5:
            self.store.submit(self.chosen[self.next % len(self.chosen)][1])
            self.next += 1
            counts = self.store.counts()
        if (version := self._version()) != self.seen:
            self.seen, self.moved = version, now
        self.outcome.standstill = max(self.outcome.standstill, now - self.moved)

    def _version(self) -> str:
        """Changes when a running run says something: being queued again is not yet a recovery."""
        running = self.store.runs(of=None, states=("running",))
        return " ".join(sorted(f"{run.run} {run.attempt} {run.step} {run.doing}" for run in running if run.step))

    def _disturb(self) -> bool:
        """Whether somebody was hit."""
        victim, sign = self.chance.choice(VICTIMS), self.chance.choice([signal.SIGKILL, signal.SIGSTOP])
        pid = self._find(victim)
        if pid is None:
            return False
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return False
        if sign == signal.SIGSTOP and (victim == "dashboard" or self.chance.random() < 0.5):
            # Nobody is there to notice anything while the dashboard is stopped.
            longest = self.lease if victim == "dashboard" else 5 * self.lease
            self.waking.append((time.monotonic() + self.chance.uniform(0, longest), pid))
        self.outcome.disturbed[f"{sign.name} {victim}"] += 1
        return True

    def _find(self, victim: str) -> int | None:
        if victim == "dashboard":
            return self.dashboard.process.pid
        supervisor = lock.holder_pid(self.store.lock)
        if supervisor is None or victim == "supervisor":
            return supervisor
        of = parents()
        server = forkserver(supervisor, of)
        if server is None or victim == "forkserver":
            return server
        children = [pid for pid, parent in of.items() if parent == server]
        # Which run a process has is not to be seen from outside: all that run may have been hit.
        running = [run.run for run in self.store.runs(of=None, states=("running",))]
        if not children or any(self.hits[run] >= MAX_DEATHS - 1 for run in running):
            return None
        self.hits.update(running)
        return self.chance.choice(children)

    def _end(self) -> None:
        for _, pid in self.waking:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.dashboard.end()
        if (supervisor := lock.holder_pid(self.store.lock)) is not None:
            os.kill(supervisor, signal.SIGTERM)
        while lock.holder_pid(self.store.lock) is not None:
            time.sleep(0.1)
        self.store.close()
        self.folder.cleanup()


def main() -> Iterator[str]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lease", type=float, default=15.0)
    given = parser.parse_args()
    chosen = [(kind, task) for kind, several in tasks().items() for task in several]
    expected = undisturbed([task for _, task in chosen])
    outcome = Trial(chosen, expected, given.lease, given.seed).work(given.count)
    yield json.dumps({name: getattr(outcome, name) for name in outcome.__dataclass_fields__}, indent=1)
    yield "fine" if outcome.fine else "NOT FINE"


if __name__ == "__main__":
    for line in main():
        print(line)
