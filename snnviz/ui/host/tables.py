"""Tables of the host's page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from snnviz.jobs import machine
from snnviz.people.person import is_anonymous
from snnviz.store import Run, Store
from snnviz.store.host import DiskUse, Failure
from snnviz.store.owners import PersonUsage
from snnviz.tasks import KINDS
from snnviz.ui.server.page_times import PageTime
from snnviz.views.runs import design_line

VISITOR = "Who signed in, or the beginning of a hash of a visitor's cookie."
LATE = "Processor time that counts for their place in the queue: half of it is forgotten in half an hour."
DAY = "Processor time that counts for their limit: half of it is forgotten in 17 hours."
DISK = "Weights of their runs and their data sets; what several people keep counts in equal parts."
PROCESSOR = "Of one core, since the last look; only of runs on this machine."
MEMORY = "What its process shares with no other; only of runs on this machine."
NOBODY = "nobody"

_seen: dict[int, tuple[float, float, float]] = {}
"""By process: when it was looked at, its processor time then, and the share of a core before."""


def size(count: float) -> str:
    """Returns bytes as text.

    >>> size(2.5e6), size(31e9)
    ('2.5 MB', '31.0 GB')
    """
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def person_name(id: str) -> str:
    """Returns how a person is called: as they signed in, or by the beginning of a hash.

    >>> person_name("ann@uni.example"), person_name("0123456789abcdef" * 2)
    ('ann@uni.example', 'visitor 01234567')
    """
    return f"visitor {id[:8]}" if is_anonymous(id) else id


def people_names(owners: Mapping[str, Sequence[str]], run: str) -> str:
    """Returns who wants a run, as text."""
    return ", ".join(map(person_name, owners.get(run, ()))) or NOBODY


def work_table(store: Store, limit: int) -> tuple[pd.DataFrame, list[str]]:
    """Returns a row for what runs, and for up to `limit` that wait, in their order; and the names of these runs."""
    running = sorted(store.runs(states=("running",), of=None), key=lambda run: run.started or 0.0)
    runs = [*running, *store.queued_runs(limit)]
    owners = store.owners(run.run for run in runs)
    processes = machine.processes_named(run.run for run in running)
    lines = [_line(run, people_names(owners, run.run), processes.get(run.run), place)
             for place, run in enumerate(runs, 1 - len(running))]  # fmt: skip
    for gone in {*_seen} - {*processes.values()}:
        _seen.pop(gone, None)
    names = ["state", "what", "person", "done", "processor", "seconds", "memory"]
    return pd.DataFrame(lines, columns=names), [run.run for run in runs]


def _line(run: Run, person: str, process: int | None, place: int) -> dict[str, Any]:
    seconds = None if process is None else machine.cpu_seconds(process)
    return {
        "state": "cancelling" if run.cancel_requested else "running" if run.state == "running" else f"waits, {place}.",
        "what": _what(run),
        "person": person,
        "done": f"{run.step:,} of {run.steps:,}" if run.steps else "",
        "processor": None if process is None or seconds is None else _share(process, seconds),
        "seconds": seconds,
        "memory": None if process is None else machine.private_bytes(process) / 1e6,
    }


def _what(run: Run) -> str:
    kind = KINDS.kind_of(run.task)
    what = design_line(run.design) if kind.trained else kind.noun
    return f"{run.title} ({what})" if run.title else what


def _share(process: int, seconds: float) -> float | None:
    """Per cent of a core since the last look, which is at least a second old."""
    now = time.monotonic()
    at, before, share = _seen.get(process, (now, seconds, float("nan")))
    if now - at >= 1.0:
        share = 100.0 * max(0.0, seconds - before) / (now - at)
    if process not in _seen or now - at >= 1.0:
        _seen[process] = (now, seconds, share)
    return None if share != share else share


def people_table(found: Sequence[PersonUsage], disk: DiskUse) -> pd.DataFrame:
    """Returns a row for each person: their runs, what they used, and what they keep."""
    rows = [
        {
            "person": person_name(one.person),
            "waiting": one.queued,
            "running": one.running,
            "runs": one.runs,
            "late": one.share.recent,
            "day": one.share.day,
            "disk": disk.people.get(one.person, 0) / 1e6,
        }
        for one in found
    ]
    return pd.DataFrame(rows)


def failures_table(found: Sequence[Failure]) -> pd.DataFrame:
    """Returns a row for each run that failed."""
    rows = [
        {
            "when": pd.Timestamp(one.finished, unit="s", tz="UTC"),
            "run": f"{one.title} ({one.run[:8]})" if one.title else one.run[:8],
            "person": ", ".join(map(person_name, one.people)) or NOBODY,
            "error": one.error,
        }
        for one in found
    ]
    return pd.DataFrame(rows)


def pages_table(found: Sequence[PageTime]) -> pd.DataFrame:
    """Returns a row for each page, and for its parts that are drawn alone, the slowest first."""
    rows = [
        {
            "page": f"{one.page or 'home'}{', a part' * one.part}",
            "answers": one.runs,
            "median": one.median,
            "slow": one.slow,
            "longest": one.longest,
        }
        for one in found
    ]
    return pd.DataFrame(rows)
