"""Draws a lesson's text: the allowed subset of Markdown, everything else literally."""

from __future__ import annotations

from snnviz.lessons.prose import Style, blocks, spans
from snnviz.ui.kit.words import escape_markdown

MARKS: dict[Style, str] = {"bold": "**", "italic": "*"}


def to_markdown(text: str) -> str:
    r"""Returns Markdown for Streamlit in which everything but the allowed subset is escaped.

    >>> to_markdown("A **bold** <b>tag</b> [x](y)")
    'A **bold** \\<b\\>tag\\</b\\> \\[x\\](y)'
    """
    parts = []
    for block in blocks(text):
        lines = [_line(line) for line in block.lines]
        if block.kind == "list":
            lines = [f"- {line}" for line in lines]
        elif block.kind == "numbers":
            lines = [f"{place}. {line}" for place, line in enumerate(lines, 1)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _line(line: str) -> str:
    return "".join(_span(style, piece, first=not at) for at, (style, piece) in enumerate(spans(line)))


def _span(style: Style, piece: str, *, first: bool) -> str:
    if style == "code":
        return f"`{' '.join(piece.split())}`"
    if style == "math":
        return f"${piece.strip()}$"
    mark = MARKS.get(style, "")
    lead = " " if piece[:1].isspace() and not mark and not first else ""
    tail = " " if piece[-1:].isspace() and not mark else ""
    inside = escape_markdown(piece) if first or mark else escape_markdown(f"x{piece.lstrip()}")[1:]
    return f"{lead}{mark}{inside}{mark}{tail}"
