"""A person at the dashboard without a browser: a websocket that does what Streamlit's browser half does.

Presses, fills in, and reruns the fragments that ask for it at their intervals; how long each answer took is noted.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PROTOCOLS: Any = ["streamlit", "PLACEHOLDER_AUTH_TOKEN"]
ANSWER_SECONDS = 60.0
EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


class Failed(Exception):
    """The page failed, or the server did not answer."""


@dataclass
class Times:
    """Seconds: of what people did, by what it was, and of fragments that reran by themselves."""

    actions: dict[str, list[float]] = field(default_factory=dict)
    ticks: list[float] = field(default_factory=list)

    def note(self, what: str, seconds: float) -> None:
        self.actions.setdefault(what, []).append(seconds)


@dataclass
class Person:
    """An open tab with a cookie."""

    url: str
    times: Times
    cookie: str = ""
    query: str = ""
    page: str = ""
    path: str = ""
    said: list[str] = field(default_factory=list)
    elements: dict[str, Any] = field(default_factory=dict)
    states: dict[str, WidgetState] = field(default_factory=dict)
    fragments: dict[str, tuple[float, float]] = field(default_factory=dict)
    fragment_of: dict[str, str] = field(default_factory=dict)
    kept: dict[str, ForwardMsg] = field(default_factory=dict)
    socket: ClientConnection | None = None

    # -- the connection

    async def open(self, path: str, query: str = "", what: str = "open") -> None:
        """Opens a page of this server in a new tab, with the cookie that the person has."""
        await self.close()
        self.path, self.query, self.page = path, query, ""
        self.elements, self.states, self.fragments, self.kept = {}, {}, {}, {}
        begin = time.monotonic()
        if not self.cookie:
            self.cookie = await asyncio.to_thread(self._first_page)
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        headers = {"Cookie": self.cookie, "Origin": self.url}
        self.socket = await connect(
            address, subprotocols=PROTOCOLS, max_size=None, additional_headers=headers, open_timeout=ANSWER_SECONDS
        )
        await self._ask()
        await self._answered()
        self.times.note(what, time.monotonic() - begin)

    async def close(self) -> None:
        if self.socket is not None:
            with suppress(ConnectionClosed, OSError):
                await self.socket.close()
        self.socket = None

    def _first_page(self) -> str:
        with urllib.request.urlopen(f"{self.url}/{self.path}", timeout=ANSWER_SECONDS) as answer:
            found = answer.headers.get_all("Set-Cookie") or []
        return "; ".join(one.partition(";")[0] for one in found if one.startswith("snnviz_visitor"))

    # -- what they do

    def find(self, key: str) -> Any:
        """The proto of the widget with this key, or whose key begins so and then has an @; None where there is none."""
        for name, element in self.elements.items():
            if name == key or name.startswith(f"{key}@"):
                return element
        return None

    def fill(self, key: str, **value: Any) -> None:
        """Sets a widget's value, which is sent with the next press."""
        element = self.find(key)
        if element is None:
            raise Failed(f"there is no {key} on {self.path}: {', '.join(self.elements)[:300]}")
        state = WidgetState(id=element.id)
        for name, given in value.items():
            if name.endswith("array_value"):
                getattr(state, name).data.extend(given)
            else:
                setattr(state, name, given)
        self.states[element.id] = state

    async def press(self, key: str, what: str) -> None:
        """Presses a button, and waits until its page is drawn."""
        element = self.find(key)
        if element is None or getattr(element, "disabled", False):
            raise Failed(f"{key} cannot be pressed on {self.path}: {' '.join(self.said)[-300:]}")
        begin = time.monotonic()
        trigger = WidgetState(id=element.id, trigger_value=True)
        await self._ask([trigger], fragment=self.fragment_of.get(element.id, ""))
        await self._answered()
        self.times.note(what, time.monotonic() - begin)

    async def live(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Has fragments rerun as they ask for, for some seconds, or until something is seen."""
        end = time.monotonic() + seconds
        while not until():
            now = time.monotonic()
            due = min((at for _, at in self.fragments.values()), default=end)
            if min(due, end) > now:
                await asyncio.sleep(min(due, end) - now)
            if time.monotonic() >= end:
                return
            name = min(self.fragments, key=lambda one: self.fragments[one][1])
            interval, at = self.fragments[name]
            self.fragments[name] = (interval, max(at + interval, time.monotonic()))
            await self._ask(fragment=name, auto=True)
            await self._answered()
            self.times.ticks.append(time.monotonic() - max(at, now))

    # -- messages

    async def _ask(self, triggers: list[WidgetState] | None = None, fragment: str = "", auto: bool = False) -> None:
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash, run.fragment_id, run.is_auto_rerun = (
            self.query,
            self.page,
            fragment,
            auto,
        )
        if not self.page:
            run.page_name = self.path
        run.widget_states.widgets.extend([*self.states.values(), *(triggers or [])])
        run.cached_message_hashes.extend(self.kept)
        run.context_info.url = f"{self.url}/{self.path}"
        assert self.socket is not None
        await self.socket.send(message.SerializeToString())

    async def _answered(self) -> None:
        """Reads until the script has finished, and is not to run again at once."""
        assert self.socket is not None
        while True:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    data = await self.socket.recv()
            except TimeoutError:
                raise Failed(f"no answer within {ANSWER_SECONDS:g} s on {self.path}") from None
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            if message.WhichOneof("type") == "ref_hash":
                message = self.kept[message.ref_hash]
            elif message.metadata.cacheable:
                self.kept[message.hash] = message
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._begin(whole=not message.metadata.run.fragment_ids)
            elif kind == "delta":
                self._take(message.delta)
            elif kind == "auto_rerun":
                interval = message.auto_rerun.interval
                self.fragments.setdefault(
                    message.auto_rerun.fragment_id, (interval, time.monotonic() + interval * random.uniform(0.5, 1))
                )
            elif kind == "navigation":
                self._went(message.navigation)
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "script_finished" and message.script_finished != EARLY:
                return

    def _begin(self, *, whole: bool) -> None:
        if whole:
            self.elements, self.fragments, self.said = {}, {}, []

    def _went(self, navigation: Any) -> None:
        """Notes which page is shown; what is pressed next is asked of that page."""
        self.page = navigation.page_script_hash
        names = {one.page_script_hash: one.url_pathname for one in navigation.app_pages}
        self.path = names.get(self.page, self.path)

    def _take(self, delta: Any) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        element = getattr(delta.new_element, kind)
        if kind == "exception":
            raise Failed(f"the page {self.path} failed: {element.message}")
        if getattr(element, "component_name", "") == "snnviz_address":
            self.query = json.loads(element.bytes or element.json)["query"]
        if kind in ("markdown", "alert"):
            self.said.append(element.body)
        elif kind == "progress":
            self.said.append(element.text)
        del self.said[:-400]
        name = re.match(r"\$\$ID-[0-9a-f]+-(.*)", getattr(element, "id", ""), re.DOTALL)
        if name is not None:
            self.elements[name[1]] = element
            self.fragment_of[element.id] = delta.fragment_id

    def component(self, name: str) -> Any:
        """What was sent to one of our components, None where it is not on the page."""
        for element in self.elements.values():
            if getattr(element, "component_name", "") == name:
                return json.loads(element.bytes or element.json)
        return None


async def all_of(work: list[Awaitable[None]]) -> list[BaseException]:
    """Waits for all, and returns what went wrong."""
    found = await asyncio.gather(*work, return_exceptions=True)
    return [one for one in found if isinstance(one, BaseException)]
