"""Trains the runs that are distributed with snnviz, and packs them; on one machine the rows are the same each time.

They are trained into a separate store, so that an interrupted training continues where it stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from snnviz import __version__
from snnviz.errors import InputError, NotFound, did_you_mean
from snnviz.jobs import machine
from snnviz.jobs.engine import Engine
from snnviz.jobs.local import Local
from snnviz.store import Store, Task, copying
from snnviz.store.shipped import ARCHIVE, MANIFEST, VARIABLE, file_digest
from snnviz.store.tables import DESIGNS, OF_RUNS, RUNS, SUPERVISORS
from snnviz.tasks import GalleryEntry, gallery_entries, resolve

TAG = "gallery"
"""Of all runs that come with snnviz, so that a filter finds them."""

MOST_MEGABYTES = 20.0
MACHINES = "machines.json"
POLL_SECONDS = 0.5
IDLE_SECONDS = 30.0

Say = Callable[[str], object]


def chosen_entries(names: Sequence[str] = ()) -> list[GalleryEntry]:
    """Returns the gallery's entries with these names, by default all that are not slow, in order. Raises
    `NotFound`.
    """
    known = {entry.name: entry for entry in gallery_entries()}
    for name in names:
        if name not in known:
            raise NotFound(f"entry must be one of {', '.join(known)}, got {name[:60]!r}{did_you_mean(name, known)}")
    return [entry for entry in known.values() if (entry.name in names if names else not entry.slow)]


def open_workshop(work: Path) -> Store:
    """Returns the separate store in `work` in which the gallery's runs are trained; it does not show the gallery that
    exists already.
    """
    work.mkdir(parents=True, exist_ok=True)
    return Store(work / "runs.sqlite", gallery=False)


def train(
    entries: Sequence[GalleryEntry], work: Path, say: Say, engine: Callable[[Store], Engine] | None = None
) -> dict[str, str]:
    """Trains the runs of these gallery entries that are not done yet, as many at a time as there are cores, into a
    store in `work`.

    Returns why an entry has a run that did not become done, such as a data set that is not here, by the entry's name.

    say: called with progress messages. engine: returns the engine that trains the runs of a store, by default a
    supervisor of its own.
    """
    os.environ[VARIABLE] = "0"  # for processes that begin with another task's weights, too: none comes from elsewhere
    store = open_workshop(work)
    made = engine(store) if engine is not None else Local(store, idle=IDLE_SECONDS)
    first = [entry for entry in entries if entry.after not in {one.name for one in entries}]
    failed: dict[str, str] = {}
    for later in (False, True):
        several = [entry for entry in entries if (entry not in first) is later]
        failed |= {entry.name: f"{entry.after} is not there" for entry in several if entry.after in failed}
        several = [entry for entry in several if entry.name not in failed]
        asked = {entry.name: _tasks(store, entry) for entry in several}
        place = work / MACHINES
        machines = json.loads(place.read_text()) if place.exists() else {}
        for task in (task for tasks in asked.values() for task in tasks):
            submitted = made.submit(task)
            if not submitted.cached:
                machines[submitted.run] = machine.description()
        _write(place, machines)
        failed |= _wait(made, asked, say)
    store.close()
    return failed


def _wait(engine: Engine, asked: Mapping[str, Sequence[Task]], say: Say) -> dict[str, str]:
    left, failed = dict(asked), dict[str, str]()
    while left:
        runs = engine.store.get_many(task.digest for tasks in left.values() for task in tasks)
        for name, tasks in list(left.items()):
            for run in (runs[task.digest] for task in tasks):
                if run.state in ("failed", "cancelled") and name in left:
                    failed[name] = f"the run {run.run} is {run.state}: {run.error or 'somebody stopped it'}"
                    del left[name]
        for name in [name for name, tasks in left.items() if all(runs[task.digest].state == "done" for task in tasks)]:
            seconds = sum(runs[task.digest].seconds for task in left.pop(name))
            say(f"{name}: {len(asked[name])} done, {seconds:.0f} s of training")
        if left:
            say("")
            engine.ensure_worker()
            time.sleep(POLL_SECONDS)
    return failed


def finished(entries: Sequence[GalleryEntry], work: Path) -> list[GalleryEntry]:
    """Returns those of the gallery's entries whose runs, trained in the folder `work`, are all done."""
    store, found = open_workshop(work), []
    for entry in entries:
        tasks = _tasks(store, entry)
        known = store.get_many(task.digest for task in tasks)
        if tasks and all(task.digest in known and known[task.digest].state == "done" for task in tasks):
            found.append(entry)
    store.close()
    return found


