"""The repairs of Streamlit: what they rely on is still there, and they act exactly where they should."""

from __future__ import annotations

import asyncio
import inspect
import socket
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.cursor import Cursor, LockedCursor, RunningCursor, SparseList
from streamlit.delta_generator import DeltaGenerator
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType
from streamlit.testing.v1 import AppTest

from snnviz.ui.server import streamlit_patches
from tests.asgi import run


class Loop:
    def __init__(self) -> None:
        self.waiting: list[tuple[Any, ...]] = []

    def call_later(self, _seconds: float, function: Any, *arguments: Any) -> None:
        self.waiting.append((function, *arguments))


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The repairs that reached Streamlit's own method."""
    seen: list[Any] = []
    monkeypatch.setattr(streamlit_patches, "_request_rerun", lambda _session, client_state: seen.append(client_state))
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
    streamlit_patches._patient_request(busy, ClientState(fragment_id="f"))
    assert passed == []
    busy._scriptrunner = None  # the last messages are through
    [(function, *arguments)] = busy._event_loop.waiting
    function(*arguments)
    assert [state.fragment_id for state in passed] == ["f"]


@pytest.mark.parametrize("requests", [None, ScriptRequests()])
def test_nothing_waits_otherwise(passed: list[Any], requests: ScriptRequests | None) -> None:
    streamlit_patches._patient_request(session(requests), ClientState(fragment_id="f"))
    assert len(passed) == 1


def test_a_full_run_never_waits(passed: list[Any]) -> None:
    for client_state in (None, ClientState()):
        streamlit_patches._patient_request(session(ended()), client_state)
    assert len(passed) == 2


@pytest.mark.parametrize("module", streamlit_patches.CHOICES, ids=lambda module: module.__name__.rsplit(".", 1)[-1])
def test_streamlit_still_tells_choices_apart_as_the_repair_relies_on(module: Any) -> None:
    text = inspect.getsource(module)
    assert text.count("= compute_and_register_element_id(") == 1
    call = text[text.index("= compute_and_register_element_id(") :]
    call = call[: call.index("\n        )\n")]
    assert "user_key=key" in call
    assert "key_as_main_identity=" in call
    assert any(f"{name}=" in call for name in streamlit_patches.OFFERED)


def test_a_choice_is_another_one_where_something_else_is_offered() -> None:
    def made(held: bool | set[str], key: str | None = "layer", **given: Any) -> str:
        return streamlit_patches._id_by_what_is_offered(
            "selectbox", user_key=key, dg=None, key_as_main_identity=held, label="Layer", **given
        )

    for held in (True, {"accept_new_options"}):
        before = made(held, options=["L1 (64 neurons)"], index=0)
        assert before == made(held, options=["L1 (64 neurons)"], index=0)
        assert before == made(held, options=["L1 (64 neurons)"], index=None)
        assert before != made(held, options=["L1 (80 neurons)"], index=0)
        assert made(held, min_value=0, max_value=3) != made(held, min_value=0, max_value=4)
    assert made(False, None, options=["a"], index=0) != made(False, None, options=["a"], index=1)


@pytest.mark.parametrize("named", [0, socket.IPPROTO_TCP])
def test_no_answer_waits_for_the_browser(monkeypatch: pytest.MonkeyPatch, named: int) -> None:
    """A listening socket as Streamlit makes it, without naming TCP, and one as uvicorn makes it."""
    met: list[Any] = []
    monkeypatch.setattr(
        streamlit_patches, "_connection_made", lambda protocol, transport: met.append((protocol, transport))
    )
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, named) as listening,
        socket.socket(socket.AF_INET) as visitor,
    ):
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        visitor.connect(listening.getsockname())
        connection, _ = listening.accept()
        with connection:
            assert not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            protocol, transport = asyncio.Protocol(), SimpleNamespace(get_extra_info={"socket": connection}.get)
            streamlit_patches._connect_without_delay(protocol, transport)
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert met == [(protocol, transport)]


