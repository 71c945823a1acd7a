"""The group of commands `ttfs`."""

from __future__ import annotations

import click

from snnviz.studies.ttfs.command import agreeing, limiting, penalising, spectra, trajectories


@click.group()
def ttfs() -> None:
    """Study TTFS networks, whose neurons spike at most once and which compute the same as ReLU networks."""


ttfs.add_command(agreeing.check)
ttfs.add_command(spectra.spectrum)
ttfs.add_command(trajectories.trajectories)
ttfs.add_command(limiting.limits)
ttfs.add_command(penalising.penalty)
