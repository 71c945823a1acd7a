"""Runs that were trained for a moment, in a store of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.exports import ExportedRun
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store

Trained = Callable[..., ExportedRun]


@pytest.fixture
def trained(store: Store) -> Trained:
    """Trains a design, given as a value or by its parts, and returns its run."""

    def make(design: Design | None = None, **parts: Any) -> ExportedRun:
        run = Immediate(store).submit(design or Design.check(parts)).run
        return ExportedRun(store, store.get(run))

    return make
