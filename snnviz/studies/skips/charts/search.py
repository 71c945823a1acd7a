"""Charts of a search, also while it runs: progress, all candidates, and simple explanations of their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from snnviz.design import adjacency
from snnviz.design.adjacency import Edges
from snnviz.studies.skips.search import (
    Code,
    Model,
    Search,
    Strategy,
    Trial,
    Twin,
    candidate_design,
    count_skips,
    parse_code,
)
from snnviz.theory import probe
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.ranks import kendall_tau
from snnviz.views.bands import ANYTHING, SHARES, interval_note
from snnviz.views.chart import Chart, Figure, empty
from snnviz.views.numbers import share
from snnviz.views.styles import DEPTH

Against = Literal["iteration", "epochs"]
Cost = Literal["firing rate", "operations"]

NAMES: dict[Strategy, str] = {"ucb": "GP-UCB", "random": "random"}
COLOURS: dict[Strategy, str] = {"ucb": "var(--st-violet-color)", "random": "var(--st-gray-color)"}
TINTS: dict[Strategy, str] = {"ucb": "var(--st-violet-background-color)", "random": "var(--st-gray-background-color)"}
SYMBOLS: dict[Strategy, str] = {"ucb": "circle", "random": "diamond-open"}

UNITS = {"loss": "loss", "accuracy": "accuracy drop, pp", "accuracy+operations": "drop + price x operations, pp"}
"""Units of the objectives."""

SHARE = {"tickformat": ".1~%"}
"""Axis format of shares."""

DRAWN = 8
"""Largest number of vertices for which a matrix is written out beside a point."""


@dataclass(frozen=True, slots=True)
class SearchHistory:
    """A skip search with its trials, fitted models and ANN twin (the same network with ReLUs) so far, in order of the
    candidate networks' numbers.
    """

    search: Search
    trials: tuple[Trial, ...]
    models: tuple[Model, ...] = ()
    twin: Twin | None = None

    @property
    def ranked(self) -> list[Trial]:
        """The trained candidate networks (trials), the best first."""
        return sorted(self.trials, key=lambda trial: (trial.value, trial.number))


@lru_cache(maxsize=4096)
def edges_of(search: Search, code: Code) -> tuple[Edges, ...]:
    """Returns the adjacency matrices of a candidate network, of the searched blocks only."""
    found = candidate_design(search, code).network.matrices
    return (found[search.block - 1],) if search.block else found


def skip_count(search: Search, trial: Trial) -> int:
    """Returns the number of skips of a candidate network, in all blocks."""
    return count_skips(candidate_design(search, parse_code(trial.code)))


def operations(trial: Trial) -> float:
    """Returns the operations per image with nonzero inputs of a trained candidate (trial); a sum of m spikes
    counts m.

    Trials of early releases were counted by NeuroBench's convention.
    """
    return trial.macs + trial.additions


def old_counts_text(histories: Iterable[SearchHistory]) -> str:
    """Returns a sentence on how many candidates' operations were counted by an early release, in another way; "" if
    none.
    """
    count = sum(trial.eff_macs is None for one in histories for trial in one.trials)
    words = f" Of {count} older candidates zero padding is counted, and a sum of spikes as one operation."
    return words if count else ""


def counted_on_text(histories: Sequence[SearchHistory]) -> str:
    """Returns a sentence on the images on which operations were counted; "" if some trials were counted by an early
    release.
    """
    search = histories[0].search
    on = probe.describe_probe_on_page(search.design, min(probe.PROBE_SIZE, search.validation_count), "kept-apart")
    return "" if old_counts_text(histories) else f" Counted on {on}."


def progress_charts(histories: Sequence[SearchHistory], against: Against) -> list[Chart]:
    """Returns charts of the best value of a search so far, and of the results of that candidate network, against
    iterations or epochs spent.
    """
    objective = histories[0].search.objective
    first = "The smallest so far, on the images kept apart. "
    reached = "Of the candidate that is best by the objective, on the images kept apart. "
    repeats = sum(one.search.strategy == "ucb" for one in histories)
    spread = interval_note(repeats)
    words = "iteration" if against == "iteration" else "epochs spent, shared ones included"
    value = empty(words, UNITS[objective])
    accuracy = empty(words, "validation accuracy", **SHARE)
    for figure in (value, accuracy):
        figure["layout"] |= {"hovermode": "closest", "legend": {"traceorder": "normal"}}
        if against == "iteration":
            figure["layout"]["xaxis"] |= {"range": [0.5, histories[0].search.iterations + 0.5], "tickformat": "d"}
    for strategy in NAMES:
        group = [one for one in histories if one.search.strategy == strategy and one.trials]
        if not group:
            continue
        value["data"] += _band(strategy, group, against, lambda trial: trial.value, ".3~g")
        accuracy["data"] += _band(strategy, group, against, lambda trial: trial.accuracy, ".1%")
    for figure in (value, accuracy):  # no band lies over a line
        figure["data"].sort(key=lambda trace: trace.get("showlegend", True))
    return [
        Chart("search_value", "Best so far", first + spread, value),
        Chart("search_accuracy", "Its accuracy", reached + spread, accuracy),
    ]


def _band(
    strategy: Strategy, group: Sequence[SearchHistory], against: Against, read: Callable[[Trial], float], form: str
) -> list[dict[str, Any]]:
    """The mean over those searches that have come so far, in its interval."""
    lines = [_so_far(one, against, read) for one in group]
    places = sorted({x for line in lines for x in line})
    found = [confidence_interval([line[x] for line in lines if x in line]) for x in places]
    name = NAMES[strategy] + ("" if group[0].search.weights != "scratch" else ", from scratch")
    halves = ["" if one.half is None else f" ± {one.half * (100 if '%' in form else 1):.3g}" for one in found]
    line = {
        "type": "scatter",
        "x": places,
        "y": [_rounded(one.mean) for one in found],
        "customdata": [[half, one.count] for half, one in zip(halves, found, strict=True)],
        "hovertemplate": f"%{{y:{form}}}%{{customdata[0]}}, %{{customdata[1]}} seeds<extra>{name}</extra>",
        "mode": "lines+markers",
        "name": name,
        "line": {"color": COLOURS[strategy], "width": 2, "shape": "hv"},
        "marker": {"size": 6, "symbol": SYMBOLS[strategy]},
    }
    if all(one.half is None for one in found):
        return [line]
    bounds = SHARES if "%" in form else ANYTHING
    ends = [(one.mean, one.mean) if one.half is None else (one.low, one.high) for one in found]
    low = [_rounded(max(end, bounds[0])) for end, _ in ends]
    high = [_rounded(min(end, bounds[1])) for _, end in ends]
    edge: dict[str, Any] = {"type": "scatter", "x": places, "mode": "lines", "showlegend": False, "hoverinfo": "skip"}
    edge["line"] = {"width": 0, "shape": "hv", "color": COLOURS[strategy]}
    filled = {"fill": "tonexty", "fillcolor": TINTS[strategy], "opacity": 0.7}
    return [edge | {"y": low, "name": f"{name}, low"}, edge | {"y": high, "name": f"{name}, high"} | filled, line]


def _so_far(one: SearchHistory, against: Against, read: Callable[[Trial], float]) -> dict[float, float]:
    """By iteration, counted from 1, or by the epochs spent after it: `read` of the best candidate until then."""
    found: dict[float, float] = {}
    best: Trial | None = None
    for iteration in sorted({trial.iteration for trial in one.trials}):
        group = [trial for trial in one.trials if trial.iteration == iteration]
        best = min([*group, *([best] if best else [])], key=lambda trial: trial.value)
        place = iteration + 1 if against == "iteration" else max(trial.epochs for trial in group)
        found[place] = read(best)
    return found


def candidates_chart(histories: Sequence[SearchHistory], cost: Cost, chosen: tuple[str, str] | None) -> Chart:
    """Returns the chart of every candidate network's accuracy against its cost; `chosen`, the digest of a search and
    the code (an option for each slot) of a candidate, is marked.
    """
    figure = empty("spikes / neuron / step" if cost == "firing rate" else "operations / image", "validation accuracy")
    layout = figure["layout"]
    layout["xaxis"] |= SHARE if cost == "firing rate" else {}
    layout["yaxis"] |= SHARE
    layout["hovermode"] = "closest"
    last = max((trial.iteration for one in histories for trial in one.trials), default=0) + 1
    scale = [[k / (len(DEPTH) - 1), f"rgb{colour}"] for k, colour in enumerate(DEPTH)]
    layout["coloraxis"] = {
        "colorscale": scale,
        "cmin": 1,
        "cmax": max(2, last),
        "colorbar": {"title": {"text": "iteration"}, "thickness": 10, "outlinewidth": 0},
    }
    for strategy in dict.fromkeys(one.search.strategy for one in histories if one.trials):
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": NAMES[strategy],
                "x": [None],
                "y": [None],
                "hoverinfo": "skip",
                "marker": {"symbol": SYMBOLS[strategy], "size": 8, "color": "var(--st-text-color)"},
            }
        )  # for the legend, which has no colour of an iteration
    for one in histories:
        name, trials = NAMES[one.search.strategy], one.trials
        if not trials:
            continue
        trace = {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "showlegend": False,
            "meta": one.search.digest,
            "x": [_rounded(_cost(trial, cost)) for trial in trials],
            "y": [_rounded(trial.accuracy) for trial in trials],
            "customdata": [[one.search.seed, trial.code, candidate_text(one.search, trial)] for trial in trials],
            "hovertemplate": f"%{{customdata[2]}}<extra>{name}, seed %{{customdata[0]}}</extra>",
            "marker": {
                "symbol": SYMBOLS[one.search.strategy],
                "size": [13 if chosen == (one.search.digest, trial.code) else 8 for trial in trials],
                "color": [trial.iteration + 1 for trial in trials],
                "coloraxis": "coloraxis",
                "line": {"width": 2 if one.search.strategy == "random" else 0},
            },
        }
        figure["data"].append(trace)
    words = "Hover shows the matrix; a click chooses a candidate. Those of the random search are trained from scratch."
    words += (
        f" A sum of m spikes is m additions.{old_counts_text(histories)}{counted_on_text(histories)}"
        if cost == "operations"
        else ""
    )
    return Chart("search_candidates", "Every candidate", words, figure)


def _cost(trial: Trial, cost: Cost) -> float:
    return trial.rate if cost == "firing rate" else operations(trial)


def candidate_text(search: Search, trial: Trial) -> str:
    """Returns the hover text of a candidate network's point in a chart: its results and its adjacency matrices."""
    lines = [
        f"no. {trial.number + 1}: {share(trial.accuracy)}, value {trial.value:.3g} ± {trial.error:.2g}",
        f"{skip_count(search, trial)} skips, rate {share(trial.rate)}, {operations(trial):,.0f} operations",
    ]
    for edges in edges_of(search, parse_code(trial.code)):
        small = len(edges) <= DRAWN and len(edges_of(search, parse_code(trial.code))) == 1
        lines += adjacency.to_text(edges).split(" / ") if small else [adjacency.summary(edges)]
    return "<br>".join(lines)


