"""What our lines in Streamlit's page are, and that its answers are otherwise as they were."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from snnviz.ui.server.frontend import STATIC
from snnviz.ui.server.middleware.head import FILES, Head, with_head
from snnviz.ui.server.routes import routes
from tests.asgi import run

PAGE = (STATIC / "index.html").read_bytes()


async def respond(request: Request) -> Response:
    if request.url.path == "/text":
        return PlainTextResponse("<title>Streamlit</title>")
    compressed = {"Content-Encoding": "gzip"} if "gzip" in request.headers.get("accept-encoding", "") else {}
    return HTMLResponse(
        PAGE, status_code=404 if request.url.path == "/lost" else 200, headers={"ETag": "old"} | compressed
    )


APP = Head(Starlette(routes=[*routes(), Route("/{path:path}", respond)]))


def get(address: str, accept: str = "text/html", app: ASGIApp = APP) -> Response:
    """What the server answers to a browser that knows an older page."""
    path, _, query = address.partition("?")
    asked = {"accept": accept, "accept-encoding": "gzip", "if-none-match": "old"}
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "query_string": query.encode()}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in asked.items()]
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    run(app(scope, receive, send))
    start, *parts = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Response(b"".join(part.get("body", b"") for part in parts), start["status"], headers)


@pytest.mark.parametrize("path", ["/", "/runs"])
def test_the_page_has_our_title_style_sheet_and_script_before_its_own(path: str) -> None:
    answer = get(path)
    text = bytes(answer.body).decode()
    assert "<title>snnviz</title>" in text
    assert text.index("page.css") < text.index("page.js") < text.index('type="module"')
    assert "etag" not in answer.headers
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_its_files_are_there_and_are_kept_by_their_content() -> None:
    text = get("/").body.decode()
    for name, file in FILES.items():
        address = re.search(rf'"\.(/assets/{name}\?v=\w+)"', text)
        assert address is not None
        answer = get(address[1], accept="*/*")
        assert gzip.decompress(answer.body) == file.read_bytes()
        assert "immutable" in answer.headers["cache-control"]
        assert get(f"/assets/{name}?v=other", accept="*/*").headers["cache-control"] == "no-cache"


def test_what_is_fetched_early_exists_once_and_is_no_surprise() -> None:
    text = with_head(PAGE).decode()
    files = re.findall(r'href="\./static/(js/[\w.-]+\.js)"', text)
    assert any("BidiComponent" in file for file in files)
    assert len(files) == len(set(files))
    assert all((STATIC / "static" / file).is_file() for file in files)


def test_other_answers_are_left_alone() -> None:
    assert get("/text").body == b"<title>Streamlit</title>"
    assert get("/lost").body == PAGE
    assert get("/", accept="*/*").body == PAGE
