"""The group of commands `cells`."""

from __future__ import annotations

import click

from snnviz.studies.cells.command import correlating, searching


@click.group()
def cells() -> None:
    """Search cells by scores that need no training, and check whether these scores predict trained accuracy."""


cells.add_command(searching.search)
cells.add_command(correlating.correlate)
