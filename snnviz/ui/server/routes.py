"""The server's additional routes, and the middleware before Streamlit's own server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib.metadata import version

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from snnviz.errors import InputError
from snnviz.ui.server import handouts
from snnviz.ui.server.frontend import FOREVER, StaticFiles, file_response, plotly_file
from snnviz.ui.server.local import serves_one
from snnviz.ui.server.middleware import head
from snnviz.ui.server.middleware.body_limits import BodyLimits
from snnviz.ui.server.middleware.cookies import Cookies
from snnviz.ui.server.middleware.headers import Headers, places
from snnviz.ui.server.middleware.hosts import Hosts, named
from snnviz.ui.server.middleware.rates import RateLimits
from snnviz.ui.server.middleware.redirects import Redirects
from snnviz.ui.server.middleware.same_site import SameSite
from snnviz.views import glossary

PLOTLY_PATH = "/assets/plotly.min.js"
WORDS_PATH = "/assets/words.json"


Respond = Callable[[Request], Awaitable[Response]]


def routes(more: Mapping[str, Respond] | None = None) -> list[Route]:
    """Returns our routes, each with and without `server.baseUrlPath`, which Streamlit does not add to them.

    more: further ones, from a path to what responds.
    """
    given: dict[str, Respond] = {PLOTLY_PATH: _plotly, WORDS_PATH: _words, handouts.PATH: handouts.respond}
    given |= {f"/assets/{name}": head.asset for name in head.FILES} | dict(more or {})
    return [Route(prefix + path, respond) for prefix in sorted({"", _base()}) for path, respond in given.items()]


def middleware() -> list[Middleware]:
    """Returns the middleware before Streamlit's own server, outermost first, so that all responses get their headers.

    Exits the process with a sentence if an access setting is invalid.
    """
    try:
        trusted, framing = named(), places()
    except InputError as error:
        raise SystemExit(f"{error}.") from None
    return [
        Middleware(Headers, places=framing),
        Middleware(Hosts, named=trusted),
        Middleware(RateLimits, base=_base(), off=serves_one),
        Middleware(SameSite, base=_base()),
        Middleware(Redirects, base=_base()),
        Middleware(Cookies, base=_base()),
        Middleware(BodyLimits, base=_base()),
        Middleware(head.Head),
        Middleware(StaticFiles, base=_base()),
    ]


def plotly_url() -> str:
    """Returns the URL of Plotly's JavaScript, with its version, so that browsers fetch a new one after an update."""
    return f"{_base()}{PLOTLY_PATH}?v={_plotly_version()}"


async def _plotly(request: Request) -> Response:
    exact = request.query_params.get("v") == _plotly_version()
    return file_response(request, plotly_file(), FOREVER if exact else "no-cache")


async def _words(_request: Request) -> Response:
    """The glossary, for the words that are marked on pages."""
    return JSONResponse(glossary.document(), headers={"Cache-Control": "no-cache"})


def _base() -> str:
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


@cache
def _plotly_version() -> str:
    return version("plotly")
