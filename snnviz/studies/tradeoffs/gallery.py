"""What the trade-offs study ships already computed: the experiment and the searches that its page shows first."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.store import Store
from snnviz.studies.tradeoffs.experiments import DEFAULT
from snnviz.studies.tradeoffs.search import FrontSearch, FrontSetting, front_searches


def experiment(_: Store) -> list[Design]:
    """Returns the runs of the experiment that the Trade-offs page shows first, to train and ship them."""
    return [run.design for run in DEFAULT.runs()]


def searches(_: Store) -> list[FrontSearch]:
    """Returns the search for a Pareto front that the Trade-offs page shows first, and the random search it is compared
    with, to run and ship them.
    """
    return list(front_searches(DEFAULT.base, DEFAULT.vary, FrontSetting()))
