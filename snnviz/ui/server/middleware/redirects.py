"""Redirects of old addresses: ``/`` with a design's parameters was the Design page before the Home page existed.

The answer is a redirect, so that the browser paints nothing before. Streamlit's own parameters (``embed``) are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from snnviz.design.links import RESERVED_PARAMETERS

TRACKERS = ("utm_", "fbclid", "gclid")
"""How parameters begin that others add to an address that is passed on."""


class Moved:
    """ASGI middleware that redirects ``/?<a design>`` to ``/design?<a design>``, below the path `base`."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not self._is_home(scope["path"]):
            await self.app(scope, receive, send)
            return
        query: bytes = scope.get("query_string", b"")
        if not names_design(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)):
            await self.app(scope, receive, send)
            return
        # Relative where it can be, so that it holds behind a proxy that takes a part of the path away.
        place = b"design" if scope["path"].endswith("/") else f"{self.base}/design".encode()
        response = Response(status_code=307)
        response.raw_headers.append((b"location", place + b"?" + query))
        await response(scope, receive, send)

    def _is_home(self, path: str) -> bool:
        return path in (f"{self.base}/", self.base)


def names_design(names: Iterable[str]) -> bool:
    """Returns whether the parameters of an address are fields of a design, or misspelt ones.

    >>> names_design(["neuron.threshold", "embed"]), names_design(["sed"])
    (True, True)
    >>> names_design([]), names_design(["embed", "utm_source"])
    (False, False)
    """
    return any(name not in RESERVED_PARAMETERS and not name.startswith(TRACKERS) for name in names)
