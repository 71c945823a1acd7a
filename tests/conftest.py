"""Fixtures for every test: a store of its own, small designs, and background work that leaves nothing behind."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest
from _pytest.doctest import DoctestModule

from snnviz.design.design import Design
from snnviz.events import Sample
from snnviz.jobs import lock
from snnviz.store import Claim, Store, opening
from tests import forked
from tests import postgresql as servers
from tests.waiting import Background


class MakeDesign(Protocol):
    def __call__(self, seed: int = 0, **training: Any) -> Design: ...


def pytest_configure(config: pytest.Config) -> None:
    """Where the processes of this session meet; pytest-xdist's workers inherit it."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ |= {forked.PLACE: folder, f"{forked.PLACE}_OWNER": str(os.getpid())}
        if sys.platform.startswith("linux") and getattr(config.option, "numprocesses", None):
            forked.begin()


LONGEST = (
    "tests/browser/test_access", "tests/browser/test_main_job", "tests/browser/", "tests/jobs/test_survival",
    "tests/studies/skips/compute/test_searching", "tests/test_toys", "tests/jobs/test_hanging",
    "tests/studies/skips/command", "tests/studies/cells/command", "tests/cli/test_interrupted", "tests/jobs/",
    "tests/studies/cells/compute/test_scoring", "tests/test_numbers", "tests/core/test_costs", "tests/search/",
    "tests/store/test_old_stores", "tests/core/", "tests/pages/test_design_page", "tests/cli/", "tests/pages/",
)  # fmt: skip
"""What takes a minute or waits for others begins first, so that no process is left with it at the end."""


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """The examples of docstrings are the package's; the tests' own four hundred files need not be searched for them."""
    return [found for found in (yield) if not isinstance(found, DoctestModule)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of the store, and others that are marked so, have a store on each kind of database."""
    both = metafunc.definition.path.parent == STORE_TESTS or metafunc.definition.get_closest_marker("databases")
    of_a_file = metafunc.definition.get_closest_marker("of_a_file")
    if "database" in metafunc.fixturenames and both and not of_a_file:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


STORE_TESTS = Path(__file__).parent / "store"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line on what was tested on PostgreSQL, or why it was not."""
    mine = {
        outcome: [report for report in reports if "postgresql" in getattr(report, "keywords", ())]
        for outcome, reports in terminalreporter.stats.items()
    }
    told = [f"{len(mine[name])} {name}" for name in ("passed", "failed", "error", "skipped") if mine.get(name)]
    if told:
        skipped = mine.get("skipped", [])
        reasons = sorted({str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped})
        terminalreporter.write_line(f"PostgreSQL: {', '.join(told)}" + (f" ({'; '.join(reasons)})" if reasons else ""))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The order in which the files are handed out to several processes, and what needs a server is marked."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "postgresql" in (*getattr(item, "fixturenames", ()), *map(str, parameters.values())):
            item.add_marker("postgresql")
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next((n for n, path in enumerate(LONGEST) if item.nodeid.startswith(path)), 99))


def pytest_collection_finish() -> None:
    """What was loaded stays: Python need not look through all of it again and again for what can go."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def forked_supervisors() -> Iterator[None]:
    """Local engines load torch once for all tests."""
    if sys.platform.startswith("linux"):
        with forked.forking():
            yield
    else:
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A new store is a copy of an empty one, and nothing waits for the disk: processes are killed here, no machine is.
    Other processes, and all tests of `tests/store`, have stores as ever, with what is yielded here."""
    usual = {name: getattr(opening, name) for name in ("_create", "SYNCHRONOUS")}
    create, empty = opening._create, tmp_path_factory.mktemp("empty") / "runs.sqlite"

    def copy(path: Path) -> None:
        new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            if not empty.exists():
                create(empty)
            shutil.copy(empty, new)
            with closing(sqlite3.connect(new)) as connection:
                connection.execute("PRAGMA synchronous=OFF")
                connection.execute("UPDATE snnviz_store SET id = ?", [secrets.token_hex(8)])
                connection.commit()
            os.link(new, path)
        except OSError:  # no folder, no right to it, or there already: what is to be done then is known there
            create(path)
        finally:
            new.unlink(missing_ok=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "_create", copy)
        patch.setattr(opening, "SYNCHRONOUS", "OFF")
        yield usual


def sample(step: int, loss: float = 2.0) -> Sample:
    return Sample(step, step / 10, loss, 0.5)


@pytest.fixture
def tiny() -> MakeDesign:
    """Designs that train in 50 ms, told apart by their seed."""

    def make(seed: int = 0, **training: Any) -> Design:
        return Design.check(
            {
                "data": {"train_samples": 200, "test_samples": 50, "steps": 2},
                "network": {"kind": "mlp", "depth": 2, "width": 20},
                "training": {"epochs": 3, **training},
                "seed": seed,
            }
        )

    return make


@pytest.fixture
def long() -> MakeDesign:
    """Designs with epochs of 500 steps in most of a second, so that there is a middle of an epoch to do something in:
    a run says where it is five times a second."""

    def make(seed: int = 0, **training: Any) -> Design:
        return Design.check(
            {
                "data": {"train_samples": 1000, "test_samples": 20, "steps": 4},
                "network": {"kind": "mlp", "depth": 5, "width": 100},
                "training": {"epochs": 3, "batch_size": 2, **training},
                "seed": seed,
            }
        )

    return make


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Cluster]:
    """A PostgreSQL server that ends with the tests."""
    if (reason := servers.missing()) is not None:
        pytest.skip(reason)
    with servers.cluster() as made:
        yield made


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The path or URL of a store of the test's own; its weights are below `tmp_path`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield str(tmp_path / "runs.sqlite")
    else:
        monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
        with request.getfixturevalue("postgresql").database() as url:
            yield url


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = Store(database)
    yield opened
    opened.close()


@pytest.fixture
def claim(store: Store, tiny: MakeDesign) -> Claim:
    """A run that somebody is at."""
    store.submit(tiny())
    taken = store.claim("me")
    assert taken is not None
    return taken


@pytest.fixture
def hung(cache: Path) -> Iterator[tuple[Store, int]]:
    """The store that is found where nothing else is said, and a process that holds its lock and does nothing."""
    cache.mkdir(exist_ok=True)
    opened = Store()
    handle = lock.acquire(opened.lock)
    assert handle is not None
    process = subprocess.Popen(["sleep", "600"])
    lock.write_pid(handle, process.pid)
    yield opened, process.pid
    os.close(handle)
    process.kill()
    process.wait()
    opened.close()


@pytest.fixture
def background() -> Iterator[Callable[..., Background]]:
    """Makes local engines that leave nothing behind."""
    engines: list[Background] = []

    def make(store: Store, **options: Any) -> Background:
        engines.append(Background(store, **options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.end()
