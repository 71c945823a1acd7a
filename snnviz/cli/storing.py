"""The group of commands `store`: backs up the store and checks it for damage."""

from __future__ import annotations

from pathlib import Path

import click

from snnviz.cli.printing import AS_JSON, print_json
from snnviz.store import Store


@click.group()
def store() -> None:
    """Back up the store of runs, or check it for damage."""


@store.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the complete store to FILE, also while runs write to it. FILE must not exist yet.

    To use the copy, put it where the store was, or name it with SNNVIZ_STORE. Weights are files beside the store.
    """
    opened = Store()
    opened.backup(file)
    click.echo(f"{file} is a copy of {opened.place}; weights are in {opened.checkpoints}")
    opened.close()


@store.command()
@AS_JSON
def check(as_json: bool) -> None:
    """Check the store's pages, indices and rows (by their checksums) for damage."""
    opened = Store(check=False)
    rows = opened.check()
    if as_json:
        print_json({"store": opened.place, "rows": rows, "damage": None})
    else:
        click.echo(f"{opened.place} is sound: {rows:,} rows were read")
    opened.close()
