"""The kinds of task "score", which scores a cell, and "cells", a search of cells without training."""

from __future__ import annotations

from snnviz.studies.cells.scoring import Candidate, CellSearch, Report, Scoring
from snnviz.studies.cells.theory import costs
from snnviz.tasks import Cost, GalleryEntry, TaskKind

SMALLER = "fewer images, channels or time steps need less"


def score_cost(task: Scoring) -> Cost:
    """Returns the estimated cost of scoring a cell; the task's progress counts half time steps of all repeats."""
    memory = costs.scoring_bytes(task)
    return Cost(costs.scoring_steps(task), costs.scoring_seconds(task), memory)


def score_sample() -> Scoring:
    """Returns a small `Scoring` with two repeats, for tests."""
    return Scoring(channels=2, batch=4, repeats=2, steps=2, hidden=4)


def search_cost(task: CellSearch) -> Cost:
    """Returns the estimated cost of a cell search; one progress step stands for a tenth of a millisecond of estimated
    time.
    """
    memory = costs.search_bytes(task)
    return Cost(costs.search_steps(task), costs.search_seconds(task), memory)


def search_sample() -> CellSearch:
    """Returns a small `CellSearch` with six candidate cells, for tests."""
    small = {"channels": 2, "hidden": 4, "steps": 2, "batch": 4, "size": 8, "fine_channels": 2, "fine_batch": 4}
    return CellSearch.check({"candidates": 6, "best": 2, **small})


KINDS = (
    TaskKind(
        value=CellSearch,
        rows=(Candidate,),
        cost=search_cost,
        run="snnviz.studies.cells.compute.scoring:run_cell_search",
        show="snnviz.studies.cells.command.searching:show",
        page="cells",
        sample=search_sample,
        data=lambda task: (task.data,),
        keeps=True,
        cores=2,
        noun="setting",
        smaller=SMALLER,
    ),
    TaskKind(
        value=Scoring,
        rows=(Report,),
        cost=score_cost,
        run="snnviz.studies.cells.compute.scoring:run_scoring",
        show="snnviz.studies.cells.command.scoring:show",
        page="cells",
        sample=score_sample,
        warm="snnviz.studies.cells.compute.score:warm_up",
        data=lambda task: (task.data,),
        noun="setting",
        smaller=SMALLER,
    ),
)

GALLERY = (
    GalleryEntry("cells-score", "Cells: the score of one", "cells", "snnviz.studies.cells.gallery:score"),
    GalleryEntry(
        "cells-search", "Cells: the best of many without training", "cells", "snnviz.studies.cells.gallery:search"
    ),
    GalleryEntry("cells-scored", "Cells: what the study scores", "cells", "snnviz.studies.cells.gallery:scored"),
    GalleryEntry(
        "cells-study",
        "Cells: does the score predict?",
        "cells",
        "snnviz.studies.cells.gallery:study",
        after="cells-scored",
        weights=False,
        slow=True,
    ),
)
