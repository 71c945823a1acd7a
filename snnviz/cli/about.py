"""Commands about snnviz itself: `reference` and `doctor`."""

from __future__ import annotations

import click

from snnviz.cli.printing import AS_JSON, print_json


@click.command()
def reference() -> None:
    """Print the catalogue of everything that is chosen by name, with formulas, sources and ranges, as Markdown."""
    from snnviz.cli.reference import reference as page

    click.echo(page(), nl=False)


@click.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Print versions, device, cores, memory, data sets and the state of the store and the training engine."""
    from snnviz.cli.doctor import examine

    found = examine()
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {inner}" for key, inner in value.items())
        click.echo(f"{name:12} {value}")
