"""Charts of a search's Gaussian process: predictions against measurements, and effects of slots and options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from snnviz.studies.skips.charts.search import UNITS, SearchHistory, candidate_text
from snnviz.studies.skips.search import Code, Model, SearchSpace, format_code, parse_code, search_space
from snnviz.studies.skips.theory.promising import promising_codes
from snnviz.theory.posterior import FittedProcess, MainEffects, main_effects, posterior
from snnviz.theory.ranks import kendall_tau
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import share

KINDS = ("none", "DSC", "ASC")
MEASURED, EXPECTED = "var(--st-text-color)", "var(--st-violet-color)"
NORMAL = 1.959964
"""Standard deviations of the model to each side of an expectation that hold 95 %."""

MOST_SLOTS = 12
"""Largest number of slots whose options are shown."""

BETTER, WORSE = "var(--st-green-color)", "var(--st-red-color)"


def belief(model: Model) -> FittedProcess:
    """Returns the fitted Gaussian process that a row of the store (`Model`) describes."""
    lengths = tuple(float(length) for length in model.lengths.split(","))
    return FittedProcess(lengths, model.scale, model.noise, model.mean, model.shift, model.spread)


def latest_belief(history: SearchHistory) -> tuple[FittedProcess, list[Code], list[float]] | None:
    """Returns the latest fitted Gaussian process of a search, with the codes (an option for each slot) and values that
    it was fitted to; None before the first fit.
    """
    if not history.models:
        return None
    last = history.models[-1]
    fitted = [trial for trial in history.trials if trial.iteration <= last.iteration]
    return belief(last), [parse_code(trial.code) for trial in fitted], [trial.value for trial in fitted]


def belief_charts(history: SearchHistory) -> list[Chart]:
    """Returns charts of a search's Gaussian process: its calibration, its posterior, the importance of the places for
    skips (slots), and the effects of their options.
    """
    found = latest_belief(history)
    if found is None:
        return []
    chosen, effect = search_space(history.search), main_effects(*found, search_space(history.search).sizes)
    charts = [calibration_chart(history), posterior_chart(history, *found)]
    if len({slot.block for slot in chosen.slots}) == 1 and all(slot.source is not None for slot in chosen.slots):
        charts.append(_matrix_chart(chosen, effect))
    return [*charts, _effects_chart(chosen, effect, UNITS[history.search.objective])]


def calibration_chart(history: SearchHistory) -> Chart:
    """Returns the chart of each candidate network's predicted value, with its standard deviation, against its measured
    value.
    """
    unit = UNITS[history.search.objective]
    figure = empty(f"expected: {unit}", "measured")
    figure["layout"]["hovermode"] = "closest"
    trials = [trial for trial in history.trials if trial.mean is not None and trial.sd is not None]
    expected = [_rounded(trial.mean or 0.0) for trial in trials]
    measured = [_rounded(trial.value) for trial in trials]
    words = "Before anything is known candidates are drawn; expectations follow."
    if trials:
        ends = [min([*expected, *measured]), max([*expected, *measured])]
        line = {
            "type": "scatter",
            "name": "as expected",
            "x": ends,
            "y": ends,
            "mode": "lines",
            "hoverinfo": "skip",
            "showlegend": False,
        }
        figure["data"].append(line | {"line": {"color": "var(--st-border-color)", "width": 1.5, "dash": "dash"}})
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "candidates",
                "showlegend": False,
                "x": expected,
                "y": measured,
                "error_x": _error([NORMAL * (trial.sd or 0.0) for trial in trials]),
                "error_y": _error([NORMAL * trial.error for trial in trials]),
                "customdata": [
                    [history.search.seed, trial.code, candidate_text(history.search, trial)] for trial in trials
                ],
                "hovertemplate": "%{customdata[2]}<extra>expected %{x:.3~g} ± %{error_x.array:.2~g}</extra>",
                "marker": {"color": EXPECTED, "size": 7},
                "meta": history.search.digest,
            }
        )
        inside = sum(
            abs(trial.value - (trial.mean or 0.0)) <= NORMAL * np.hypot(trial.sd or 0.0, trial.error)
            for trial in trials
        )
        tau = kendall_tau(expected, measured)
        order = "" if tau is None else f"; order: τ = {tau:+.2f}"
        words = (
            f"Bars: 95 % intervals, across by the model, upwards by the images kept apart. {inside} of {len(trials)} "
            f"measured within 95 % of what was expected{order}."
        )
    return Chart("search_calibration", "Did it know?", words, figure)


def posterior_chart(
    history: SearchHistory, now: FittedProcess, codes: Sequence[Code], values: Sequence[float]
) -> Chart:
    """Returns the chart of the Gaussian process's mean and standard deviation for all measured candidate networks and
    the most promising others, sorted.
    """
    search = history.search
    kappa = search.kappa * search.decay ** (
        len(history.models) - 1
    )  # a model for every time that it chose, and one now
    new = promising_codes(now, codes, values, search_space(search).sizes, kappa)
    everything = [*codes, *new]
    means, sds = posterior(now, codes, values, everything)
    order = means.argsort(kind="stable")
    place = {int(index): rank + 1 for rank, index in enumerate(order)}
    figure = empty("rank", UNITS[search.objective])
    figure["layout"]["hovermode"] = "closest"
    groups = (("trained", range(len(codes)), EXPECTED), ("not trained", range(len(codes), len(everything)), BETTER))
    for name, indices, colour in groups:
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"{name}, expected",
                "x": [place[i] for i in indices],
                "y": [_rounded(means[i]) for i in indices],
                "error_y": _error([NORMAL * float(sds[i]) for i in indices]),
                "marker": {"color": colour, "size": 6},
                "customdata": [[search.seed, format_code(everything[i])] for i in indices],
                "meta": search.digest,
                "hovertemplate": f"%{{y:.3~g}} ± %{{error_y.array:.2~g}}<extra>{name}</extra>",
            }
        )
    measured = {
        "type": "scatter",
        "mode": "markers",
        "name": "measured",
        "x": [place[i] for i in range(len(codes))],
        "y": [_rounded(value) for value in values],
        "marker": {"color": MEASURED, "symbol": "x-thin-open", "size": 6},
        "hovertemplate": "%{y:.3~g}<extra>measured</extra>",
    }
    figure["data"].append(measured)
    words = "The process after the last iteration, mean and 95 % interval by the model (bars), sorted"
    words += f"; and the {len(new)} others that promise most. A click chooses." if new else "."
    return Chart("search_posterior", "What it believes now", words, figure)


def _matrix_chart(chosen: SearchSpace, effect: MainEffects) -> Chart:
    """The block's matrix: how much each place matters, and what stands there best."""
    places = max(slot.target for slot in chosen.slots) - 1  # for the sources 0, 1 ..., and for the targets 2, 3 ...
    weights: list[list[float | None]] = [[None] * places for _ in range(places)]
    best = [[""] * places for _ in range(places)]
    for slot, part, means in zip(chosen.slots, effect.importance, effect.means, strict=True):
        assert slot.source is not None
        weights[slot.source][slot.target - 2] = _rounded(part)
        best[slot.source][slot.target - 2] = KINDS[slot.options[int(means.argmin())][0]]
    figure = empty("to", "from", autorange="reversed", dtick=1, showgrid=False, zeroline=False, constrain="domain")
    figure["layout"]["xaxis"] |= {"dtick": 1, "showgrid": False, "zeroline": False}
    figure["layout"]["hovermode"] = "closest"
    figure["data"].append(
        {
            "type": "heatmap",
            "z": weights,
            "x0": 2,
            "text": best,
            "texttemplate": "%{text}",
            "colorscale": [[0, "var(--st-secondary-background-color)"], [1, "var(--st-violet-color)"]],
            "zmin": 0,
            "xgap": 2,
            "ygap": 2,
            "hoverongaps": False,
            "hovertemplate": "%{y} → %{x}: %{z:.0%}, best: %{text}<extra></extra>",
            "colorbar": {"tickformat": ".0%", "thickness": 10, "outlinewidth": 0},
        }
    )
    words = "Each place's share of what the places explain one by one; the word is what stands there best."
    return Chart("search_importance", "Which places matter", words, figure)


