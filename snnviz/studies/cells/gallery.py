"""What the cells study ships already computed: the scoring, searches and trainings that its page shows first."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.store import Store
from snnviz.studies.cells.scoring import CELL_SEARCHES, Candidate, CellSearch, Scoring
from snnviz.studies.cells.study import CellStudy, distinct_designs, study_runs, study_searches


def score(_: Store) -> list[Scoring]:
    """Returns the scoring of the cell that the Cells page shows first, to compute and ship it."""
    return [Scoring()]


def search(_: Store) -> list[CellSearch]:
    """Returns the cell search with the default setting, to compute and ship it."""
    return [CELL_SEARCHES["usual"]]


def scored(_: Store) -> list[CellSearch]:
    """Returns the cell searches whose candidate cells the default study compares, to compute and ship them."""
    return list(study_searches(CellStudy()).values())


def study(store: Store) -> list[Design]:
    """Returns the trainings of the default study, to run and ship them; its cell searches must be finished in
    `store`.
    """
    rows = {one.digest: [row for _, row in store.rows(one.digest, Candidate) if not row.fine] for one in scored(store)}
    return list(distinct_designs(study_runs(CellStudy(), rows)))
