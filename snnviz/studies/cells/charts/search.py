"""Charts of a search of cells, also while it runs: scores, what they correlate with, and how precise they are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, get_args

import numpy as np
import pandas as pd

from snnviz.design.cells import canonical_form, count_connections, parse, summary
from snnviz.studies.cells.charts.counts import CONNECTION_KINDS
from snnviz.studies.cells.scoring import Candidate, CellSearch, Metric
from snnviz.studies.cells.theory.candidates import RankedCandidate, candidate_score, rank_candidates, score_deviation
from snnviz.theory.intervals import interval_of_mean, t_quantile
from snnviz.theory.ranks import kendall_tau_interval, kendall_tau_of_groups, rank_correlation
from snnviz.views.bands import error_bars
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import kendall

METRICS: tuple[Metric, ...] = get_args(Metric)
COUNTED = {"connections": "connections", **CONNECTION_KINDS}
"""Labels of the quantities of a cell that a score is compared with."""

MANY, KEPT = "var(--st-gray-color)", "var(--st-violet-color)"
BINS = 48


@dataclass(frozen=True, eq=False)
class SearchHistory:
    """A search of cells and its candidate cells so far. Compared by identity, which avoids comparing all rows."""

    search: CellSearch
    rows: tuple[Candidate, ...] = field(repr=False)

    @cached_property
    def ranked(self) -> list[RankedCandidate]:
        """The candidate cells, each cell once, the best first."""
        return rank_candidates(self.rows, self.search.metric)

    @cached_property
    def scored(self) -> int:
        """Number of candidate cells so far, repeated cells included."""
        return sum(not row.fine for row in self.rows)

    @cached_property
    def valid(self) -> list[RankedCandidate]:
        """The candidate cells that have a score, each cell once, the best first."""
        return [one for one in self.ranked if one.valid]

    @cached_property
    def different(self) -> list[RankedCandidate]:
        """The candidate cells with a score, cells that compute the same function (`cells.canonical_form`) once: the one
        drawn first.
        """
        found: dict[object, RankedCandidate] = {}
        for one in sorted(self.valid, key=lambda one: one.coarse.number):
            found.setdefault(canonical_form(parse(one.coarse.cell)), one)
        return list(found.values())

    @cached_property
    def rescored(self) -> list[RankedCandidate]:
        """The candidate cells that were scored a second time, in larger networks and with more images."""
        return [one for one in self.valid if one.fine is not None]

    @cached_property
    def invalid(self) -> Counter[str]:
        """Number of candidate cells without a score, by the reason."""
        return Counter(one.coarse.invalid or "" for one in self.ranked if not one.valid)


@lru_cache(maxsize=8192)
def _counts(cell: str) -> dict[str, int]:
    return count_connections(parse(cell))


def connection_count(cell: str, name: str) -> int:
    """Returns how many connections of the kind `name` (one of `COUNTED`) a cell has; `cell` is its text."""
    many = _counts(cell)
    return many["forward"] + many["backward"] if name == "connections" else many[name]


def axis_label(search: CellSearch) -> str:
    """Returns the axis title for the scores of a cell search."""
    return f"{search.metric.upper()} score, log |det K|"


def histogram_chart(history: SearchHistory) -> Chart:
    """Returns a histogram of the scores of different cells."""
    search, key = history.search, "cells_histogram"
    figure = empty(axis_label(search), "different cells")
    scores = np.array([candidate_score(one.coarse, search.metric) or 0.0 for one in history.different])
    words = (
        f"Of {len(scores):,} different cells in {history.scored:,} draws; "
        f"networks of {search.channels} channels, shown "
        f"{search.batch} images."
    )
    if not len(scores):
        return Chart(key, "Scores", words, figure)
    low, high = _range(scores)
    edges = np.linspace(low, high, BINS + 1)
    best = sorted((candidate_score(one.coarse, search.metric) or 0.0 for one in history.valid), reverse=True)[
        : search.best
    ]
    among = scores >= best[-1] if best else np.zeros(len(scores), bool)
    both = (("others", ~among, MANY), ("the best", among, KEPT))
    for name, chosen, colour in both if search.best else (("cells", ~among, KEPT),):
        figure["data"].append(
            {
                "type": "bar",
                "x": _rounded((edges[1:] + edges[:-1]) / 2),
                "y": np.histogram(np.clip(scores[chosen], low, high), edges)[0].tolist(),
                "width": float(edges[1] - edges[0]),
                "name": name,
                "marker": {"color": colour, "line": {"width": 0}},
                "hovertemplate": f"%{{y}} cells at %{{x:.4~g}}<extra>{name}</extra>",
            }
        )
    figure["layout"] |= {"barmode": "stack", "hovermode": "closest", "legend": _corner()}
    figure["layout"]["showlegend"] = search.best > 0
    if search.best:
        words += f" The best {search.best} cells are scored again, more precisely."
    if (left := int((scores < low).sum())) > 0:
        words += f" {left} of far lower scores stand in the first bar."
    return Chart(key, "Scores", words, figure)


def _range(scores: np.ndarray[Any, Any]) -> tuple[float, float]:
    """From the lowest score to the highest, but for a few that are far below."""
    middle, low, high = (float(x) for x in np.percentile(scores, (50, 1, 100)))
    low = max(float(scores.min()), middle - 3 * (middle - low)) if len(scores) > 20 else float(scores.min())
    return (low, high) if high - low > 1e-9 else (low - 0.5, high + 0.5)


def rewards_chart(history: SearchHistory, name: str) -> Chart:
    """Returns a chart of the scores over the number of connections of a kind: median, quartiles and extremes for each
    number.
    """
    search = history.search
    figure = empty(COUNTED[name], axis_label(search))
    groups = _groups(history, name)
    places = sorted(groups)
    if places:
        quartiles = [np.percentile(groups[place], (0, 25, 50, 75, 100)) for place in places]
        low, q1, median, q3, high = (_rounded(np.array(column)) for column in zip(*quartiles, strict=True))
        figure["data"].append(
            {
                "type": "box",
                "x": places,
                "lowerfence": low,
                "q1": q1,
                "median": median,
                "q3": q3,
                "upperfence": high,
                "text": [f"{len(groups[place])} cells" for place in places],
                "marker": {"color": KEPT},
                "line": {"width": 1.5},
                "name": "",
                "showlegend": False,
            }
        )
        lowest = _range(np.array([score for place in places for score in groups[place]]))
        figure["layout"]["yaxis"]["range"] = [lowest[0] - 0.04 * (lowest[1] - lowest[0]), lowest[1] * 1.0]
        figure["layout"]["yaxis"]["range"][1] += 0.04 * (lowest[1] - lowest[0])
    figure["layout"]["xaxis"] |= {"dtick": 1}
    figure["layout"] |= {"hovermode": "closest"}
    found = tau(history, name)
    words = f"Median, quartiles and extremes of {len(history.different):,} different cells."
    if found is not None:
        words += f" Kendall's {kendall(found, *tau_interval(history, name, found))} with the score."
    return Chart("cells_rewards", "What the score rewards", words, figure)


def _groups(history: SearchHistory, name: str) -> dict[float, list[float]]:
    """First scores of different cells, by how many of something these have."""
    groups: dict[float, list[float]] = {}
    for one in history.different:
        groups.setdefault(connection_count(one.coarse.cell, name), []).append(
            candidate_score(one.coarse, history.search.metric) or 0.0
        )
    return groups


def tau(history: SearchHistory, name: str) -> float | None:
    """Returns Kendall's tau between the candidate cells' first scores and their number of connections of a kind, over
    different cells; None if undefined.
    """
    return kendall_tau_of_groups(_groups(history, name))


def tau_interval(history: SearchHistory, name: str, found: float) -> tuple[float, float]:
    """Returns the 95 % interval of Kendall's tau `found`, as `tau` returns it."""
    pairs = [(number, score) for number, scores in _groups(history, name).items() for score in scores]
    return kendall_tau_interval([number for number, _ in pairs], [score for _, score in pairs], found)


