"""`make mutants`: are the tests able to fail? Changes drawn by a seed, each against the tests that reach its line.

Goes on where it was interrupted. What was measured lies in `.mutants`, what it found in docs/mutants.md.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.mutants import reached, report
from benchmarks.mutants.choosing import Choice, Test
from benchmarks.mutants.places import FOLDERS, Mutant, drawn
from benchmarks.mutants.running import Bench, Ran

SEED = 19


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the sample ({SEED}, the one of the page)")
    parser.add_argument("--count", type=int, default=300, help="mutants in the sample (300)")
    parser.add_argument("--folders", nargs="+", default=FOLDERS, help="where, instead of everywhere")
    parser.add_argument("--seconds", type=float, default=60, help="of tests, at most, for a mutant (60)")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after these; the next call goes on")
    parser.add_argument("--again", default="", help="an outcome, as survived, whose mutants are run anew")
    parser.add_argument("--only", nargs="+", default=[], help="mutants in whose name (a path, a line) one of these is")
    parser.add_argument(
        "--tests", nargs="+", default=[], help="these alone: they catch, but acquit only where a reason is known"
    )
    parser.add_argument("--no-measuring", action="store_true", help="take which tests reach what as it is known")
    parser.add_argument("--page", action="store_true", help="only write docs/mutants.md anew")
    parser.add_argument("--state", type=Path, default=Path(".mutants"), help="where it is kept (.mutants)")
    asked = parser.parse_args()
    root, folder = Path.cwd(), asked.state.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder.mkdir(exist_ok=True, parents=True)
    (folder / ".gitignore").write_text("*\n")
    database = reached.opened(folder / "mutants.sqlite")
    mutants, places = drawn(root, asked.seed, asked.count, tuple(asked.folders))
    usual = asked.seed == SEED and tuple(asked.folders) == FOLDERS
    found = report.Found(root / "benchmarks" / "mutants" / "found.json" if usual else folder / "found.json")
    try:
        if not asked.page:
            if not asked.no_measuring:
                measure(root, folder, asked.tests or reached.WHERE)
            work(root, folder, database, mutants, found, asked)
    finally:
        print(json.dumps({"drawn": len(mutants), **found.counts(mutants)}))
        if usual:
            found.keep(mutants)
            page = report.written(mutants, places, found, asked.seed, asked.seconds)
            (root / "docs" / "mutants.md").write_text(page)


def measure(root: Path, folder: Path, where: Sequence[str]) -> None:
    """Tests that are not known yet, in a copy of their own."""
    bench = Bench(root, folder)
    environment = os.environ | {"SNNVIZ_CACHE": str(folder / "cache"), "NUMBA_CACHE_DIR": str(folder / "numba")}
    ran = [sys.executable, "-m", "benchmarks.mutants.reached", str(folder / "mutants.sqlite"), *where]
    subprocess.run(ran, cwd=bench.tree, env=environment, check=False)


def work(
    root: Path,
    folder: Path,
    database: sqlite3.Connection,
    mutants: list[Mutant],
    found: report.Found,
    asked: argparse.Namespace,
) -> None:
    """Runs what has no result yet."""
    bench, start = Bench(root, folder), time.monotonic()
    choice, reasons = Choice(database, bench.tree, tuple(asked.tests)), json.loads(report.REASONS.read_text())
    for number, mutant in enumerate(mutants, 1):
        if mutant.key in found and found[mutant.key].outcome != asked.again:
            continue
        if asked.only and not any(text in mutant.key for text in asked.only):
            continue
        if time.monotonic() - start > 60 * asked.minutes:
            break
        source = (bench.tree / mutant.path).read_text()
        text, change = mutant.text(source), mutant.change(source)
        tests, every = choice.of(mutant, asked.seconds)
        ran = judged(bench, database, mutant, text, tests, "numba" in source or "compiled" in source)
        if ran.outcome == "caught" or not asked.tests or mutant.key in reasons:
            found.add(mutant.key, report.Outcome(ran.outcome, ran.test, ran.tests, every, change))
        told = f"{number:3} {ran.outcome:9} {ran.seconds:5.0f} s {ran.tests:4}/{every:4} {mutant.path}:{mutant.row}"
        print(f"{told}  {mutant.line[:60]}  ->  {change[:60]}  {ran.test[:90]}", flush=True)


def judged(
    bench: Bench, database: sqlite3.Connection, mutant: Mutant, text: str, tests: list[Test], compiled: bool
) -> Ran:
    """A test that fails without the change, too, catches nothing, and is left out."""
    bad = {test for (test,) in database.execute("select test from sound where not sound")}
    tests = [test for test in tests if test.name not in bad]
    while True:
        if not tests:
            return Ran("unreached", "", 0, 0.0)
        with bench.changed(mutant.path, text):
            ran = bench.run(tests, compiled)
        with database:  # what passes here once does not fail because of where it runs
            database.executemany("insert or ignore into sound values (?, 1)", [(name,) for name in ran.passed])
        known = database.execute("select 1 from sound where test = ? and sound", (ran.test,)).fetchone()
        by = [test for test in tests if test.name == ran.test]
        if ran.outcome != "caught" or known or not by:
            return ran
        sound = bench.run(by).outcome == "survived"
        with database:
            database.execute("insert or replace into sound values (?, ?)", (ran.test, sound))
        if sound:
            return ran
        print(f"    fails without a change, too: {ran.test}", flush=True)
        tests = [test for test in tests if test.name != ran.test]


if __name__ == "__main__":
    main()
