"""All lessons: those distributed with snnviz, in order, and the files in the folder named by ``SNNVIZ_LESSONS``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from snnviz.errors import InputError, NotFound, SnnvizError, Unquoted, did_you_mean
from snnviz.lessons.lesson import Lesson
from snnviz.lessons.reading import MOST_BYTES, read_lesson

FOLDER = Path(__file__).resolve().parent / "texts"
VARIABLE = "SNNVIZ_LESSONS"
MOST_FILES = 200

ORDER = (
    "what-is-a-spike",
    "coding-an-image",
    "why-silent",
    "choosing-an-initialisation",
    "thresholds-and-leaks",
    "skips",
    "gradients",
    "without-training",
    "one-spike",
    "what-a-spike-costs",
    "challenge",
)
"""Names of the lessons that came with snnviz, as they are taken."""


@dataclass(frozen=True, slots=True)
class Library:
    """Lessons by name; `problems` has a sentence for each file of the host's folder that cannot be read as a
    lesson.
    """

    lessons: Mapping[str, Lesson]
    problems: tuple[str, ...] = ()

    def get(self, name: str) -> Lesson:
        """Returns the lesson called `name`. Raises `NotFound`."""
        found = self.lessons.get(name)
        if found is None:
            known = ", ".join(self.lessons)
            hint = did_you_mean(name, self.lessons)
            raise NotFound(f"lesson must be one of {known}, got {name[:60]!r}{hint}")
        return found


_SEEN: dict[tuple[Path, int, int], Lesson | str] = {}


def library() -> Library:
    """Returns all lessons; a file is read again after it has changed."""
    lessons: dict[str, Lesson] = {}
    problems: list[str] = []
    host = os.environ.get(VARIABLE, "")
    for folder, own in ((FOLDER, True), *([(Path(host), False)] if host else [])):
        if not folder.is_dir():
            problems.append(f"{InputError(VARIABLE, 'be a folder of lessons', str(folder))}.")
            continue
        for path in sorted(folder.glob("*.md"))[:MOST_FILES]:
            found = _read(path, own)
            if isinstance(found, str):
                problems.append(found)
            elif found.name in lessons:
                problems.append(f"{path.name} must have another name than the lesson {found.title!r}.")
            else:
                lessons[found.name] = found
    order = {name: place for place, name in enumerate(ORDER)}
    ranked = sorted(lessons, key=lambda name: (order.get(name, len(order)), name))
    return Library({name: lessons[name] for name in ranked}, tuple(problems))


def _read(path: Path, own: bool) -> Lesson | str:
    try:
        about = path.stat()
        key = (path, about.st_mtime_ns, about.st_size)
        if key not in _SEEN:
            if len(_SEEN) > 4 * MOST_FILES:
                _SEEN.clear()
            _SEEN[key] = _parse(path, own)
        return _SEEN[key]
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})."


def _parse(path: Path, own: bool) -> Lesson | str:
    try:
        return read_file(path, own=own)
    except SnnvizError as error:
        return f"{path.name}: {error}."


def read_file(path: Path, *, own: bool = False) -> Lesson:
    """Returns the lesson in a file. `own`: whether it is distributed with snnviz. Raises `InputError`."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InputError("file", f"be at most {MOST_BYTES // 1000} kB", Unquoted(f"{size:,} bytes"))
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        rule = f"be text in UTF-8 (byte {error.start:,} is not)"
        raise InputError("file", rule, path.name) from None
    return read_lesson(text, path.stem, own=own)
