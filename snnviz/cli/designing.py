"""Commands about designs: named designs, and a design as JSON or as a link."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence

import click

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.cli.printing import AS_JSON, NEAREST, SETTING, print_json
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.submitted import MAX_TEXT
from snnviz.errors import InputError
from snnviz.graph.nearest import IncompatibleDesign

DESIGN_PAGE = "/design"
"""Address of the page that opens a design."""


@click.command()
@AS_JSON
def designs(as_json: bool) -> None:
    """List the named designs; `digits` is the default one."""
    about = {name: " ".join((make.__doc__ or "").split()) for name, make in EXAMPLES.items()}
    if as_json:
        print_json(about)
        return
    for name, words in about.items():
        click.echo(f"{name:20} {words}")


@click.command()
@click.argument("name")
@SETTING
@NEAREST
def design(name: str, settings: Sequence[str], nearest: bool) -> None:
    """Print a design as JSON. NAME is a named design, a file, a link, or - for standard input."""
    click.echo(json.dumps(read_design(name, settings, nearest).document(), indent=2))


@click.command()
@click.argument("name")
@SETTING
@NEAREST
def link(name: str, settings: Sequence[str], nearest: bool) -> None:
    """Print the address, on the dashboard, that opens a design: what differs from the defaults."""
    query = links.to_query(read_design(name, settings, nearest))
    click.echo(f"{DESIGN_PAGE}?{query}" if query else DESIGN_PAGE)


def query_of(text: str) -> str | None:
    """Returns the query string of a link (``?...``, ``/design?...``, a whole address); None if `text` is no link.

    >>> query_of("?seed=1"), query_of("/design?seed=2"), query_of("http://127.0.0.1:8501/design?seed=3#top")
    ('seed=1', 'seed=2', 'seed=3')
    >>> query_of("/design"), query_of("digits"), query_of("what?.json")
    ('', None, None)
    """
    if os.path.exists(text):
        return None
    place, mark, query = text.partition("#")[0].partition("?")
    is_link = not place or place.startswith("/") or "://" in place if mark else place == DESIGN_PAGE or "://" in place
    return query if is_link else None


def read_design(
    name: str | None, settings: Sequence[str], nearest: bool | None = None, default: Design | None = None
) -> Design:
    """Returns a design by name, file, link or standard input, with fields changed; `nearest` as in `or_nearest`.

    `default`: the design if `name` is None. Raises `InputError`, `NotFound`.
    """
    start = default or Design()
    return or_nearest(lambda: _changed(_read(name) if name is not None else start, settings), nearest)


def _changed(found: Design, settings: Sequence[str]) -> Design:
    return links.change(found, links.parse_settings(settings)) if settings else found


def or_nearest(make: Callable[[], Design], nearest: bool | None) -> Design:
    """Returns `make()`; if that design is not allowed and `nearest` is True, the nearest allowed one, printing the
    changes.

    `nearest` False: raise the error, which mentions the option; None: raise the error, which does not.
    """
    try:
        return make()
    except IncompatibleDesign as error:
        if not nearest:
            error.args = (f"{error}{'' if nearest is None else '; --nearest takes it'}",)
            raise
        click.echo(f"{error.why}: changed to {error.nearest.summary}", err=True)
        return error.nearest.design


def _read(name: str) -> Design:
    if (query := query_of(name)) is not None:
        return links.from_query(query)
    if name not in EXAMPLES and (name == "-" or name.endswith(".json") or os.path.exists(name)):
        return Design.read(_text(name))
    return get_example(name)


def _text(name: str) -> str:
    """What is in a file, or the beginning of it where it is too long."""
    try:
        with click.open_file(name, encoding="utf-8-sig") as file:
            return str(file.read(MAX_TEXT + 1))
    except OSError as error:
        reason = (error.strerror or "it is not").lower()
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except AttributeError:
        reason = "standard input is closed"
    raise InputError("design", f"be readable ({reason})", name)
