"""The group of commands `gallery`: what comes with snnviz, already trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, print_json
from snnviz.errors import NotFound, SnnvizError
from snnviz.gallery import making
from snnviz.places import cache_dir
from snnviz.store import shipped
from snnviz.store.shipped import FOLDER, Shipped


@click.group()
def gallery() -> None:
    """List what comes with snnviz already trained, or make it anew."""


@gallery.command("list")
@AS_JSON
def list_gallery(as_json: bool) -> None:
    """List what came with snnviz: on which machine it was trained, when, and in how long."""
    folder, found = shipped.gallery_folder(), _found()
    assert folder is not None
    manifest = shipped.read_manifest(folder)
    runs = {run.run: run for run in found.store.runs(limit=100_000, of=None)}
    stale = {*shipped.outdated(found)}
    entries = []
    for entry in manifest["entries"]:
        names = [name for name, told in manifest["runs"].items() if told["entry"] == entry["name"]]
        machines = sorted({manifest["runs"][name]["machine"] for name in names})
        seconds = round(sum(runs[name].seconds for name in names if name in runs), 1)
        of_before = sum(name in stale for name in names)
        told = {"runs": len(names), "of_before": of_before, "seconds": seconds, "machines": machines}
        entries.append(entry | told)
    if as_json:
        print_json({"made": manifest["made"], "snnviz": manifest["snnviz"], "entries": entries})
        return
    for each in entries:
        old = f", {each['of_before']} of them by formulas of before" if each["of_before"] else ""
        what = f"{each['runs']} run{'s' * (each['runs'] != 1)}{old}"
        click.echo(f"{each['name']:22} {what}, {each['seconds']:.0f} s on {'; '.join(each['machines'])}")
    click.echo(f"made {manifest['made']} by snnviz {manifest['snnviz']}")


@gallery.command()
@click.argument("entries", nargs=-1)
@click.option("--work", type=click.Path(path_type=Path), help="Folder of the trainings; by default in the cache.")
@click.option("--to", type=click.Path(path_type=Path), default=FOLDER, help="Folder of the gallery.")
@click.option("--pack-only", is_flag=True, help="Train nothing: pack those entries that are done.")
def make(entries: Sequence[str], work: Path | None, to: Path, pack_only: bool) -> None:
    """Train what comes with snnviz, by default all ENTRIES, and pack it.

    It goes on where it was interrupted. On one machine it becomes the same, row by row. An entry whose training fails,
    as its data set is not here, is left out and named at the end.
    """
    chosen = making.chosen_entries(entries)
    work = work or cache_dir() / "gallery-work"

    def say(line: str) -> None:
        check()
        if line:
            click.echo(line)

    failed: dict[str, str] = {}
    if pack_only:
        chosen = making.finished(chosen, work)
    else:
        with reliable_interrupts() as check:
            failed = making.train(chosen, work, say)
        chosen = making.finished(chosen, work)
    manifest = making.pack(chosen, work, to)
    size = (to / shipped.ARCHIVE).stat().st_size / 1e6
    click.echo(f"{len(manifest['runs'])} runs, {size:.1f} MB, in {to}")
    if failed:
        raise SnnvizError("Left out: " + "; ".join(f"{name}, as {why}" for name, why in failed.items()))


def _found() -> Shipped:
    found = shipped.shipped()
    if found is None:
        why = shipped.problem() or f"there is none, or {shipped.VARIABLE} leaves it out"
        raise NotFound(f"The gallery cannot be listed: {why}")
    return found
