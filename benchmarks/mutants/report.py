"""docs/mutants.md: what was drawn, how much of it was caught, and why the rest was not."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path

from benchmarks.mutants.places import Mutant

REASONS = Path(__file__).with_name("reasons.json")
"""Why a mutant may survive, by its key."""

RESULTS = """
create table if not exists results (key text primary key, outcome text, test text, tests integer, planned integer,
  seconds real, change text);
create table if not exists sound (test text primary key, sound integer);
"""

INTRODUCTION = """# Mutants

A test that cannot fail is a defect. So the code is changed on purpose: an operator, a comparison or a constant
becomes another one, and the tests that reach its line must fail. `make mutants` draws {drawn} of {places:,} places
by seed {seed}, in the folders that make and keep numbers, and goes on where it was interrupted; this page is
written by `python -m benchmarks.mutants --report`.

- The changes are [cosmic-ray](https://cosmic-ray.readthedocs.io)'s: + and -, * and /, ** and *, < and <=, < and >,
  == and !=, `and` and `or`, True and False, a number and the one above or below it, a sign, a `not`. Arguments of
  `@dataclass` and `strict=` of `zip` are left out: they say what must not be done, not what is computed.
- Which tests reach a line is measured once (`benchmarks/mutants/reached.py`, with coverage.py, also in the
  processes that a test starts); browser tests and slow tests are left out. A line that runs at import (a constant,
  a range) or is compiled is tried with the tests that reach the lines that use its name.
- mutmut passes over what is decorated or outside of functions: kernels, properties, entries of registries, ranges, a
  third of the places here. cosmic-ray itself runs one command for each mutant, the whole suite; the changes are its own,
  the choice of tests and a process that has the libraries loaded (a mutant takes 1 to 3 s of a core) are ours.
- Tests that are fast and reach little else are tried first, at most {seconds:.0f} seconds of them. A test that
  fails without the change, too, catches nothing.
"""


def outcomes(mutants: list[Mutant], database: sqlite3.Connection) -> dict[str, str]:
    """Of each mutant, "not run" where there is none yet."""
    known = dict(database.execute("select key, outcome from results").fetchall())
    return {mutant.key: known.get(mutant.key, "not run") for mutant in mutants}


def written(mutants: list[Mutant], places: int, database: sqlite3.Connection, seed: int, seconds: float) -> str:
    """The page."""
    found = outcomes(mutants, database)
    counts = Counter(found.values())
    run = len(mutants) - counts["not run"]
    parts = [INTRODUCTION.format(drawn=len(mutants), places=places, seed=seed, seconds=seconds), "## What came out\n"]
    share = f"{100 * counts['caught'] / run:.1f} %" if run else "none"
    parts += [
        _table(
            ("drawn", "run", "caught", "share", "survived", "not reached", "timed out", "not run"),
            [
                (
                    len(mutants),
                    run,
                    counts["caught"],
                    share,
                    counts["survived"],
                    counts["unreached"],
                    counts["timed out"],
                    counts["not run"],
                )
            ],
        )
    ]
    rows = []
    for folder in sorted({str(Path(mutant.path).parent) for mutant in mutants}):
        here = Counter(found[one.key] for one in mutants if str(Path(one.path).parent) == folder)
        rows.append((f"`{folder}`", here.total() - here["not run"], here["caught"]))
    parts.append(_table(("folder", "run", "caught"), rows))
    reasons = json.loads(REASONS.read_text())
    for title, names in {"Survivors": ("survived", "unreached"), "Timed out": ("timed out",)}.items():
        listed = [one for one in mutants if found[one.key] in names]
        if listed:
            rows = [(f"`{one.path}`", *_change(one, database), reasons.get(one.key, "")) for one in listed]
            parts += [f"## {title}\n", _table(("where", "line", "became", "why"), sorted(rows))]
    return "\n".join(parts)


def _change(mutant: Mutant, database: sqlite3.Connection) -> tuple[str, str]:
    (change,) = database.execute("select change from results where key = ?", (mutant.key,)).fetchone()
    return _code(mutant.line), _code(change)


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"


def _table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines) + "\n"
