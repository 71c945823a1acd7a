"""What scoring takes of memory, against what is asked for before it starts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from snnviz.jobs import engine
from snnviz.studies.cells.scoring import CellSearch, Scoring

ROOT = Path(__file__).resolve().parents[4]
DENSE = "0333 0033 0003 0000"
SCORINGS = [
    {"channels": 32, "size": 32, "batch": 64, "repeats": 1, "hidden": 64, "cell": DENSE},
    {"channels": 32, "size": 32, "batch": 64, "steps": 3, "cell": "0300 0030 0003 3000"},
    {"channels": 4, "batch": 256, "steps": 20, "hidden": 64, "repeats": 1, "cell": DENSE},
    {"channels": 32, "size": 64, "batch": 16, "steps": 2, "cell": DENSE},
]
SEARCHES = [
    {"candidates": 6, "channels": 32, "size": 32, "batch": 64, "best": 2, "fine_channels": 48, "fine_batch": 64}
]

MEASURE = """
import ctypes, json, os, sys, torch
from snnviz.studies.cells.scoring import CellSearch, Scoring
from snnviz.core import memory
from snnviz.studies.cells.compute import scoring
from snnviz.jobs.worker import warm_up

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))

warm_up()
for document in json.load(sys.stdin):
    if os.fork():
        os.wait()
        continue
    task = CellSearch.check(document) if "candidates" in document else Scoring.check(document)
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts anew
    before = status("VmRSS")
    list(scoring.run_cell_search(task, threads=lambda: 2) if "candidates" in document else scoring.run_scoring(task))
    print(status("VmHWM") - before, flush=True)
    os._exit(0)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_memory_of_a_scoring_is_at_most_the_estimate_and_at_least_a_quarter_of_it() -> None:
    """Each in a process of its own, forked after torch is loaded and warm, as tasks are."""
    documents = [*SCORINGS, *SEARCHES]
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, input=json.dumps(documents), capture_output=True, text=True, check=True, cwd=ROOT)
    measured = [int(line) for line in done.stdout.split()]
    tasks = [*map(Scoring.check, SCORINGS), *map(CellSearch.check, SEARCHES)]
    assert len(measured) == len(tasks)
    for task, peak in zip(tasks, measured, strict=True):
        estimate = engine.required_memory(task)
        print(f"{estimate / peak:.2f}", task)
        assert peak <= estimate <= 4 * peak, f"{estimate / peak:.2f} times the measured for {task}"
