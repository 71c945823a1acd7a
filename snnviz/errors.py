"""The hierarchy of errors.

    SnnvizError                 every error that is meant for users: str(error) is one sentence
    ├── InputError              something that was typed, drawn, linked or uploaded breaks a rule
    ├── NotFound                a run or a named design that does not exist
    ├── DataMissing             a data set whose files are missing; the sentence says what to do
    ├── Diverged                the loss of a run became infinite
    ├── TooLarge                a design that needs more memory than is free
    ├── LimitReached            what a person may use, or what a server may have to do
    ├── NotAllowed              what is for the host of a server alone
    ├── StoreError              the store cannot be opened, read or written
    └── LeaseLost               this attempt no longer owns its run (never shown: the worker stops)

Sentences have the form ``<field path> must <rule>, got <value>[; did you mean 'x'?]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SnnvizError(Exception):
    """Base class of errors whose message is one sentence for users."""


class InputError(SnnvizError):
    """A value breaks a rule; `field` is its path, such as ``training.epochs``; the sentence is "field must rule, got
    value".
    """

    def __init__(self, field: str, rule: str, value: object, hint: str = "") -> None:
        self.field = field if field.isprintable() else repr(field)[1:-1]
        self.rule, self.value = rule, value
        super().__init__(f"{self.field} must {rule}, got {short_repr(value)}{hint}")

    def inside(self, part: str) -> InputError:
        """Returns this error with `part.` put before the field, for a value inside a larger one."""
        if self.field != part:
            self.field, self.args = f"{part}.{self.field}", (f"{part}.{self}",)
        return self


class NotFound(SnnvizError):
    """No run or design has the given name."""


class DataMissing(SnnvizError):
    """The files of a data set are absent or damaged."""


class Diverged(SnnvizError):
    """The loss or weights became infinite or NaN during training."""


class TooLarge(SnnvizError):
    """A task needs more memory than is free."""


class LimitReached(SnnvizError):
    """A person uses all that their host allows, or the server has all the work that it may have."""


class NotAllowed(SnnvizError):
    """A person asks for what is for the host of the server alone."""


class StoreError(SnnvizError):
    """The store cannot be used; its file was not changed."""


class LeaseLost(SnnvizError):
    """This worker no longer owns the run, because another attempt (the n-th start of the same run) took it over, so it
    must stop writing.
    """


class Unquoted(str):
    """Text that replaces a value in an error message without quotes, such as ``9,000 characters``."""

    __slots__ = ()


def short_repr(value: object, limit: int = 60) -> str:
    """Returns the repr of `value` on one line of at most `limit` characters.

    >>> short_repr("x" * 100)[-3:]
    '...'
    >>> short_repr(Unquoted("2 rows"))
    '2 rows'
    """
    if isinstance(value, Unquoted):
        return str(value)
    if isinstance(value, (list, tuple, dict, set)) and len(value) > 20:
        return f"a {type(value).__name__} of {len(value)} items"
    if isinstance(value, str):
        value = value[: 4 * limit]
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of more than 4,300 digits, a nest without end
        return "a very large value"
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Returns ``; did you mean 'x'?`` if a known name is similar, else "".

    >>> did_you_mean("kaming", ["kaiming", "glorot"])
    "; did you mean 'kaiming'?"
    """
    if not isinstance(name, str):
        return ""
    close = get_close_matches(name[:60], list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
