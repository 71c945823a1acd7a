"""Text for the page: escaping, plurals, ordinals, places in the queue."""

from __future__ import annotations

import re

from snnviz.jobs.durations import QueuePosition, format_duration
from snnviz.views import glossary

JOINER = "\u2060"
"""A word joiner: an invisible character without a line break."""

_REWRITTEN = re.compile(
    r"(?<=:)(?=//|material/|streamlit:)|(?<=www)(?=\.)|(?<=@)(?=[\w-])"  # icons, addresses
    r"|(?<=<)(?=[-=])|(?<=-)(?=[->])|(?<=[>~])(?==)",  # arrows, dashes, comparisons
    re.IGNORECASE,
)

_UNMARKED = re.compile(r"(`[^`]*`|\$[^$]*\$|!?\[[^\]]*\]\([^)]*\)|:material/\w+:|\w+://\S+)")
"""What of a text in Markdown is left as it is: code, formulas, links, symbols."""


def define_terms(markdown: str, seen: set[str] | None = None) -> str:
    """Returns Markdown in which the first occurrence of each technical term of the glossary is marked.

    The browser shows the term's meaning on hover, on a tap, or when it has the focus (`page.js`). `seen`: anchors of
    terms that were marked before on this page, which are skipped; new ones are added to it.

    >>> define_terms("A spike, and `spike`, and spikes.")
    'A [spike](#word-spike), and `spike`, and spikes.'
    """
    pattern, known = glossary.marked_words()
    seen = set() if seen is None else seen

    def mark(found: re.Match[str]) -> str:
        term = known.get(found[1]) or known[found[1].lower()]
        if term.anchor in seen:
            return found[0]
        seen.add(term.anchor)
        return f"[{found[0]}](#word-{term.anchor})"

    pieces = _UNMARKED.split(markdown)
    return "".join(piece if number % 2 else pattern.sub(mark, piece) for number, piece in enumerate(pieces))


def escape_markdown(text: str) -> str:
    """Returns `text` on one line, escaped so that Markdown shows it unchanged: for titles and user input.

    What Streamlit rewrites after the escapes are gone (addresses, icons, arrows) gets a `JOINER` in its middle.

    >>> escape_markdown("a [link](x) $y$")
    'a \\\\[link\\\\](x) \\\\$y\\\\$'
    """
    line = _REWRITTEN.sub(JOINER, " ".join(text.split()))
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~$:^&])", r"\\\1", line)
    return re.sub(r"^(\d*)([-+.)])", r"\1\\\2", escaped)  # the beginning of a list


def as_sentence(error: Exception) -> str:
    """Returns an error's text with a full stop, unless it is a question."""
    sentence = str(error)
    return sentence if sentence.endswith("?") else f"{sentence}."


def pluralise(number: int, noun: str) -> str:
    """Returns a number and its noun, with the plural in -s, or in -es after ch.

    >>> pluralise(1, "search"), pluralise(4, "search"), pluralise(2, "run")
    ('1 search', '4 searches', '2 runs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('ch') else 's'}"


def ordinal(number: int) -> str:
    """Returns an ordinal number as text, counted from 1.

    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 29, 102, 111)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '29th', '102nd', '111th']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def queue_position(place: QueuePosition | None) -> str:
    """Returns a run's place in the queue, and how long until it starts, as text.

    >>> queue_position(QueuePosition(29, 61.0)), queue_position(QueuePosition(1, 4.2)), queue_position(None)
    ('29th in the queue, about 1 min 1 s', 'next in the queue, about 4 s', 'in the queue')
    """
    if place is None:
        return "in the queue"
    return (
        f"{'next' if place.number == 1 else ordinal(place.number)} in the queue, about {format_duration(place.seconds)}"
    )
