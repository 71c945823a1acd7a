"""Refusing a request with a sentence, over HTTP and websockets."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

LISTENING_SECONDS = 2.0
"""Seconds for which the rest of a body is still read, as a client whose connection ends at once may never read why."""


async def refuse(
    scope: Scope, receive: Receive, send: Send, status: int, sentence: str, *, sending: bool = False
) -> None:
    """Sends a response with a status and a sentence, and closes the connection without reading the rest of the request.

    `sending`: a body is still arriving.
    """
    response = PlainTextResponse(sentence, status, headers={"Connection": "close"})
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
        return
    await send({"type": "http.response.start", "status": status, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": sending})
    if sending:
        with suppress(TimeoutError):
            async with asyncio.timeout(LISTENING_SECONDS):
                while (await receive()).get("more_body", False):
                    pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})
