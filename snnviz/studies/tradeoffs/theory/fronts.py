"""Results of searches for a Pareto front: which candidates are optimal, and the hypervolume after each candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from snnviz.studies.tradeoffs.search import Candidate, FrontSearch, FrontTrial, finished_candidates, to_minimise
from snnviz.theory.pareto import hypervolumes, pareto_front

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FrontHistory:
    """A search for a Pareto front, with the candidate designs that it has trained so far, in order."""

    search: FrontSearch
    candidates: tuple[Candidate, ...]

    @classmethod
    def from_rows(cls, search: FrontSearch, trials: Sequence[FrontTrial]) -> FrontHistory:
        """Returns the history of a search for a front from the rows of its trainings in the store."""
        return cls(search, tuple(finished_candidates(search, trials)))

    @cached_property
    def known(self) -> tuple[Candidate, ...]:
        """The candidate designs whose trainings did not fail."""
        return tuple(one for one in self.candidates if one.values)

    @cached_property
    def minimised(self) -> Floats:
        """The objectives (known, objectives) of `known` as quantities to minimise; see `search.to_minimise`."""
        found = [to_minimise(self.search, one.values) for one in self.known]
        return np.array(found, np.float64).reshape(-1, len(self.search.objectives))

    @cached_property
    def front(self) -> tuple[Candidate, ...]:
        """The Pareto-optimal candidate designs, the most accurate first."""
        best = pareto_front(self.minimised, ["less"] * len(self.search.objectives))
        found = [one for one, on_front in zip(self.known, best, strict=True) if on_front]
        return tuple(sorted(found, key=lambda one: (-one.values[0], one.values[1:], one.number)))


def value_box(histories: Sequence[FrontHistory]) -> tuple[Floats, Floats] | None:
    """Returns the smallest and the largest value of each minimised objective over all candidate designs of several
    searches, (objectives,) each.

    None if there are fewer than two candidates or all have the same value of an objective.
    """
    rows = np.concatenate([one.minimised for one in histories]) if histories else np.empty((0, 1))
    if len(rows) < 2 or (rows.max(0) == rows.min(0)).any():
        return None
    return rows.min(0), rows.max(0)


def covered_shares(history: FrontHistory, box: tuple[Floats, Floats]) -> list[float]:
    """Returns, after each candidate design of a search, the hypervolume of its Pareto front as a share of the box from
    `value_box`.
    """
    low, high = box
    counts = np.cumsum([bool(one.values) for one in history.candidates], dtype=int).tolist()
    scaled = (history.minimised - low) / (high - low)
    return hypervolumes(scaled, [1.0] * len(low), ["less"] * len(low), counts)