def test_no_line_ends_between_a_number_and_its_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeltaGenerator, "_enqueue", DeltaGenerator._enqueue)
    streamlit_patches.keep_units_at_their_numbers()

    def page() -> None:
        import streamlit as st

        st.markdown("Rates of 21.9 % to 33.4 %")
        st.caption("about 12 s; `--set a=1 s`")
        st.info("5.7 nJ")

    shown = AppTest.from_function(page).run()
    assert not shown.exception
    assert shown.markdown[0].value == "Rates of 21.9\u00a0% to 33.4\u00a0%"
    assert shown.caption[0].value == "about 12\u00a0s; `--set a=1 s`"
    assert shown.info[0].value == "5.7\u00a0nJ"


class Session:
    """A session that a patched method is called for; `woken`: how often its event loop was."""

    def __init__(self) -> None:
        self.woken: list[Any] = []

    def turn(self) -> None:
        """One turn of the loop."""
        callbacks, self.woken = self.woken, []
        for callback in callbacks:
            callback()


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(streamlit_patches, "_call_soon", lambda session, callback: session.woken.append(callback))
    return Session()


def test_the_event_loop_is_woken_once_for_many_messages_and_takes_them_in_order(sending: Any) -> None:
    taken: list[int] = []
    for number in range(5):
        streamlit_patches._call_soon_together(sending, lambda number=number: taken.append(number))  # type: ignore[misc]
    assert len(sending.woken) == 1
    sending.turn()
    assert taken == [0, 1, 2, 3, 4]
    streamlit_patches._call_soon_together(sending, lambda: taken.append(5))
    assert len(sending.woken) == 1, "what comes later wakes it again"
    sending.turn()
    assert taken[-1] == 5


def test_a_message_that_fails_keeps_no_other_back(sending: Any) -> None:
    taken: list[str] = []
    for act in (lambda: taken[1], lambda: taken.append("later")):
        streamlit_patches._call_soon_together(sending, act)
    with pytest.raises(IndexError):
        sending.turn()
    sending.turn()
    assert taken == ["later"]


def test_the_loop_that_has_messages_sent_does_not_wake_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[Any] = []
    monkeypatch.setattr(streamlit_patches, "_enqueued_some_message", woken.append)

    async def send() -> bool:
        its = SimpleNamespace(eventloop=asyncio.get_running_loop(), need_send_data=asyncio.Event())
        runtime: Any = SimpleNamespace(_get_async_objs=lambda: its)
        streamlit_patches._have_sent(runtime)
        await asyncio.to_thread(streamlit_patches._have_sent, runtime)
        return its.need_send_data.is_set()

    assert run(send())
    assert len(woken) == 1, "from another thread it must"


def test_streamlit_still_hands_messages_over_as_the_patch_relies_on() -> None:
    assert "self._event_loop.call_soon_threadsafe(callback)" in inspect.getsource(AppSession._call_soon_on_event_loop)
    source = inspect.getsource(Runtime._enqueued_some_message)
    assert "async_objs.eventloop.call_soon_threadsafe(async_objs.need_send_data.set)" in source


@pytest.mark.parametrize("kind", [RunningCursor, LockedCursor])
def test_a_cursor_is_copied_as_before(monkeypatch: pytest.MonkeyPatch, kind: type[Cursor]) -> None:
    cursor: Any = kind(0, (1, 2), transient_index=3)
    cursor.transient_elements[4] = ["passing"]
    before = deepcopy(cursor)
    monkeypatch.setattr(Cursor, "__deepcopy__", None, raising=False)
    streamlit_patches.copy_cursors_cheaply()
    after = deepcopy(cursor)
    assert type(after) is kind
    assert {**vars(after), "_transient_elements": None} == {**vars(before), "_transient_elements": None}
    assert [*after.transient_elements.items()] == [*before.transient_elements.items()]
    assert after.transient_elements[4] is not cursor.transient_elements[4]
    cursor.get_transient_cursor()
    assert after.transient_index == 3
    assert all(isinstance(value, int | tuple | SparseList) for value in vars(cursor).values())
