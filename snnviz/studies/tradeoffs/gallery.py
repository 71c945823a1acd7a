"""What of the study of trade-offs comes with snnviz: what the views of its page open with."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.store import Store
from snnviz.studies.tradeoffs.experiments import DEFAULT
from snnviz.studies.tradeoffs.search import FrontSearch, FrontSetting, front_searches


def experiment(_: Store) -> list[Design]:
    """Returns the runs of the first experiment."""
    return [run.design for run in DEFAULT.runs()]


def searches(_: Store) -> list[FrontSearch]:
    """Returns the search for a front of the first experiment, and the random one beside it."""
    return list(front_searches(DEFAULT.base, DEFAULT.vary, FrontSetting()))
