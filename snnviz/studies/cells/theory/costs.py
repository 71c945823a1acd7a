"""Estimated cost of scoring cells: seconds on one core, progress steps, and memory."""

from __future__ import annotations

from functools import lru_cache

from snnviz.design.cells import Cell, count_connections
from snnviz.studies.cells.scoring import CellSearch, Scoring

SECONDS_PER_MAC = 2.0e-11
SECONDS_PER_VALUE = 1.28e-9
"""Seconds per output of a connection or layer, for one neuron, image and time step: norms, sums, LIF, bits."""
SECONDS_PER_LAYER_STEP = 5.9e-5
SECONDS_PER_PAIR = 6.6e-8
"""Seconds per pair of images and time step, in a kernel matrix. All four constants are fitted to 84 cells at 14 sizes
on one core of a Xeon with AVX-512; sums of six cells are between 0.92 and 1.21 times what was fitted.
"""

SAMPLE = 16
"""Number of candidates from which the cost of all is estimated."""

UNIT = 1e-4
"""Seconds per step of a search's progress."""


def scoring_seconds(setting: Scoring) -> float:
    """Returns an estimate of how long it takes to score a cell, with and without spiking neurons (ReLUs), in seconds on
    one core.
    """
    return _seconds(setting, setting.cell) * (setting.repeats + 1 / setting.steps)


def scoring_steps(setting: Scoring) -> int:
    """Returns the length of the progress bar of scoring a cell: two steps for each time step of each network drawn, and
    two for the same network with ReLU instead of spiking neurons, which has one time step.
    """
    return 2 * (setting.repeats * setting.steps + 1)


@lru_cache(maxsize=256)
def distinct_count(setting: CellSearch) -> int:
    """Returns how many different cells the cell search draws, which are scored.

    >>> distinct_count(CellSearch(candidates=1000)), distinct_count(CellSearch(candidates=5000, connections="backward"))
    (711, 1955)
    """
    return len({setting.cell(number) for number in range(setting.candidates)})


@lru_cache(maxsize=256)
def candidate_seconds(setting: CellSearch) -> tuple[float, float]:
    """Returns estimates in seconds on one core for scoring one candidate cell, and for scoring one again."""
    cells = {setting.cell(number) for number in range(min(setting.candidates, SAMPLE))}
    coarse, fine = (
        stage.repeats * sum(_seconds(stage, cell) for cell in cells) / len(cells)
        for stage in (setting.coarse, setting.fine)
    )
    return coarse, fine


def search_seconds(setting: CellSearch) -> float:
    """Returns an estimate of the duration of a cell search in seconds on one core."""
    coarse, fine = candidate_seconds(setting)
    many = distinct_count(setting)
    return many * coarse + min(setting.best, many) * fine


def progress_weights(setting: CellSearch) -> tuple[int, int]:
    """Returns how many progress steps scoring a candidate cell counts as: in the small network, and again in the larger
    one.

    Both are proportional to the estimated duration.
    """
    coarse, fine = candidate_seconds(setting)
    return max(1, round(coarse / UNIT)), max(1, round(fine / UNIT))


def search_steps(setting: CellSearch) -> int:
    """Returns the number of progress steps of a whole cell search."""
    coarse, fine = progress_weights(setting)
    many = distinct_count(setting)
    return many * coarse + min(setting.best, many) * fine


def scoring_bytes(setting: Scoring) -> int:
    """Returns an upper estimate of the memory needed to score a cell, in bytes, beyond the loaded libraries.

    Tests hold it between 1 and 4 times what is measured.
    """
    return _weights_bytes(setting) + _network_bytes(setting) + 40_000_000


def search_bytes(setting: CellSearch) -> int:
    """Returns an upper estimate of a search's memory in bytes; a cell search scores two cells at once, with shared
    weights.
    """
    stages = (setting.coarse, setting.fine) if setting.best else (setting.coarse,)
    most = max(_network_bytes(stage) for stage in stages)
    return sum(_weights_bytes(stage) for stage in stages) + 2 * most + 40_000_000


def _seconds(setting: Scoring, cell: Cell) -> float:
    """Of one repeat."""
    many, width = count_connections(cell), setting.channels
    connections = many["forward"] + many["backward"]
    values = setting.batch * setting.image_side**2 * width * setting.steps
    # Both cells cost the same, as the second has twice the channels on a quarter of the pixels.
    macs = values * width * (2 * (many["conv1"] + 9 * many["conv3"]) + 2 * 9)
    return (
        macs * SECONDS_PER_MAC
        + values * (connections + 3) * SECONDS_PER_VALUE
        + setting.steps * (connections + 4) * SECONDS_PER_LAYER_STEP
        + setting.steps * setting.batch**2 * SECONDS_PER_PAIR
    )


def _network_bytes(setting: Scoring) -> int:
    """Of a network at work: a step's potentials, spikes and maps, what the classifier reads, and counts of pairs."""
    maps = setting.batch * setting.image_side**2 * setting.channels
    read = setting.steps * setting.batch * setting.channels * setting.image_side**2 // 8
    pairs = setting.steps * setting.batch**2
    return 4 * 30 * maps + 4 * 4 * read + 8 * 19 * pairs


def _weights_bytes(setting: Scoring) -> int:
    """Of all repeats; those of the classifier are drawn beside a copy."""
    width = setting.channels
    classifier = setting.hidden * width * setting.image_side**2 // 8
    convolutions = 9 * width**2 * (6 * (1 + 4) + 2)
    return 4 * (setting.repeats + 1) * (classifier + 2 * convolutions)
