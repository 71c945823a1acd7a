"""Short addresses to say and to write on a board: ``/l/why-silent`` opens a lesson, ``/c/ABCDEF`` joining a class.

The answer is a redirect to the page, which says in a sentence what is wrong with a name that is none.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

LESSON, CLASS = "l", "c"
"""How the paths begin."""

LONGEST_NAME = 80
"""Letters of a name that are handed on: enough to say of it that it is none."""

_PATH = re.compile(rf"/({LESSON}|{CLASS})(?:/([^/]*))?(?:/([^/]*))?/?", re.DOTALL)


class ShortLinks:
    """ASGI middleware that redirects ``/l/<lesson>``, ``/l/<lesson>/<step>`` and ``/c/<code>`` below `base`."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"].startswith(self.base):
            place = destination(scope["path"].removeprefix(self.base), scope.get("query_string", b"").decode("latin-1"))
        if place is None:
            await self.app(scope, receive, send)
            return
        response = Response(status_code=307)
        response.raw_headers.append((b"location", place.encode("latin-1")))
        await response(scope, receive, send)


def destination(path: str, query: str = "") -> str | None:
    """Returns where a short path leads, relative to it, so that it holds behind a proxy; None for any other path.

    query: what stands behind the question mark (``embed=true``) and goes along.

    >>> destination("/l/why-silent"), destination("/c/abcdef/"), destination("/lessons")
    ('../lessons?lesson=why-silent', '../../classes?class=abcdef', None)
    """
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    up = "../" * (path.count("/") - 1)
    kind, name, step = found[1], (found[2] or "")[:LONGEST_NAME], (found[3] or "")[:LONGEST_NAME]
    page, parameter = ("lessons", "lesson") if kind == LESSON else ("classes", "class")
    pairs = [(parameter, name)] if name else []
    if pairs and step and kind == LESSON:
        pairs.append(("step", step))
    parts = "&".join([*(f"{key}={quote(text, safe='')}" for key, text in pairs), *([query] if query else [])])
    return f"{up}{page}{'?' * bool(parts)}{parts}"
