"""Redirects of short links and of old addresses: ``/`` with a design's parameters was the Design page before Home was.

The answer is a redirect, so that the browser paints nothing before. Streamlit's own parameters (``embed``) are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from snnviz.design.links import RESERVED_PARAMETERS
from snnviz.ui.server.middleware.short_links import short_link_target

TRACKERS = ("utm_", "fbclid", "gclid")
"""How parameters begin that others add to an address that is passed on."""


class Redirects:
    """ASGI middleware that redirects old addresses of designs and short links, below the path `base`."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"].startswith(self.base):
            place = self._target(
                scope["path"].removeprefix(self.base), scope.get("query_string", b"").decode("latin-1")
            )
        if place is None:
            await self.app(scope, receive, send)
            return
        response = Response(status_code=307)
        response.raw_headers.append((b"location", place.encode("latin-1")))
        await response(scope, receive, send)

    def _target(self, path: str, query: str) -> str | None:
        place = old_design_target(path, query) or short_link_target(path, query)
        return place if place is None or path else f"{self.base}/{place}"  # relative to what has no slash at its end


def old_design_target(path: str, query: str) -> str | None:
    """Returns where the first page's address leads if it has a design's parameters, relative to it, so that it holds
    behind a proxy that takes a part of the path away; None for any other address.

    >>> old_design_target("/", "seed=3"), old_design_target("/", "embed=true"), old_design_target("/runs", "seed=3")
    ('design?seed=3', None, None)
    """
    found = path in ("", "/") and names_design(name for name, _ in parse_qsl(query, keep_blank_values=True))
    return f"design?{query}" if found else None


def names_design(names: Iterable[str]) -> bool:
    """Returns whether the parameters of an address are fields of a design, or misspelt ones.

    >>> names_design(["neuron.threshold", "embed"]), names_design(["sed"])
    (True, True)
    >>> names_design([]), names_design(["embed", "utm_source"])
    (False, False)
    """
    return any(name not in RESERVED_PARAMETERS and not name.startswith(TRACKERS) for name in names)
