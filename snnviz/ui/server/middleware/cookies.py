"""ASGI middleware that gives every visitor a cookie, in the response to the first page."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from snnviz.ui.server import visitors

VISITOR = "snnviz.visitor"
"""Key in the ASGI scope under which other middleware and routes find the visitor's name."""


class Cookies:
    """ASGI middleware that identifies visitors by their signed cookie, and creates one if it is missing or invalid."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app = app
        self.path = base or "/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope)
        found = visitors.verify(cookie_parser(given.get("cookie", "")).get(visitors.cookie_name(), ""))
        name, old = found or (visitors.new_visitor(), True)
        scope[VISITOR] = name
        asked = "text/html" in given.get("accept", "")

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                page = headers.get("content-type", "").startswith("text/html")
                if page or (asked and message["status"] == 304):
                    headers.append("Set-Cookie", self.value(name, secure=scope.get("scheme") == "https"))
                    headers["Cache-Control"] = "private, no-cache"  # nobody else may be handed it
            await send(message)

        await self.app(scope, receive, answer if old else send)

    def value(self, name: str, *, secure: bool) -> str:
        """Returns the Set-Cookie header for this visitor."""
        words = f"Path={self.path}; Max-Age={visitors.LIFE_SECONDS}; HttpOnly; SameSite=Lax{'; Secure' * secure}"
        return f"{visitors.cookie_name()}={visitors.sign(name)}; {words}"
