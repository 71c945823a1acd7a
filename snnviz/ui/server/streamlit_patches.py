"""Monkey patches of Streamlit 1.67, applied before its server starts.

If Streamlit has changed so that a patch no longer applies, nothing is patched and a test reports it.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

from streamlit.cursor import Cursor
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.utils import compute_and_register_element_id
from streamlit.elements.widgets import button_group, multiselect, number_input, radio, select_slider, selectbox
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from snnviz.ui.server.page_times import TIMES
from snnviz.ui.server.turns import Turns

PAUSE = 0.002
"""Seconds between two checks whether the last messages were sent."""

CHOICES = (selectbox, multiselect, button_group, radio, select_slider, number_input)
"""Streamlit's modules of widgets whose values must be among the offered ones."""

OFFERED = frozenset({"options", "min_value", "max_value"})
"""Arguments of these widgets that say what is offered."""

TURNS = Turns()
"""Of all runs of pages of this server."""

_UNIT = re.compile(r"(?<=\d) (?=(?:%|m?s|min|h|px|[np]J|[kMG]B?|τ_c)(?!\w))")

_enqueue = DeltaGenerator._enqueue
_element_id = compute_and_register_element_id
_request_rerun = AppSession.request_rerun
_run_script = ScriptRunner._run_script
_call_soon = AppSession._call_soon_on_event_loop
_enqueued_some_message = Runtime._enqueued_some_message
_connection_made = AutoHTTPProtocol.connection_made


def patch_streamlit() -> None:
    """Applies all patches of this module."""
    keep_runs_whole()
    keep_units_at_their_numbers()
    answer_at_once()
    hand_over_together()
    copy_cursors_cheaply()
    take_turns()
    keep_choices_among_what_is_offered()


def keep_runs_whole() -> None:
    """Patches Streamlit so that a fragment's rerun waits until the run before it has sent all its messages.

    Otherwise a click or a tick just as a run ends would lose what that run drew. A finished script runner stays its
    session's runner until the event loop has handled its last messages. If a fragment's rerun arrives in between,
    Streamlit starts a new runner and drops these messages: elements are missing from the page until the next full run
    (see the comment in ``AppSession.request_rerun``). On a busy machine, with a panel that ticks every second, that
    happens within minutes. The patched rerun waits some milliseconds.
    """
    AppSession.request_rerun = _patient_request  # type: ignore[method-assign, assignment]


def answer_at_once() -> None:
    """Patches Streamlit's sockets to disable Nagle's algorithm, so that responses are sent without delay.

    Streamlit creates its listening socket in a way that asyncio leaves Nagle's algorithm on: the body of a response
    waits for the confirmation of its header, which takes 40 ms. A first visit fetches a hundred small files, and every
    click is answered by many small messages.
    """
    AutoHTTPProtocol.connection_made = _connect_without_delay  # type: ignore[method-assign, assignment]


def hand_over_together() -> None:
    """Patches Streamlit so that what a run of a page sends is handed to the event loop in batches.

    Streamlit wakes its event loop for each of a page's 70 messages, and once more for each to have it sent. Every
    waking is a system call in which the thread lets go of Python's lock, and queues for it again.
    """
    AppSession._call_soon_on_event_loop = _call_soon_together  # type: ignore[method-assign, assignment]
    Runtime._enqueued_some_message = _have_sent  # type: ignore[method-assign, assignment]


def take_turns() -> None:
    """Patches Streamlit so that not all pages that are asked for at once are run at once (`turns`)."""
    ScriptRunner._run_script = _run_in_turn  # type: ignore[method-assign, assignment]


def copy_cursors_cheaply() -> None:
    """Patches Streamlit's cursors, of which each fragment of a page copies dozens, to be copied without `copyreg`: they
    hold numbers and paths, which never change, and elements that come and go.
    """
    Cursor.__deepcopy__ = _copy_of_cursor  # type: ignore[attr-defined]


def keep_choices_among_what_is_offered() -> None:
    """Patches Streamlit so that a choice widget is a new widget whenever its options change, with the page's value.

    Since Streamlit identifies keyed widgets by their keys alone, a browser goes on showing, and sends, the text of an
    option that no longer exists, such as "L1 (64 neurons)" of a layer that has 80 by now.
    """
    for module in CHOICES:
        module.compute_and_register_element_id = _id_by_what_is_offered  # type: ignore[attr-defined]


