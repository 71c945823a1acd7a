"""The browser's files come from memory, byte for byte what Streamlit would send."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from snnviz.ui.server.frontend import STATIC, StaticFiles, warm
from tests.asgi import run

ENTRY = next((STATIC / "static" / "js").glob("index.*.js"))
FONT = next((STATIC / "static" / "media").glob("*.woff2"))


async def streamlit(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"Streamlit's own answer"})


def ask(path: str, base: str = "", method: str = "GET", accept: str = "gzip, br") -> tuple[int, dict[str, str], bytes]:
    scope = {"type": "http", "method": method, "path": path, "headers": [(b"accept-encoding", accept.encode())]}
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    run(StaticFiles(streamlit, base)(scope, None, send))  # type: ignore[arg-type]
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message["body"] for message in sent[1:])


@pytest.mark.parametrize("base", ["", "/snn"])
def test_a_script_is_compressed_for_who_takes_that(base: str) -> None:
    status, headers, body = ask(f"{base}/static/js/{ENTRY.name}", base)
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert len(body) == int(headers["content-length"]) < ENTRY.stat().st_size / 2
    assert gzip.decompress(body) == ENTRY.read_bytes()
    assert "immutable" in headers["cache-control"]
    assert headers["vary"] == "Accept-Encoding"
    status, headers, body = ask(f"{base}/static/js/{ENTRY.name}", base, accept="identity")
    assert (status, "content-encoding" in headers, body) == (200, False, ENTRY.read_bytes())
    assert headers["content-type"].startswith("text/javascript")


def test_a_font_is_sent_as_it_is() -> None:
    status, headers, body = ask(f"/static/media/{FONT.name}")
    assert (status, headers["content-type"], body) == (200, "font/woff2", FONT.read_bytes())
    assert "content-encoding" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/static/index.html",
        "/static/js/none.js",
        "/static/../index.html",
        "/static/js/../../../../__init__.py",
        f"/other/static/js/{ENTRY.name}",
    ],
)
def test_all_else_is_streamlits(path: str) -> None:
    assert ask(path)[0] == 418


def test_other_methods_are_streamlits() -> None:
    assert ask(f"/static/js/{ENTRY.name}", method="HEAD")[0] == 418


def test_what_every_visit_fetches_is_warmed() -> None:
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    assert f"./static/js/{ENTRY.name}" in index  # where Streamlit writes it otherwise, `warm` finds nothing
    warm()
