"""Detects which folders of an upload name the classes, and which the training and test set.

All parts of a path count, at any depth. Folders that all samples share are ignored. A level of folders called Train and
Test (and Valid) is the split; among the other levels, the one whose names vary is the classes. Where several vary, and
the split does not tell them apart, the user is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files.archives import PathParts, normalised_name
from snnviz.data.files.limits import test_sample_count
from snnviz.data.files.reading import UploadReader, count_with_noun, join_names
from snnviz.errors import InputError

TRAIN, TEST, VALID = 0, 1, 2

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("test", "testing", "tests"), TEST),
    **dict.fromkeys(("valid", "validation", "val", "validate", "dev", "eval", "evaluation"), VALID),
}

IGNORED_WORDS = {
    "set",
    "data",
    "dataset",
    "split",
    "samples",
    "images",
    "img",
    "imgs",
    "recordings",
    "events",
    "folder",
}
"""Words that may accompany the name of a split, as in train_images."""


MAX_NAME_LENGTH = 40
"""Longest name of a class, in characters."""


@dataclass(frozen=True, slots=True)
class FolderLayout:
    """Samples in order (training samples first, unless `drawn` by a seed), their labels (N,), class names, and test
    count.
    """

    order: list[PathParts]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    test: int
    drawn: bool


def split_of_folder(name: str) -> int | None:
    """Returns the split that a folder's name stands for: 0 train, 1 test, 2 validation, or None.

    >>> [split_of_folder(name) for name in ("Train", "test_images", "validation", "trains")]
    [0, 1, 2, None]
    """
    words = [word for word in re.split(r"[\W_]+", normalised_name(name).lower()) if word]
    if len(words) > 1:
        words = [word for word in words if word not in IGNORED_WORDS]
    return SPLIT_NAMES.get(words[0]) if len(words) == 1 else None


def folder_layout(places: Iterable[PathParts], reading: UploadReader, noun: str) -> FolderLayout:
    """Returns classes and split of samples from their paths; `noun` is what a sample is called in messages.

    Raises `InputError`, and `ChoiceNeeded` where several readings are possible.
    """
    folders = {place: place[:-1] for place in places}
    common = _common(folders.values())
    below = {place: folder[common:] for place, folder in folders.items()}
    level = _split_level(below)
    parts: dict[PathParts, int | None] = dict.fromkeys(below)
    drawn = True
    if level is not None:
        parts = {place: split_of_folder(rest[level]) if len(rest) > level else None for place, rest in below.items()}
        count = Counter(part for part in parts.values() if part is not None)
        drawn = choose_split(count, reading, noun, len(parts) - count.total()) == "seed"
        if not drawn and TEST not in count:
            parts = {place: TEST if part == VALID else part for place, part in parts.items()}
        left = {place for place, part in parts.items() if part == VALID or (part is None and not drawn)}
        below = {place: _without(rest, level) for place, rest in below.items() if place not in left}
    else:
        choose_split({TRAIN: len(below)}, reading, noun)
    strays = [place for place, rest in below.items() if not rest]
    if 0 < len(strays) < len(below):
        reading.record_conversion(
            "strays", len(strays), f"{count_with_noun(len(strays), noun)} outside of the folders of classes left out."
        )
        below = {place: rest for place, rest in below.items() if rest}
    names = _classes(below, {} if drawn else parts, reading)
    if not names:
        alone = folders[next(iter(below))]
        names = dict.fromkeys(below, alone[-1] if alone and split_of_folder(alone[-1]) is None else "0")
    return _layout(names, {} if drawn else parts, reading)


def _common(folders: Iterable[PathParts]) -> int:
    """How many folders all samples have in common."""
    several = [tuple(map(normalised_name, folder)) for folder in folders]
    shortest = min(map(len, several))
    return next((i for i in range(shortest) if len({folder[i] for folder in several}) > 1), shortest)


def _split_level(below: Mapping[PathParts, PathParts]) -> int | None:
    """The level at which two of Train, Test and Valid stand side by side, above or below folders of classes."""
    found: list[tuple[bool, int]] = []
    for level in range(max(map(len, below.values()))):
        there = {place: split_of_folder(rest[level]) for place, rest in below.items() if len(rest) > level}
        if len({part for part in there.values() if part is not None}) < 2:
            continue
        clean = len(there) == len(below) and None not in there.values()
        if clean or any(len(below[place]) > 1 for place, part in there.items() if part is not None):
            found.append((not clean, level))
    return min(found)[1] if found else None


def choose_split(count: Mapping[int, int], reading: UploadReader, noun: str, others: int = 0) -> str:
    """Returns how to split samples, "folders" or "seed", and reports samples that are left out.

    `count`: samples in each split folder; `others`: samples outside of them. Raises `ChoiceNeeded` where both are
    possible.
    """
    train, test, valid = (count.get(part, 0) for part in (TRAIN, TEST, VALID))
    total = train + test + others
    choices = {"seed": f"a design's seed draws a fifth of {count_with_noun(total, noun)} for testing"}
    if test and train:
        left = ", the others are left out" if others else ""
        choices["folders"] = f"{train:,} for training and {test:,} for testing, as the names say{left}"
    elif train and valid:
        choices["folders"] = f"{train:,} for training, the {valid:,} for validation are for testing"
    usual = "seed" if not test and not valid else "folders" if train and test and not others else ""
    named = {"training": train, "testing": test, "validation": valid, "neither": others}
    why = ", ".join(f"{number:,} for {name}" for name, number in named.items() if number)
    how = reading.choose("split", why, choices, usual)
    if how == "seed" or (test and train):
        reading.record_conversion("validation", valid, f"{count_with_noun(valid, noun)} for validation left out.")
    if how == "folders":
        reading.record_conversion(
            "others", others, f"{count_with_noun(others, noun)} outside of the folders for training and tests left out."
        )
    return how


def _without(rest: PathParts, level: int) -> PathParts:
    return (*rest[:level], *rest[level + 1 :])


def _classes(
    below: Mapping[PathParts, PathParts], parts: Mapping[PathParts, int | None], reading: UploadReader
) -> dict[PathParts, str]:
    """The class of each sample, by the level of its folder from within; empty where no name varies."""
    several: dict[str, dict[PathParts, str]] = {}
    for step in range(1, max(map(len, below.values()), default=0) + 1):
        named = {place: rest[-min(step, len(rest))] for place, rest in below.items() if rest}
        groups = _groups(named)
        if len(set(groups)) > 1 and groups not in map(_groups, several.values()):
            several[str(step)] = named
    if not several:
        return {}
    likely = {step: named for step, named in several.items() if len(set(named.values())) < len(named)} or several
    if len(likely) > 1 and parts:
        likely = {step: named for step, named in likely.items() if _in_both(named, parts)} or likely
    names = {step: join_names(sorted(set(named.values())), 3) for step, named in several.items()}
    found = reading.choose(
        "classes",
        "folders in folders: " + " or ".join(names[step] for step in likely),
        names,
        next(iter(likely)) if len(likely) == 1 else "",
    )
    if len(several) > 1:
        others = " and ".join(names[step] for step in several if step != found)
        reading.record_conversion(
            "classes", len(set(several[found].values())), f"Classes: {names[found]}. No classes: {others}."
        )
    return several[found]


def _groups(named: Mapping[PathParts, str]) -> list[int]:
    """Which samples are together, whatever their folder is called."""
    first: dict[str, int] = {}
    return [first.setdefault(normalised_name(name), place) for place, name in enumerate(named.values())]


def _in_both(named: Mapping[PathParts, str], parts: Mapping[PathParts, int | None]) -> bool:
    """Whether what is tested was trained on too, as classes are and the people who were recorded often are not."""
    seen = {normalised_name(name) for place, name in named.items() if parts[place] == TRAIN}
    return {normalised_name(name) for place, name in named.items() if parts[place] == TEST} <= seen


def _layout(
    names: Mapping[PathParts, str], parts: Mapping[PathParts, int | None], reading: UploadReader
) -> FolderLayout:
    """In the order of part and of place, numbers as they are and words by the alphabet."""
    order = sorted(names, key=lambda place: (parts.get(place) or 0, place[-3:], place))
    written: dict[str, str] = {}
    for place in order:
        written.setdefault(normalised_name(names[place]), names[place])
    known = sorted(written.values(), key=lambda name: (not name.isdecimal(), len(name), name))
    test = sum(parts.get(place) == TEST for place in order)
    if all(name.isascii() and name.isdecimal() and len(name) < 6 for name in known):
        numbers = [int(name) for name in known]
        if max(numbers) >= reading.limits.classes:
            raise InputError("labels", f"be whole numbers from 0 to {reading.limits.classes - 1}", max(numbers))
        twice = len(known) - len(set(numbers))
        reading.record_conversion("merged", twice, f"Folders of the same number are one class: {join_names(known, 8)}.")
        labels = np.array([int(names[place]) for place in order], np.int64)
        return FolderLayout(order, labels, tuple(map(str, range(max(numbers) + 1))), test, not parts)
    if len(known) > reading.limits.classes:
        raise InputError("labels", f"be of at most {reading.limits.classes} classes", len(known))
    long = sum(len(name) > MAX_NAME_LENGTH for name in known)
    reading.record_conversion(
        "cut", long, f"{count_with_noun(long, 'name')} of classes cut to {MAX_NAME_LENGTH} characters."
    )
    number = {normalised_name(name): place for place, name in enumerate(known)}
    labels = np.array([number[normalised_name(names[place])] for place in order], np.int64)
    return FolderLayout(order, labels, tuple(name[:MAX_NAME_LENGTH] for name in known), test, not parts)


def test_count(layout: FolderLayout) -> int:
    """Returns the number of test samples of a folder layout: those in its test folder, or a fixed share of all if the
    split is drawn by a seed.
    """
    return test_sample_count(len(layout.order)) if layout.drawn else layout.test
