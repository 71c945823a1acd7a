"""Commands about lessons: list them, check lesson files of one's own, write the template of a new lesson, list
classes.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from snnviz.cli.printing import AS_JSON, print_json
from snnviz.errors import InputError, NotFound, SnnvizError
from snnviz.lessons.classes import read_code
from snnviz.lessons.lesson import Lesson
from snnviz.lessons.library import library, read_file
from snnviz.lessons.reading import LONGEST_NAME, NAME
from snnviz.lessons.template import TEMPLATE
from snnviz.store import Store, classes


@click.group()
def lessons() -> None:
    """List lessons, check files of your own, begin a new one, list classes."""


@lessons.command("list")
@AS_JSON
def list_lessons(as_json: bool) -> None:
    """List all lessons, those in the folder SNNVIZ_LESSONS too."""
    found = library()
    if as_json:
        print_json({name: _about(lesson) for name, lesson in found.lessons.items()})
    else:
        for name, lesson in found.lessons.items():
            click.echo(f"{name:28} {lesson.minutes:2} min  {len(lesson.steps):2} steps  {lesson.title}")
    for problem in found.problems:
        click.echo(problem, err=True)


@lessons.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@AS_JSON
def check(files: tuple[str, ...], as_json: bool) -> None:
    """Read lessons and say what is in them, or what is wrong, in which line. FILE is a Markdown file or a folder."""
    found: dict[str, object] = {}
    wrong = False
    for path in _expanded(files):
        try:
            lesson = _read(path)
        except SnnvizError as error:
            wrong, found[str(path)] = True, {"error": f"{error}"}
            if not as_json:
                click.echo(f"{path}: {error}", err=True)
        else:
            found[str(path)] = _about(lesson)
            if not as_json:
                _show(path, lesson)
    if as_json:
        print_json(found)
    if wrong:
        sys.exit(2)


@lessons.command()
@click.argument("name")
def new(name: str) -> None:
    """Write a lesson to begin with as NAME.md in this folder; it passes `check` and can be taken at once."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise InputError("name", f"be small letters, digits and dashes, at most {LONGEST_NAME}", name)
    path = Path(f"{name}.md")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.replace("TITLE", name.replace("-", " ").capitalize()))
    except FileExistsError:
        raise InputError("name", "be that of a file that is not there yet", str(path)) from None
    except OSError as error:
        raise InputError("name", f"be that of a file that can be written ({error.strerror})", str(path)) from None
    click.echo(f"Wrote {path}. Then: python -m snnviz lessons check {path}")


@lessons.command("classes")
@click.option("--delete", "code", metavar="CODE", help="Delete this class with its seats and answers.")
@AS_JSON
def list_classes(code: str | None, as_json: bool) -> None:
    """List the classes of the store, the one that was used last first."""
    store = Store()
    try:
        classes.delete_unused(store)
        if code is not None:
            name = read_code(code)
            if classes.get_class(store, name) is None:
                raise NotFound(f"class must be one that is there, got {name!r}")
            classes.delete_class(store, name)
        found = classes.all_classes(store)
    finally:
        store.close()
    if as_json:
        print_json([one._asdict() for one in found])
        return
    for one in found:
        day = datetime.fromtimestamp(one.seen).strftime("%Y-%m-%d")
        ended = "  ended" if one.ended is not None else ""
        click.echo(f"{one.code}  {one.students:3} students  last used {day}  {one.title}{ended}")


def _expanded(files: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for name in files:
        path = Path(name)
        found.extend(sorted(path.glob("*.md")) if path.is_dir() else [path])
    if not found:
        raise InputError("file", "be a Markdown file, or a folder with some", files[0])
    return found


def _read(path: Path) -> Lesson:
    try:
        return read_file(path)
    except OSError as error:
        raise InputError("file", f"be readable ({(error.strerror or 'it is not').lower()})", str(path)) from None


def _about(lesson: Lesson) -> dict[str, object]:
    steps = [
        {
            "title": step.title,
            "page": step.page,
            "question": step.question.kind if step.question else None,
            "check": step.check.kind if step.check else None,
        }
        for step in lesson.steps
    ]
    return {"title": lesson.title, "minutes": lesson.minutes, "summary": lesson.summary, "steps": steps}


def _show(path: Path, lesson: Lesson) -> None:
    click.echo(f"{path}: {lesson.title}, {lesson.minutes} minutes")
    for place, step in enumerate(lesson.steps, 1):
        asks = f"asks a {step.question.kind}" if step.question else "asks nothing"
        checks = f", checks a {step.check.kind}" if step.check else ""
        page = f" on {step.page}" if step.page else ""
        click.echo(f"  {place}. {step.title}{page}: {asks}{checks}")
