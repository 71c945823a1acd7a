"""Serves the browser's static files from memory, compressed, so that a first visit is fast.

A page of Streamlit consists of a hundred small files. Streamlit reads each from disk for every visitor, in a thread of
its own, and sends it uncompressed, which takes the server a quarter of a second. Here they are compressed once for all
visitors, and so is Plotly.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

KINDS = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
FOREVER = "public, max-age=31536000, immutable"
"""Cache header for an address that changes with the content."""

STATIC = Path(st.__file__).parent / "static"


class StaticFiles:
    """ASGI middleware that serves Streamlit's own files below the path `base` from memory; all else is passed on."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app = app
        self.place = f"{base}/static/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = None
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(self.place):
            file = _files().get(scope["path"].removeprefix(self.place))
        respond = self.app if file is None else file_response(Request(scope), file, FOREVER)
        await respond(scope, receive, send)


def file_response(request: Request, file: Path, keep: str) -> Response:
    """Returns an HTTP response with the content of a file, kept in memory; `keep`: its Cache-Control header."""
    headers = {"Cache-Control": keep, "Vary": "Accept-Encoding"}
    compressed = file.suffix != ".woff2" and "gzip" in request.headers.get("accept-encoding", "")
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(_content(file, compressed=compressed), media_type=KINDS[file.suffix], headers=headers)


def warm() -> None:
    """Reads and compresses the files that every first visit loads."""
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    for name in re.findall(r"\./static/(js/[\w.-]+\.js)", index):
        _content(STATIC / "static" / name, compressed=True)
    _content(plotly_file(), compressed=True)


@cache
def plotly_file() -> Path:
    """Returns the path of Plotly's JavaScript in the installed plotly package."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the plotly package is not installed")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


@cache
def _content(file: Path, *, compressed: bool) -> bytes:
    content = file.read_bytes()
    return gzip.compress(content, 6, mtime=0) if compressed else content


@cache
def _files() -> dict[str, Path]:
    folder = STATIC / "static"
    return {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.suffix in KINDS}
