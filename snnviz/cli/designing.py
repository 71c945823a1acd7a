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
    """Print a design as JSON. NAME is a named design, a file, or - for standard input."""
    click.echo(json.dumps(read_design(name, settings, nearest).document(), indent=2))


@click.command()
@click.argument("name")
@SETTING
@NEAREST
def link(name: str, settings: Sequence[str], nearest: bool) -> None:
    """Print the query string that opens a design in the browser: what differs from the defaults."""
    click.echo("?" + links.to_query(read_design(name, settings, nearest)))


def read_design(
    name: str | None, settings: Sequence[str], nearest: bool | None = None, default: Design | None = None
) -> Design:
    """Returns a design by name, file or standard input, with fields changed; `nearest` as in `or_nearest`.

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
        click.echo(f"{error.why}: changed to {error.nearest.told}", err=True)
        return error.nearest.design


def _read(name: str) -> Design:
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
