"""Figures of a comparison of designs A and B: differences at each seed with mean and interval, and learning curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from snnviz.events import EpochEnd
from snnviz.studies.tradeoffs.charts.comparison_texts import in_units, listed_metrics, method_words
from snnviz.studies.tradeoffs.pairing import PairedRuns
from snnviz.theory.comparison import NONE, Comparison
from snnviz.theory.metrics import METRICS, Metric
from snnviz.views.bands import POSITIVE, SHARES, band_traces, error_bars, interval_note
from snnviz.views.chart import Chart, empty

A_COLOUR, B_COLOUR = "var(--st-blue-color)", "var(--st-orange-color)"
DOT, MEAN = "var(--st-gray-text-color)", "var(--st-primary-color)"
BETTER, WORSE = "var(--st-green-color)", "var(--st-red-color)"

DRAWN = ("accuracy", "loss", "rate", "synops", "energy", "seconds")
"""Metrics that have a figure of their own."""


def difference_charts(found: PairedRuns, known: Mapping[Metric, Comparison]) -> list[Chart]:
    """Returns a figure for each metric that compares designs A and B: the difference B - A at each seed as a dot, and
    the mean with its interval.

    known: the comparison of each metric, which has the mean and the interval.
    """
    drawn = [METRICS[name] for name in DRAWN if name in METRICS and METRICS[name] in known]
    return [_difference_chart(found, metric, known[metric]) for metric in drawn]


def _difference_chart(found: PairedRuns, metric: Metric, comparison: Comparison) -> Chart:
    factor, unit = in_units(metric)
    figure = empty("seed", f"B − A{f', {unit}' if unit else ''}", zeroline=True, zerolinewidth=2, rangemode="tozero")
    figure["layout"] |= {"hovermode": "closest", "showlegend": False}
    each = found.differences(metric.name)
    seeds = [str(seed) for seed in each]
    figure["layout"]["xaxis"] |= {"type": "category", "categoryorder": "array", "categoryarray": [*seeds, "mean"]}
    figure["layout"]["xaxis"] |= {"showgrid": False, "tickangle": 0, "nticks": 8, "range": [-0.6, len(seeds) + 0.6]}
    figure["data"] += _single_combinations(found, metric)
    figure["data"].append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": seeds,
            "y": [_rounded(factor * value) for value in each.values()],
            "name": "a seed",
            "hovertemplate": "seed %{x}: %{y:+.4~g}<extra></extra>",
            "marker": {"color": DOT, "size": 8, "opacity": 0.8, "symbol": "circle"},
        }
    )
    colours = {"better": BETTER, "worse": WORSE}
    if math.isfinite(comparison.difference):
        ends = [comparison.low, comparison.high]
        bar = _bar(comparison, factor) if all(map(math.isfinite, ends)) else {}
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": ["mean"],
                "y": [_rounded(factor * comparison.difference)],
                "name": "mean",
                "hovertemplate": "mean %{y:+.4~g}<extra></extra>",
                "marker": {
                    "color": colours.get(comparison.verdict, MEAN),
                    "size": 12,
                    "symbol": "diamond",
                },
                **bar,
            }
        )
    bar_words = f"Bar: {method_words(comparison)}" if comparison.method not in (NONE, "exact") else ""
    dots = " A dot is a seed's mean over the combinations, which are the small ones." if found.each else ""
    said = f"{_verdict(metric, comparison)} {bar_words}{'.' * bool(bar_words)}{dots}".strip()
    return Chart(f"compare_{metric.name}", metric.label, said, figure, height=240)


def _single_combinations(found: PairedRuns, metric: Metric) -> list[dict[str, Any]]:
    """The differences in each combination of which the seeds' are means, as one trace; [] for two designs."""
    each = found.differences(metric.name)
    dots = [(seed, one.differences(metric.name).get(seed)) for one in found.each for seed in each]
    known = [(seed, value) for seed, value in dots if value is not None]
    if not known:
        return []
    factor, _ = in_units(metric)
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [str(seed) for seed, _ in known],
            "y": [_rounded(factor * value) for _, value in known],
            "name": "a combination",
            "hovertemplate": "seed %{x}, one combination: %{y:+.4~g}<extra></extra>",
            "marker": {"color": DOT, "size": 4, "opacity": 0.5, "symbol": "circle"},
        }
    ]


