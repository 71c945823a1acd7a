"""Which tests a mutant is run against: those that reach its line, fast and special ones first."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from coverage.numbits import num_in_numbits

from benchmarks.mutants.places import Mutant

LINES_PER_SECOND = 1000
"""A test that reaches so many lines is tried as late as one that takes a second longer: it is about none of them."""

UNSEEN = ("compiled", "summing", "cache", "lru_cache")
"""Decorators of functions that do not run as Python, or only once for all tests."""

DEPTH = 3
"""Of names that stand for names: a kernel that a kernel calls, a constant that is made of one."""

MOST_USES = 40
"""Lines that use a name; of one that is used everywhere, the first."""


@dataclass(frozen=True, slots=True)
class Test:
    """`seconds`: as it was measured. `rank`: the order in which tests are tried."""

    name: str
    seconds: float
    rank: float

    @property
    def file(self) -> str:
        return self.name.partition("::")[0]


class Choice:
    """Reads what was measured (`reached`) as the tests of lines of the code as it is now; of `files` only, if named."""

    def __init__(self, database: sqlite3.Connection, root: Path, files: tuple[str, ...] = ()) -> None:
        self.database, self.root = database, root
        sizes: dict[str, int] = defaultdict(int)
        for test, numbers in database.execute("select test, numbers from lines"):
            sizes[test] += sum(byte.bit_count() for byte in numbers)
        rows = database.execute("select name, seconds from tests where passed")
        self.tests = {
            name: Test(name, seconds, seconds + sizes[name] / LINES_PER_SECOND)
            for name, seconds in rows
            if (root / name.partition("::")[0]).exists() and name.startswith(files or "")
        }
        self.modules = {str(path.relative_to(root)): path.read_text() for path in (root / "snnviz").rglob("*.py")}
        self.of_files: dict[str, list[str]] = defaultdict(list)
        for name in self.tests:
            self.of_files[name.partition("::")[0]].append(name)
        self._rows = cache(self._measured)

    def of(self, mutant: Mutant, seconds: float) -> tuple[list[Test], int]:
        """At most `seconds` of tests, but always the first; and of how many.

        Those that reach the line while they run; of a line that runs at import or is compiled, those that reach the
        lines that use its name. After them the other tests of the same files, which may look at what the first left in
        a cache.
        """
        first = self._rows(mutant.path, mutant.row) or self._using(mutant.path, mutant.row, DEPTH)
        first = first or {name for row in range(1, 400) for name in self._rows(mutant.path, row)}
        files = {name.partition("::")[0] for name in first}
        beside = {name for file in files for name in self.of_files[file]} - first
        found, spent = [], 0.0
        for some in (first, beside):
            for test in sorted((self.tests[name] for name in some), key=lambda test: (test.rank, test.name)):
                if not found or spent + test.seconds <= seconds:
                    found.append(test)
                    spent += test.seconds
        return found, len(first | beside)

    def _measured(self, path: str, row: int) -> set[str]:
        """Tests that reached a line while they ran, wherever it stood when they were measured."""
        found: set[str] = set()
        if row not in _inside(self.modules.get(path, "")):
            return found
        for number, text in self.database.execute("select id, text from sources where path = ?", (path,)).fetchall():
            if before := _moved(text, self.modules.get(path, "")).get(row):
                rows = self.database.execute("select test, numbers from lines where source = ?", (number,))
                found |= {test for test, numbers in rows if num_in_numbits(before, numbers)}
        return found & self.tests.keys()

    def _using(self, path: str, row: int, depth: int) -> set[str]:
        """Tests that reach lines that use the innermost name around a line that has tests at all."""
        for name, member in _names(self.modules[path], row):
            if found := self._uses(name, member, path, row, depth, set()):
                return found
        return set()

    def _uses(self, name: str, member: bool, path: str, row: int, depth: int, seen: set[str]) -> set[str]:
        found: set[str] = set()
        seen.add(name)
        uses = [use for use in self._lines(name, member, path) if use != (path, row)][:MOST_USES]
        for other, number in uses:
            found |= self._rows(other, number)
        if not found and depth:
            for other, number in uses:
                for outer, inside in _names(self.modules[other], number)[:1]:
                    if outer not in seen:
                        found |= self._uses(outer, inside, other, number, depth - 1, seen)
        stem, word = Path(path).stem, re.compile(rf"\b{re.escape(name)}\b")
        for file, tests in self.of_files.items():
            if file.startswith("tests") and stem in (text := (self.root / file).read_text()) and word.search(text):
                found |= set(tests)
        return found

    def _lines(self, name: str, member: bool, path: str) -> list[tuple[str, int]]:
        """Where a module's name is used, in itself and in those that import it; a class's, wherever it is asked for."""
        stem, word = Path(path).stem, re.escape(name)
        found = []
        for other, text in sorted(self.modules.items(), key=lambda pair: pair[0] != path):
            if name not in text:
                continue
            if other == path:
                how = rf"\b{word}\b"
            elif member:
                how = rf"\.{word}\b|\b{word}="
            else:
                taken = re.search(rf"from [\w.]*\b{stem} import (\([^)]*\b{word}\b|[^(\n]*\b{word}\b)", text)
                how = rf"\b{word}\b" if taken else rf"\b{stem}\.{word}\b"
            lines = enumerate(text.splitlines(), 1)
            found += [(other, number) for number, line in lines if re.search(how, line)]
        return found


@cache
def _moved(before: str, now: str) -> dict[int, int]:
    """Of each line of the text as it is now that is as it was: where it was."""
    old, new = before.splitlines(), now.splitlines()
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {block.b + i + 1: block.a + i + 1 for block in blocks for i in range(block.size)}


@cache
def _inside(source: str) -> set[int]:
    """Rows of functions' bodies, which do not run at import, and run in each test that reaches them."""
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        and not any(ast.unparse(one).partition("(")[0] in UNSEEN for one in node.decorator_list)
    ]
    return {row for node in functions for row in range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)}


@cache
def _names(source: str, row: int) -> tuple[tuple[str, bool], ...]:
    """Names that are defined around a line, the innermost first, and whether each is a class's."""
    return tuple(reversed(list(_around(ast.parse(source), row))))


def _around(node: ast.AST, row: int) -> Iterator[tuple[str, bool]]:
    member = isinstance(node, ast.ClassDef)
    for child in ast.iter_child_nodes(node):
        decorators = getattr(child, "decorator_list", [])
        first = min([getattr(child, "lineno", row), *(one.lineno for one in decorators)])
        if not first <= row <= (getattr(child, "end_lineno", None) or row):
            continue
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield child.name, member
        elif isinstance(child, ast.Assign | ast.AnnAssign) and not isinstance(node, ast.FunctionDef):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            for target in targets:
                yield from ((one.id, member) for one in ast.walk(target) if isinstance(one, ast.Name))
        yield from _around(child, row)
