"""Requests that change something are answered only if a page of this server sends them (CSRF).

Browsers say who asks in `Sec-Fetch-Site`, older ones in `Origin`. Programs say neither; they have no cookie of anybody.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from snnviz.ui.server.middleware.hosts import is_same
from snnviz.ui.server.middleware.refusing import refuse

SAFE = ("GET", "HEAD", "OPTIONS")
CHANGING = ("/auth/logout",)
"""Addresses that change something when they are only opened."""

SENTENCE = "This was sent by a page of another site, and is answered only to pages of this server."


class SameSite:
    """ASGI middleware that refuses what pages of other sites send to change something, below the path `base`."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app, self.changing = app, {f"{base}{path}" for path in CHANGING}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.changes(scope) and not is_ours(Headers(scope=scope)):
            await refuse(scope, receive, send, 403, SENTENCE)
            return
        await self.app(scope, receive, send)

    def changes(self, scope: Scope) -> bool:
        """Returns whether a request may change something."""
        return scope["method"] not in SAFE or scope["path"].rstrip("/") in self.changing


def is_ours(headers: Headers) -> bool:
    """Returns whether a request comes from a page of this server, from the address bar, or from a program.

    >>> is_ours(Headers({"Sec-Fetch-Site": "same-origin"})), is_ours(Headers({"Sec-Fetch-Site": "cross-site"}))
    (True, False)
    >>> is_ours(Headers({"Host": "a.example", "Origin": "https://b.example"})), is_ours(Headers({}))
    (False, True)
    """
    site = headers.get("sec-fetch-site")
    return site in ("same-origin", "none") if site is not None else is_same(headers)
