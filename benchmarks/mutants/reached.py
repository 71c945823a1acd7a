"""Which tests reach which lines, measured once: `python -m benchmarks.mutants.reached DATABASE [pytest's arguments]`.

Each test is a row as soon as it ends, so that a measurement that was interrupted goes on where it was. Lines that
processes of a test reached (workers, commands) are the test's, too, if they ended by themselves.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest
from coverage.numbits import nums_to_numbits

SCHEMA = """
create table if not exists sources (id integer primary key, path text, text text, unique (path, text));
create table if not exists tests (name text primary key, seconds real, passed integer);
create table if not exists lines (test text, source integer, numbers blob);
create table if not exists sound (test text primary key, sound integer);
create index if not exists lines_source on lines (source);
"""

WHERE = ("tests", "snnviz", "--ignore=tests/browser")
"""The tests that are measured."""

CONFIG = """
[run]
source_pkgs = snnviz
parallel = true
patch = subprocess, _exit
sigterm = true
data_file = {folder}/data
disable_warnings = no-data-collected, module-not-measured, module-not-imported, already-imported, couldnt-parse
"""


def opened(path: Path) -> sqlite3.Connection:
    """The database of `reached`, made where there is none."""
    connection = sqlite3.connect(path, timeout=60)
    connection.executescript(SCHEMA)
    return connection


class Recorder:
    """A plugin of pytest: leaves out what was measured, and writes a row for each test that ends."""

    def __init__(self, database: sqlite3.Connection, root: Path, folder: Path) -> None:
        self.database, self.root, self.folder = database, root, folder
        config = folder / "coveragerc"
        config.write_text(CONFIG.format(folder=folder))
        self.coverage = coverage.Coverage(config_file=str(config))
        self.sources: dict[str, int] = {}
        self.passed = True

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        known = {name for (name,) in self.database.execute("select name from tests where passed")}
        done = [item for item in items if item.nodeid in known]
        items[:] = [item for item in items if item.nodeid not in known]
        config.hook.pytest_deselected(items=done)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.passed = True
        self.coverage.start()
        self.coverage.switch_context(item.nodeid)
        begin = time.perf_counter()
        try:
            return (yield)
        finally:
            seconds = time.perf_counter() - begin
            self.coverage.stop()
            self.write(item.nodeid, seconds)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome != "passed":
            self.passed = False

    def write(self, name: str, seconds: float) -> None:
        found: dict[str, set[int]] = {}
        mine = self.coverage.get_data()
        mine.set_query_context(name)
        self._add(found, mine)
        for path in self.folder.glob("data.*"):
            if path == Path(mine.data_filename()):
                continue
            theirs = coverage.CoverageData(str(path))
            try:
                theirs.read()
                self._add(found, theirs)
            except coverage.CoverageException:
                continue  # of a process that was killed, or is still writing
            finally:
                theirs.close()
            path.unlink(missing_ok=True)
        with self.database:
            self.database.execute("insert or replace into tests values (?, ?, ?)", (name, seconds, self.passed))
            self.database.execute("delete from lines where test = ?", (name,))
            rows = [(name, self._source(path), nums_to_numbits(lines)) for path, lines in found.items()]
            self.database.executemany("insert into lines values (?, ?, ?)", rows)

    def _add(self, found: dict[str, set[int]], data: coverage.CoverageData) -> None:
        for path in data.measured_files():
            if (lines := data.lines(path)) and Path(path).is_relative_to(self.root):
                found.setdefault(str(Path(path).relative_to(self.root)), set()).update(lines)

    def _source(self, path: str) -> int:
        if path not in self.sources:
            row = (path, (self.root / path).read_text())
            self.database.execute("insert or ignore into sources (path, text) values (?, ?)", row)
            (self.sources[path],) = self.database.execute(
                "select id from sources where path = ? and text = ?", row
            ).fetchone()
        return self.sources[path]


def main(database: str, *arguments: str) -> int:
    with tempfile.TemporaryDirectory() as folder, opened(Path(database)) as connection:
        recorder = Recorder(connection, Path.cwd(), Path(folder))
        usual = ["-m", "not slow and not browser", "-p", "no:cacheprovider"]
        return int(pytest.main([*usual, *arguments], plugins=[recorder]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
