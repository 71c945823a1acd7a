r"""The subset of Markdown that is allowed in a lesson's text; everything else is shown literally.

Paragraphs are separated by empty lines; lines that begin with "- " or "1. " are lists; inside of a line there are
``**bold**``, ``*italic*``, code between backticks, and math between dollars.

    >>> blocks("One\ntwo.\n\n- a *b*\n- c")
    [Block(kind='text', lines=('One two.',)), Block(kind='list', lines=('a *b*', 'c'))]
    >>> spans("a **b** `c` <i>")
    [('text', 'a '), ('bold', 'b'), ('text', ' '), ('code', 'c'), ('text', ' <i>')]
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["text", "list", "numbers"]
Style = Literal["text", "bold", "italic", "code", "math"]


class Block(NamedTuple):
    """A paragraph (one line), or a list with one line for each item, as `kind` says."""

    kind: Kind
    lines: tuple[str, ...]


_SPAN = re.compile(
    r"`(?P<code>[^`\n]+)`|\$(?P<math>[^$\n`]+)\$|\*\*(?P<bold>[^*\n]+)\*\*|\*(?P<italic>[^*\s][^*\n]*)\*"
)
_ITEM = re.compile(r"\s*(?:([-*])|(\d{1,3})[.)])\s+(.*)")

FORBIDDEN_MATH = re.compile(
    r"\\(href|url|html\w*|includegraphics|def|let|[gex]def|newcommand|renewcommand|providecommand)"
)
"""Commands of math that would make a link, fetch something, or never end."""


def blocks(text: str) -> list[Block]:
    """Returns the paragraphs and lists of a lesson's text, each as a `Block`."""
    found: list[Block] = []
    for part in re.split(r"\n[ \t]*\n", text.strip()):
        prose: list[str] = []
        items: list[str] = []
        kind: Kind = "list"
        for line in part.splitlines():
            item = _ITEM.fullmatch(line)
            if item is not None:
                if prose:
                    found.append(Block("text", (" ".join(prose),)))
                    prose = []
                kind = "list" if item[1] else "numbers"
                items.append(item[3].strip())
            elif items:
                items[-1] = f"{items[-1]} {line.strip()}"
            elif line.strip():
                prose.append(line.strip())
        if items:
            found.append(Block(kind, tuple(items)))
        elif prose:
            found.append(Block("text", (" ".join(prose),)))
    return found


def spans(line: str) -> list[tuple[Style, str]]:
    """Returns the pieces of a line as pairs (style, text), such as ("bold", "b")."""
    found: list[tuple[Style, str]] = []
    at = 0
    for match in _SPAN.finditer(line):
        if match.start() > at:
            found.append(("text", line[at : match.start()]))
        style: Style = match.lastgroup  # type: ignore[assignment]
        found.append((style, match[str(match.lastgroup)]))
        at = match.end()
    if at < len(line):
        found.append(("text", line[at:]))
    return found