def keep_units_at_their_numbers() -> None:
    """Patches Streamlit so that no line of text breaks between a number and its unit, as in "33.4 %"."""
    DeltaGenerator._enqueue = _enqueue_unbroken  # type: ignore[method-assign, assignment]


def unbroken(markdown: str) -> str:
    """Returns the text with a non-breaking space before each unit, except within code.

    >>> unbroken("0.6 % in 12 s, `sleep 1 s`, 5 students").split(" ")
    ['0.6\\xa0%', 'in', '12\\xa0s,', '`sleep', '1', 's`,', '5', 'students']
    """
    parts = markdown.split("`")
    return "`".join([*(_UNIT.sub("\u00a0", part) if k % 2 == 0 else part for k, part in enumerate(parts))])


def _enqueue_unbroken(to: DeltaGenerator, delta_type: str, element_proto: Any, *more: Any, **options: Any) -> Any:
    if delta_type in ("markdown", "alert"):
        element_proto.body = unbroken(element_proto.body)
    return _enqueue(to, delta_type, element_proto, *more, **options)


def _id_by_what_is_offered(
    element_type: str,
    *,
    user_key: str | None,
    dg: DeltaGenerator | None,
    key_as_main_identity: bool | set[str],
    **given: Any,
) -> str:
    """`compute_and_register_element_id`, by what is offered where it goes by a key."""
    told_by: bool | set[str] = key_as_main_identity
    if told_by is not False:
        told_by = (set() if told_by is True else told_by) | OFFERED
    return _element_id(element_type, user_key=user_key, dg=dg, key_as_main_identity=told_by, **given)


def _connect_without_delay(protocol: asyncio.Protocol, transport: Any) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _connection_made(protocol, transport)


def _run_in_turn(runner: ScriptRunner, rerun_data: RerunData) -> None:
    asked = time.perf_counter()
    try:
        with TURNS.turn():
            _run_script(runner, rerun_data)
    finally:
        part = bool(rerun_data.fragment_id_queue or rerun_data.fragment_id)
        TIMES.note(_page_of(runner), time.perf_counter() - asked, part=part)


def _page_of(runner: ScriptRunner) -> str:
    """The path of the page that was run, "" for Home."""
    manager = getattr(runner, "_pages_manager", None)
    page = {} if manager is None else manager.get_pages().get(manager.current_page_script_hash, {})
    return str(page.get("url_pathname", ""))


def _copy_of_cursor(cursor: Cursor, memo: dict[int, Any]) -> Cursor:
    """The copy that `copy.deepcopy` would make."""
    copy: Cursor = object.__new__(type(cursor))
    copy.__dict__.update(cursor.__dict__)
    passing = cursor._transient_elements
    copy._transient_elements = deepcopy(passing, memo) if len(passing) else type(passing)()
    return copy


class _Waiting:
    """What a session has for the event loop, and whether the loop knows."""

    def __init__(self) -> None:
        self.calls: deque[Callable[[], None]] = deque()
        self.known = False


def _call_soon_together(session: AppSession, callback: Callable[[], None]) -> None:
    """`AppSession._call_soon_on_event_loop`, which wakes the loop only where it does not know of earlier ones."""
    waiting: _Waiting = session.__dict__.setdefault("_waiting_calls", _Waiting())
    waiting.calls.append(callback)
    if not waiting.known:
        waiting.known = True
        _call_soon(session, partial(_call_waiting, session, waiting))


def _call_waiting(session: AppSession, waiting: _Waiting) -> None:
    waiting.known = False  # before they are taken: what comes from now on makes itself known
    try:
        while waiting.calls:
            waiting.calls.popleft()()
    finally:  # where one failed, which the loop says, the others are called after it
        if waiting.calls:
            _call_soon(session, partial(_call_waiting, session, waiting))


def _have_sent(runtime: Runtime) -> None:
    """`Runtime._enqueued_some_message`, which need not wake the loop that calls it."""
    its = runtime._get_async_objs()
    if asyncio._get_running_loop() is its.eventloop:
        its.need_send_data.set()
    else:
        _enqueued_some_message(runtime)


def _patient_request(session: AppSession, client_state: ClientState | None) -> None:
    if client_state is not None and client_state.fragment_id and _is_ending(session):
        session._event_loop.call_later(PAUSE, _patient_request, session, client_state)
    else:
        _request_rerun(session, client_state)


def _is_ending(session: AppSession) -> bool:
    requests = getattr(getattr(session, "_scriptrunner", None), "_requests", None)
    return getattr(requests, "_state", None) is ScriptRequestType.STOP
