"""What the server gives away besides the pages, and what stands before Streamlit's own server."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from snnviz.errors import InputError
from snnviz.ui.server.frontend import FOREVER, StaticFiles, file_response, plotly_file
from snnviz.ui.server.middleware import head
from snnviz.ui.server.middleware.body_limits import BodyLimits
from snnviz.ui.server.middleware.cookies import Cookies
from snnviz.ui.server.middleware.headers import Headers, places
from snnviz.ui.server.middleware.hosts import Hosts, named

PLOTLY_PATH = "/assets/plotly.min.js"


def routes() -> list[Route]:
    """Our routes. Streamlit does not put `server.baseUrlPath` before them, so each is there with and without it."""
    given = {PLOTLY_PATH: _plotly} | {f"/assets/{name}": head.asset for name in head.FILES}
    return [Route(prefix + path, respond) for prefix in sorted({"", _base()}) for path, respond in given.items()]


def middleware() -> list[Middleware]:
    """The middleware before Streamlit's own server, outermost first: all answers get their headers.

    A setting that is none ends the server before it begins: a rule of access is not guessed.
    """
    try:
        trusted, framing = named(), places()
    except InputError as error:
        raise SystemExit(f"{error}.") from None
    return [
        Middleware(Headers, places=framing),
        Middleware(Hosts, named=trusted),
        Middleware(Cookies, base=_base()),
        Middleware(BodyLimits, base=_base()),
        Middleware(head.Head),
        Middleware(StaticFiles, base=_base()),
    ]


def plotly_url() -> str:
    """The URL of Plotly's JavaScript. The version in it makes a browser fetch a new one when plotly changes."""
    return f"{_base()}{PLOTLY_PATH}?v={_plotly_version()}"


async def _plotly(request: Request) -> Response:
    exact = request.query_params.get("v") == _plotly_version()
    return file_response(request, plotly_file(), FOREVER if exact else "no-cache")


def _base() -> str:
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


@cache
def _plotly_version() -> str:
    return version("plotly")
