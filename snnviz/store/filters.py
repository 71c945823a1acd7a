"""Filters of runs as text: ``init.kind = kaiming and accuracy > 0.9 and tag = homework``.

Compared are fields of designs by path (``neuron.threshold``; for a choice the kind is enough: ``init = kaiming``),
metrics by name, and properties of runs (`OWN`). Operators are ``= != < <= > >=``, ``in (a, b)``, ``contains``;
``not`` binds stronger than ``and``, ``and`` stronger than ``or``; parentheses group. A word alone is searched in the
name, title, tags, note and settings of a run. If a run lacks the compared value, only ``!=`` is true. Case is
ignored; text with spaces is quoted. Filters are parsed to a tree of comparisons: nothing is evaluated as code or
inserted into a query.

    >>> parse_filter("accuracy > 90% and not (seed = 3 or star)").text
    'accuracy > 90% and not (seed = 3 or star)'
    >>> parse_filter("acuracy > 0.9")
    Traceback (most recent call last):
    ...
    snnviz.errors.InputError: filter must compare a field, a metric or one of tag, star, state, title, note, run, \
seed, created, got 'acuracy'; did you mean 'accuracy'?
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from snnviz.design import naming
from snnviz.design.design import Design
from snnviz.design.menus import NEURONS
from snnviz.design.networks import KINDS
from snnviz.errors import InputError, Unquoted, did_you_mean
from snnviz.store.conditions import (
    OWN,
    SAYS,
    WORDS,
    And,
    Comparison,
    FilterableRun,
    Mention,
    Not,
    Or,
    Predicate,
    Term,
    Values,
    comparison_problem,
    comparisons,
    predicate,
)
from snnviz.theory.metrics import METRICS

MOST_LETTERS, MOST_TERMS, DEEPEST = 1000, 100, 20


@dataclass(frozen=True)
class RunFilter:
    """A parsed filter of runs: its text as given, which is also its form in links, and its condition (`term`)."""

    text: str
    term: Term
    _takes: Predicate = field(repr=False, compare=False)

    def matches(self, run: FilterableRun, values: Values) -> bool:
        """Returns whether a run matches. `values`: its metrics by name, at least those in `metrics`."""
        return self._takes(run, values)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that the filter compares, each once."""
        return tuple(dict.fromkeys(one.name for one in comparisons(self.term) if one.name in METRICS))


def parse_filter(text: str) -> RunFilter:
    """Returns the filter that a text describes. Raises `InputError` with a sentence on the first error."""
    if len(text) > MOST_LETTERS:
        rule = f"be at most {MOST_LETTERS:,} characters long"
        raise InputError("filter", rule, Unquoted(f"{len(text):,} characters"))
    text = text.strip()
    term = _Reader(text).read()
    return RunFilter(text, term, predicate(term))


