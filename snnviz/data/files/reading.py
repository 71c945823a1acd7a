"""How a file of somebody's own is read: within which limits, by which choices, and what was done on the way.

Nothing is rescaled, dropped, merged or split anew without a word: whoever does it says so with `UploadReader.did`, and
whoever sees several readings asks with `UploadReader.choose`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from snnviz.data.files.limits import UploadLimits
from snnviz.errors import InputError, Unquoted


@dataclass(frozen=True, slots=True)
class UploadChoices:
    """Answers where a file has several readings; empty: not asked, or not answered yet."""

    scale: str = ""
    split: str = ""
    stream: str = ""
    classes: str = ""
    columns: str = ""
    size: str = ""
    kind: str = ""


HELP: Mapping[str, str] = {
    "scale": "How the values of images become black and white: unit, bytes, max, range or each.",
    "split": "folders: training and test samples as the folders say; seed: a design's seed draws them.",
    "stream": "The number of the stream to read, where a recording holds several cameras.",
    "classes": "Which folders are the classes: 1 is the folder around the files, 2 the one above.",
    "columns": "The order of an array's columns, such as txyp.",
    "size": "Pictures of several sizes: each is cut to the square in the middle and made so many pixels wide.",
    "kind": "images or recordings, where there are both.",
}


class ChoiceNeeded(InputError):
    """There are several readings: `option` chooses one of `choices`, whose values are words for people."""

    def __init__(self, option: str, why: str, choices: Mapping[str, str]) -> None:
        self.option, self.why, self.choices = option, why, dict(choices)
        listed = "; ".join(f"{value} ({words})" for value, words in choices.items())
        super().__init__(option, f"be chosen by --{option}: {listed}", Unquoted(why))

    def __reduce__(self) -> tuple[type[ChoiceNeeded], tuple[str, str, dict[str, str]]]:
        return ChoiceNeeded, (self.option, self.why, self.choices)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Something that was done to what was given: a word for programs, to how many, and a sentence for people."""

    what: str
    count: int
    words: str


@dataclass(slots=True)
class GrowingArray:
    """An array that grows, in memory or in a file."""

    path: Path | None
    dtype: np.dtype[Any]
    parts: list[NDArray[Any]] = field(default_factory=list)
    count: int = 0

    def add(self, part: NDArray[Any]) -> None:
        """More of it."""
        self.count += len(part)
        if self.path is None:
            self.parts.append(part)
        else:
            with self.path.open("ab") as file:
                part.tofile(file)

    def whole(self) -> NDArray[Any]:
        """All that was appended, as one array: in a file where it is large."""
        if self.path is None:
            return np.concatenate(self.parts)
        return np.memmap(self.path, self.dtype, "r", shape=(self.count,))


@dataclass(slots=True)
class UploadReader:
    """One reading of one upload."""

    limits: UploadLimits
    choices: UploadChoices = field(default_factory=UploadChoices)
    folder: Path | None = None
    """Where arrays are kept in files; None: in memory."""

    done: list[Conversion] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def room(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array to write into."""
        if self.folder is None:
            return np.empty(shape, dtype)
        return np.lib.format.open_memmap(self.folder / f"{name}.npy", "w+", np.dtype(dtype), shape)

    def heap(self, name: str, dtype: np.dtype[Any]) -> GrowingArray:
        """An array that grows."""
        return GrowingArray(None if self.folder is None else self.folder / f"{name}.heap", dtype)

    def did(self, what: str, count: int, words: str) -> None:
        """Says what was done to `count` of them; nothing where that is none."""
        if count:
            self.done.append(Conversion(what, count, words))

    def choose(self, option: str, why: str, choices: Mapping[str, str], usual: str = "") -> str:
        """The one of `choices` that was chosen, else the `usual` one. Raises `ChoiceNeeded` where there is none."""
        self.asked.add(option)
        given: str = getattr(self.choices, option)
        if given:
            if given not in choices:
                rule = f"be {' or '.join(choices)}" if choices else "be left out: there is nothing to choose"
                raise InputError(option, rule, given)
            return given
        if not usual:
            raise ChoiceNeeded(option, why, choices)
        return usual

    def ended(self) -> None:
        """Raises `InputError` for a choice that nothing was asked for."""
        for each in fields(UploadChoices):
            given = getattr(self.choices, each.name)
            if given and each.name not in self.asked:
                raise InputError(each.name, "be left out: there is nothing to choose", given)


def join_names(names: object, most: int = 5, cut: int = 24) -> str:
    """Some of the names, for a sentence.

    >>> join_names(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    found = [str(name) for name in names]  # type: ignore[attr-defined]
    shown = ", ".join(name if len(name) <= cut else f"{name[: cut - 3]}..." for name in found[:most])
    return shown + (f" and {len(found) - most:,} more" if len(found) > most else "")


def count_with_noun(count: int, noun: str) -> str:
    """A number and its noun.

    >>> count_with_noun(1, "file"), count_with_noun(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"
