"""Small stores as earlier releases wrote them: tasks of every kind that there was, in every state.

    .venv/bin/python benchmarks/old_stores.py COMMIT [COMMIT ...]

Each release writes its own, by its own code, in a copy of its files: ``COMMIT.tar.xz`` in `tests/golden/stores`, with
`manifest.json` saying what is in it. `tests/store/test_old_stores.py` opens them. A release is added before something
changes that is stored; those that are there are never written again.

Of each kind of task there is one that is done, one that was killed in the middle, one that waits and one that failed;
of designs also one that was cancelled, one that was deleted, and one more for each initialisation that looks at data.
"""

from __future__ import annotations

import argparse
import io
import json
import lzma
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STORES = ROOT / "tests" / "golden" / "stores"
SEEDS = {"done": 1, "half": 2, "queued": 3, "failed": 4}
"""Of the tasks by what becomes of them."""

HOST = "classroom"
"""Who wrote it, in place of this machine's name."""


def tasks() -> Iterator[tuple[str, Callable[[int], Any], str, int]]:
    """Of each kind that this release has: its name, a task by seed, and after how many events of which kind it dies."""
    from snnviz.design.design import Design

    data = {"train_samples": 120, "test_samples": 40, "steps": 2}
    mlp = {"kind": "mlp", "depth": 2, "width": 6}
    training = {"epochs": 3, "batch_size": 20}

    def design(seed: int, **more: Any) -> Any:
        return Design.check({"data": data, "network": mlp, "training": training, "seed": seed, **more})

    yield "run", design, "Checkpoint", 1
    relu = {"neuron": {"kind": "relu"}, "init": {"kind": "kaiming"}, "network": mlp, "training": training}
    relu["data"] = {**data, "steps": 1}
    block = {"kind": "block", "edges": "002/000/000", "channels": 3}
    if (found := _class("searches", "Search")) is not None:
        searched = {"data": data, "network": block, "training": {"epochs": 1, "batch_size": 20}}
        short = {"iterations": 2, "parallel": 2, "shared_epochs": 1, "validation": 30}
        yield "search", _of(found, {"design": searched, **short}), "Trial", 0
    if (found := _class("cells", "Scoring")) is not None:
        small = {"channels": 3, "hidden": 6, "steps": 2, "batch": 6, "size": 8}
        yield "score", _of(found, {"cell": "0340 0020 0001 0100", "repeats": 1, **small}), "Progress", 1
        again = {"fine_channels": 3, "fine_batch": 6, "best": 2}
        yield "cells", _of(_class("cells", "CellSearch"), {"candidates": 12, **small, **again}), "Candidate", 4
    if (found := _class("shortcutstudies", "GradientSurvey")) is not None:
        deep = {"network": {"kind": "mlp", "width": 10}, "data": {"steps": 2}}
        deep["training"] = {"shortcut": {"schedule": {"kind": "constant"}}}
        given = {"design": deep, "depths": [2, 3, 4], "inits": ["kaiming", "glorot"]}
        yield "gradients", _of(found, given, "design.seed"), "InitialGradient", 3
    if (found := _class("trajectories", "Trajectories")) is not None:
        given = {"design": relu, "looks": 1}
        yield "trajectories", _of(found, given, "design.seed"), "Course", 4
    if (found := _class("ttfslimits", "FineTuning")) is not None:
        given = {"design": relu, "limits": {"weight_bits": 3}, "epochs": 3}
        yield "finetuning", _of(found, given, "design.seed"), "Tuned", 2
    if (found := _class("search", "FrontSearch")) is not None:
        fields = {"data": {**data, "validation": 0.25}, "network": mlp, "training": {"epochs": 1, "batch_size": 20}}
        vary = ["neuron.threshold=0.5,1,1.5", "network.width=4,8"]
        yield "front", _of(found, {"design": fields, "vary": vary, "iterations": 2}), "FrontTrial", 0
    if (found := _class("measuring", "Measurement")) is not None:
        yield "measurement", lambda seed: found(design=design(seed + 20)), "LayerState", 1


def _class(module: str, name: str) -> Any:
    """A kind of task: of those that the release lists, else where releases of before had it."""
    import importlib

    try:
        listed = getattr(importlib.import_module("snnviz.tasks"), "KINDS", ())
    except ModuleNotFoundError:
        listed = ()
    for kind in listed:
        if kind.value.__name__ == name:
            return kind.value
    try:
        found = getattr(importlib.import_module(f"snnviz.catalog.{module}"), name, None)
        return found if hasattr(found, "digest") else None  # before it was a task
    except ModuleNotFoundError:
        return None


def _of(kind: Any, document: dict[str, Any], seed: str = "seed") -> Callable[[int], Any]:
    def make(number: int) -> Any:
        chosen = json.loads(json.dumps(document))
        inside = chosen["design"] if seed == "design.seed" else chosen
        inside["seed"] = number
        return kind.model_validate(chosen)

    return make


