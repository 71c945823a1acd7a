"""A survey of gradients as a task: its rows are the core's profiles, and it is computed once, or stopped."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from snnviz.core.gradients import gradient_profiles
from snnviz.errors import TooLarge
from snnviz.events import Progress
from snnviz.jobs import durations, machine
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.shortcuts.compute.surveying import gradient_rows, run_gradient_survey
from snnviz.studies.shortcuts.study import GradientSurvey, InitialGradient
from tests.waiting import Background, ended, until

MLP = {
    "network": {"kind": "mlp", "width": 8},
    "data": {"steps": 2},
    "training": {"shortcut": {"schedule": {"kind": "constant"}}},
}
SMALL = GradientSurvey.check({"design": MLP, "depths": [2, 3], "inits": ["kaiming", {"kind": "kaiming", "gain": 3}]})
LONG = GradientSurvey.check({"design": MLP, "depths": list(range(1, 100)), "inits": ["kaiming", "glorot", "lee-2016"]})


def test_its_rows_are_the_profiles() -> None:
    events = list(run_gradient_survey(SMALL))
    found = [event for event in events if isinstance(event, InitialGradient)]
    assert found == [
        row for profile in gradient_profiles(SMALL.design, SMALL.depths, SMALL.inits) for row in gradient_rows(profile)
    ]
    assert [(row.init, row.depth) for row in found if row.layer == 0] == [
        (init, depth) for init in ("kaiming", "kaiming:gain=3") for depth in (2, 3)
    ]
    assert all(row.name in ("L1", "L2") for row in found if row.branch)
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == sorted(steps)
    assert steps[-1] == SMALL.layers == durations.progress_steps(SMALL) == 10


def test_a_network_whose_depth_is_no_number_of_layers_is_looked_at_as_it_is() -> None:
    block = GradientSurvey.check(
        {"design": {"network": {"kind": "block", "channels": 2, "edges": "002/000/000"}}, "inits": ["kaiming"]}
    )
    found = [event for event in run_gradient_survey(block) if isinstance(event, InitialGradient)]
    assert {row.depth for row in found} == {0}
    assert [row.name for row in found] == ["stem", "L1", "L2", "readout"]


def test_it_is_computed_once(store: Store) -> None:
    engine = Immediate(store)
    assert not engine.submit(SMALL).cached
    run = store.get(SMALL.digest)
    assert (run.state, run.error, run.step, run.design) == ("done", None, run.steps, SMALL.design)
    assert len(store.rows(run.run, InitialGradient)) == 14
    assert engine.submit(SMALL).cached
    assert store.get(SMALL.digest).attempt == 1
    assert store.runs() == []


@pytest.mark.alone
def test_it_stops_within_a_second_and_keeps_what_it_has(store: Store, background: Callable[..., Background]) -> None:
    engine = background(store)
    engine.submit(LONG)
    until(lambda: store.rows(LONG.digest, InitialGradient) or None)
    start = time.monotonic()
    engine.cancel(LONG.digest)
    assert ended(store, LONG.digest).state == "cancelled"
    assert time.monotonic() - start < 3
    assert store.rows(LONG.digest, InitialGradient)


def test_one_that_is_too_large_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda: 1000)
    with pytest.raises(TooLarge, match="must fit into"):
        Immediate(store).submit(SMALL)
