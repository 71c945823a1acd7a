"""Under which names the server answers, what every answer tells the browser, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st

from snnviz.ui.server import routes
from snnviz.ui.server.middleware import headers, hosts
from tests.asgi import run

Ask = Callable[..., tuple[int, dict[str, str], str]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Status, headers and text of an answer of a server that listens to its machine alone."""
    option = st.get_option
    address = ["127.0.0.1"]
    monkeypatch.setattr(st, "get_option", lambda name: address[0] if name == "server.address" else option(name))
    monkeypatch.delenv("SNNVIZ_HOSTS", raising=False)
    monkeypatch.delenv("SNNVIZ_FRAMES", raising=False)

    async def page(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    def answer(
        host: str | None = "localhost:8501",
        origin: str | None = None,
        query: str = "",
        at: str = "127.0.0.1",
        kind: str = "http",
    ) -> tuple[int, dict[str, str], str]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        address[0] = at
        given = [(b"host", host), (b"origin", origin)]
        scope = {
            "type": kind,
            "method": "GET",
            "path": "/",
            "query_string": query.encode(),
            "headers": [(name, value.encode()) for name, value in given if value is not None],
            "extensions": {"websocket.http.response": {}},
        }
        guarded: Any = page
        for one in reversed(routes.middleware()[:2]):
            guarded = one.cls(guarded, *one.args, **one.kwargs)
        run(guarded(scope, None, send))
        found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]).decode()

    return answer


GOOD = [
    "localhost",
    "localhost:8501",
    "LOCALHOST:1",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:9000",
    "[::1]",
    "[::1]:8501",
]
BAD = [
    *("evil.example", "evil.example:8501", "localhost.evil.example", "evillocalhost", "127.0.0.1.evil.example"),
    *("127.0.0.2", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "", "*", None),
    *("localhost:x", "localhost/", "a@localhost", "localhost evil", "localhost:1:2"),
]


@pytest.mark.parametrize("host", GOOD)
def test_a_local_server_answers_to_its_machines_own_names(ask: Ask, host: str) -> None:
    for kind in ("http", "websocket"):
        assert ask(host, kind=kind)[0] == 200
        assert ask(host, f"http://{host}", kind=kind)[0] == 200


@pytest.mark.parametrize("host", BAD)
def test_and_to_no_other_as_host_or_as_origin(ask: Ask, host: str | None) -> None:
    for kind in ("http", "websocket"):
        status, _, words = ask(host, kind=kind)
        assert (status, "SNNVIZ_HOSTS" in words) == (403, True)
        assert "localhost, 127.0.0.1 and [::1] alone" in words
        if host is not None:
            assert ask("localhost:8501", f"http://{host}", kind=kind)[0] == 403


@pytest.mark.parametrize("origin", ["null", "file://", "chrome-extension://abcdef", "https://evil.example", ""])
def test_a_page_that_hides_where_it_is_from_is_refused(ask: Ask, origin: str) -> None:
    assert ask("localhost:8501", origin)[0] == 403


def test_the_refusal_names_the_host_and_what_would_allow_it(ask: Ask) -> None:
    assert ask("evil.example:80")[2] == (
        "This server answers to localhost, 127.0.0.1 and [::1] alone, not to evil.example. "
        "If you started it and trust that name, start it with SNNVIZ_HOSTS=evil.example"
    )
    assert "not to evil.example." in ask(origin="https://evil.example")[2]
    assert "not to a page that hides where it is from." in ask(origin="null:")[2]
    assert "<" not in ask("<script>alert(1)</script>")[2]


