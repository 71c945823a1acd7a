"""Limits of request bodies: size, speed, and how much of uploads the server holds for a visitor or an address.

Arrived bytes count, not announced ones, so that a slow sender takes no room from others; a stalled upload is ended.
Streamlit keeps each upload in memory until its visitor removes it, and for a while after they left; uploads left behind
count for nobody, and are the first to be dropped.
"""

from __future__ import annotations

import asyncio
import re
import time

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from snnviz.data.files.limits import UploadLimits
from snnviz.errors import InputError
from snnviz.ui.server import visitors
from snnviz.ui.server.middleware.cookies import VISITOR
from snnviz.ui.server.middleware.refusing import refuse
from snnviz.ui.server.middleware.upload_memory import MEMORY, Owner

OTHER_BYTES = 2**20
"""Largest body that is not an upload, in bytes."""

FRAMING_BYTES = 64 * 2**10
"""Bytes of an upload's body besides the file."""


class BodyRefused(Exception):
    """A request body is too large or too slow: the HTTP status and the sentence of the response."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class BodyLimits:
    """ASGI middleware that counts the bytes of request bodies while they arrive, and refuses what exceeds a limit."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app = app
        self.place = re.compile(rf"{re.escape(base)}/_stcore/upload_file/([^/]+)/([^/]+)/?")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self.app(scope, receive, send)
            return
        upload = self.place.fullmatch(scope["path"]) if scope["method"] == "PUT" else None
        try:
            limits = UploadLimits.here()
        except InputError as error:
            await refuse(scope, receive, send, 503, f"{error}.")
            return
        most = int(st.get_option("server.maxUploadSize")) * 2**20 + FRAMING_BYTES if upload else OTHER_BYTES
        body = Body(receive, _owner(scope), limits, most)
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                body.close()
                if upload and message["status"] < 300:
                    MEMORY.owners[upload[1], upload[2]] = body.owner
                if not body.whole:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        try:
            await self.app(scope, body.receive, answer)
        except BodyRefused as error:
            if not started:
                await refuse(scope, receive, send, error.status, str(error), sending=not body.whole)
        finally:
            body.close()


class Body:
    """The body of one HTTP request while it arrives; counts its bytes."""

    def __init__(self, receive: Receive, owner: Owner, limits: UploadLimits, most: int) -> None:
        self.owner, self.limits, self.most = owner, limits, most
        self.arrived = 0
        self.whole = self.settled = False
        self.since = time.monotonic()
        self._receive = receive

    async def receive(self) -> Message:
        """Returns the next ASGI message of the body. Raises `BodyRefused`."""
        if self.whole:
            return await self._receive()  # that the visitor leaves
        limits = self.limits
        left = self.since + limits.idle + self.arrived / (limits.speed * 1000) - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(0, min(limits.idle, left)))
        except TimeoutError:
            rule = f"at least {limits.speed} kB a second, and something every {limits.idle} s"
            raise BodyRefused(408, f"This came too slowly: {rule}.") from None
        if message["type"] != "http.request":
            return message
        self.whole = not message.get("more_body", False)
        size = len(message.get("body", b""))
        self.arrived += size
        if self.arrived > self.most:
            raise BodyRefused(413, f"This is too large: at most {self.most // 2**20} MB may be sent.")
        if not self.settled:
            MEMORY.add(self.owner, size)
            if refused := MEMORY.refusal(self.owner, limits):
                raise BodyRefused(*refused)
        return message

    def close(self) -> None:
        """Ends the count of this body's bytes as arriving, after the response."""
        if not self.settled:
            self.settled = True
            MEMORY.add(self.owner, -self.arrived)


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _owner(scope: Scope) -> Owner:
    client = scope.get("client")
    return Owner(scope.get(VISITOR) or "", visitors.address_block(client[0] if client else ""))