def rescored_chart(history: SearchHistory, chosen: str = "") -> Chart:
    """Returns a chart of the precise second score against the first one, for the cells that were scored twice."""
    search, again = history.search, history.rescored
    figure = empty(f"first score, {search.channels} channels", f"precise score, {search.fine_channels} channels")
    points = [(candidate_score(one.coarse, search.metric) or 0.0, one.value or 0.0) for one in again]
    spread = [interval_of_mean(one.value or 0.0, _deviation(one, search.metric), search.fine_repeats) for one in again]
    figure["data"].append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": _rounded(np.array([x for x, _ in points])),
            "y": _rounded(np.array([y for _, y in points])),
            "error_y": error_bars(spread),
            "meta": search.digest,
            "customdata": [[search.digest, one.coarse.cell, summary(parse(one.coarse.cell))] for one in again],
            "marker": {
                "color": KEPT,
                "size": [13 if one.coarse.cell == chosen else 8 for one in again],
                "line": {
                    "width": [2 if one.coarse.cell == chosen else 0 for one in again],
                    "color": "var(--st-text-color)",
                },
            },
            "name": "",
            "hovertemplate": "%{customdata[1]}<br>%{customdata[2]}<br>%{x:.2f} at first, then %{y:.2f}<extra></extra>",
            "showlegend": False,
        }
    )
    figure["layout"] |= {"hovermode": "closest"}
    found = rank_correlation(tuple(x for x, _ in points), tuple(y for _, y in points))
    barred = any(one.half is not None for one in spread)
    words = f"{len(again)} cells"
    if found is not None:
        words += f", Kendall's {kendall(found.tau, found.low, found.high)} between the two"
    words += (
        "; bars: 95 % interval of the mean over repeats (Student's t). A click chooses."
        if barred
        else ". A click chooses."
    )
    return Chart("cells_again", "Scored again", words, figure)


