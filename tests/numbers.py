"""The numbers and links that a user sees, of small tasks of every kind: what `tests/golden/numbers.json` holds.

    .venv/bin/python -m tests.numbers                   adds what is not recorded yet; of the rest says what differs
    .venv/bin/python -m tests.numbers --anew            records everything anew: numbers have changed on purpose
    .venv/bin/python -m tests.numbers --file FILE       the same in another file: before a change, on another machine

Everything is asked of the command line, as a user would, in this process; each section has a store. Names are no
numbers, and neither is how long something took: both are left out.

The same machine computes the same bits, on however many threads. Another one (`machine`) rounds otherwise, spikes at
other times, and what has been trained differs as measured in `Near`.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import old_stores
from snnviz import commands as cli
from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.cli import following
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import DATASETS, EVENTS
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store, Submitted, Task
from snnviz.tasks import KINDS

GOLDEN = Path(__file__).parent / "golden" / "numbers.json"

CELLS = (
    "0303 0030 2002 0200",  # published for CIFAR10, with backward connections
    "0333 0033 0003 0000",
    "0340 0020 0001 0100",
    "0100 0020 0003 0000",
    "0201 0040 3003 0000",
)
TINY = {"training.epochs": 2, "data.train_samples": 96, "data.test_samples": 40, "training.batch_size": 32}

BLOCK = ("--set", "layers=3", "--set", "channels=4", "--set", "steps=2", "--set", "train_samples=300")
SHORT = ("--seeds", "2", "--set", "epochs=1", "--set", "shared_epochs=1", "--set", "validation=60")
UCB = ("--set", "random=without")
SEARCHES: dict[str, tuple[str, ...]] = {
    "shared weights": (*UCB, *BLOCK, "--iterations", "3"),
    "carried weights": (*UCB, *BLOCK, "--iterations", "2", "--set", "weights=carried", "--set", "kernel=hamming-ard"),
    "at random": (*BLOCK, "--iterations", "2", "--strategy", "random"),
    "by operations": (
        *UCB,
        *BLOCK,
        "--iterations",
        "2",
        "--set",
        "objective=accuracy+operations",
        "--set",
        "skips=asc",
    ),
    "resnet18": (
        *(*UCB, "--arch", "resnet18", "--iterations", "2", "--set", "width=0.05", "--set", "depth=0.5"),
        *("--set", "steps=2", "--set", "train_samples=300"),
    ),
}
"""Two searches each."""

SCORED = ("--set", "channels=4", "--set", "batch=8", "--set", "steps=3", "--set", "size=8", "--set", "hidden=8")
FEW = ("--set", "epochs=1", "--set", "train_samples=200")
CELL = ("--set", "channels=4", "--set", "steps=2", "--set", "score_channels=4", "--set", "score_batch=8")
MLP = ("--set", "network.width=20", "--set", "network.depth=2", "--set", "data.train_samples=200")
ONE = ("--set", "training.epochs=1")
SEEN = ("--images", "32", "--set", "network.width=40")
NARROW = ("gradients", "digits-mlp", "--set", "network.width=20")
COMMANDS: dict[str, tuple[str, ...]] = {
    "activity": ("activity", "--layers", "8", "--width", "60", "--seeds", "2"),
    "gradients": NARROW,
    "gradients by depth": (*NARROW, "--depths", "3,6", "--inits", "kaiming,glorot"),
    "sweep": ("sweep", "--n-skip", "0..1", "--seeds", "1", "--set", "controls=with", "--set", "channels=4", *FEW),
    "study": ("study", "--seeds", "1", "--set", "depth=3", "--set", "width=30", *FEW),
    "cells search": (
        *("cells", "search", "--candidates", "12", "--compare", *SCORED),
        *("--set", "best=2", "--set", "fine_channels=4", "--set", "fine_batch=10"),
    ),
    "cells correlate": ("cells", "correlate", "--cells", "4", "--seeds", "1", *FEW, *CELL),
    "ttfs check": ("ttfs", "check", *SEEN),
    "ttfs check, nothing": ("ttfs", "check", *SEEN, "--silent", "nothing"),
    "ttfs check, drawn, trained": ("ttfs", "check", "--slopes", "0.5..2", "--images", "32", "--trained", *MLP, *ONE),
    "ttfs limits": ("ttfs", "limits", "--axis", "weight_bits,jitter", "--epochs", "1", *MLP, *ONE),
    "ttfs penalty": ("ttfs", "penalty", "--values", "0,1", "--seeds", "2", *MLP, *ONE),
    "ttfs spectrum": ("ttfs", "spectrum", "--neurons", "60", "--seeds", "3"),
    "ttfs trajectories": ("ttfs", "trajectories", "--looks", "2", *MLP, *ONE),
    "runs": ("runs",),
    "store check": ("store", "check"),
}

KEPT = re.compile(r"(?<![\w.])[0-9a-f]{16}(?!\w)")
"""The name of a run."""

TIMES = frozenset({"seconds", "eta_seconds", "cached", "title", "store"})
"""Fields that are no numbers of a network: how long something took, who asked before, and where."""

WORDS = frozenset({"probe", "note", "noise", "words", "var_u_sd", "design_line"})
"""Fields that are sentences for people, where they are text: they may be said better."""

COLUMNS = {kind.table: [about.name for about in fields(kind) if about.name != "seconds"] for kind in KINDS.row_types}
"""Of each kind of row, when it is recorded first: what comes to it later is no change."""


class Here(following.Local):
    """An engine that computes at once, in this process."""

    def submit(self, task: Task) -> Submitted:
        return Immediate(self.store).submit(task)

    def ensure_worker(self) -> None:
        pass


class Asked:
    """The command line, with a store of its own that the questions of a section share."""

    def __init__(self, columns: Mapping[str, Sequence[str]] | None = None) -> None:
        self.store = Store()
        self.fields = columns or COLUMNS

    def __call__(self, *arguments: str) -> Any:
        """The one JSON object that a command prints, without names and times."""
        out, err = io.StringIO(), io.StringIO()
        try:
            with patch.object(following, "Local", Here), redirect_stdout(out), redirect_stderr(err):
                cli.main([*arguments, "--json"])
        except SystemExit as ended:
            raise AssertionError(f"{arguments}: {ended.code}, {err.getvalue()}") from ended
        return bare(json.loads(out.getvalue()))

    def later_rows(self) -> int:
        """How many rows are of kinds that came after what is recorded."""
        names = [run.run for run in self.store.runs(of=None)]
        later = [kind for kind in KINDS.row_types if kind.table not in self.fields]
        return sum(len(rows) for kind in later for rows in self.store.rows_of(names, kind).values())

    def rows(self, design: Design) -> dict[str, list[Any]]:
        """How many rows of each kind a run has, and a digest of all that was in them when this was recorded."""
        told = {}
        for kind in KINDS.row_types:
            rows = [row for _, row in self.store.rows(self.store.get(design.digest).run, kind)]
            names = self.fields.get(kind.table) or COLUMNS[kind.table]  # of a kind that came later all that it says
            texts = [repr([getattr(row, name) for name in names]) for row in rows]
            if rows:
                told[kind.table] = [len(rows), hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]]
        return told


def bare(value: Any) -> Any:
    """What stays: without how long it took and words about it, and with the names of runs left open."""
    if isinstance(value, dict):
        told = {name: inner for name, inner in value.items() if name not in TIMES}
        told = {name: inner for name, inner in told.items() if name not in WORDS or not isinstance(inner, str)}
        return {KEPT.sub("run", name): bare(inner) for name, inner in told.items()}
    if isinstance(value, list):
        return [bare(inner) for inner in value]
    return KEPT.sub("run", value) if isinstance(value, str) else value


def tiny(design: Design) -> Design:
    """A design that trains in a moment, of the data that are always here."""
    events = EVENTS in DATASETS[design.data.name].traits
    return links.change(design, {**TINY, "data.name": "digits-saccades" if events else "digits"})


def whole(design: Design) -> Design:
    """The design itself, where it needs no other data."""
    return design


def runs(asked: Asked, scale: Callable[[Design], Design], names: Sequence[str] = tuple(EXAMPLES)) -> dict[str, Any]:
    """What `run` prints of the named designs, and all their rows."""
    found = {}
    for name in names:
        design = scale(get_example(name))
        said = asked("run", "digits", *(f"--set={path}={value}" for path, value in links.flatten(design).items()))
        found[name] = {"link": links.to_query(design), **said, "rows": asked.rows(design)}
    return found


def scores(asked: Asked) -> dict[str, Any]:
    """Five cells, by all normalisations."""
    ways = ("paper", "code", "published")
    return {
        f"{cell}, {way}": asked("score", cell, *SCORED, "--set", f"normalisation={way}", "--set", "repeats=2")
        for cell in CELLS
        for way in ways[: len(ways) if cell == CELLS[0] else 1]
    }


def searches(asked: Asked) -> dict[str, Any]:
    """Ten searches for skips."""
    return {name: asked("search", *given, *SHORT) for name, given in SEARCHES.items()}


def commands(asked: Asked) -> dict[str, Any]:
    """What other commands print. The last of them look at the store that the others filled."""
    found = {name: asked(*given) for name, given in COMMANDS.items()}
    found["store check"]["rows"] -= asked.later_rows()
    return found


def shows(asked: Asked) -> dict[str, Any]:
    """What `show` prints of a small task of each kind."""
    found = {}
    for kind, make, _, _ in old_stores.tasks():
        task = make(old_stores.SEEDS["done"])
        if kind == "measurement":
            Immediate(asked.store).submit(task.design)
        found[kind] = asked("show", Immediate(asked.store).submit(task).run)
    return found


FAST: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "runs": lambda asked: runs(asked, tiny),
    "scores": scores,
    "searches": searches,
    "commands": commands,
    "shows": shows,
}
LONG = [name for name, make in EXAMPLES.items() if make().data.name == "digits"]
SLOW: dict[str, Callable[[Asked], dict[str, Any]]] = {"whole runs": lambda asked: runs(asked, whole, LONG)}


def machine() -> dict[str, str]:
    """What decides about the last bits: processor, what libraries make of it, and their versions."""
    import llvmlite.binding
    import numpy as np
    import threadpoolctl
    import torch

    assert np.ones((2, 2)) @ np.ones(2) is not None
    blas = sorted(
        {str(lib.get("architecture")) for lib in threadpoolctl.threadpool_info() if "blas" in lib["user_api"]}
    )
    names = ("torch", "numpy", "scipy", "numba", "scikit-learn", "botorch", "gpytorch")
    return {
        "processor": f"{platform.machine()} {llvmlite.binding.get_host_cpu_name()}",
        "torch": torch.backends.cpu.get_cpu_capability(),
        "blas": ", ".join(blas),
    } | {f"{name} version": version(name) for name in names}


LOOSE = frozenset({"lateness", "max_relative_difference", "difference", "moved", "cosine"})
"""Differences of what is nearly equal: of rounding errors there is no telling."""

CHOSEN = frozenset({"best", "trials"})
"""Of a search: what is drawn depends on the last bit of what was found before."""


class Near:
    """Another machine: `part` of the numbers of a section must be as near as `usual`, and all of them within `most`.

    Relative to the larger of the two, or absolute where both are below 1. Measured with
    ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell and ATEN_CPU_CAPABILITY=default OPENBLAS_CORETYPE=Sandybridge
    NUMBA_CPU_NAME=generic MKL_CBWR=COMPATIBLE against none of them, on a processor of 2024.
    """

    usual, most, part = 0.01, 0.25, 0.9
    whole = 0.5
    """In place of `part` after trainings of many epochs, in which a spike at another time has had time to matter."""


def differences(recorded: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """What was recorded and is now another, by path. What has come to it since is no difference."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        for name, inner in recorded.items():
            yield from differences(inner, found.get(name, "nothing"), f"{path}.{name}")
    elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        for place, (one, other) in enumerate(zip(recorded, found, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif recorded != found or isinstance(recorded, bool) != isinstance(found, bool):
        yield path, recorded, found


def count(value: Any) -> int:
    """Numbers in it."""
    if isinstance(value, dict):
        return sum(map(count, value.values()))
    if isinstance(value, list):
        return sum(map(count, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def elsewhere(recorded: Any, found: Any, part: float = Near.part) -> list[str]:
    """What no rounding explains. `part`: of the numbers, must be as near as usual."""
    told, far = [], 0
    for path, one, other in differences(recorded, found):
        names = set(re.findall(r"\w+", path))
        if names & LOOSE or names & CHOSEN or ".rows." in path:
            continue
        if not all(isinstance(number, int | float) for number in (one, other)):
            told.append(f"{path}: {one!r} is now {other!r}")
            continue
        distance = abs(one - other) / max(1.0, abs(one), abs(other))
        far += distance > Near.usual
        if distance > Near.most:
            told.append(f"{path}: {one!r} is now {other!r}")
    if far > (1 - part) * count(recorded):
        told.append(f"{far} of {count(recorded)} numbers are more than {Near.usual:.0%} from what they were")
    return told


def same(recorded: Any, found: Any) -> list[str]:
    """What is not the same, bit for bit."""
    return [f"{path}: {one!r} is now {other!r}" for path, one, other in differences(recorded, found)]


@contextmanager
def empty() -> Iterator[None]:
    """A cache of its own for the time being."""
    with tempfile.TemporaryDirectory() as place, patch.dict(os.environ, {"SNNVIZ_CACHE": place}):
        os.environ.pop("SNNVIZ_STORE", None)
        yield


def read(file: Path = GOLDEN) -> dict[str, Any]:
    """What is recorded."""
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def write(file: Path, document: Mapping[str, Any]) -> None:
    """A line for each thing that was asked, so that a difference can be read."""
    lines = []
    for name, part in document.items():
        inner = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in part.items())
        lines.append(f"{json.dumps(name)}: {{\n{inner}\n}}")
    file.write_text("{" + ",\n".join(lines) + "}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anew", action="store_true", help="record everything anew")
    parser.add_argument("--file", type=Path, default=GOLDEN)
    options = parser.parse_args()
    known = {} if options.anew else read(options.file)
    found: dict[str, Any] = {}
    for name, part in {**FAST, **SLOW}.items():
        with empty():
            found[name] = part(Asked(known.get("columns")))
    found = {"machine": machine(), "columns": {**COLUMNS, **known.get("columns", {})}, **found}
    for name, part in found.items():
        for line in same(known.get(name, {}), part):
            print(f"{name}{line}", file=sys.stderr)
        known[name] = {**part, **known.get(name, {})}
    write(options.file, known)


if __name__ == "__main__":
    main()
