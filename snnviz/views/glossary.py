"""Technical terms and their meanings, read from ``docs/glossary.md``.

Pages explain words with it: `snnviz.ui.kit.words.define_terms` marks words in a text, and `views.words` takes a meaning
as the help of a field whose label is such a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from snnviz.places import TOP

FILE = TOP / "docs" / "glossary.md"

EVERYDAY = frozenset({
    "additions", "beta", "block", "calibration", "candidate", "cell", "constant", "cycle", "density", "event",
    "evolutionary", "expected", "footprint", "frame", "gate", "importance", "jitter", "lambda", "latency", "metric",
    "outliers", "probe", "projection", "reduction", "reset", "saturation", "score", "screening", "sparsity", "summary",
    "survey", "trajectories", "vanilla", "voting", "window",
})  # fmt: skip
"""Words of the glossary that a sentence may use in another sense, so that they are not marked in a text."""

ROW = re.compile(r"^\| (?P<words>[^*|][^|]*) \| (?P<meaning>.+) \|$")
"""A row of the field's words; ours stand in italics."""


@dataclass(frozen=True, slots=True)
class Term:
    """A technical term: the ways it is written, its name first, and its meaning."""

    words: tuple[str, ...]
    meaning: str

    @property
    def anchor(self) -> str:
        """The term's name in a URL fragment: its words in letters, digits and dashes.

        >>> Term(("T", "time steps"), "").anchor, Term(("Kendall's tau",), "").anchor
        ('t-time-steps', 'kendall-s-tau')
        """
        return "-".join(re.findall(r"[a-z0-9]+", " ".join(self.words).lower()))


@cache
def terms() -> tuple[Term, ...]:
    """Returns all terms of the glossary; () if the file is not installed with the program."""
    if not FILE.is_file():
        return ()
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        row = ROW.match(line)
        if row and row["words"] not in ("word", "---"):
            words = [word.strip() for word in row["words"].split(", ")]
            kept = [word for word in words if re.fullmatch(r"[\w' -]+", word) and not word.startswith("of ")]
            if kept:
                found.append(Term(tuple(kept), row["meaning"].replace("`", "").replace("*", "")))
    return tuple(found)


def meaning(word: str) -> str:
    """Returns what a word means, as a sentence; "" if the glossary does not have it. A plural is found, too.

    >>> meaning("Firing rates")
    'Spikes per neuron and time step, 0 to 1.'
    >>> meaning("weather")
    ''
    """
    lower, known = word.lower(), _by_word()
    term = known.get(lower) or known.get(lower.removesuffix("s")) or known.get(lower.removesuffix("es"))
    return "" if term is None else as_sentence(term)


def as_sentence(term: Term) -> str:
    """Returns a term's meaning with a capital letter and a full stop."""
    text = term.meaning
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def document() -> dict[str, dict[str, str]]:
    """Returns the whole glossary as JSON for the browser: by anchor, each term's name and meaning."""
    return {term.anchor: {"word": max(term.words, key=len), "meaning": as_sentence(term)} for term in terms()}


@cache
def _by_word() -> dict[str, Term]:
    return {word.lower(): term for term in reversed(terms()) for word in term.words}


@cache
def marked_words() -> tuple[re.Pattern[str], dict[str, Term]]:
    """Returns a regular expression of the terms that pages mark in texts, and the term of each word.

    Words of one letter and everyday words are left out; abbreviations must be in capitals.
    """
    known = {
        word if word.upper() == word else word.lower(): term
        for term in reversed(terms())
        for written in term.words
        for word in {written, written.removesuffix("s")}  # a plural's singular, too
        if len(word) > 1 and word.lower() not in EVERYDAY
    }
    capitals: list[str] = []
    others: list[str] = []
    for word in sorted(known, key=len, reverse=True):
        (capitals if word.upper() == word else others).append(re.escape(word))
    either = f"(?:{'|'.join(capitals) or '(?!)'})|(?i:(?:{'|'.join(others) or '(?!)'}))"
    return re.compile(rf"(?<![\w-])({either})(e?s)?(?![\w-])"), known
