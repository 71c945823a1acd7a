"""What the server gives away besides the pages: Plotly's JavaScript, from the installed plotly package."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

PLOTLY_PATH = "/assets/plotly.min.js"


def routes() -> list[Route]:
    """Our routes. Streamlit does not put `server.baseUrlPath` before them, so each is there with and without it."""
    return [Route(prefix + PLOTLY_PATH, _plotly) for prefix in sorted({"", _base()})]


def plotly_url() -> str:
    """Where a page finds Plotly's JavaScript. The version in it makes a browser fetch a new one when plotly changes."""
    return f"{_base()}{PLOTLY_PATH}?v={_plotly_version()}"


async def _plotly(request: Request) -> Response:
    exact = request.query_params.get("v") == _plotly_version()
    keep = "public, max-age=31536000, immutable" if exact else "no-cache"
    return FileResponse(_plotly_file(), media_type="text/javascript", headers={"Cache-Control": keep})


def _base() -> str:
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


@cache
def _plotly_version() -> str:
    return version("plotly")


@cache
def _plotly_file() -> Path:
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the plotly package is not installed")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"