def _bar(comparison: Comparison, factor: float) -> dict[str, Any]:
    up, down = comparison.high - comparison.difference, comparison.difference - comparison.low
    return {
        "error_y": {
            **error_bars([]),
            "array": [_rounded(factor * up)],
            "arrayminus": [_rounded(factor * down)],
            "visible": True,
            "thickness": 2,
            "width": 6,
        }
    }


def _verdict(metric: Metric, comparison: Comparison) -> str:
    factor, unit = in_units(metric)
    said = comparison.sentence("B", factor=factor, unit=unit)
    return f"{said[:1].upper()}{said[1:]}."


CURVES = (
    ("test_accuracy", "Test accuracy", SHARES),
    ("train_accuracy", "Training accuracy", SHARES),
    ("test_loss", "Test loss", POSITIVE),
)


def curve_charts(found: PairedRuns) -> list[Chart]:
    """Returns figures of the accuracy and loss of designs A and B over epochs: means over seeds, with bands of their
    intervals.
    """
    charts = []
    for column, title, bounds in CURVES:
        share = bounds is SHARES
        layout: dict[str, Any] = {"tickformat": ".0%", "range": [0, 1.02]} if share else {"rangemode": "tozero"}
        figure = empty("epoch", title.lower(), **layout)
        for name, rows, colour in (("A", found.epochs[0], A_COLOUR), ("B", found.epochs[1], B_COLOUR)):
            several = [each for each in rows.values() if each]
            if several:
                values = [[float(getattr(row, column)) for row in each] for each in several]
                at = _epochs(several)
                figure["data"] += band_traces(at, values, name, colour, bounds=bounds)
        if figure["data"]:
            note = interval_note(len(found.done))
            charts.append(Chart(f"compare_{column}", f"{title} over the epochs", note, figure, height=260))
    return charts


def _epochs(several: Sequence[Sequence[EpochEnd]]) -> list[int]:
    return [row.epoch for row in min(several, key=len)]


def look_chart(looks: Sequence[Comparison], metric: Metric) -> Chart:
    """Returns a figure of how the confidence interval of a difference shrinks with each further seed: `looks` are the
    comparisons after each seed.
    """
    factor, unit = in_units(metric)
    name = f"B − A{f', {unit}' if unit else ''}"
    figure = empty("seeds at the look", name, zeroline=True, zerolinewidth=2, rangemode="tozero")
    figure["layout"] |= {"hovermode": "closest", "showlegend": False}
    figure["layout"]["xaxis"] |= {"dtick": max(1, len(looks) // 8), "tick0": 3}
    shown = [one for one in looks if math.isfinite(one.high)]
    up = [_rounded(factor * (one.high - one.difference)) for one in shown]
    down = [_rounded(factor * (one.difference - one.low)) for one in shown]
    figure["data"].append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [one.seeds for one in shown],
            "y": [_rounded(factor * one.difference) for one in shown],
            "error_y": {
                **error_bars([]),
                "array": up,
                "arrayminus": down,
                "visible": True,
                "thickness": 2,
            },
            "hovertemplate": "%{x} seeds: %{y:+.4~g}<extra></extra>",
            "marker": {"color": MEAN, "size": 8, "symbol": "diamond"},
        }
    )
    words = (
        "Mean of the differences after each seed; bar: its 95 % interval that holds at every look (Student's t, alpha "
        "spending), wider than that of a single look. The first that leaves 0 out decides."
    )
    return Chart("compare_looks", f"{metric.label}: look by look", words, figure, height=240)


def verdict_row(name: str, known: Mapping[str, Comparison]) -> dict[str, Any]:
    """Returns a row of the table that compares several designs with design A: the difference in accuracy, and a verdict
    for each metric.

    name: of the design. known: its comparison with A by metric name.
    """
    accuracy = known["accuracy"]
    ends = (accuracy.low, accuracy.high)
    finite = all(map(math.isfinite, ends))
    return {
        "B": name,
        "seeds": accuracy.seeds,
        "difference": 100 * accuracy.difference if math.isfinite(accuracy.difference) else None,
        "low": 100 * ends[0] if finite else None,
        "high": 100 * ends[1] if finite else None,
        "p": accuracy.p,
        "verdict": accuracy.verdict,
        **{metric: known[metric].verdict for metric in ("rate", "operations", "energy") if metric in known},
    }


def table_rows(found: PairedRuns, known: Mapping[Metric, Comparison]) -> list[Metric]:
    """Returns the metrics that get a row in the table that compares two designs, in order."""
    return [metric for metric in listed_metrics(found) if metric in known]


def _rounded(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
