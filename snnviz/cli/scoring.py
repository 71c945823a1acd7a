"""The command that scores a cell without training."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from snnviz import links
from snnviz.catalog.cells import Scoring
from snnviz.cells import PUBLISHED, in_words, write
from snnviz.cli.printing import AS_JSON, print_json, table
from snnviz.errors import InputError

if TYPE_CHECKING:
    from snnviz.core.score import Scored


@click.command()
@click.argument("cell")
@click.option("--metric", help="sahd, Hamming distances in units of what is expected, or hd, as they are.  [sahd]")
@click.option("--data", help="Data set.  [digits]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Another field of the setting, such as normalisation=code, channels=32, batch=64, steps=8 or seed=1.",
)
@AS_JSON
def score(cell: str, settings: Sequence[str], as_json: bool, **options: str | None) -> None:
    """Score a cell of a SNASNet without training it.

    CELL is a matrix of operations such as "0303 0030 2002 0200" (0 zeroize, 1 skip, 2 conv 1x1, 3 conv 3x3, 4 average
    pool; backward below the diagonal), or the name of a published cell: cifar10, cifar100.
    """
    given = {name: value for name, value in options.items() if value is not None}
    more = links.read_settings(settings)
    for name in more.keys() & {"cell", *given}:
        raise InputError(name, "be given once", more[name])
    named = {name.rpartition(" ")[2].lower(): found for name, found in PUBLISHED.items()}
    document = {name: links.read_value(name, value) for name, value in (given | more).items()}
    setting = Scoring.check({"cell": named.get(cell.lower(), cell), **document})
    from snnviz.core.score import Scorer

    found = Scorer(setting).score(setting.cell)
    if as_json:
        print_json({"setting": setting.model_dump(mode="json"), **report(found)})
    else:
        print_score(setting, found)


def report(found: Scored) -> dict[str, Any]:
    """What was found, as JSON: silent (layers, T, B), kernel and hamming (B, B) of the first repeat."""
    return {
        "score": found.mean,
        "invalid": found.invalid or None,
        "scores": [one.value for one in found.scores],
        "layers": [
            {"name": name, "neurons": neurons, "copies": copies, "silent": silent.tolist()}
            for name, neurons, copies, silent in zip(
                found.layers, found.neurons, found.copies, found.silent, strict=True
            )
        ],
        "kernel": found.kernel.tolist(),
        "hamming": found.hamming.tolist(),
    }


def print_score(setting: Scoring, found: Scored) -> None:
    """The score, and how sparse each layer is."""
    click.echo(f"{write(setting.cell)}: {in_words(setting.cell)}")
    if found.mean is None:
        click.echo(f"no score: {found.invalid}")
    else:
        values = [one.value for one in found.scores if one.value is not None]
        spread = f" (sd {statistics.stdev(values):.3g} of {len(values)})" if len(values) > 1 else ""
        way = f"{setting.metric.upper()}, {setting.normalisation}"
        click.echo(f"log|det K| = {found.mean:.4f}{spread}; {way}; {setting.batch} images of {setting.data}")
    rows = [
        {
            "layer": name,
            "neurons": f"{neurons:,}",
            "silent": f"{silent.mean():.1%}",
            "by step": f"{silent.mean(1).min():.0%} to {silent.mean(1).max():.0%}",
            "by image": f"{silent.mean(0).min():.0%} to {silent.mean(0).max():.0%}",
        }
        for name, neurons, silent in zip(found.layers, found.neurons, found.silent, strict=True)
    ]
    click.echo(table(rows))
