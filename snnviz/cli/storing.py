"""The group of commands `store`: backs up the store and checks it for damage."""

from __future__ import annotations

from pathlib import Path

import click

from snnviz.cli.printing import AS_JSON, print_json
from snnviz.store import Store


@click.group()
def store() -> None:
    """The store of runs: a whole copy of it, and whether it is sound."""


@store.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the store into FILE, whole, also while runs are at work. FILE must not be there yet.

    To use the copy, put it where the store was, or name it with SNNVIZ_STORE. Weights are files beside the store.
    """
    opened = Store()
    opened.backup(file)
    click.echo(f"{file} is a copy of {opened.place}; weights are in {opened.checkpoints}")
    opened.close()


@store.command()
@AS_JSON
def check(as_json: bool) -> None:
    """Search pages, indices and, by their checksums, all rows for damage."""
    opened = Store(check=False)
    rows = opened.check()
    if as_json:
        print_json({"store": opened.place, "rows": rows, "damage": None})
    else:
        click.echo(f"{opened.place} is sound: {rows:,} rows were read")
    opened.close()
