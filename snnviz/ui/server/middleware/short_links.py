"""Short addresses to say and to write on a board: ``/l/why-silent`` opens a lesson, ``/c/ABCDEF`` joining a class.

They are redirected (`redirects`) to the page, which says in a sentence what is wrong with a name that is none.
"""

from __future__ import annotations

import re
from urllib.parse import quote

LESSON, CLASS = "l", "c"
"""How the paths begin."""

LONGEST_NAME = 80
"""Letters of a name that are handed on: enough to say of it that it is none."""

_PATH = re.compile(rf"/({LESSON}|{CLASS})(?:/([^/]*))?(?:/([^/]*))?/?", re.DOTALL)


def short_link_target(path: str, query: str = "") -> str | None:
    """Returns where a short path leads, relative to it, so that it holds behind a proxy; None for any other path.

    query: what stands behind the question mark (``embed=true``) and goes along.

    >>> short_link_target("/l/why-silent"), short_link_target("/c/abcdef/"), short_link_target("/lessons")
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