def pack(entries: Sequence[GalleryEntry], work: Path, folder: Path) -> dict[str, Any]:
    """Writes the finished runs of these entries as a gallery to `folder`, and returns its manifest.

    Raises `InputError` if a run is missing, or if it becomes too large.
    """
    store = open_workshop(work)
    machines = json.loads((work / MACHINES).read_text())
    runs: dict[str, dict[str, str]] = {}
    titles: dict[str, str] = {}
    weights: set[str] = set()
    for entry in entries:
        tasks = _tasks(store, entry)
        known = store.get_many(task.digest for task in tasks)
        missing = [task for task in tasks if task.digest not in known or known[task.digest].state != "done"]
        if missing:
            raise InputError("gallery", f"have all {len(tasks)} runs of {entry.name}", f"{len(missing)} less")
        for run in known.values():
            runs.setdefault(run.run, {"entry": entry.name, "machine": machines[run.run]})
            if entry.weights:
                weights.add(run.run)
            if len(tasks) == 1:
                titles.setdefault(run.run, entry.title)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "runs.sqlite"
        copying.backup(store, place)
        kept = [one for one in sorted(weights) if store.checkpoint_path(one).exists()]
        _reduce(place, runs, titles, kept)
        archive = Path(name) / ARCHIVE
        with tarfile.open(archive, "w:xz", preset=9) as file:
            file.add(place, "runs.sqlite", filter=_plain)
            for one in kept:
                file.add(store.checkpoint_path(one), f"checkpoints/{one}.safetensors", filter=_plain)
        if (size := archive.stat().st_size / 1e6) > MOST_MEGABYTES:
            raise InputError("gallery", f"be at most {MOST_MEGABYTES:g} MB", f"{size:.1f} MB")
        manifest: dict[str, Any] = {
            "archive": file_digest(archive),
            "made": time.strftime("%Y-%m-%d", time.gmtime()),
            "snnviz": __version__,
            "entries": [{"name": entry.name, "title": entry.title, "page": entry.page} for entry in entries],
            "runs": dict(sorted(runs.items())),
        }
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archive, folder / ARCHIVE)
        _write(folder / MANIFEST, manifest)
    store.close()
    return manifest


def _tasks(store: Store, entry: GalleryEntry) -> Sequence[Task]:
    found: Sequence[Task] = resolve(entry.tasks)(store, *entry.arguments)
    return found


def _reduce(place: Path, runs: Mapping[str, Any], titles: Mapping[str, str], weights: Sequence[str]) -> None:
    """Leave in a copy of the store what comes with snnviz."""
    store = Store(place, gallery=False)
    with store._writing() as connection:
        gone = [run for run in connection.scalars(select(RUNS.c.run)) if run not in runs]
        for table in (*OF_RUNS, RUNS):
            connection.execute(table.delete().where(table.c.run.in_(gone)))
        for table in (DESIGNS, SUPERVISORS):  # read anew by whoever opens it
            connection.execute(table.delete())
        connection.execute(RUNS.update().values(tags=TAG, owner=None, opened=None, heartbeat=None, starred=False))
        connection.execute(RUNS.update().where(RUNS.c.run.not_in(weights)).values(checkpoint=None))
        for run, title in titles.items():
            connection.execute(RUNS.update().where(RUNS.c.run == run).values(title=title))
    store.close()
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("VACUUM")


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of who made it."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def _write(place: Path, told: Mapping[str, Any]) -> None:
    new = place.with_name(f".{place.name}.new")
    new.write_text(json.dumps(told, indent=1) + "\n")
    new.replace(place)
