"""Fixtures for every test: a store of its own, small designs, and background work that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from snnviz.design import Design
from snnviz.jobs.local import Local
from snnviz.store import Store
from tests.waiting import processes, until


class MakeDesign(Protocol):
    def __call__(self, seed: int = 0, **training: Any) -> Design: ...


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
    """Designs with epochs of about a second, so that there is a middle of an epoch to do something in."""

    def make(seed: int = 0, **training: Any) -> Design:
        return Design.check(
            {
                "data": {"test_samples": 20, "steps": 4},
                "network": {"kind": "mlp", "depth": 4, "width": 60},
                "training": {"epochs": 4, "batch_size": 4, **training},
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
def background() -> Iterator[Callable[..., Local]]:
    """Makes local engines, and checks at the end that no process of theirs is left."""
    engines: list[Local] = []
    sessions: set[int] = set()

    def make(store: Store, **options: Any) -> Local:
        engine = Local(store, **options)
        engines.append(engine)
        start = engine.start

        def start_and_note() -> None:
            start()
            sessions.update(filter(None, [engine.supervisor()]))

        engine.start = start_and_note  # type: ignore[method-assign]
        return engine

    yield make
    for engine in engines:
        engine.stop()
    until(lambda: not [p for p in processes() if p.session in sessions])
