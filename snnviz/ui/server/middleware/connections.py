"""Limits of what uvicorn accepts before any middleware: time for a request's header, and size of websocket messages.

Streamlit starts uvicorn without options for these: a header may take forever, and a message 200 MB.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from snnviz.data.files.limits import UploadLimits
from snnviz.errors import InputError

HEADER_SECONDS = float(UploadLimits().idle)
"""Seconds from the first byte of a request, or from connecting, to the end of its header. A browser takes milliseconds.
"""

MESSAGE_BYTES = 4 * 2**20
"""Largest websocket message in bytes: the state of a page's widgets and components has some kilobytes."""

_begin_websocket = WebSocketsSansIOProtocol.__init__


def limit_header_time() -> None:
    """Makes uvicorn close a connection whose next request's header is not complete in time."""
    global HEADER_SECONDS
    with suppress(InputError):  # which the Data page says
        HEADER_SECONDS = float(UploadLimits.here().idle)
    made, received = AutoHTTPProtocol.connection_made, AutoHTTPProtocol.data_received  # perhaps repaired before

    def connect(protocol: Any, transport: Any) -> None:
        protocol.header_watch = _Watch()
        made(protocol, transport)
        _look(protocol)

    def receive(protocol: Any, data: bytes) -> None:
        received(protocol, data)
        _look(protocol)

    AutoHTTPProtocol.connection_made = connect  # type: ignore[method-assign, assignment]
    AutoHTTPProtocol.data_received = receive  # type: ignore[method-assign, assignment]


def limit_message_size() -> None:
    """Makes uvicorn close a websocket whose message is too long."""
    WebSocketsSansIOProtocol.__init__ = _begin_bounded  # type: ignore[method-assign, assignment]


def _begin_bounded(protocol: WebSocketsSansIOProtocol, config: Config, *arguments: Any, **named: Any) -> None:
    config.ws_max_size = min(config.ws_max_size, MESSAGE_BYTES)
    _begin_websocket(protocol, config, *arguments, **named)


class _Watch:
    """The last request of a connection whose header was whole, and the timer for the next one's."""

    def __init__(self) -> None:
        self.cycle: Any = None
        self.timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def _look(protocol: Any) -> None:
    watch: _Watch = protocol.header_watch
    if (
        protocol.cycle is not watch.cycle or protocol.transport.get_protocol() is not protocol
    ):  # the latter: a websocket
        watch.cycle = protocol.cycle
        watch.stop()
    elif watch.timer is None and _is_between(protocol):
        watch.timer = protocol.loop.call_later(HEADER_SECONDS, _close, protocol)


def _close(protocol: Any) -> None:
    protocol.header_watch.timer = None
    if _is_between(protocol) and protocol.transport.get_protocol() is protocol:
        protocol.transport.close()


def _is_between(protocol: Any) -> bool:
    """Whether no request is being answered."""
    return protocol.cycle is None or bool(protocol.cycle.response_complete)
