"""Writes `docs/numbers.md`: what was measured, and the command that measures it.

    python -m benchmarks.table                # writes the page from benchmarks/numbers.json
    python -m benchmarks.table digits staged  # runs what these rows quote, then writes it
    python -m benchmarks.table --list

Rows that are trainings (`runs`) are trained anew, in a store of their own, and read by this command: accuracies, an
interval over seeds, seconds. Of all others the output is shown, and who ran it writes its figures into the row.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from snnviz import __version__  # noqa: E402
from snnviz.theory.intervals import confidence_interval  # noqa: E402

ROWS = ROOT / "benchmarks" / "numbers.json"
PAGE = ROOT / "docs" / "numbers.md"

HEAD = """# Numbers

Measured on two shared cores (AMD EPYC, Zen 4), Python 3.11, torch 2.13; another machine gives other seconds. Small
data sets and small networks: nothing here is to be compared with a paper's full-scale result. *Release*: the one that
was measured. This page is written by `python -m benchmarks.table`; with a row's name it measures that anew.

| name | what | value | command | release |
|---|---|---|---|---|
"""

TAIL = """
The forecast of activity before training agrees with real networks within 15 % in Var[u] and 2 points in rate for wide
fully connected layers, 25 % for blocks on digits (`tests/core/test_forecast.py`); for convolutions on spike-coded
images it is rough, and says so. What untrained networks really do is measured behind it
([how well](forecasts.md)).
"""


def page(rows: list[dict[str, Any]]) -> str:
    """The Markdown."""
    lines = (
        f"| {row['name']} | {row['what']} | {row['value']} | {row['command']} | {row['release']} |\n" for row in rows
    )
    return HEAD + "".join(lines) + TAIL


def trained(runs: list[list[str]]) -> str:
    """Trains designs one after the other: ``test accuracy 97.8, 96.1 % (mean 96.9, 95 %: 86 to 100), 10 to 12 s``."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for arguments in runs:
            command = [sys.executable, "-m", "snnviz", "run", *arguments, "--json"]
            environment = {**os.environ, "SNNVIZ_CACHE": folder}
            done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            found.append(json.loads(done.stdout))
            print(*arguments, f"{100 * found[-1]['accuracy']:.2f} %", f"{found[-1]['seconds']:.1f} s")
    accuracies = [100 * run["accuracy"] for run in found]
    seconds = sorted(round(run["seconds"]) for run in found)
    text = "test accuracy " + ", ".join(f"{accuracy:.1f}" for accuracy in accuracies) + " %"
    if len({run["design_line"].partition(" · seed")[0] for run in found}) == 1 < len(found):
        mean = confidence_interval(accuracies)
        text += f" (mean {mean.mean:.1f}, 95 %: {mean.low:.1f} to {min(100.0, mean.high):.1f})"
    return f"{text}, {seconds[0]} to {seconds[-1]} s" if seconds[0] < seconds[-1] else f"{text}, {seconds[0]} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="rows to measure anew")
    parser.add_argument("--list", action="store_true", help="the names of all rows")
    given = parser.parse_args()
    rows = json.loads(ROWS.read_text())
    known = {row["name"]: row for row in rows}
    if given.list:
        print(*known, sep="\n")
        return
    for name in given.names:
        if name not in known:
            sys.exit(f"name must be one of {', '.join(known)}, got {name!r}")
        row = known[name]
        if "runs" in row:
            row |= {"value": trained(row["runs"]), "release": __version__}
        else:
            print(f"{name}: {row['command']}\nRun it, and write its figures into {ROWS.relative_to(ROOT)}.")
    ROWS.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(page(rows))


if __name__ == "__main__":
    main()
