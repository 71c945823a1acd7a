"""The command `fit`: which layers of a design are beyond the limits of neuromorphic chips."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from snnviz.catalog.examples import EXAMPLES
from snnviz.catalog.targets import TARGETS, get_target
from snnviz.cli.designing import query_of, read_design
from snnviz.cli.printing import AS_JSON, SETTING, print_json
from snnviz.design import links
from snnviz.design.design import Design


@click.command()
@click.argument("name", metavar="DESIGN|RUN")
@click.option("--target", help=f"One of {', '.join(TARGETS)}; all where none is named.")
@SETTING
@AS_JSON
def fit(name: str, target: str | None, settings: Sequence[str], as_json: bool) -> None:
    """Say which layers are beyond the limits of neuromorphic chips, and why.

    DESIGN is a named design, a file or a link. Limits are public figures, each with its source (docs/exports.md);
    what no source tells is named, and not checked.
    """
    from snnviz.theory import fitting

    wanted = [get_target(target)] if target else list(TARGETS.values())
    design = _design(name, settings)
    found = [fitting.fit(design, each) for each in wanted]
    if as_json:
        print_json(
            [
                {
                    "target": each.target.name,
                    "fits": not each.misfits,
                    "misfits": [{"layer": m.layer, "why": m.why, "source": m.source} for m in each.misfits],
                    "unknown": each.target.unknown,
                    "notes": list(each.target.notes),
                    "read": each.target.read,
                }
                for each in found
            ]
        )
        return
    for each in found:
        click.echo(each.sentence)
        for misfit in each.misfits:
            click.echo(f"  {misfit.layer or 'network':12} {misfit.why}")
        click.echo(f"  {'not known':12} {each.target.unknown[:1].upper()}{each.target.unknown[1:]}.")
        for note in each.target.notes:
            click.echo(f"  {'to be done':12} {note}")


def _design(name: str, settings: Sequence[str]) -> Design:
    """The design of that name, in that file or link, else that of the run."""
    named = name in EXAMPLES or name == "-" or name.endswith(".json")
    if named or os.path.exists(name) or query_of(name) is not None:
        return read_design(name, settings)
    from snnviz.store import Store

    design = Store().get(name).design
    return links.change(design, links.parse_settings(settings)) if settings else design