_TOKEN = re.compile(
    r"""\s*(?:(?P<says><=|>=|!=|==|=|<|>)|(?P<mark>[(),])|(?P<quote>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<word>[^\s()=<>!,"'\\]+))"""
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """A parser by recursive descent; `at` is the token that comes next."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.terms = text, 0, 0
        self.tokens = [*_tokens(text)]
        self.known = field_paths()

    def read(self) -> Term:
        if not self.tokens:
            raise InputError("filter", "say something, such as accuracy > 0.9", self.text)
        found = self._either(0)
        if (left := self._next) is not None:
            raise self._wrong("have 'and' or 'or' between two conditions", left)
        return found

    @property
    def _next(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _taken(self, kind: str, *texts: str) -> _Token | None:
        token = self._next
        if token is None or token.kind != kind or (texts and token.text.lower() not in texts):
            return None
        self.at += 1
        return token

    def _either(self, depth: int) -> Term:
        found = [self._both(depth)]
        while self._taken("word", "or"):
            found.append(self._both(depth))
        return found[0] if len(found) == 1 else Or(tuple(found))

    def _both(self, depth: int) -> Term:
        found = [self._one(depth)]
        while self._taken("word", "and"):
            found.append(self._one(depth))
        return found[0] if len(found) == 1 else And(tuple(found))

    def _one(self, depth: int) -> Term:
        self.terms += 1
        if depth > DEEPEST or self.terms > MOST_TERMS:
            rule = f"have at most {MOST_TERMS} conditions, {DEEPEST} deep"
            raise InputError("filter", rule, Unquoted("more"))
        if self._taken("word", "not"):
            return Not(self._one(depth + 1))
        if (opened := self._taken("mark", "(")) is not None:
            found = self._either(depth + 1)
            if self._taken("mark", ")") is None:
                raise self._wrong("close each '('", opened)
            return found
        if (quoted := self._taken("quote")) is not None:
            return Mention(_unquoted(quoted.text))
        if (word := self._taken("word")) is None or word.text.lower() in WORDS:
            raise self._wrong("have a condition, such as accuracy > 0.9", word or self._next)
        return self._condition(word)

    def _condition(self, word: _Token) -> Term:
        denied = self._is_word("not") and self._is_word("in", 1) and self._taken("word", "not") is not None
        token = self._next
        says = "" if token is None else "=" if token.text == "==" else token.text.lower()
        if token is None or says not in SAYS or token.kind not in ("says", "word"):
            if word.text.lower() == "star":
                return Comparison("star", "=", ("yes",))
            return Mention(word.text)
        self.at += 1
        found = Comparison(self._name(word.text), says, self._values(says, token))
        if broken := comparison_problem(found):
            raise self._wrong(broken, word, up_to=self.at)
        return Not(found) if denied else found

    def _is_word(self, text: str, ahead: int = 0) -> bool:
        place = self.at + ahead
        return (
            place < len(self.tokens) and self.tokens[place].kind == "word" and self.tokens[place].text.lower() == text
        )

    def _values(self, says: str, after: _Token) -> tuple[str, ...]:
        if says != "in":
            return (self._value(after),)
        if self._taken("mark", "(") is None:
            raise self._wrong("have values in parentheses after 'in', such as in (1, 2)", after)
        found = [self._value(after)]
        while self._taken("mark", ","):
            found.append(self._value(after))
        if self._taken("mark", ")") is None:
            raise self._wrong("close the '(' after 'in', with a comma between two values", after)
        return tuple(found)

    def _value(self, after: _Token) -> str:
        if (quoted := self._taken("quote")) is not None:
            return _unquoted(quoted.text)
        if (word := self._taken("word")) is None or word.text.lower() in WORDS:
            raise self._wrong(f"have a value after '{after.text}'; text of several words stands in quotes", after)
        return word.text

    def _name(self, text: str) -> str:
        low = text.lower()
        for name in (low, f"{low}.kind", f"{low}.name"):
            if name in self.known:
                return name
        several = (*OWN, *METRICS.names, *self.known)
        if low in several:
            return low
        rule = f"compare a field, a metric or one of {', '.join(OWN)}"
        raise InputError("filter", rule, text, did_you_mean(low, several))

    def _wrong(self, rule: str, where: _Token | None, up_to: int | None = None) -> InputError:
        if where is None:
            return InputError("filter", rule, Unquoted(f"the end after '{self.text[-40:]}'"))
        end = len(self.text) if up_to is None or up_to >= len(self.tokens) else self.tokens[up_to].at
        return InputError("filter", rule, self.text[where.at : end].strip())


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            quote = text[at:].lstrip()[:1] in ("'", '"')
            rule = "close its quotes" if quote else "be made of words, comparisons and parentheses"
            raise InputError("filter", rule, text[at:].strip())
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def field_paths() -> dict[str, None]:
    """Returns the paths of all fields that a design of any kind can have, as the keys of an (ordered) dictionary."""
    found: dict[str, None] = {}

    def walk(model: Any, prefix: str) -> None:
        for name, form in naming.field_schemas(model).items():
            path = f"{prefix}{name}"
            if form.kind == "part":
                kinds = [form.of.class_for({}), *(form.of.class_for({"kind": kind}) for kind in NEURONS.kinds)]
                for part in dict.fromkeys(kinds):
                    walk(part, f"{path}.")
            elif form.kind == "network":
                for network in KINDS.values():
                    walk(network, f"{path}.")
            elif form.kind == "choice":
                found[f"{path}.kind"] = None
                found.update({f"{path}.{each.name}": None for entry in form.of for each in entry.parameters})
            else:
                found[path] = None

    walk(Design, "")
    return found
