"""Links that release 33dca0e wrote open what they opened then: its Design page stood at ``/``.

`tests/golden/links-33dca0e.json` was written by that release's own code: of each link the page, the query string, and
what of each value in the session differs from the usual one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from snnviz.design import links
from snnviz.ui.server.middleware.redirects import names_design
from tests.every_link import flat, merged
from tests.pages.conftest import using
from tests.pages.visit import Visit, by_link

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "links-33dca0e.json").read_text(encoding="utf-8"))
LINKS: list[dict[str, Any]] = GOLDEN["links"]


class Arrival(Visit):
    """A visit that begins at ``/``, without the server's redirect."""

    begins = ""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with using(tmp_path_factory.mktemp("cache")) as folder:
        yield folder


def test_they_are_of_all_pages() -> None:
    assert len(LINKS) >= 50
    assert {one["page"] for one in LINKS} == {"", "data", "activity", "skips", "shortcuts", "cells", "ttfs", "runs"}
    assert all(names_design(dict(parse_qsl(one["query"]))) for one in LINKS if one["page"] == "")


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link['page']}?{link['query']}")
def test_an_old_link_opens_what_it_opened(link: dict[str, Any]) -> None:
    visit = Arrival(link["query"]) if link["page"] == "" else by_link(link["page"], link["query"])
    assert visit.errors == []
    for name, differs in link["opens"].items():
        value = visit.at.session_state[name]
        found = links.flatten(value) if name.endswith("design") else flat(value)
        wanted = merged(GOLDEN["usual"][name], differs)
        assert {path: found.get(path) for path in wanted} == wanted
    if link["page"] == "":
        assert visit.at.session_state["page"] == "design"
        assert links.from_query(visit.link) == visit.design
