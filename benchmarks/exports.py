"""What is proven of scripts, kind by kind: writes the table of docs/exports.md.

    .venv/bin/python -m benchmarks.exports

Each kind's network has weights as drawn, and biases, learnt numbers and running statistics away from where they begin.
The script of each runs in a process of its own, in which nothing of snnviz can be imported.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from snnviz.errors import SnnvizError
from snnviz.exports.compute import proving
from snnviz.places import ROOT
from tests.exports.kinds import KINDS, design, loud
from tests.exports.test_script import made

BEGIN, END = "<!-- proven -->\n", "<!-- end -->\n"


def row(kind: str) -> str:
    """Returns the row of one kind."""
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
    near = sum(one.near for one in proof.layers)
    return f"| {kind} | every one of {len(proof.layers)} layers | {near} | {proof.difference:.1e} | {seconds:.1f} |"


def main() -> None:
    """Writes the table."""
    lines = [
        "| kind | spikes equal | at the threshold | logits differ by at most | seconds |",
        "|---|---|---|---|---|",
    ]
    for kind in KINDS:
        lines.append(row(kind))
        print(lines[-1], flush=True)
    place = ROOT / "docs" / "exports.md"
    before, _, rest = place.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    place.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + after)


if __name__ == "__main__":
    main()
