"""One internet address may ask so much a minute, and others are not held up by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from snnviz.ui.server.middleware import rates
from snnviz.ui.server.middleware.rates import Buckets, RateLimits
from tests.asgi import run


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "snnviz.toml"
    place.write_text("[rates]\nrequests_a_minute = 5\npages_a_minute = 2\nuploads_a_minute = 1\n")
    monkeypatch.setenv("SNNVIZ_CONFIG", str(place))
    return place


async def page(scope: Any, _receive: Any, send: Any) -> None:
    kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
    await send({"type": f"{kind}.start", "status": 200, "headers": []})
    await send({"type": f"{kind}.body", "body": b""})


class Asked:
    """A guarded application with a clock of its own."""

    def __init__(self, base: str = "", off: Callable[[], bool] = lambda: False) -> None:
        self.now = 0.0
        self.app = RateLimits(page, base, Buckets(lambda: self.now), off)

    def __call__(self, path: str = "/handout", at: str = "192.0.2.7", method: str = "GET", kind: str = "http") -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": kind, "method": method, "path": path, "query_string": b"", "headers": [], "client": (at, 5),
            "extensions": {"websocket.http.response": {}},
        }  # fmt: skip
        run(self.app(scope, None, send))  # type: ignore[arg-type]
        return int(sent[0]["status"])


def test_an_address_has_its_requests_and_gets_them_back_evenly() -> None:
    ask = Asked()
    assert [ask() for _ in range(7)] == [200] * 5 + [429] * 2
    assert ask(at="192.0.2.8") == 200
    ask.now = 11.9
    assert ask() == 429
    ask.now = 12.1
    assert (ask(), ask()) == (200, 429)
    ask.now = 9000.0
    assert [ask() for _ in range(6)] == [200] * 5 + [429]


def test_pages_and_uploads_are_counted_apart_and_files_in_memory_not() -> None:
    ask = Asked("/demo")
    upload = {"path": "/demo/_stcore/upload_file/s/f", "method": "PUT"}
    assert [ask(**upload) for _ in range(2)] == [200, 429]
    assert [ask("/demo/_stcore/stream", kind="websocket") for _ in range(3)] == [200, 200, 429]
    assert [ask("/demo/static/js/a.js") for _ in range(50)] == [200] * 50
    assert ask() == 200


def test_a_household_of_ipv6_is_one_address() -> None:
    ask = Asked()
    assert [ask(at=f"2001:db8::{number}") for number in range(6)] == [200] * 5 + [429]
    assert ask(at="2001:db8:0:1::1") == 200


def test_nothing_is_limited_for_whoever_has_the_machine_or_by_zero(file: Path) -> None:
    ask = Asked(off=lambda: True)
    assert [ask() for _ in range(20)] == [200] * 20
    file.write_text("[rates]\nrequests_a_minute = 0\n")
    ask = Asked()
    assert [ask() for _ in range(20)] == [200] * 20


def test_an_invalid_file_limits_as_usual(file: Path) -> None:
    file.write_text("[rates]\nrequests_a_minute = -1\n")
    ask = Asked()
    assert [ask() for _ in range(20)] == [200] * 20


def test_as_many_addresses_as_there_may_be_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_ADDRESSES", 10)
    buckets = Buckets(lambda: 0.0)
    for number in range(100):
        buckets.take("requests", str(number), 1)
    assert len(buckets._left) == 10
    assert not buckets.take("requests", "99", 1)
