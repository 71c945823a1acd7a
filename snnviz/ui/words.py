"""Text for the screen."""

from __future__ import annotations

import re

JOINER = "\u2060"
"""A word joiner: nothing to see, and no line break."""

_REWRITTEN = re.compile(
    r"(?<=:)(?=//|material/|streamlit:)|(?<=www)(?=\.)|(?<=@)(?=[\w-])"  # icons, addresses
    r"|(?<=<)(?=[-=])|(?<=-)(?=[->])|(?<=[>~])(?==)",  # arrows, dashes, comparisons
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """`text` on one line, for Markdown to show as it is: for titles and for values that people sent.

    What Streamlit rewrites after the escapes are gone (addresses, icons, arrows) gets a `JOINER` in its middle.

    >>> plain("a [link](x) $y$")
    'a \\\\[link\\\\](x) \\\\$y\\\\$'
    """
    line = _REWRITTEN.sub(JOINER, " ".join(text.split()))
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~$:^&])", r"\\\1", line)
    return re.sub(r"^(\d*)([-+.)])", r"\1\\\2", escaped)  # the beginning of a list


def ended(error: Exception) -> str:
    """What an error says, as a sentence that another may follow."""
    sentence = str(error)
    return sentence if sentence.endswith("?") else f"{sentence}."


def some(number: int, noun: str) -> str:
    """So many of something whose plural has an s, or an es after ch.

    >>> some(1, "search"), some(4, "search"), some(2, "run")
    ('1 search', '4 searches', '2 runs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('ch') else 's'}"
