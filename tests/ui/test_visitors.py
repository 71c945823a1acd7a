"""Visitors: a cookie that cannot be made up, its key, and what is kept of who made something."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import TimestampSigner

from snnviz.places import ROOT
from snnviz.ui.server import visitors
from snnviz.ui.server.middleware.cookies import VISITOR, Cookies
from tests.asgi import run


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def ask(
    cookie: str = "", kind: str = "text/html; charset=utf-8", status: int = 200, **scope: Any
) -> tuple[str, list[str]]:
    """Who is seen, and the cookies that are set."""
    seen: list[str] = []
    sent: list[Any] = []

    async def page(inner: Any, _receive: Any, send: Any) -> None:
        seen.append(inner[VISITOR])
        headers = [(b"content-type", kind.encode())] if kind else []
        await send({"type": "http.response.start", "status": status, "headers": headers})

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"cookie", cookie.encode()), (b"accept", b"text/html")]
    asked = {"type": "http", "method": "GET", "path": "/", "headers": headers, **scope}
    run(Cookies(page)(asked, None, send))  # type: ignore[arg-type]
    return seen[0], [value.decode() for name, value in sent[0]["headers"] if name.lower() == b"set-cookie"]


def test_the_first_page_brings_a_cookie_that_later_ones_know() -> None:
    name, (cookie,) = ask()
    assert re.fullmatch(r"[\w-]{22}", name)
    value, *words = cookie.split("; ")
    assert words == ["Path=/", "Max-Age=31536000", "HttpOnly", "SameSite=Lax"]
    assert ask(value) == (name, [])
    assert ask()[0] != name
    assert ask(scheme="https")[1][0].endswith("; Secure")


def test_only_pages_bring_one() -> None:
    assert ask(kind="text/javascript")[1] == []
    assert ask(kind="", status=204)[1] == []
    assert len(ask(kind="", status=304)[1]) == 1  # the page that the browser has kept


def forged(name: str) -> list[str]:
    good = visitors.sign(name)
    other = TimestampSigner(b"0" * 32, salt=b"snnviz.visitor").sign(name).decode()
    return [name, good[:-1], good + "x", "x" + good, other, "", ".", "..", "a.b.c", "\u00e9.1.2", good.upper()]


def test_a_forged_cookie_is_another_visitor() -> None:
    name, _ = ask()
    assert visitors.verify(visitors.sign(name)) == (name, False)
    for value in forged(name):
        assert visitors.verify(value) is None
        seen, cookies = ask(f"{visitors.cookie_name()}={value}")
        assert seen != name
        assert len(cookies) == 1
        assert seen in cookies[0]


def test_an_old_cookie_is_not_believed_and_one_of_middle_age_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    name, (cookie,) = ask()
    value = cookie.partition(";")[0]
    now = TimestampSigner.get_timestamp(visitors._signer())
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now + visitors.RENEWED_SECONDS + 2)
    seen, renewed = ask(value)
    assert seen == name
    assert len(renewed) == 1
    assert renewed[0] != cookie
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now + visitors.LIFE_SECONDS + 2)
    assert ask(value)[0] != name


def test_the_key_is_private_and_the_same_for_all_who_start_at_once(cache: Path) -> None:
    command = [sys.executable, "-c", "from snnviz.ui.server import visitors; print(visitors.pseudonym('me'))"]
    several = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert {one.communicate()[0].strip() for one in several} == {visitors.pseudonym("me")}
    key = cache / "visitors.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.stat().st_uid == os.getuid()
    assert len(key.read_bytes()) == visitors.KEY_BYTES
    assert [path.name for path in cache.iterdir()] == ["visitors.key"]


def test_another_key_is_another_cookie_and_knows_nobody(cache: Path) -> None:
    value, called, mark = visitors.sign("me"), visitors.cookie_name(), visitors.pseudonym("me")
    visitors._read.cache_clear()
    (cache / "visitors.key").write_bytes(b"cut")  # as a full disk leaves it
    assert visitors.verify(value) is None
    assert visitors.cookie_name() != called
    assert visitors.pseudonym("me") != mark
    assert len((cache / "visitors.key").read_bytes()) == visitors.KEY_BYTES


def test_where_nothing_can_be_kept_there_are_visitors_all_the_same(
    cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.write_text("a file where the folder should be")
    name, (cookie,) = ask()
    assert ask(cookie.partition(";")[0]) == (name, [])
    assert "The visitors' key cannot be kept" in caplog.text


def test_a_mark_tells_nothing_and_an_address_is_a_household() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", visitors.pseudonym("me"))
    assert visitors.pseudonym("me") != visitors.pseudonym("you")
    assert (
        visitors.address_block("2001:db8::1")
        == visitors.address_block("2001:db8::ffff:2")
        != visitors.address_block("2001:db8:0:1::1")
    )
    assert visitors.address_block("no address") == "no address"
