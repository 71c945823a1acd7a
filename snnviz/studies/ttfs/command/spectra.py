"""The command `ttfs spectrum`: eigenvalues of random TTFS layers' Jacobians, why gradients explode where alpha = 1."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import click

from snnviz.cli.printing import AS_JSON, Bar, print_json, table
from snnviz.design import links
from snnviz.design.part import Part
from snnviz.design.registry import Range
from snnviz.design.submitted import validated
from snnviz.studies.ttfs.theory.spectra import UNIT_CIRCLE_MARGIN, RandomLayers, summarise_spectra


class LayerCount(Part):
    """The number of random layers of the command, as a value that checks its range."""

    seeds: Annotated[int, Range(1, 1000, "Layers, each with a seed of its own.")] = 40


@click.command()
@click.option("--neurons", help="Neurons of a layer, and its inputs.  [340]")
@click.option("--weights", help="one: W ~ N(0, 1/n); he: N(0, 2/n).  [one]")
@click.option("--share", help="Share of the neurons that spike.  [1]")
@click.option("--low", help="The least of the chosen slopes B.  [0.5]")
@click.option("--high", help="The largest of the chosen slopes B.  [1.5]")
@click.option("--seed", help="Of the first layer.  [0]")
@click.option("--seeds", help="Layers, each with a seed of its own.  [40]")
@AS_JSON
def spectrum(as_json: bool, seeds: str | None, **options: str | None) -> None:
    """Show the eigenvalues of random layers' Jacobians: with slope B = 1, with ramp alpha = 1, with chosen slopes."""
    given = {name: links.parse_value(name, value) for name, value in options.items() if value is not None}
    setting = RandomLayers.check(given)
    count = {} if seeds is None else {"seeds": links.parse_value("seeds", seeds)}
    layers = validated(LayerCount, count, "a number of layers").seeds
    with Bar(quiet=as_json or not sys.stderr.isatty(), label="layers") as bar:
        found = summarise_spectra(setting, layers, bar.share)
    if as_json:
        print_json({"setting": setting.model_dump(mode="json"), "seeds": layers, **asdict(found)})
        return
    rows = [
        {
            "model": each.slope,
            "median of the largest modulus": f"{each.median:.3g}",
            "least": f"{each.least:.3g}",
            f"share above {UNIT_CIRCLE_MARGIN}": f"{each.outside:.4f}",
        }
        for each in found.models
    ]
    click.echo(table(rows))
    click.echo(f"{layers} layers; with alpha = 1, B is not above 0 in {found.negative:.2%} of the neurons")
