"""A drawing of the Activity page ends early when the sliders have moved on, and for nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from snnviz.studies.activity.page import computing
from snnviz.studies.activity.page.computing import Superseded, traces
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.studies.activity.theory.propagation import propagate_activity

LONG = ActivityConfig(steps=20, seeds=4, threshold=0.3)
SHORT = ActivityConfig(width=20, layers=4)


class Slot:
    """A place on the page that notes what is shown in it."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.empty = lambda: self.shares.append(-1)

    def progress(self, share: float, text: str) -> None:
        assert text
        self.shares.append(share)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> ScriptRequests:
    """What the session is asked for while it draws; the sliders are in the fragment "sliders"."""
    found = ScriptRequests()
    context: Any = SimpleNamespace(script_requests=found)
    monkeypatch.setattr(computing, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(computing.st, "session_state", {"fragment_of_sliders": "sliders"})
    thread: Any = SimpleNamespace(get=lambda: SimpleNamespace(fragment_id="mine"))
    monkeypatch.setattr(computing, "ThreadState", thread)
    monkeypatch.setattr(computing, "SILENT_SECONDS", 0.0)
    return found


@pytest.mark.parametrize("asked", [RerunData(fragment_id="sliders"), RerunData()], ids=["slider", "page"])
def test_a_moved_slider_ends_a_drawing(requests: ScriptRequests, asked: RerunData) -> None:
    requests.request_rerun(asked)
    slot: Any = Slot()
    with pytest.raises(Superseded):
        traces(LONG, slot)
    assert slot.shares == []


def test_a_tick_elsewhere_ends_nothing_and_progress_is_shown(requests: ScriptRequests) -> None:
    requests.request_rerun(RerunData(fragment_id="another"))
    slot: Any = Slot()
    drawn = traces(LONG, slot)
    assert len(drawn) == 8
    assert slot.shares[-1] == -1  # the bar goes
    assert slot.shares[:-1] == sorted(slot.shares[:-1])
    assert traces(LONG, slot) is drawn


@pytest.mark.usefixtures("requests")
def test_what_is_drawn_is_what_the_theory_draws() -> None:
    slot: Any = Slot()
    for one, two in zip(traces(SHORT, slot), propagate_activity(SHORT), strict=True):
        assert (one.var_u == two.var_u).all()