def baseline_charts(histories: Sequence[SearchHistory]) -> list[Chart]:
    """Returns charts of the objective's value against the number of skips and against operations: simple explanations
    to compare with the Gaussian process.
    """
    wanted = (
        ("skips", "Skips alone", "skips", skip_count),
        ("operations", "Operations alone", "operations / image", lambda _, trial: operations(trial)),
    )
    charts = []
    for key, title, axis, read in wanted:
        figure: Figure = empty(axis, UNITS[histories[0].search.objective])
        figure["layout"]["hovermode"] = "closest"
        for strategy, name in NAMES.items():
            group = [one for one in histories if one.search.strategy == strategy and one.trials]
            if not group:
                continue
            rows = [(one.search, trial) for one in group for trial in one.trials]
            figure["data"].append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": f"{name}, {_tau(group, read)}",
                    "x": [read(search, trial) for search, trial in rows],
                    "y": [_rounded(trial.value) for _, trial in rows],
                    "marker": {"color": COLOURS[strategy], "symbol": SYMBOLS[strategy], "size": 7},
                    "hovertemplate": f"%{{x}}: %{{y:.3~g}}<extra>{name}</extra>",
                }
            )
        words = (
            "Kendall's τ, mean over the seeds and 95 %: below 0 where more goes with a smaller value. DSC skips bring "
            "parameters and operations too: which of these does it is not told here."
        )
        words += _by_kind(histories) if key == "skips" else old_counts_text(histories)
        charts.append(Chart(f"search_{key}", title, words, figure))
    return charts


