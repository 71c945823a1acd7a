"""What of the study of skips comes with snnviz: the settings with which its page opens."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.store import Store
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches
from snnviz.studies.skips.search import Search
from snnviz.studies.skips.sweep import SWEEPS, sweep_points


def sweep(_: Store) -> list[Design]:
    """Returns the runs of the first sweep."""
    return list(distinct_designs(sweep_points(next(iter(SWEEPS.values())))))


def optimisation(_: Store) -> list[Search]:
    """Returns the searches of the first optimisation."""
    return list(optimisation_searches(Optimisation()))
