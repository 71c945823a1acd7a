"""The group of commands `store`: backs up the store, restores it, checks it for damage and brings it up to date."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from snnviz.cli.printing import AS_JSON, print_json
from snnviz.people.hosting import hosting
from snnviz.store import Store, copying, opening, tables
from snnviz.store.inspection import inspect_store
from snnviz.store.retention import expire


@click.group()
def store() -> None:
    """Back up the store of runs, restore it, check it for damage, or bring it up to date."""


@store.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the complete store to FILE, also while runs write to it. FILE must not exist yet.

    FILE is an SQLite file, also of a store on PostgreSQL. To use it, name it with SNNVIZ_STORE, or restore it. Weights
    are files beside the store, or in the cache.
    """
    opened = Store()
    copying.backup(opened, file)
    click.echo(f"{file} is a copy of {opened.place}; weights are in {opened.checkpoints}")
    opened.close()


@store.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of the weights of what was backed up.")
@click.option("--replace", is_flag=True, help="Delete what the store has. Nobody may use it meanwhile.")
def restore(file: Path, weights: Path | None, replace: bool) -> None:
    """Fill the store that SNNVIZ_STORE names with what is in FILE, a backup or another SQLite store.

    The store must be empty; a new one is created. It may be SQLite or PostgreSQL, whatever FILE was a copy of.
    """
    opened = Store()
    found = copying.restore(opened, file, replace=replace, weights=weights)
    click.echo(f"{opened.place} has the {found.runs:,} runs of {file}: {found.rows:,} rows, {found.weights:,} weights")
    opened.close()


@store.command()
@AS_JSON
def check(as_json: bool) -> None:
    """Read the whole store: pages, indices, rows (by their checksums), runs and weights.

    Damage ends with exit code 2; what is missing or cannot be read, with a line each and exit code 1.
    """
    opened = Store(check=False)
    found = inspect_store(opened)
    if as_json:
        print_json({"store": opened.place, "rows": found.rows, "damage": None, "found": found.remarks})
    else:
        click.echo(f"{opened.place} is sound: {found.rows:,} rows of {found.runs:,} runs were read")
        for remark in found.remarks:
            click.echo(remark)
    opened.close()
    if found.remarks:
        sys.exit(1)


@store.command("expire")
@click.option("--preview", is_flag=True, help="Only say what would go.")
@AS_JSON
def expire_(preview: bool, as_json: bool) -> None:
    """Delete what nobody opened for as long as snnviz.toml says (retention), as a server of others does by itself.

    Never what has a star, what waits or runs, or what came with snnviz.
    """
    opened = Store(create=False)
    found = expire(opened, hosting().retention, act=not preview)
    if as_json:
        print_json(found._asdict())
    else:
        verb = "would go" if preview else "went"
        click.echo(
            f"{_count(found.runs, 'run')} and {_count(found.data_sets, 'data set')} {verb}: {found.bytes / 1e6:,.1f} MB"
        )
    opened.close()


def _count(things: Sequence[str], noun: str) -> str:
    return f"{len(things):,} {noun}{'s' * (len(things) != 1)}"


@store.command()
def migrate() -> None:
    """Bring the store up to date with this snnviz, as opening it does, and say what was done."""
    before, incomplete = opening.stored_version(*opening.resolve_url(None))
    opened = Store()
    if before is None:
        said = f"{opened.place} is new, of version {tables.VERSION}"
    elif before < tables.VERSION:
        said = " ".join((f"{opened.place} was of version {before}, and is of {tables.VERSION}.", *opened.notices()))
    elif incomplete:
        said = f"{opened.place} is of version {tables.VERSION}, and has the tables and columns that came later"
    else:
        said = f"{opened.place} is of version {tables.VERSION}, which is this snnviz's: there was nothing to do"
    click.echo(said)
    opened.close()
