"""The group of commands about cells of a SNASNet, but for `score`."""

from __future__ import annotations

import click

from snnviz.cli import cellsearching, correlating


@click.group()
def cells() -> None:
    """Search cells without training, and see whether their scores predict what training reaches."""


cells.add_command(cellsearching.search)
cells.add_command(correlating.correlate)
