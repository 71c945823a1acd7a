"""ASGI middleware that adds security headers to every response: allowed scripts, framing, referrer."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from functools import cache
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from snnviz.errors import InputError
from snnviz.ui.server.frontend import STATIC

SWITCH = "SNNVIZ_FRAMES"

_PLACE = re.compile(r"\*|[a-z][a-z0-9+.-]*:(//(\*\.)?(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:(\d{1,5}|\*))?)?")


class Headers:
    """ASGI middleware that adds the headers to every response, refusals included."""

    def __init__(self, app: ASGIApp, places: tuple[str, ...] = ()) -> None:
        self.app, self.places = app, places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                put(MutableHeaders(scope=message), scope, self.places)
            await send(message)

        await self.app(scope, receive, answer)


def put(headers: MutableHeaders, scope: Scope, places: tuple[str, ...]) -> None:
    """Adds the security headers to a response; the origins in `places` may frame the page with ``?embed=true``, its own
    server always.
    """
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    framed = places if query.get("embed") == ["true"] else ()
    headers["Content-Security-Policy"] = policy(framed)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    if not framed:
        headers["X-Frame-Options"] = "SAMEORIGIN"


async def broken(request: Request, _error: Exception) -> PlainTextResponse:
    """Returns the response to an internal error of the server (status 500), made outside of all middleware; the log has
    the traceback.
    """
    response = PlainTextResponse("Something broke here; the server's log says what.", 500)
    put(response.headers, request.scope, ())
    return response


def places() -> tuple[str, ...]:
    """Returns the origins that may embed the pages in a frame, from $SNNVIZ_FRAMES. Raises `InputError` for an invalid
    origin.
    """
    found = tuple(part.strip().lower() for part in os.environ.get(SWITCH, "").split(",") if part.strip())
    for one in found:
        if not _PLACE.fullmatch(one):
            raise InputError(SWITCH, "be * or origins such as https://course.example, with commas", one)
    return found


@cache
def policy(framed: tuple[str, ...]) -> str:
    """Returns the Content-Security-Policy; `framed`: origins that may frame the page.

    Streamlit loads our components' code from blobs and has a few lines of WebAssembly (64-bit integers), and it and
    Plotly write styles into the page. Nothing needs `eval`, and nothing is fetched from elsewhere.
    """
    ancestors = "*" if "*" in framed else " ".join(("'self'", *framed))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: 'wasm-unsafe-eval' {' '.join(_inline())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {ancestors}",
        )
    )


def _inline() -> list[str]:
    """The scripts that stand in Streamlit's own page, by what is in them."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    found = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in found]
