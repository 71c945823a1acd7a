"""The group of commands `cells`."""

from __future__ import annotations

import click

from snnviz.studies.cells.command import correlating, searching


@click.group()
def cells() -> None:
    """Search cells without training, and see whether their scores predict what training reaches."""


cells.add_command(searching.search)
cells.add_command(correlating.correlate)
