"""The kind of task: a search for skips."""

from __future__ import annotations

from snnviz.catalog.searches import Model, Search, Trial, Twin, widest
from snnviz.tasks import Cost, TaskKind
from snnviz.theory import costs

SIDE_BY_SIDE = 2
"""Candidates that are in memory at once."""


def _cost(search: Search) -> Cost:
    memory = SIDE_BY_SIDE * costs.memory_bytes(widest(search))
    return Cost(costs.search_steps(search), costs.search_seconds(search), memory)


KINDS = (
    TaskKind(
        name="search",
        value=Search,
        rows=(Twin, Trial, Model),
        cost=_cost,
        run="snnviz.jobs.searching:conduct",
        show="snnviz.cli.searching:show",
        page="skips",
        design=lambda search: search.design,
        keeps=True,
    ),
)
