"""What is proven of scripts, kind by kind, and what they reach trained anew: writes the tables of docs/exports.md.

    .venv/bin/python -m benchmarks.exports [--proven] [--trained]

Each kind's network has weights as drawn, and biases, learnt numbers and running statistics away from where they begin.
The script of each runs in a process of its own, in which nothing of snnviz can be imported. Trained anew: the test
accuracy of runs and of their scripts, of the same three seeds, on 600 digits for 5 epochs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

from snnviz.core.execute import execute
from snnviz.design.links import change
from snnviz.errors import SnnvizError
from snnviz.events import Checkpoint, EpochEnd
from snnviz.exports.compute import files, proving
from snnviz.places import ROOT
from tests.exports.kinds import KINDS, design, loud
from tests.exports.test_script import made

TRAINED = (
    "mlp", "default", "backward", "batch normalisation", "learnt beta", "PLIF", "synaptic", "TTFS, mlp", "cell",
)  # fmt: skip


def proven(kind: str) -> str:
    """Returns the row of one kind in the first table."""
    wanted = design(kind)
    arrays = loud(wanted)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        try:
            script = made(wanted, arrays, Path(folder))
            proof = proving.prove_script(wanted, arrays, Path(folder), script.neurons)
        except SnnvizError as error:
            return f"| {kind} | {error} | | | |"
        seconds = time.perf_counter() - began
    near = sum(one.near_threshold for one in proof.layers)
    spikes = f"every one of {len(proof.layers)} layers" if proof.layers else "there are none"
    return f"| {kind} | {spikes} | {near} | {proof.logits_difference:.1e} | {seconds:.1f} |"


def trained(kind: str) -> str:
    """Returns the row of one kind in the second table."""
    ours, theirs = [], []
    for seed in range(3):
        settings = {"training.epochs": 5, "data.train_samples": 600, "data.test_samples": 0, "seed": seed}
        wanted = change(design(kind), settings)
        events = [*execute(wanted)]
        ours.append([event for event in events if isinstance(event, EpochEnd)][-1].test_accuracy)
        arrays = [event for event in events if isinstance(event, Checkpoint)][-1].arrays
        with tempfile.TemporaryDirectory() as folder:
            script = made(wanted, arrays, Path(folder))
            if (before := files.initial_weights(wanted, script.names)) is not None:
                files.write_weights(Path(folder) / "initial.safetensors", before, {})
            command = [sys.executable, "-I", "network.py", "--train"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
            theirs.append(float(done.stdout.split()[-1]))
    runs, scripts = (" ".join(f"{100 * one:.1f}" for one in several) for several in (ours, theirs))
    return f"| {kind} | {runs} | {scripts} | {100 * (fmean(theirs) - fmean(ours)):+.1f} |"


def write(mark: str, head: str, rows: Iterable[str]) -> None:
    """Writes a table between two marks of docs/exports.md."""
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for row in rows:
        lines.append(row)
        print(row, flush=True)
    begin, end, place = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->\n", ROOT / "docs" / "exports.md"
    before, _, rest = place.read_text().partition(begin)
    after = rest.partition(end)[2]
    place.write_text(before + begin + "\n" + "\n".join(lines) + "\n\n" + end + after)


def main() -> None:
    """Writes both tables, or the one that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--proven", action="store_true")
    parser.add_argument("--trained", action="store_true")
    asked = parser.parse_args()
    if asked.proven or not asked.trained:
        head = "| kind | spikes equal | at the threshold | logits differ by at most | seconds |"
        write("proven", head, map(proven, KINDS))
    if asked.trained or not asked.proven:
        head = (
            "| kind | test accuracy of runs, % | of their scripts, trained anew, % | difference of the means, points |"
        )
        write("trained", head, map(trained, TRAINED))


if __name__ == "__main__":
    main()
