"""How much one internet address may ask a minute: requests, new pages, uploads (`[rates]` of snnviz.toml).

Each has a bucket that fills evenly: who asks less than that for a while may ask as much at once. What is served from
memory (Streamlit's own files) is not counted. A class behind one connection is one address, and so are all visitors
if a proxy does not say whose requests it passes on (docs/hosting.md).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from snnviz.errors import InputError
from snnviz.people.hosting import Rates, hosting
from snnviz.ui.server import visitors
from snnviz.ui.server.middleware.refusing import refuse

Kind = Literal["requests", "pages", "uploads"]

MOST_ADDRESSES = 20_000
READ_SECONDS = 1.0

SENTENCES: dict[Kind, str] = {
    "requests": "Your internet address asked this server too much in the last minute: wait for a moment.",
    "pages": "Your internet address opened too many pages of this server in the last minute: wait for a moment.",
    "uploads": "Your internet address uploaded too many files in the last minute: wait for a moment.",
}


class Buckets:
    """What each address may still ask, by kind. `clock`: seconds, from any time on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[tuple[Kind, str], tuple[float, float]] = OrderedDict()

    def take(self, kind: Kind, address: str, a_minute: int) -> bool:
        """Takes one of what an address may ask `a_minute`; returns False if nothing is left."""
        now = self._clock()
        left, at = self._left.pop((kind, address), (float(a_minute), now))
        left = min(float(a_minute), left + (now - at) * a_minute / 60)
        self._left[kind, address] = (max(0.0, left - 1.0) if left >= 1.0 else left, now)
        while len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return left >= 1.0


class RateLimits:
    """ASGI middleware that refuses with status 429 what is too much of one address, below the path `base`.

    off: returns whether nothing is limited.
    """

    def __init__(
        self, app: ASGIApp, base: str = "", buckets: Buckets | None = None, off: Callable[[], bool] = lambda: False
    ) -> None:
        self.off = off
        self.app, self.free, self.upload = app, f"{base}/static/", f"{base}/_stcore/upload_file/"
        self.buckets = buckets or Buckets()
        self._read, self._rates = -READ_SECONDS, Rates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = self.kind(scope)
        if kind is not None and (most := getattr(self.rates(), f"{kind}_a_minute")):
            client = scope.get("client")
            if not self.buckets.take(kind, visitors.address_block(client[0] if client else ""), most):
                await refuse(scope, receive, send, 429, SENTENCES[kind])
                return
        await self.app(scope, receive, send)

    def kind(self, scope: Scope) -> Kind | None:
        """Returns how a request is counted; None: not at all."""
        if scope["type"] == "websocket":
            return "pages"
        if scope["type"] != "http" or scope["path"].startswith(self.free):
            return None
        return "uploads" if scope["method"] == "PUT" and scope["path"].startswith(self.upload) else "requests"

    def rates(self) -> Rates:
        """Returns what the host allows, at most a second old."""
        if time.monotonic() - self._read > READ_SECONDS:
            self._read = time.monotonic()
            try:
                given = hosting().rates
            except InputError:  # `/healthz` says it; what counted before goes on
                given = self._rates
            self._rates = Rates(requests_a_minute=0, pages_a_minute=0, uploads_a_minute=0) if self.off() else given
        return self._rates
