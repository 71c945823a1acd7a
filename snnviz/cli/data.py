"""The group of commands `data`: lists, shows and downloads data sets, and checks or stores files of users."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, print_json, table
from snnviz.data import datasets, sandbox, uploads
from snnviz.data.files.reading import HELP
from snnviz.data.uploads import CheckedDataset, UploadChoices


@click.group()
def data() -> None:
    """List, show and download data sets, and import or check files of your own."""


@data.command("list")
@AS_JSON
def listing(as_json: bool) -> None:
    """List all data sets."""
    found = [_description(name) for name in datasets.dataset_names()]
    if as_json:
        print_json({"datasets": found})
        return
    click.echo(table([_row(described) for described in found]))


@data.command()
@click.argument("name")
@AS_JSON
def show(name: str, as_json: bool) -> None:
    """Show a data set: what it is, its sizes, licence and citation, and where it comes from."""
    described, about = _description(name), datasets.dataset_card(name)
    if as_json:
        print_json({**described, "archives": [asdict(archive) for archive in about.archives], "split": about.split})
        return
    lines = {
        "name": name,
        "title": about.title,
        "about": about.about,
        "shape": "x".join(map(str, about.shape)),
        "classes": f"{about.classes}: {', '.join(about.labels[:20])}{', ...' * (about.classes > 20)}",
        "samples": f"{described['train']:,} for training, {described['test']:,} for testing",
        "split": about.split,
        "licence": about.licence,
        "citation": about.citation or "-",
        "home": about.home or "-",
        "here": _where(described),
    }
    for title, words in lines.items():
        click.echo(f"{title:9} {words}")
    for archive in about.archives:
        click.echo(f"{'archive':9} {archive.name}, {_size(archive.megabytes)}, {archive.hash}, {archive.url}")
    if words := datasets.availability_remark(name):
        click.echo(f"{'note':9} {words}")


@data.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Download the missing files of a data set. After Ctrl-C the same command continues where it stopped."""
    title = datasets.dataset_card(name).title
    if datasets.is_available(name):
        click.echo(f"{title} is here")
        return
    shown = sys.stderr.isatty()
    try:
        with reliable_interrupts() as check:

            def watch(words: str) -> None:
                check()
                if shown or " of " not in words:
                    click.echo(f"\r{words:70}" if shown else words, nl=not shown, err=True)

            datasets.ensure_downloaded(name, watch, explicit=True)
    except KeyboardInterrupt:
        click.echo("\nStopped: the same command goes on from here.", err=True)
        sys.exit(130)
    click.echo(f"{chr(10) * shown}{title} is here")


def _choices(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each choice between several readings."""
    for name, words in reversed(list(HELP.items())):
        command = click.option(f"--{name}", default="", help=words)(command)
    return command


@data.command()
@click.argument("path", type=click.Path(path_type=Path))
@_choices
@AS_JSON
def check(path: Path, as_json: bool, **choices: str) -> None:
    """Print what a file or folder of images or recordings contains and how it would be converted, or why it is invalid.

    Images (.npz, IDX, pictures in folders called by their class) or recordings (.bin, .npy, .h5, .aedat4).
    """
    found = sandbox.check_in_subprocess(path, choices=UploadChoices(**choices))
    _print_checked(found, as_json, {})
    if not as_json:
        for done in found.done:
            click.echo(f"{'done':9} {done.words}")


@data.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--title", default="", help="What it is called; at most 60 characters.")
@_choices
@AS_JSON
def keep(path: Path, title: str, as_json: bool, **choices: str) -> None:
    """Check a file or folder and store a copy as a data set of your own; prints its name.

    The conversions that were applied are printed on stderr. A file that can be read in several ways is refused until an
    option chooses one.
    """
    found = sandbox.check_in_subprocess(path, choices=UploadChoices(**choices))
    for done in found.done:
        click.echo(done.words, err=True)
    name = uploads.store_upload(found, title)
    _print_checked(found, as_json, {"name": name})


@data.command()
@click.argument("name")
def remove(name: str) -> None:
    """Delete a data set of your own; runs that used it keep their results."""
    uploads.remove(name)
    click.echo(f"{name} is removed")


def _print_checked(found: CheckedDataset, as_json: bool, more: dict[str, str]) -> None:
    described: dict[str, Any] = {
        **more,
        "kind": found.kind,
        "form": found.form,
        "samples": found.count,
        "train": found.train,
        "test": found.test,
        "drawn": found.drawn,
        "shape": list(found.shape),
        "classes": found.classes,
        "labels": list(found.labels),
        "per_class": list(found.per_class),
        "scale": found.scale,
        "order": found.order,
        "done": [asdict(done) for done in found.done],
        "remarks": list(found.remarks),
    }
    if found.kind == "events":
        described["events"] = len(found.arrays["events"])
        described["milliseconds"], described["dropped"] = list(found.milliseconds), found.dropped
    if as_json:
        print_json(described)
        return
    for title, words in {
        **more,
        "holds": found.form,
        "samples": f"{found.count:,}",
        "shape": "x".join(map(str, found.shape)),
        **({"events": f"{described['events']:,}"} if "events" in described else {}),
        **found.facts(),
    }.items():
        click.echo(f"{title:9} {words}")
    for words in found.remarks:
        click.echo(f"{'note':9} {words}")


def _description(name: str) -> dict[str, Any]:
    about, (train, test) = datasets.dataset_card(name), datasets.dataset_sizes(name)
    return {
        "name": name,
        "title": about.title,
        "kind": _kind(name),
        "simulated": bool(about.simulated),
        "shape": list(about.shape),
        "classes": about.classes,
        "labels": list(about.labels),
        "train": train,
        "test": test,
        "licence": about.licence,
        "citation": about.citation,
        "home": about.home,
        "here": datasets.is_available(name),
        "fetched": "unasked" if datasets.is_downloaded_automatically(name) else "asked" if about.fetchable else "no",
        "about": about.about,
        "remark": datasets.availability_remark(name),
    }


def _kind(name: str) -> str:
    about = datasets.dataset_card(name)
    if about.simulated:
        return "recordings, simulated"
    return "images" if about.counts is None else "recordings"


def _row(described: dict[str, Any]) -> dict[str, str]:
    return {
        "name": described["name"],
        "kind": described["kind"],
        "shape": "x".join(map(str, described["shape"])),
        "classes": str(described["classes"]),
        "train": f"{described['train']:,}",
        "test": f"{described['test']:,}",
        "": _where(described),
    }


def _size(megabytes: int) -> str:
    return f"{megabytes:,} MB" if megabytes else "size not stated"


def _where(described: dict[str, Any]) -> str:
    if described["here"]:
        return "here"
    return {"unasked": "fetched by the first run", "asked": f"data fetch {described['name']}", "no": "not here"}[
        described["fetched"]
    ]
