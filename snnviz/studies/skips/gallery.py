"""What the skips study ships already computed: the sweep and the searches that its page shows first."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.store import Store
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches
from snnviz.studies.skips.search import Search
from snnviz.studies.skips.sweep import SWEEPS, sweep_points


def sweep(_: Store) -> list[Design]:
    """Returns the runs of the sweep over the number of skips that the Skips page shows first, to train and ship
    them.
    """
    return list(distinct_designs(sweep_points(next(iter(SWEEPS.values())))))


def optimisation(_: Store) -> list[Search]:
    """Returns the skip searches of the optimisation that the Skips page shows first, to run and ship them."""
    return list(optimisation_searches(Optimisation()))
