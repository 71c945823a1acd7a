"""Searches that nobody had to train."""

from __future__ import annotations

import random

from snnviz.catalog.cells import CellSearch
from snnviz.catalog.optimisations import Optimisation, searches
from snnviz.catalog.searches import Code, Search, space, write_code
from snnviz.cells import counts, write
from snnviz.events import Candidate, Model, Trial, Twin
from snnviz.views.search import Seen

SMALL = Optimisation(layers=3, channels=2, iterations=3, repeats=2)
"""27 candidates, 6 of which are tried."""


def codes(search: Search) -> list[Code]:
    """As many different ones as the search tries."""
    draw, found = random.Random(f"{search.seed}{search.strategy}"), dict[Code, None]()
    while len(found) < search.trials:
        found[tuple(draw.randrange(size) for size in space(search).sizes)] = None
    return list(found)


def trial(search: Search, number: int, code: Code, *, value: float | None = None, error: float = 0.1) -> Trial:
    """The more is chosen, the better; random ones are worse by 1."""
    value = 3.0 - 0.5 * sum(code) / len(code) + (search.strategy == "random") if value is None else value
    late = search.strategy == "ucb" and number >= search.parallel
    return Trial(
        number=number,
        iteration=number // search.parallel,
        code=write_code(code),
        value=value,
        error=error,
        accuracy=1 - value / 10,
        loss=value,
        rate=0.1 + 0.01 * sum(code),
        macs=100.0,
        additions=1000.0 * sum(code),
        mean=value + 0.05 if late else None,
        sd=0.2 if late else None,
        epochs=12.0 + number + 1,
        seconds=1.0,
    )


def model(search: Search, iteration: int) -> Model:
    lengths = ",".join(["1.5"] * len(space(search).slots))
    return Model(iteration, lengths, 1.0, 0.1, 0.0, 2.5, 0.5)


def seen(search: Search, count: int | None = None, *, error: float = 0.1) -> Seen:
    """What a search has said after `count` candidates (None: all of them)."""
    some = codes(search)[:count]
    trials = tuple(trial(search, number, code, error=error) for number, code in enumerate(some))
    models = [model(search, i) for i in range(len(some) // search.parallel)] if search.strategy == "ucb" else []
    return Seen(search, trials, tuple(models), Twin(search.seed, 0.97, 0.1))


ALL = tuple(seen(search) for search in searches(SMALL))


def candidates(search: CellSearch) -> list[Candidate]:
    """All that a search of cells scores first: the more 3x3 convolutions, the higher."""
    draw, found = random.Random(search.digest), []
    for number in range(search.candidates):
        cell = search.cell(number)
        many, luck = counts(cell), draw.random()
        sahd, hd = 100 + 5 * many["conv3"] + luck, 80 + 3 * many["conv3"] + 2 * many["skip"] + luck
        found.append(Candidate(number, 0, write(cell), sahd, hd, 0.5, 0.4, None, 0.02))
    return found
