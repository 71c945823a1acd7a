"""State of reading an upload: its limits, the user's choices, and the conversions that were applied.

Whatever is rescaled, dropped, merged or split is reported by `UploadReader.record_conversion`; where a file has several
readings, `UploadReader.choose` asks the user.
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
    """What the user chose where an uploaded file can be read in several ways; a field is empty if not asked or not
    answered yet.
    """

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
    """An uploaded file can be read in several ways: the user must set `option` (a field of `UploadChoices`) to a key of
    `choices`, which maps values to descriptions.
    """

    def __init__(self, option: str, why: str, choices: Mapping[str, str]) -> None:
        self.option, self.why, self.choices = option, why, dict(choices)
        listed = "; ".join(f"{value} ({words})" for value, words in choices.items())
        super().__init__(option, f"be chosen by --{option}: {listed}", Unquoted(why))

    def __reduce__(self) -> tuple[type[ChoiceNeeded], tuple[str, str, dict[str, str]]]:
        return ChoiceNeeded, (self.option, self.why, self.choices)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Something that was done to an upload: `what`, a word for programs; `count` of samples; `words`, a sentence."""

    what: str
    count: int
    words: str


@dataclass(slots=True)
class GrowingArray:
    """An array that grows by appending, in memory or in a file."""

    path: Path | None
    dtype: np.dtype[Any]
    parts: list[NDArray[Any]] = field(default_factory=list)
    count: int = 0

    def add(self, part: NDArray[Any]) -> None:
        """Appends `part` along the first axis."""
        self.count += len(part)
        if self.path is None:
            self.parts.append(part)
        else:
            with self.path.open("ab") as file:
                part.tofile(file)

    def whole(self) -> NDArray[Any]:
        """Returns everything appended so far as one array, memory-mapped if it is in a file."""
        if self.path is None:
            return np.concatenate(self.parts)
        return np.memmap(self.path, self.dtype, "r", shape=(self.count,))


@dataclass(slots=True)
class UploadReader:
    """The reading of one upload: limits, choices, applied conversions (`done`) and options that were `asked`."""

    limits: UploadLimits
    choices: UploadChoices = field(default_factory=UploadChoices)
    folder: Path | None = None
    """Folder in which arrays are written to files; None: they stay in memory."""

    done: list[Conversion] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def allocate(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Returns an uninitialised array to write into, in memory or memory-mapped."""
        if self.folder is None:
            return np.empty(shape, dtype)
        return np.lib.format.open_memmap(self.folder / f"{name}.npy", "w+", np.dtype(dtype), shape)

    def growing_array(self, name: str, dtype: np.dtype[Any]) -> GrowingArray:
        """Returns an empty `GrowingArray`, in memory or in a file called `name`."""
        return GrowingArray(None if self.folder is None else self.folder / f"{name}.heap", dtype)

    def record_conversion(self, what: str, count: int, words: str) -> None:
        """Reports a conversion of `count` samples, described by a sentence; does nothing if `count` is 0."""
        if count:
            self.done.append(Conversion(what, count, words))

    def choose(self, option: str, why: str, choices: Mapping[str, str], usual: str = "") -> str:
        """Returns the user's choice among `choices` for `option`, or the default `usual` if nothing was chosen.

        Raises `ChoiceNeeded` if nothing was chosen and `usual` is empty, `InputError` for an invalid choice.
        """
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

    def check_unused_choices(self) -> None:
        """Raises `InputError` if the user made a choice for an option that this upload never asked for."""
        for each in fields(UploadChoices):
            given = getattr(self.choices, each.name)
            if given and each.name not in self.asked:
                raise InputError(each.name, "be left out: there is nothing to choose", given)


def join_names(names: object, most: int = 5, cut: int = 24) -> str:
    """Returns the first `most` names, each cut to `cut` characters, joined for a sentence.

    >>> join_names(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    found = [str(name) for name in names]  # type: ignore[attr-defined]
    shown = ", ".join(name if len(name) <= cut else f"{name[: cut - 3]}..." for name in found[:most])
    return shown + (f" and {len(found) - most:,} more" if len(found) > most else "")


def count_with_noun(count: int, noun: str) -> str:
    """Returns a number and its noun, in the plural where needed.

    >>> count_with_noun(1, "file"), count_with_noun(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"
