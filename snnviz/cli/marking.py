"""Commands that set tags, notes and stars on runs, which pages show and filters can use."""

from __future__ import annotations

from collections.abc import Sequence

import click

from snnviz.store import Run, Store


@click.command()
@click.argument("run_name", metavar="RUN")
@click.argument("tags", nargs=-1)
@click.option("--remove", "-r", "gone", multiple=True, metavar="TAG", help="Take this tag off.")
def tag(run_name: str, tags: Sequence[str], gone: Sequence[str]) -> None:
    """Add TAGS, such as homework, to a run; filters can find it by them."""
    store, found = _found(run_name)
    now = store.tag(found.run, tags, gone)
    click.echo(f"{found.run} has the tags {', '.join(now)}" if now else f"{found.run} has no tags")


@click.command()
@click.argument("run_name", metavar="RUN")
@click.argument("text", default="", required=False)
@click.option("--remove", "gone", is_flag=True, help="Take the note away.")
def note(run_name: str, text: str, gone: bool) -> None:
    """Write a note on a run; without TEXT, print it."""
    store, found = _found(run_name)
    if text or gone:
        store.annotate(found.run, "" if gone else text)
    written = store.get(found.run).notes
    click.echo(written or f"{found.run} has no note")


@click.command()
@click.argument("run_name", metavar="RUN")
@click.option("--remove", "gone", is_flag=True, help="Take the star off.")
def star(run_name: str, gone: bool) -> None:
    """Protect a run: while it has a star it cannot be deleted, and its weights are not removed to save disk space."""
    store, found = _found(run_name)
    store.star(found.run, not gone)
    click.echo(f"{found.run} has no star" if gone else f"{found.run} is starred")


def _found(run_name: str) -> tuple[Store, Run]:
    store = Store()
    return store, store.get(run_name)
