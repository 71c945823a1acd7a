"""Old addresses of designs, at ``/``, lead to the Design page; all others are answered as they were."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.ui.server.middleware.redirects import Redirects
from tests.asgi import run


def answer(path: str, query: bytes = b"", base: str = "", method: str = "GET", kind: str = "http") -> list[Any]:
    """What is sent for a request; "page" where Streamlit answers."""
    sent: list[Any] = []

    async def streamlit(*_: Any) -> None:
        sent.append("page")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "method": method, "path": path, "query_string": query, "headers": []}
    run(Redirects(streamlit, base)(scope, None, send))  # type: ignore[arg-type]
    return sent


def place(*given: Any, **more: Any) -> str:
    """Where a request is sent to."""
    start = answer(*given, **more)[0]
    assert start["status"] == 307
    return dict(start["headers"])[b"location"].decode("latin-1")


@pytest.mark.parametrize(
    "query",
    [
        b"neuron.threshold=0.8",
        b"network.edges=00200/00000/00002/00000/00000&seed=3&embed=true&embed_options=dark_theme",
        b"embed=true&data.name=mnist",
        b"sed=1",  # misspelt: the Design page says so
        b"seed=%0d%0aX-Evil:%201",
        b"seed=\xff<b>",
        b"seed",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_design_at_the_first_page_goes_to_the_design_page_as_it_is_written(query: bytes, method: str) -> None:
    said = query.decode("latin-1")
    assert place("/", query, method=method) == f"design?{said}"
    assert place("/snn/", query, "/snn", method=method) == f"design?{said}"
    assert place("/snn", query, "/snn", method=method) == f"/snn/design?{said}"


@pytest.mark.parametrize("query", [b"", b"embed=true", b"embed=true&embed_options=light_theme", b"utm_source=letter"])
def test_the_first_page_stays_where_no_design_is_named(query: bytes) -> None:
    assert answer("/", query) == ["page"]


def test_nothing_else_is_sent_elsewhere() -> None:
    for path in ("/design", "/runs", "/_stcore/health", "//", "/static/js/index.js"):
        assert answer(path, b"seed=1") == ["page"]
    assert answer("/", b"seed=1", base="/snn") == ["page"]
    assert answer("/", b"seed=1", method="POST") == ["page"]
    assert answer("/", b"seed=1", kind="websocket") == ["page"]