def write(folder: Path) -> dict[str, Any]:
    """Fill a store in `folder` by the code that is found first, and say what is in it."""
    from snnviz.design.design import Design
    from snnviz.design.links import to_query
    from snnviz.design.menus import INITS
    from snnviz.jobs.immediate import Immediate
    from snnviz.store import Store

    store = Store(folder / "runs.sqlite")
    entries: list[dict[str, Any]] = []

    def note(kind: str, state: str, task: Any) -> None:
        run = store.get(task.digest)
        stored = task.stored() if hasattr(task, "stored") else task.canonical()  # before texts had a version
        entry = {"kind": kind, "state": state, "run": run.run, "task": json.loads(stored)}
        if isinstance(task, Design):
            entry["link"] = to_query(task)
        entries.append(entry)

    for kind, make, event, count in tasks():
        for seed in (21, 22, 23, 24) if kind == "measurement" else ():
            Immediate(store).submit(Design.check({**json.loads(make(1).design.canonical()), "seed": seed}))
        task = make(SEEDS["done"])
        Immediate(store).submit(task)
        assert store.get(task.digest).state == "done", store.get(task.digest).error
        note(kind, "done", task)
        task = make(SEEDS["half"])
        subprocess.run([sys.executable, "-P", __file__, "--die", f"{kind} {event} {count}", "--inside", str(folder)])
        assert store.get(task.digest).state == "running", (kind, store.get(task.digest).state)
        note(kind, "running", task)
        task = make(SEEDS["failed"])
        store.submit(task)
        claim = store.claim("immediate@classroom#1", task.digest)
        store.finish(task.digest, claim.attempt, "failed", "The computation stopped: no space left on device.")
        note(kind, "failed", task)
        task = make(SEEDS["queued"])
        store.submit(task)
        note(kind, "queued", task)
        if kind == "run":
            _more(store, make, INITS, note)
    store.close()
    return {"tasks": entries}


def _more(store: Any, make: Callable[..., Any], inits: Any, note: Callable[[str, str, Any], None]) -> None:
    """Designs that were renamed, cancelled or deleted, of other parts, and initialisations that look at data."""
    from snnviz.design.design import Design
    from snnviz.jobs.immediate import Immediate

    def done(task: Any) -> None:
        Immediate(store).submit(task)
        assert store.get(task.digest).state == "done", store.get(task.digest).error
        note("run", "done", task)

    done(make(5))
    store.rename(make(5).digest, "the one with a title")
    store.submit(make(6))
    store.cancel(make(6).digest)
    note("run", "cancelled", make(6))
    Immediate(store).submit(make(7))
    store.delete(make(7).digest)
    done(make(0, network={"kind": "block", "edges": "002/000/000", "channels": 3}))
    done(make(0, network={"kind": "cnn", "depth": 2, "channels": 3}, neuron={"threshold": 0.5, "reset": "zero"}))
    for kind in ("kaiming", "glorot", "fluctuation-driven", "input-preserving"):
        if kind in inits.kinds:
            done(make(0, init={"kind": kind}))
    if "learn" in type(Design().neuron).model_fields:
        done(make(0, neuron={"learn": "threshold"}))


def die(folder: Path, kind: str, event: str, count: int) -> None:
    """Compute the task of this kind that is killed, until it has said something so many times."""
    from snnviz.jobs.immediate import Immediate
    from snnviz.store import Store

    make = next(make for name, make, _, _ in tasks() if name == kind)
    heard = 0

    def listen(said: object) -> None:
        nonlocal heard
        heard += type(said).__name__ == event
        if heard > count:
            time.sleep(1.0)  # what was said before is written meanwhile
            os.kill(os.getpid(), signal.SIGKILL)

    Immediate(Store(folder / "runs.sqlite"), listen).submit(make(SEEDS["half"]))


def pack(folder: Path) -> bytes:
    """The store and its checkpoints, without a word on this machine, as small as it gets."""
    with closing(sqlite3.connect(folder / "runs.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
    told = io.BytesIO()
    with tarfile.open(fileobj=told, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".sqlite", ".safetensors"):
                archive.add(path, str(path.relative_to(folder)), filter=_plain)
    return lzma.compress(told.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    return info


def of_release(commit: str) -> None:
    """Have a release write its store, in a copy of its files that goes again."""
    git = ["git", "-C", str(ROOT)]
    said = subprocess.run(
        [*git, "log", "-1", "--format=%H %cs", commit], check=True, capture_output=True, text=True
    ).stdout
    commit, day = said.split()[0][:12], said.split()[1]
    with tempfile.TemporaryDirectory() as place:
        files, folder = Path(place) / "files", Path(place) / "store"
        files.mkdir()
        folder.mkdir()
        archive = subprocess.run([*git, "archive", commit, "snnviz"], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(files, filter="data")
        environment = os.environ | {"PYTHONPATH": str(files), "SNNVIZ_CACHE": str(folder / "cache")}
        command = [sys.executable, "-P", __file__, "--inside", str(folder)]
        told = subprocess.run(command, check=True, cwd=files, env=environment, stdout=subprocess.PIPE, text=True).stdout
        STORES.mkdir(exist_ok=True)
        (STORES / f"{commit}.tar.xz").write_bytes(pack(folder))
        manifest = STORES / "manifest.json"
        known = json.loads(manifest.read_text()) if manifest.exists() else {}
        known[commit] = {"day": day, **json.loads(told.splitlines()[-1])}
        lines = []
        for name, one in known.items():
            inner = ",\n".join(f"  {json.dumps(entry)}" for entry in one["tasks"])
            lines.append(f'{json.dumps(name)}: {{"day": {json.dumps(one["day"])}, "tasks": [\n{inner}\n]}}')
        manifest.write_text("{" + ",\n".join(lines) + "}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commits", nargs="*")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--die", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is None:
        for commit in options.commits:
            of_release(commit)
        return
    platform.node = lambda: HOST
    if options.die:
        kind, event, count = options.die.split()
        die(options.inside, kind, event, int(count))
    else:
        print(json.dumps(write(options.inside)))


if __name__ == "__main__":
    main()
