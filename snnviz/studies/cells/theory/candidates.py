"""Ranking of the candidates of a cell search that needs no training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from snnviz.studies.cells.scoring import Candidate, Metric


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A cell among the candidate cells of a cell search. `coarse`: its first score; `fine`: its second, more precise
    score if it was one of the best, else None. times: how often it was drawn.
    """

    metric: Metric
    coarse: Candidate
    fine: Candidate | None
    times: int
    """Number of times that it was drawn."""

    @property
    def value(self) -> float | None:
        """The score by the search's metric, of the second scoring (`fine`) if there was one, else of the first; None if
        the kernel matrix has no score.
        """
        return candidate_score(self.fine or self.coarse, self.metric)

    @property
    def valid(self) -> bool:
        """Whether the candidate cell has a score."""
        return self.value is not None


def candidate_score(row: Candidate, metric: Metric) -> float | None:
    """Returns a candidate cell's score by this metric, or None if its kernel matrix has no score."""
    return row.sahd if metric == "sahd" else row.hd


def score_deviation(row: Candidate, metric: Metric) -> float | None:
    """Returns the standard deviation of a candidate cell's score between repeats, or None."""
    return row.sahd_sd if metric == "sahd" else row.hd_sd


def rank_candidates(rows: Iterable[Candidate], metric: Metric) -> list[RankedCandidate]:
    """Returns each cell of a search once, the best first: those scored again before the others, those without a score
    last.
    """
    rows = list(rows)
    fine = {row.cell: row for row in rows if row.fine}
    first: dict[str, Candidate] = {}
    times: dict[str, int] = {}
    for row in sorted((row for row in rows if not row.fine), key=lambda row: row.number):
        first.setdefault(row.cell, row)
        times[row.cell] = times.get(row.cell, 0) + 1
    found = [RankedCandidate(metric, row, fine.get(cell), times[cell]) for cell, row in first.items()]
    return sorted(found, key=_place)


def _place(standing: RankedCandidate) -> tuple[bool, bool, float, int]:
    score = standing.value
    return score is None, standing.fine is None, -(score or 0.0), standing.coarse.number
