"""The repair of Streamlit's reruns: what it relies on is still there, and it waits exactly where it should."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType

from snnviz.ui import reruns


class Loop:
    def __init__(self) -> None:
        self.waiting: list[tuple[Any, ...]] = []

    def call_later(self, _seconds: float, function: Any, *arguments: Any) -> None:
        self.waiting.append((function, *arguments))


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The reruns that reached Streamlit's own method."""
    seen: list[Any] = []
    monkeypatch.setattr(reruns, "_request_rerun", lambda _session, client_state: seen.append(client_state))
    return seen


def session(requests: ScriptRequests | None) -> Any:
    runner = SimpleNamespace(_requests=requests) if requests else None
    return SimpleNamespace(_scriptrunner=runner, _event_loop=Loop())


def ended() -> ScriptRequests:
    requests = ScriptRequests()
    requests.on_scriptrunner_ready()
    return requests


def test_streamlit_still_has_what_the_repair_relies_on() -> None:
    assert ended()._state is ScriptRequestType.STOP
    assert not ended().request_rerun(RerunData(fragment_id="f")), "a runner that ended takes no rerun"
    assert "_scriptrunner" in AppSession.__init__.__code__.co_names
    assert "_event_loop" in AppSession.__init__.__code__.co_names


def test_a_fragment_waits_for_the_run_that_is_ending(passed: list[Any]) -> None:
    busy = session(ended())
    reruns._patient_request(busy, ClientState(fragment_id="f"))
    assert passed == []
    busy._scriptrunner = None  # the last messages are through
    [(function, *arguments)] = busy._event_loop.waiting
    function(*arguments)
    assert [state.fragment_id for state in passed] == ["f"]


@pytest.mark.parametrize("requests", [None, ScriptRequests()])
def test_nothing_waits_otherwise(passed: list[Any], requests: ScriptRequests | None) -> None:
    reruns._patient_request(session(requests), ClientState(fragment_id="f"))
    assert len(passed) == 1


def test_a_full_run_never_waits(passed: list[Any]) -> None:
    for client_state in (None, ClientState()):
        reruns._patient_request(session(ended()), client_state)
    assert len(passed) == 2
