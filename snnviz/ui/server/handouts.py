"""The server's route for pages to print (`views.handout`).

What is on such a page stands in its address, signed for the visitor who made it: nobody can send another person to this
server with words and a link of their own.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from snnviz.ui.server.middleware.cookies import VISITOR
from snnviz.ui.server.visitors import pseudonym, visitor
from snnviz.views.handout import handout

PATH = "/handout"
LONGEST = 12_000
"""Letters of an address."""

OTHER = "This page to print was made in another browser. Press Share on the page that it is about, then Page to print."


def handout_address(title: str, link: str, words: Sequence[str] = ()) -> str:
    """Returns the address of a page to print, relative to any page, for the current visitor."""
    about = {"title": title, "link": link, "words": "\n".join(words)}
    return f"{PATH.removeprefix('/')}?{urlencode({**about, 'mark': _mark(visitor(), about)})}"


async def respond(request: Request) -> Response:
    """Returns the HTTP response with the page to print, or with a sentence if its address was not made for this
    visitor.
    """
    given = request.query_params
    about = {name: given.get(name, "") for name in ("title", "link", "words")}
    mark = _mark(str(request.scope.get(VISITOR, "")), about)
    if len(str(request.url)) > LONGEST or not hmac.compare_digest(mark.encode(), given.get("mark", "").encode()):
        return PlainTextResponse(OTHER, 403)
    return HTMLResponse(handout(about["title"], about["link"], about["words"].split("\n")))


def _mark(name: str, about: dict[str, str]) -> str:
    return pseudonym(f"handout:{name}:{json.dumps(about, sort_keys=True)}")