def _effects_chart(chosen: SearchSpace, effect: MainEffects, unit: str) -> Chart:
    """Slots by options: how much better or worse than the slot's average."""
    few = len(chosen.slots) <= MOST_SLOTS
    order = range(len(chosen.slots)) if few else effect.importance.argsort()[::-1][:MOST_SLOTS].tolist()
    labels = list(dict.fromkeys(_label(*option) for index in order for option in chosen.slots[index].options))
    table: list[list[float | None]] = []
    for index in order:
        slot, means = chosen.slots[index], effect.means[index]
        away = {
            _label(*option): _rounded(mean - means.mean()) for option, mean in zip(slot.options, means, strict=True)
        }
        table.append([away.get(label) for label in labels])
    most = max((abs(cell) for row in table for cell in row if cell is not None), default=0.0) or 1.0
    figure = empty("", "", autorange="reversed", type="category")
    figure["layout"]["xaxis"] |= {"type": "category", "side": "bottom"}
    figure["layout"]["hovermode"] = "closest"
    figure["data"].append(
        {
            "type": "heatmap",
            "x": labels,
            "y": [f"{chosen.slots[index].name} ({share(effect.importance[index], 0)})" for index in order],
            "z": table,
            "texttemplate": "%{z:+.2~g}" if len(labels) <= 4 else "",
            "colorscale": [[0, BETTER], [0.5, "var(--st-background-color)"], [1, WORSE]],
            "zmin": -most,
            "zmax": most,
            "xgap": 2,
            "ygap": 2,
            "hoverongaps": False,
            "showscale": False,
            "hovertemplate": "%{y}, %{x}: %{z:+.3~g}<extra></extra>",
        }
    )
    words = f"By how much an option moves the {unit}, all else averaged; green is better. In brackets: importance"
    words += "." if few else f"; the {MOST_SLOTS} of {len(chosen.slots)} slots that matter most."
    return Chart("search_effects", "What each option does", words, figure, height=max(280, 80 + 22 * len(table)))


def _label(kind: int, count: int) -> str:
    return KINDS[kind] if count <= 1 else f"{count} {KINDS[kind]}"


def _error(values: Sequence[float]) -> dict[str, Any]:
    return {"type": "data", "array": [_rounded(value) for value in values], "thickness": 1, "width": 2}


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
