"""A short form of `python -m benchmarks.kills`: random SIGKILL and SIGSTOP of all that works, under all kinds of
task."""

from __future__ import annotations

import pytest

from benchmarks import kills
from snnviz.tasks import KINDS


def test_all_kinds_of_task_are_tried() -> None:
    assert set(kills.tasks()) == set(KINDS.names)


@pytest.mark.slow
def test_nothing_is_lost_whatever_is_killed_or_stopped() -> None:
    chosen = [(kind, task) for kind, several in kills.tasks().items() for task in several[:1]]
    expected = kills.undisturbed([task for _, task in chosen])
    outcome = kills.Trial(chosen, expected, lease=4, seed=7).work(12)
    assert outcome.fine, outcome
    assert sum(outcome.disturbed.values()) == 12
    assert sum(outcome.done.values()) >= 5
