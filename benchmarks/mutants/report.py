"""docs/mutants.md: what was drawn, how much of it was caught, and why the rest was not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.mutants.places import Mutant

REASONS = Path(__file__).with_name("reasons.json")
"""Why a mutant may survive, by its key."""

INTRODUCTION = """# Mutants

A test that cannot fail is a defect. So the code is changed on purpose: an operator, a comparison or a constant
becomes another one, and the tests that reach its line must fail. `make mutants` draws {drawn} of {places:,} places
by seed {seed}, in the folders that make and keep numbers, and goes on where it was interrupted; this page is
written by `python -m benchmarks.mutants --page`.

- The changes are [cosmic-ray](https://cosmic-ray.readthedocs.io)'s: + and -, * and /, ** and *, < and <=, < and >,
  == and !=, `and` and `or`, True and False, a number and the one above or below it, a sign, a `not`. Arguments of
  `@dataclass` and `strict=` of `zip` are left out: they say what must not be done, not what is computed.
- Which tests reach a line is measured once (`benchmarks/mutants/reached.py`, with coverage.py, also in the
  processes that a test starts); browser tests and slow tests are left out. A line that runs at import (a constant,
  a range) or is compiled is tried with the tests that reach the lines that use its name.
- mutmut passes over what is decorated or outside of functions: kernels, properties, entries of registries, ranges, a
  third of the places here. cosmic-ray itself runs one command for each mutant, the whole suite; the changes are
  its own, the choice of tests and a process that has the libraries loaded (a mutant takes 1 to 3 s of a core) are ours.
- Tests that are fast and reach little else are tried first, at most {seconds:.0f} seconds of them. A test that
  fails without the change, too, catches nothing.
- Who survives gets a test that states what is true (never the code again), or a reason in
  `benchmarks/mutants/reasons.json`; `python -m benchmarks.mutants --again survived` tries those once more, and with
  `--only snnviz/core/norms.py --tests tests/core/test_norm.py` some of them by some tests, which can catch, but
  acquit only where a reason is known. What came out is kept in `benchmarks/mutants/found.json`, of lines that are
  still there.
- The sample is of the code as it is: where lines are added or changed, others take their places among the {drawn}.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: caught, survived, timed out or unreached. By which test, after how many, of so many that there are,
    and what the line became."""

    outcome: str
    by: str
    tests: int
    of: int
    change: str


class Found:
    """What came out so far, by keys of mutants, in a file that is written after each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes = self._read()

    def _read(self) -> dict[str, Outcome]:
        rows = json.loads(self.path.read_text()) if self.path.exists() else {}
        return {key: Outcome(**row) for key, row in rows.items()}

    def __contains__(self, key: str) -> bool:
        return key in self.outcomes

    def __getitem__(self, key: str) -> Outcome:
        return self.outcomes[key]

    def add(self, key: str, outcome: Outcome) -> None:
        self.outcomes = self._read() | {key: outcome}
        self._write()

    def keep(self, mutants: list[Mutant]) -> None:
        """Leaves out what came of lines that are others by now."""
        keys = {one.key for one in mutants}
        self.outcomes = {key: row for key, row in self._read().items() if key in keys}
        self._write()

    def _write(self) -> None:
        rows = {name: asdict(row) for name, row in sorted(self.outcomes.items())}
        self.path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")

    def counts(self, mutants: list[Mutant]) -> Counter[str]:
        """How many came out how; "not run" are those that nobody tried yet."""
        return Counter(self[one.key].outcome if one.key in self else "not run" for one in mutants)


def written(mutants: list[Mutant], places: int, found: Found, seed: int, seconds: float) -> str:
    """The page."""
    counts = found.counts(mutants)
    run = len(mutants) - counts["not run"]
    share = f"{100 * counts['caught'] / run:.1f} %" if run else "none"
    head = ("drawn", "run", "caught", "share", "survived", "not reached", "timed out", "not run")
    numbers = [counts[name] for name in ("survived", "unreached", "timed out", "not run")]
    parts = [
        INTRODUCTION.format(drawn=len(mutants), places=places, seed=seed, seconds=seconds),
        "## What came out\n",
        _table(head, [(len(mutants), run, counts["caught"], share, *numbers)]),
    ]
    folders = sorted({str(Path(one.path).parent) for one in mutants})
    here = {
        folder: found.counts([one for one in mutants if str(Path(one.path).parent) == folder]) for folder in folders
    }
    rows = [(f"`{name}`", some.total() - some["not run"], some["caught"]) for name, some in here.items()]
    parts.append(_table(("folder", "run", "caught"), rows))
    reasons = json.loads(REASONS.read_text())
    for title, names in {"Survivors": ("survived", "unreached"), "Timed out": ("timed out",)}.items():
        listed = [one for one in mutants if one.key in found and found[one.key].outcome in names]
        rows = sorted(_row(one, found[one.key], reasons.get(one.key, "open")) for one in listed)
        if rows:
            parts += [f"## {title}\n", _table(("where", "line", "became", "tests", "why"), rows)]
    return "\n".join(parts)


def _row(mutant: Mutant, outcome: Outcome, reason: str) -> tuple[str, ...]:
    tests = f"{outcome.tests} of {outcome.of}" if outcome.of else "none"
    return f"`{mutant.path}`", _code(mutant.line), _code(outcome.change), tests, reason


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"


def _table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines) + "\n"
