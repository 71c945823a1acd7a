"""Runs tests against a mutant: in a copy of the code, in a process forked from one that has the libraries loaded."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.mutants.choosing import Test

LIBRARIES = ("numpy", "pandas", "torch", "numba", "snntorch", "sqlalchemy", "plotly.graph_objects", "hypothesis")
"""Loaded once; a forked process has them. None of snnviz's own."""

LOADED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Asserts of libraries need not be told in full."""

CHUNKS = (15, 100)
"""So many tests are collected at first, and then: most mutants are caught by the first few."""

PATIENCE, PATIENCE_SECONDS = 8, 90
"""A mutant has so many times the seconds that its tests took, and these: a loop that does not end is caught by them."""

NAME = "SNNVIZ_MUTANT"
"""Of an environment variable by which processes that tests leave behind are found."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How it ended ("caught", "survived", "timed out"), by which test, how many were run, in which time, and which
    passed."""

    outcome: str
    test: str
    tests: int
    seconds: float
    passed: tuple[str, ...] = ()


class Bench:
    """A copy of the code in a folder that is its own, with caches of its own."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder, self.tree, self.serial = root, folder, folder / "tree", 0
        self.refresh()
        sys.dont_write_bytecode, sys.pycache_prefix = False, str(folder / "bytecode")
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for name in LIBRARIES:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        import torch

        torch.set_num_threads(1)

    def refresh(self) -> None:
        """The tracked files and new ones as they are now; files that did not change keep their times."""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=self.root, capture_output=True, check=True).stdout.decode().split("\0")
        wanted = {name for name in names if name and (self.root / name).is_file()}
        for path in [path for path in self.tree.rglob("*.py") if str(path.relative_to(self.tree)) not in wanted]:
            path.unlink()
        for name in wanted:
            source, target = self.root / name, self.tree / name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)

    @contextlib.contextmanager
    def changed(self, path: str, text: str) -> Iterator[None]:
        """The module with another text. Its time is one of its own, so that nothing compiled of it is taken for it."""
        target = self.tree / path
        before, stamp = target.read_bytes(), target.stat().st_mtime_ns
        self.serial += 1
        try:
            target.write_text(text)
            moment = time.time_ns() + self.serial * 10**9
            os.utime(target, ns=(moment, moment))
            yield
        finally:
            target.write_bytes(before)
            os.utime(target, ns=(stamp, stamp))

    def run(self, tests: Sequence[Test], compiled: bool = False) -> Ran:
        """`compiled`: machine code kept of other runs is not used; numba knows only the file that a function is in."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        start, limit = time.monotonic(), PATIENCE * sum(test.seconds for test in tests) + PATIENCE_SECONDS
        child = os.fork()
        if not child:
            self._child(tests, report, compiled)
        late, ended = False, (0, 0)
        try:
            while not ended[0] and not late:
                time.sleep(0.02)
                ended, late = os.waitpid(child, os.WNOHANG), time.monotonic() - start > limit
        finally:
            if not ended[0]:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            self._end(child)
        seconds = time.monotonic() - start
        if not ended[0]:
            return Ran("timed out", "", len(tests), seconds)
        if os.WIFSIGNALED(ended[1]):
            return Ran(
                "caught", f"nothing: the process of the tests died of signal {os.WTERMSIG(ended[1])}", 0, seconds
            )
        if not report.exists():
            raise RuntimeError(f"the tests could not be run: see {self.folder / 'output.txt'}")
        found = json.loads(report.read_text())
        outcome = "caught" if found["failed"] else "survived"
        return Ran(outcome, found["failed"], found["ran"], seconds, tuple(found["passed"]))

    def _child(self, tests: Sequence[Test], report: Path, compiled: bool) -> None:
        """Never returns."""
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.setsid()
            output = os.open(self.folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.chdir(self.tree)
            os.environ[NAME] = str(os.getpid())
            cache = self.folder / ("numba-once" if compiled else "numba")
            if compiled:
                shutil.rmtree(cache, ignore_errors=True)
            os.environ["NUMBA_CACHE_DIR"] = str(cache)
            import numba

            numba.config.CACHE_DIR = str(cache)
            os.environ["SNNVIZ_CACHE"] = str(self.folder / "cache")
            sys.path[:] = [str(self.tree), *(path for path in sys.path if Path(path or ".").resolve() != self.root)]
            for name in [name for name in sys.modules if name.partition(".")[0] in ("snnviz", "tests", "benchmarks")]:
                del sys.modules[name]
            failed, ran, passed = "", 0, []
            for chunk in chunks(tests):
                watch = Watch(chunk)
                code = pytest.main([*watch.arguments(), *self._usual()], plugins=[watch])
                ran += watch.ran
                passed += watch.passed
                if watch.failed or code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                    failed = watch.failed or f"nothing: pytest ended with {int(code)}, as a module cannot be imported"
                    break
            report.write_text(json.dumps({"failed": failed, "ran": ran, "passed": passed}))
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(0)

    def _usual(self) -> list[str]:
        base = f"--basetemp={self.folder / 'temporary'}"
        return ["-x", "-rs", "-p", "no:cacheprovider", "--tb=short", "--hypothesis-seed=0", base, *LOADED]

    def _end(self, child: int) -> None:
        """Whatever the tests left behind."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        mark = f"{NAME}={child}\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes() and int(folder.name) != os.getpid():
                    os.kill(int(folder.name), signal.SIGKILL)


def chunks(tests: Sequence[Test]) -> Iterator[Sequence[Test]]:
    """The first few, some more, all others."""
    at = 0
    for size in (*CHUNKS, len(tests)):
        if part := tests[at : at + size]:
            yield part
        at += size


class Watch:
    """A plugin of pytest: only these tests, file by file in their order, and which of them failed."""

    def __init__(self, tests: Sequence[Test]) -> None:
        files = list(dict.fromkeys(test.file for test in tests))
        self.order = {test.name: (files.index(test.file), at) for at, test in enumerate(tests)}
        self.files, self.failed, self.ran = files, "", 0
        self.passed: list[str] = []

    def arguments(self) -> list[str]:
        return [file for file in self.files if Path(file).exists()]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((one for one in items if one.nodeid in self.order), key=lambda one: self.order[one.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call"
        if report.when == "call" and report.passed:
            self.passed.append(report.nodeid)
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"{report.nodeid or 'pytest'}, which cannot be imported"
