"""What changes something is answered to our own pages and to programs, and not to pages of other sites."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.ui.server import routes
from snnviz.ui.server.middleware.same_site import SameSite
from tests.asgi import run


def status(method: str, path: str = "/_stcore/upload_file/a/b", base: str = "", **headers: str) -> int:
    sent: list[Any] = []

    async def page(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    given = [
        (name.replace("_", "-").encode(), text.encode()) for name, text in {"host": "a.example", **headers}.items()
    ]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": given}
    run(SameSite(page, base)(scope, None, send))  # type: ignore[arg-type]
    return int(sent[0]["status"])


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": "https://a.example"}, 403),
        ({"origin": "https://a.example"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 200),
    ],
)
def test_only_our_own_pages_change_something(method: str, headers: dict[str, str], expected: int) -> None:
    assert status(method, **headers) == expected


def test_links_from_other_sites_are_followed_but_none_signs_out() -> None:
    assert status("GET", "/runs", sec_fetch_site="cross-site") == 200
    for base in ("", "/demo"):
        for path in ("/auth/logout", "/auth/logout/"):
            assert status("GET", base + path, base, sec_fetch_site="cross-site") == 403
            assert status("GET", base + path, base, sec_fetch_site="same-origin") == 200
    assert status("GET", "/auth/login", sec_fetch_site="cross-site") == 200


def test_no_route_of_ours_takes_more_than_it_gives() -> None:
    """Each is only read; one that changes something is seen here, and must be among what `SameSite` looks at."""
    assert {method for route in routes.routes() for method in route.methods or ()} == {"GET", "HEAD"}
    assert SameSite in {each.cls for each in routes.middleware()}
