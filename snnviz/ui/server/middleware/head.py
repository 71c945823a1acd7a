"""Adds our style sheet and script to the head of Streamlit's page.

Streamlit sends one HTML file for all pages. A script of ours would run seconds later, after something was shown, which
then moves. So the file gets two more lines on its way to the browser.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from snnviz.ui.server.frontend import FOREVER, STATIC, file_response

UI = Path(__file__).resolve().parents[2]
FILES = {name: UI / name for name in ("page.css", "page.js")}
DROPPED_HEADERS = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}
"""Headers that are removed from a request for the page, so that the response is complete and uncompressed."""

PRELOADED = (
    "BidiComponent",
    "Button",
    "ButtonGroup",
    "Html",
    "Metric",
    "NumberInput",
    "Selectbox",
    "WidgetLabelHelpIcon",
)
"""Parts of Streamlit that all pages need, and that it would only fetch when first shown."""


class Head:
    """ASGI middleware that adds our style sheet and script to Streamlit's page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not _wants_page(scope):
            await self.app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name.lower() not in DROPPED_HEADERS]
        await self.app({**scope, "headers": headers}, receive, _HeadWriter(send))


class _HeadWriter:
    """Hands on the messages of an answer; of a page when all of it is there."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self.start = message
        elif message["type"] == "http.response.body" and self.start is not None:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self.start)
        else:
            await self.send(message)

    async def _finish(self, start: Message) -> None:
        body = with_head(self.body)
        own = {b"content-length", b"etag", b"last-modified", b"accept-ranges"}
        headers = [(name, value) for name, value in start["headers"] if name.lower() not in own]
        headers.append((b"content-length", str(len(body)).encode()))
        await self.send({**start, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def with_head(page: bytes) -> bytes:
    """Returns Streamlit's page with our style sheet and script in its head; any other body unchanged.

    >>> with_head(b"<head><title>Streamlit</title></head>").startswith(b"<head><title>snnviz</title>")
    True
    >>> with_head(b"<p>")
    b'<p>'
    """
    lines = f'<link rel="stylesheet" href="{_address("page.css")}" /><script src="{_address("page.js")}"></script>'
    early = "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in _preloaded())
    return page.replace(b"<title>Streamlit</title>", f"<title>snnviz</title>{lines}{early}".encode(), 1)


async def asset(request: Request) -> Response:
    """Returns the response with our style sheet or script."""
    name = request.url.path.rsplit("/", 1)[-1]
    exact = request.query_params.get("v") == _version(name)
    return file_response(request, FILES[name], FOREVER if exact else "no-cache")


def _address(name: str) -> str:
    """Relative, as Streamlit's own are, so that it holds below a base path or behind a proxy."""
    return f"./assets/{name}?v={_version(name)}"


@cache
def _version(name: str) -> str:
    return hashlib.sha256(FILES[name].read_bytes()).hexdigest()[:12]


@cache
def _preloaded() -> tuple[str, ...]:
    """The files of `PRELOADED`, and what they import; without those that Streamlit's page names itself."""
    folder = STATIC / "static" / "js"
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    found: dict[str, None] = {}
    waiting = [file.name for name in PRELOADED for file in folder.glob(f"{name}.*.js")]
    while waiting:
        name = waiting.pop()
        if name in found or name in page:
            continue
        found[name] = None
        waiting += re.findall(r'from"\./([\w.-]+\.js)"', (folder / name).read_text(encoding="utf-8"))
    return tuple(found)


def _wants_page(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _is_page(start: Message) -> bool:
    kinds = [value for name, value in start["headers"] if name.lower() == b"content-type"]
    return start["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)