def _deviation(one: RankedCandidate, metric: Metric) -> float:
    """Between the repeats of its precise score; 0 where it is not known."""
    return (score_deviation(one.fine, metric) if one.fine else None) or 0.0


def sentences(history: SearchHistory) -> list[str]:
    """Returns sentences on what the cell search has found so far, and how certain it is."""
    search, said = history.search, []
    names = [name for name in COUNTED if name != "forward" or search.backward]  # else those are all connections
    taus = {name: found for name in names if (found := tau(history, name)) is not None}
    if len(history.valid) >= 20 and taus:
        order = sorted(taus, key=lambda name: -abs(taus[name]))[:3]
        spans = {name: tau_interval(history, name, taus[name]) for name in order}
        listed = ", ".join(f"{COUNTED[name]}, {kendall(taus[name], *spans[name])}" for name in order)
        said.append(
            f"What the score rewards, before anything is learnt: the number of {listed}; τ is Kendall's, and below 0 "
            "where fewer score higher."
        )
    sds = [sd for one in history.rescored if one.fine and (sd := score_deviation(one.fine, search.metric)) is not None]
    if len(sds) > 1:
        noise = math.sqrt(sum(sd**2 for sd in sds) / len(sds))
        scores = [one.value for one in history.rescored if one.value is not None]
        tied = _tied(scores, noise, search.fine_repeats)
        said.append(
            f"Between repeats, with other weights and images, a score moves by {noise:.2g} (standard deviation), "
            f"among the best scores differ by {float(np.std(scores, ddof=1)):.2g}: {_alike(tied, len(scores))}"
        )
    for reason, many in history.invalid.most_common(3):
        said.append(f"{many:,} {'cell has' if many == 1 else 'cells have'} no score: {reason}.")
    return said


def _tied(scores: Sequence[float], noise: float, repeats: int) -> int:
    """How many of the scores, the highest first, are not told from it: means of `repeats` that scatter by `noise`.

    Of all pairs of equal cells together at 5 % (Bonferroni): the first is the highest because chance helped it, too.
    """
    pairs = len(scores) * (len(scores) - 1) / 2
    quantile = t_quantile(len(scores) * (repeats - 1), 1 - 0.025 / max(1, pairs))
    return sum(scores[0] - score <= quantile * noise * math.sqrt(2 / repeats) for score in scores)


def _alike(tied: int, many: int) -> str:
    if tied < 2:
        return "the first stands out."
    return f"the first {tied} of {many} cannot be told apart." if tied < many else f"all {many} cannot be told apart."


def best_table(history: SearchHistory, most: int = 100) -> pd.DataFrame:
    """Returns a table of the best cells of a search, one per row, with their first and second, more precise score."""
    rows: list[dict[str, Any]] = []
    for rank, one in enumerate(history.valid[:most], 1):
        row: dict[str, Any] = {"rank": rank, "cell": one.coarse.cell}
        for metric in METRICS:
            row[f"{metric}"] = None if one.fine is None else candidate_score(one.fine, metric)
            row[f"{metric}_sd"] = None if one.fine is None else score_deviation(one.fine, metric)
            row[f"{metric}_first"] = candidate_score(one.coarse, metric)
        rows.append({**row, **_counts(one.coarse.cell), "drawn": one.times, "number": one.coarse.number + 1})
    return pd.DataFrame(rows)


def candidates_table(history: SearchHistory) -> pd.DataFrame:
    """Returns a table of all candidate cells, for download."""
    names = ("number", "fine", "cell", "sahd", "hd", "sahd_sd", "hd_sd", "invalid", "seconds")
    return pd.DataFrame(
        [{name: getattr(row, name) for name in names} | _counts(row.cell) for row in history.rows],
    )


def _rounded(values: np.ndarray[Any, Any]) -> list[float]:
    return [float(f"{x:.6g}") for x in values]


def _corner() -> dict[str, Any]:
    return {"x": 0.01, "y": 0.99, "xanchor": "left", "yanchor": "top"}


__all__ = [
    "COUNTED",
    "SearchHistory",
    "best_table",
    "candidates_table",
    "histogram_chart",
    "rescored_chart",
    "rewards_chart",
    "sentences",
    "tau",
]
