"""Host names to which the server answers, as a defence against DNS rebinding.

A malicious page can make its own name point to this machine; the browser then lets it read our responses. Such a
request still contains that name. So a server that listens to its own machine only answers to that machine's own names,
and to others that were allowed at its start.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from snnviz.errors import InputError
from snnviz.ui.server.middleware.refusing import refuse

SWITCH = "SNNVIZ_HOSTS"
OWN = ("localhost", "127.0.0.1", "[::1]")

_NAME = r"\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?"
_HOST = re.compile(rf"({_NAME})\.?(:\d{{1,5}})?")
_ALLOWED = re.compile(rf"\*|(?:\*\.)?(?:{_NAME})(?::\d{{1,5}})?")


class Hosts:
    """ASGI middleware that answers only to allowed host names, over HTTP and websockets."""

    def __init__(self, app: ASGIApp, named: tuple[str, ...] = ()) -> None:
        self.app, self.named = app, named
        self.everybody = "*" in self.named or not (self.named or is_alone())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.everybody and scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            host, page = headers.get("host"), origin(headers)
            known = (*OWN, *self.named)
            if not is_one_of(host, known):
                await refuse(scope, receive, send, 403, self.sentence(host or "", "a name that is none"))
                return
            if page is not None and not is_one_of(page, known):
                await refuse(scope, receive, send, 403, self.sentence(page, "a page that hides where it is from"))
                return
        await self.app(scope, receive, send)

    def sentence(self, given: str, hidden: str) -> str:
        """Returns the text of the response that refuses a request with an unknown host name, or with none."""
        found = _HOST.fullmatch(given.lower())
        *known, last = dict.fromkeys((*OWN, *self.named))
        return (
            f"This server answers to {', '.join(known)} and {last} alone, not to {found[1] if found else hidden}. "
            f"If you started it and trust that name, start it with {SWITCH}={found[1] if found else 'name,...'}"
        )


def named() -> tuple[str, ...]:
    """Returns the additionally allowed host names, from $SNNVIZ_HOSTS. Raises `InputError` for an invalid name."""
    found = tuple(part.strip().lower() for part in os.environ.get(SWITCH, "").split(",") if part.strip())
    for one in found:
        if not _ALLOWED.fullmatch(one):
            raise InputError(SWITCH, "be names such as demo.example, *.example or localhost:8888, with commas", one)
    return found


def is_alone() -> bool:
    """Returns whether the server accepts connections from its own machine only."""
    address = str(st.get_option("server.address") or "")
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def is_same(headers: Mapping[str, str]) -> bool:
    """Returns whether a request comes from a page of this server, from an allowed host, or from no page at all, and so
    is safe.
    """
    host, page = headers.get("Host"), origin(headers)
    return page is None or page == (host or "").lower() or is_one_of(page, named())


def origin(headers: Mapping[str, str]) -> str | None:
    """Returns the host of the page that sends a request, with its port; "" if it is hidden, None if no page does."""
    given = headers.get("Origin")
    return None if given is None else given.lower().partition("://")[2]


def is_one_of(host: str | None, known: tuple[str, ...]) -> bool:
    """Returns whether a host, with or without a port, matches one of the `known` names.

    >>> known = ("localhost", "a.example:80", "*.b.example")
    >>> [is_one_of(host, known) for host in ("localhost:8501", "a.example:80", "x.b.example")]
    [True, True, True]
    >>> [is_one_of(host, known) for host in ("localhost.evil.example", "a.example", "b.example", None)]
    [False, False, False, False]
    """
    found = _HOST.fullmatch((host or "").lower())
    if found is None:
        return False
    name, both = found[1], f"{found[1]}{found[2] or ''}"
    return any(one in ("*", name, both) or (one.startswith("*.") and _is_below(one[1:], name, both)) for one in known)


def _is_below(ending: str, *names: str) -> bool:
    return any(name.endswith(ending) for name in names)
