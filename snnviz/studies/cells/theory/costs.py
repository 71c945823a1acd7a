"""What scoring cells costs: seconds on one core, the steps that progress counts, and memory."""

from __future__ import annotations

from functools import lru_cache

from snnviz.design.cells import Cell, count_connections
from snnviz.studies.cells.scoring import CellSearch, Scoring

SECONDS_PER_MAC = 2.0e-11
SECONDS_PER_VALUE = 1.28e-9
"""For a connection's or a layer's output at one neuron, image and time step: norms, sums, LIF, bits."""
SECONDS_PER_LAYER_STEP = 5.9e-5
SECONDS_PER_PAIR = 6.6e-8
"""For a pair of images at a time step, in a kernel. All four are fitted to 84 cells at 14 sizes on one core of a Xeon
with AVX-512; sums of six cells are between 0.92 and 1.21 times what was fitted."""

SAMPLE = 16
"""Candidates of a search that stand for all of them."""

UNIT = 1e-4
"""Seconds that a step of a search's progress stands for."""


def scoring_seconds(setting: Scoring) -> float:
    """An estimate for a scoring, with its ReLU twin, on one core."""
    return _seconds(setting, setting.cell) * (setting.repeats + 1 / setting.steps)


def scoring_steps(setting: Scoring) -> int:
    """Half time steps of the networks, with those of the ReLU twin."""
    return 2 * (setting.repeats * setting.steps + 1)


@lru_cache(maxsize=256)
def distinct_count(setting: CellSearch) -> int:
    """How many different cells the search draws: so many are scored.

    >>> distinct_count(CellSearch(candidates=1000)), distinct_count(CellSearch(candidates=5000, connections="backward"))
    (711, 1955)
    """
    return len({setting.cell(number) for number in range(setting.candidates)})


@lru_cache(maxsize=256)
def candidate_seconds(setting: CellSearch) -> tuple[float, float]:
    """An estimate for one candidate on one core, and for one that is scored again."""
    cells = {setting.cell(number) for number in range(min(setting.candidates, SAMPLE))}
    coarse, fine = (
        stage.repeats * sum(_seconds(stage, cell) for cell in cells) / len(cells)
        for stage in (setting.coarse, setting.fine)
    )
    return coarse, fine


def search_seconds(setting: CellSearch) -> float:
    """An estimate for a search on one core."""
    coarse, fine = candidate_seconds(setting)
    many = distinct_count(setting)
    return many * coarse + min(setting.best, many) * fine


def progress_weights(setting: CellSearch) -> tuple[int, int]:
    """The steps that a candidate counts for, and one that is scored again, in proportion to what they cost."""
    coarse, fine = candidate_seconds(setting)
    return max(1, round(coarse / UNIT)), max(1, round(fine / UNIT))


def search_steps(setting: CellSearch) -> int:
    """Of a whole search."""
    coarse, fine = progress_weights(setting)
    many = distinct_count(setting)
    return many * coarse + min(setting.best, many) * fine


def scoring_bytes(setting: Scoring) -> int:
    """An estimate from above of what a process needs beyond the loaded libraries.

    Tests hold it between 1 and 4 times what is measured.
    """
    return _weights_bytes(setting) + _network_bytes(setting) + 40_000_000


def search_bytes(setting: CellSearch) -> int:
    """As `scoring_bytes`, of a search, which scores two cells at once, with the same weights."""
    stages = (setting.coarse, setting.fine) if setting.best else (setting.coarse,)
    most = max(_network_bytes(stage) for stage in stages)
    return sum(_weights_bytes(stage) for stage in stages) + 2 * most + 40_000_000


def _seconds(setting: Scoring, cell: Cell) -> float:
    """Of one repeat."""
    many, width = count_connections(cell), setting.channels
    connections = many["forward"] + many["backward"]
    values = setting.batch * setting.side**2 * width * setting.steps
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
    maps = setting.batch * setting.side**2 * setting.channels
    read = setting.steps * setting.batch * setting.channels * setting.side**2 // 8
    pairs = setting.steps * setting.batch**2
    return 4 * 30 * maps + 4 * 4 * read + 8 * 19 * pairs


def _weights_bytes(setting: Scoring) -> int:
    """Of all repeats; those of the classifier are drawn beside a copy."""
    width = setting.channels
    classifier = setting.hidden * width * setting.side**2 // 8
    convolutions = 9 * width**2 * (6 * (1 + 4) + 2)
    return 4 * (setting.repeats + 1) * (classifier + 2 * convolutions)
