"""Options, JSON output and progress bars that commands share."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def settings_option(help: str, metavar: str = "FIELD=VALUE") -> Callable[[Command], Command]:
    """Returns the option ``--set``, which can be repeated and is passed to the command as `settings`."""
    return click.option("--set", "settings", multiple=True, metavar=metavar, help=help)


SETTING = settings_option("Change a field, such as training.epochs=3.", metavar="PATH=VALUE")
NEAREST = click.option(
    "--nearest",
    is_flag=True,
    help="Where a design cannot be so, take the nearest that can, and say what was changed.",
)
DEVIATION = "±: standard deviation over seeds."
"""Line under a table of a command with such numbers."""

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def print_json(value: object) -> None:
    """Prints a value as one line of JSON, with null for numbers that are not finite."""
    click.echo(json.dumps(finite(value), allow_nan=False))


def finite(value: Any) -> Any:
    """Returns `value` with numbers that are not finite replaced by None, as JSON cannot hold them."""
    if isinstance(value, dict):
        return {name: finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Returns rows with the same columns as right-aligned text under their titles."""
    wide = {title: max(len(title), *(len(row[title]) for row in rows)) for title in rows[0]}
    lines = [{title: title for title in wide}, *rows]
    return "\n".join("  ".join(line[title].rjust(width) for title, width in wide.items()) for line in lines)


class Bar:
    """A progress bar on stderr, drawn at the first `move`. `quiet`: no output. `eta`: with an estimate of the time
    left.
    """

    def __init__(self, quiet: bool, *, eta: bool = True, label: str = "training") -> None:
        self.quiet, self.eta, self.label, self.words = quiet, eta, label, ""
        self.bar: Any = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.render_finish()

    def move(self, step: int, steps: int, words: str = "") -> None:
        """Shows step `step` of `steps`, with `words` beside the bar."""
        if self.quiet:
            return
        self.words = words
        if self.bar is None:
            self.bar = click.progressbar(
                length=steps,
                label=self.label,
                show_eta=self.eta,
                item_show_func=lambda _: self.words,
                file=sys.stderr,
            )
        if step != self.bar.pos:
            self.bar.update(step - self.bar.pos)
        else:
            self.bar.render_progress()  # the words may be others

    def share(self, done: float) -> None:
        """Shows a fraction from 0 to 1 as done."""
        self.move(round(done * 100), 100)
