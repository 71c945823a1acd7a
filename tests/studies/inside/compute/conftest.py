"""Networks that are trained once for all tests of a module."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from snnviz.core.execute import execute
from snnviz.design.design import Design
from snnviz.events import Checkpoint, EpochEnd
from tests.studies.inside.compute.designs import Events


@pytest.fixture(scope="module")
def trained() -> Callable[[Design], Events]:
    known: dict[str, Events] = {}

    def run(made: Design) -> Events:
        if made.digest not in known:
            events = list(execute(made))
            ends = [event for event in events if isinstance(event, EpochEnd)]
            known[made.digest] = [e for e in events if isinstance(e, Checkpoint)][-1].arrays, ends[-1]
        return known[made.digest]

    return run
