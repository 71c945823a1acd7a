"""Fixtures for every test: a store of its own, small designs, and background work that leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from snnviz.design.design import Design
from snnviz.events import Sample
from snnviz.jobs import lock
from snnviz.store import Claim, Store
from tests import forked
from tests.waiting import Background


class MakeDesign(Protocol):
    def __call__(self, seed: int = 0, **training: Any) -> Design: ...


def pytest_configure(config: pytest.Config) -> None:
    """Where the processes of this session meet; pytest-xdist's workers inherit it."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ |= {forked.PLACE: folder, f"{forked.PLACE}_OWNER": str(os.getpid())}


@pytest.fixture(scope="session", autouse=True)
def forked_supervisors() -> Iterator[None]:
    """Local engines load torch once for all tests."""
    if sys.platform.startswith("linux"):
        with forked.forking():
            yield
    else:
        yield


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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "runs.sqlite")
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
    handle = lock.take(opened.lock)
    assert handle is not None
    process = subprocess.Popen(["sleep", "600"])
    lock.sign(handle, process.pid)
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