def test_more_names_are_answered_where_they_are_trusted(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    monkeypatch.setenv("SNNVIZ_HOSTS", "demo.example, *.github.dev,hub.example:8888")
    for good in ("demo.example", "demo.example:443", "x-8501.app.github.dev", "hub.example:8888", "localhost:3"):
        assert ask(good, f"https://{good}")[0] == 200
    for bad in ("evil.example", "github.dev", "evilgithub.dev", "hub.example", "hub.example:1", "a.demo.example"):
        assert ask(bad)[0] == 403
        assert ask(origin=f"https://{bad}")[0] == 403
    monkeypatch.setenv("SNNVIZ_HOSTS", "*")
    assert ask("evil.example", "https://other.example")[0] == 200


def test_a_hosted_server_answers_to_all_unless_it_is_told_its_names(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    assert ask("demo.example", "https://demo.example", at="0.0.0.0")[0] == 200
    assert ask("demo.example", at="")[0] == 200
    assert ask("demo.example", at="localhost")[0] == ask("demo.example", at="::1")[0] == 403
    monkeypatch.setenv("SNNVIZ_HOSTS", "demo.example")
    assert ask("demo.example", at="0.0.0.0")[0] == ask("127.0.0.1:8501", at="0.0.0.0")[0] == 200
    assert ask("10.0.0.1", at="0.0.0.0")[0] == 403


@pytest.mark.parametrize("value", ["http://demo.example", "demo.example/", "a b", "x*", "a;b", "\nSet-Cookie: x"])
def test_what_is_no_name_and_no_origin_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SNNVIZ_HOSTS", f"good.example,{value}")
    with pytest.raises(SystemExit, match=r"^SNNVIZ_HOSTS must be names .*\.$"):
        routes.middleware()
    monkeypatch.delenv("SNNVIZ_HOSTS")
    monkeypatch.setenv("SNNVIZ_FRAMES", "demo.example;script-src" if value.startswith("http") else value)
    with pytest.raises(SystemExit, match=r"^SNNVIZ_FRAMES must be .*\.$"):
        routes.middleware()


def test_the_page_of_the_same_server_is_told_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNNVIZ_HOSTS", raising=False)

    def same(origin: str | None) -> bool:
        return hosts.is_same({"Host": "localhost:8501"} | ({} if origin is None else {"Origin": origin}))

    assert same(None)
    assert same("http://localhost:8501")
    assert same("HTTP://LOCALHOST:8501")
    for other in ("http://localhost:3000", "http://localhost", "http://127.0.0.1:8501", "https://evil.example", "null"):
        assert not same(other)
    monkeypatch.setenv("SNNVIZ_HOSTS", "localhost:3000,demo.example")
    assert same("http://localhost:3000")
    assert same("https://demo.example")
    assert not same("http://localhost:3001")


def test_every_answer_has_the_headers_refusals_too(ask: Ask) -> None:
    for status, found, _ in (ask(), ask("evil.example"), ask("evil.example", kind="websocket")):
        assert status in (200, 403)
        assert found["x-content-type-options"] == "nosniff"
        assert found["referrer-policy"] == "same-origin"
        assert found["x-frame-options"] == "SAMEORIGIN"
        policy = dict(part.split(" ", 1) for part in found["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'self'"
        assert "unsafe-inline" not in policy["script-src"]
        assert "'unsafe-eval'" not in found["content-security-policy"]


def test_frames_elsewhere_are_allowed_for_the_embedded_page_alone(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    def ancestors(query: str) -> tuple[str, bool]:
        found = ask(query=query)[1]
        return found["content-security-policy"].rpartition("frame-ancestors ")[2], "x-frame-options" in found

    assert ancestors("embed=true") == ("'self'", True)
    monkeypatch.setenv("SNNVIZ_FRAMES", "https://course.example, http://localhost:*,vscode-webview:")
    allowed = "'self' https://course.example http://localhost:* vscode-webview:"
    assert ancestors("a=00&embed=true&embed_options=dark_theme") == (allowed, False)
    assert ancestors("a=00") == ancestors("embed=1") == ancestors("embed=false&embed=true") == ("'self'", True)
    monkeypatch.setenv("SNNVIZ_FRAMES", "*")
    assert ancestors("embed=true") == ("*", False)
    assert headers.policy(()).endswith("frame-ancestors 'self'")
