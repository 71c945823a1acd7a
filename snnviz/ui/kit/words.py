"""Text for the screen."""

from __future__ import annotations

import re

from snnviz.jobs.pace import Place, in_words

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


def ordinal(number: int) -> str:
    """Of a place that is counted from 1.

    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 29, 102, 111)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '29th', '102nd', '111th']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def standing(place: Place | None) -> str:
    """Where a run stands in the queue, and how long until it starts.

    >>> standing(Place(29, 61.0)), standing(Place(1, 4.2)), standing(None)
    ('29th in the queue, about 1 min 1 s', 'next in the queue, about 4 s', 'in the queue')
    """
    if place is None:
        return "in the queue"
    return f"{'next' if place.number == 1 else ordinal(place.number)} in the queue, about {in_words(place.seconds)}"
