"""The group of commands about cells of a SNASNet, but for `score`."""

from __future__ import annotations

import click

from snnviz.cli import cellsearching


@click.group()
def cells() -> None:
    """Search cells without training."""


cells.add_command(cellsearching.search)
