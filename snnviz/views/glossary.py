"""The field's words and what they mean, from ``docs/glossary.md``: the one place where each is explained in a sentence.

Pages show it where a word stands: `snnviz.ui.kit.words.define_terms` marks words in a text, and `views.words` takes it
as the help of a field whose label is such a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from snnviz.places import ROOT

FILE = ROOT / "docs" / "glossary.md"

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
    """A term: how it is written, its name first, and its meaning. `anchor`: its name in an address."""

    words: tuple[str, ...]
    meaning: str

    @property
    def anchor(self) -> str:
        """Its words in letters, digits and dashes.

        >>> Term(("T", "time steps"), "").anchor, Term(("Kendall's tau",), "").anchor
        ('t-time-steps', 'kendall-s-tau')
        """
        return "-".join(re.findall(r"[a-z0-9]+", " ".join(self.words).lower()))


@cache
def terms() -> tuple[Term, ...]:
    """Returns the field's words; none where the glossary was not installed with the program."""
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
    """Returns all terms by anchor, each with its name and its meaning, for the browser."""
    return {term.anchor: {"word": max(term.words, key=len), "meaning": as_sentence(term)} for term in terms()}


@cache
def _by_word() -> dict[str, Term]:
    return {word.lower(): term for term in reversed(terms()) for word in term.words}


@cache
def marked_words() -> tuple[re.Pattern[str], dict[str, Term]]:
    """Returns a pattern of the words that are marked in a text, and each word's term. Words of one letter and those of
    every day are left out; abbreviations are told by their capitals.
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