def _by_kind(histories: Sequence[SearchHistory]) -> str:
    """Tau of concatenations and of additions, in the search whose candidates nobody preferred."""
    group = [one for one in histories if one.trials]
    group = [one for one in group if one.search.strategy == "random"] or group
    kinds = ((adjacency.DSC, "DSC"), (adjacency.ASC, "ASC"))
    told = [f"{name} alone {_tau(group, partial(_of_kind, kind))}" for kind, name in kinds]
    return f" Of the {NAMES[group[0].search.strategy]} search: {', '.join(told)}." if group else ""


def _of_kind(kind: int, search: Search, trial: Trial) -> float:
    found = edges_of(search, parse_code(trial.code))
    return float(sum(edge == kind for edges in found for row in edges for edge in row))


def _tau(group: Sequence[SearchHistory], read: Callable[[Search, Trial], float]) -> str:
    found = [
        kendall_tau([read(one.search, trial) for trial in one.trials], [trial.value for trial in one.trials])
        for one in group
    ]
    known = [tau for tau in found if tau is not None]
    if not known:
        return "τ = ?"
    half = confidence_interval(known).half
    return f"τ = {np.mean(known):+.2f}" + ("" if half is None else f" ± {half:.2f}")


def trial_table(histories: Iterable[SearchHistory]) -> pd.DataFrame:
    """Returns a table with a row for each candidate network of each search: all measurements and its adjacency
    matrices.
    """
    table = []
    for one in histories:
        for trial in one.trials:
            edges = edges_of(one.search, parse_code(trial.code))
            row: dict[str, Any] = {"search": one.search.digest, "strategy": one.search.strategy}
            row["weights"] = one.search.weights
            row |= {"seed": one.search.seed, **asdict(trial), "skips": skip_count(one.search, trial)}
            table.append(row | {"matrices": "; ".join(map(adjacency.to_compact_text, edges))})
    return pd.DataFrame(table)


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
