"""What of the study of cells comes with snnviz: what the views of its page open with."""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.store import Store
from snnviz.studies.cells.scoring import CELL_SEARCHES, Candidate, CellSearch, Scoring
from snnviz.studies.cells.study import CellStudy, distinct_designs, study_runs, study_searches


def score(_: Store) -> list[Scoring]:
    """Returns the scoring of the first cell."""
    return [Scoring()]


def search(_: Store) -> list[CellSearch]:
    """Returns the usual search."""
    return [CELL_SEARCHES["usual"]]


def scored(_: Store) -> list[CellSearch]:
    """Returns the searches that the first study scores."""
    return list(study_searches(CellStudy()).values())


def study(store: Store) -> list[Design]:
    """Returns the runs of the first study, whose cells are scored already."""
    rows = {one.digest: [row for _, row in store.rows(one.digest, Candidate) if not row.fine] for one in scored(store)}
    return list(distinct_designs(study_runs(CellStudy(), rows)))
