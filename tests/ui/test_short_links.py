"""Short addresses of lessons and classes lead to their pages; all others are answered as they were."""

from __future__ import annotations

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.ui.server.middleware.short_links import short_link_target
from tests.ui.test_redirects import answer


@pytest.mark.parametrize(
    ("path", "query", "led"),
    [
        ("/l/why-silent", b"", "/lessons?lesson=why-silent"),
        ("/l/why-silent/", b"", "/lessons?lesson=why-silent"),
        ("/l/why-silent/3", b"embed=true", "/lessons?lesson=why-silent&step=3&embed=true"),
        ("/l", b"", "/lessons"),
        ("/l/", b"", "/lessons"),
        ("/c/ABCDEF", b"", "/classes?class=ABCDEF"),
        ("/c/abcdef", b"", "/classes?class=abcdef"),
        ("/c", b"embed=true", "/classes?embed=true"),
        ("/l/&lock=*", b"", "/lessons?lesson=%26lock%3D%2A"),
        ("/l/<script>", b"", "/lessons?lesson=%3Cscript%3E"),
        ("/l/a\r\nX-Evil: 1", b"", "/lessons?lesson=a%0D%0AX-Evil%3A%201"),
    ],
)
@pytest.mark.parametrize("base", ["", "/snn"])
def test_a_short_address_leads_to_the_lesson_or_the_class(path: str, query: bytes, led: str, base: str) -> None:
    start = answer(f"{base}{path}", query, base)[0]
    assert start["status"] == 307
    place = dict(start["headers"])[b"location"].decode("latin-1")
    assert urljoin(f"https://proxy.example/elsewhere{path.partition(chr(13))[0]}", place).endswith(led)
    assert not place.startswith("/")  # a proxy may have taken a part of the path away


@given(st.sampled_from(["l", "c"]), st.text(min_size=1))
def test_whatever_a_name_is_it_is_one_parameter(kind: str, name: str) -> None:
    place = short_link_target(f"/{kind}/{name}")
    if place is None or "/" in name:
        return
    parts = urlsplit(place)
    assert parts.path.replace("../", "") == {"l": "lessons", "c": "classes"}[kind]
    assert len(parse_qs(parts.query, keep_blank_values=True)) == 1
    assert place.isascii()
    assert place.isprintable()


def test_nothing_else_is_sent_elsewhere() -> None:
    for path in ("/", "/lessons", "/learn", "/l/a/b/c", "/call", "/_stcore/health", "//l/a", "/static/l/a"):
        assert answer(path) == ["page"]
    assert answer("/l/a", base="/snn") == ["page"]
    assert answer("/l/a", method="POST") == ["page"]
    assert answer("/l/a", kind="websocket") == ["page"]
