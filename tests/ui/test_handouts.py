"""The page to print: text as text, a code that a reader reads back, and nobody else's words."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import segno
from starlette.requests import Request

from snnviz.ui.server import handouts
from snnviz.ui.server.handouts import handout_address
from snnviz.ui.server.middleware.cookies import VISITOR
from snnviz.views.handout import handout
from snnviz.views.qr import LONGEST, qr_svg
from tests.asgi import run
from tests.lessons.lesson_files import MARKUP

LINK = "https://course.example/snn/l/why-silent"


def modules(svg: str) -> Any:
    """The dark modules of an SVG of segno's: its path is drawn in horizontal strokes of one unit."""
    import re

    side = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    dark = np.zeros((side, side), dtype=bool)
    path = re.findall(r'stroke="#000"[^>]* d="([^"]*)"|d="([^"]*)"[^>]*stroke="#000"', svg)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path[-1][0] or path[-1][1]):
        values = [float(one) for one in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            dark[int(y), int(x) : int(x + values[0])] = True
            x += values[0]
    return dark


def test_the_code_is_the_links_with_its_quiet_zone() -> None:
    found = modules(qr_svg(LINK))
    code = np.array([[bool(one) for one in row] for row in segno.make(LINK, error="m", boost_error=False).matrix])
    assert (found[4:-4, 4:-4] == code).all()
    assert not found[:4].any()
    assert not found[:, -4:].any()


def test_what_no_phone_reads_off_paper_has_no_code() -> None:
    assert qr_svg("x" * LONGEST)
    assert qr_svg("x" * (LONGEST + 1)) == ""
    assert "too long for a QR code" in handout("A", "x" * (LONGEST + 1))


@pytest.mark.parametrize("words", MARKUP)
def test_nothing_is_markup(words: str) -> None:
    page = handout(words, LINK, [words])
    for tag in ("<script>alert", "<img", "<b>x", "<i>", "<u>", "<!--"):
        assert tag not in page


def answer(address: str, name: str) -> tuple[int, str]:
    scope = {
        "type": "http", "method": "GET", "path": "/handout", "query_string": urlsplit(address).query.encode(),
        "headers": [(b"host", b"localhost")], VISITOR: name, "scheme": "http", "server": ("localhost", 80),
    }  # fmt: skip
    response = run(handouts.respond(Request(scope)))
    return response.status_code, bytes(response.body).decode()


def test_a_page_to_print_is_its_makers(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(handouts, "visitor", lambda: "anna")
    address = handout_address("A & B", LINK, ["One.", "Two."])
    assert not address.startswith("/")
    assert parse_qs(urlsplit(address).query)["link"] == [LINK]
    status, page = answer(address, "anna")
    assert status == 200
    assert "<h1>A &amp; B</h1><p>One.</p><p>Two.</p>" in page
    assert LINK in page
    assert "<svg" in page
    for other in (address.replace("why-silent", "why-silly"), address.replace("One", "Won")):
        assert answer(other, "anna")[0] == 403
    assert answer(address, "berta")[0] == 403
    assert answer("/handout", "anna")[0] == 403
