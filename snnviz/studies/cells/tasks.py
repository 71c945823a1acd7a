"""The kinds of task: a cell is scored, and many are drawn, scored, and the best of them scored again."""

from __future__ import annotations

from snnviz.catalog.cells import Candidate, CellSearch, Report, Scoring
from snnviz.tasks import Cost, TaskKind
from snnviz.theory import cell_costs

SMALLER = "fewer images, channels or time steps need less"


def _score(task: Scoring) -> Cost:
    memory = cell_costs.memory_bytes(task)
    return Cost(cell_costs.scoring_steps(task), cell_costs.scoring_seconds(task), memory)


def _search(task: CellSearch) -> Cost:
    memory = cell_costs.memory_bytes(task)
    return Cost(cell_costs.search_steps(task), cell_costs.search_seconds(task), memory)


KINDS = (
    TaskKind(
        name="cells",
        value=CellSearch,
        rows=(Candidate,),
        cost=_search,
        run="snnviz.jobs.scoring:search",
        show="snnviz.cli.cellsearching:show",
        page="cells",
        data=lambda task: (task.data,),
        keeps=True,
        cores=2,
        noun="setting",
        smaller=SMALLER,
    ),
    TaskKind(
        name="score",
        value=Scoring,
        rows=(Report,),
        cost=_score,
        run="snnviz.jobs.scoring:score",
        show="snnviz.cli.scoring:show",
        page="cells",
        warm="snnviz.core.score:warm",
        data=lambda task: (task.data,),
        noun="setting",
        smaller=SMALLER,
    ),
)
