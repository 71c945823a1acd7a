"""Commands about snnviz itself: `reference` and `doctor`."""

from __future__ import annotations

import click

from snnviz.cli.printing import AS_JSON, print_json


@click.command()
def reference() -> None:
    """Print all that can be chosen by name, with formulas, sources and ranges, as Markdown."""
    from snnviz.cli.reference import reference as page

    click.echo(page(), nl=False)


@click.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Versions, device, cores, memory, data sets, store and engine."""
    from snnviz.cli.doctor import examine

    found = examine()
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {inner}" for key, inner in value.items())
        click.echo(f"{name:12} {value}")
