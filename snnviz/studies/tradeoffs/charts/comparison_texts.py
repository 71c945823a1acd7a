"""Sentences and table rows of a comparison, shared by the page and the command."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from snnviz.studies.tradeoffs.pairing import PairedRuns
from snnviz.theory.comparison import Comparison
from snnviz.theory.metrics import METRICS, Metric
from snnviz.theory.sequential import ANYTIME_T, FIRST_LOOK
from snnviz.views.numbers import NO_NUMBER, metric_text

FIRST = ("accuracy", "loss", "rate", "synops", "operations", "energy", "seconds", "parameters")
"""Metrics of a comparison in their order, where there are such; `--json` has all."""

INTERVAL = "95 % interval of the mean difference: Student's t of the differences at each seed"
ANYTIME = "interval of the mean difference that holds at every look, at 95 %"
"""What an interval in a figure or a table is, for the line under it."""


def listed_metrics(found: PairedRuns) -> list[Metric]:
    """Returns the metrics of which designs A and B both have values at some common seed."""
    return [METRICS[name] for name in FIRST if name in METRICS and found.differences(name)]


def in_units(metric: Metric) -> tuple[float, str]:
    """Returns the factor and the unit in which differences of a metric are written, such as (100, "points") for
    accuracy.
    """
    return (100.0, "points") if metric.form == "share" else (1.0, metric.unit)


def metric_sentence(metric: Metric, found: Comparison, name: str = "B") -> str:
    """Returns a sentence on how B differs from A in one metric. `name`: what B is called."""
    factor, unit = in_units(metric)
    return f"{metric.label}: {found.sentence(name, factor=factor, unit=unit)}."


def stopped_sentence(found: Comparison, most: int | None) -> str:
    """Returns a sentence on why a sequential comparison, which adds seeds until A and B differ significantly, ended; ""
    if the number of seeds was fixed.

    most: largest number of seeds of the sequential comparison, None for a comparison with a fixed number of seeds.
    """
    if most is None:
        return ""
    seeds = f"{found.seeds} seed{'' if found.seeds == 1 else 's'}"
    looked = f"Looked after each seed from the third on; the {ANYTIME} (alpha spending)."
    if found.verdict != "not told apart":
        return f"Decided after {seeds}. {looked}"
    if found.seeds >= most:
        return f"Not decided by {seeds}, the most that were asked for. {looked}"
    return f"Not decided: {seeds} of at most {most} are done. {looked}"


def difference_text(metric: Metric, value: float) -> str:
    """Returns a difference of a metric as text with sign and unit.

    >>> difference_text(METRICS["accuracy"], 0.0131), difference_text(METRICS["energy"], -3.21)
    ('+1.31 points', '-3.21 nJ')
    """
    if not math.isfinite(value):
        return NO_NUMBER
    factor, unit = in_units(metric)
    return f"{factor * value:+,.3g} {unit}".strip() if abs(factor * value) < 1000 else f"{value:+,.0f} {unit}".strip()


def comparison_row(
    found: PairedRuns, metric: Metric, comparison: Comparison, *, corrected: bool = False
) -> dict[str, str]:
    """Returns a row of the table of a comparison: means of A and B, difference, interval and verdict as texts.

    corrected: add the p value corrected by Holm's method, for comparisons of several designs with one.
    """
    a, b = (fmean(values[metric.name][seed] for seed in found.differences(metric.name)) for values in found.values)
    ends = (comparison.low, comparison.high)
    open_ended = not all(map(math.isfinite, ends))
    exact = comparison.method == "exact"
    row = {
        "": metric.label,
        "A": metric_text(metric, a),
        "B": metric_text(metric, b),
        "B - A": difference_text(metric, comparison.difference),
        "95 %": "exact" if exact else NO_NUMBER if open_ended else interval_ends(metric, ends),
        "verdict": "the same" if exact and not comparison.difference else comparison.verdict,
    }
    p = NO_NUMBER if comparison.p is None else f"{comparison.p:.2g}"
    return row | ({"p, Holm": p} if corrected else {})


def combination_row(name: str, found: PairedRuns, metric: Metric) -> dict[str, str | int]:
    """Returns a row of the table of a comparison's combinations: means of A and B, their difference and its interval in
    one combination of the other settings, called `name`.
    """
    seeds = len(found.differences(metric.name))
    if not seeds:
        return {"combination": name, "seeds": 0}
    row = comparison_row(found, metric, found.compare(metric))
    columns = {"A": "A", "B": "B", "B - A": "B − A", "95 %": "95 % interval", "verdict": "verdict"}
    return {"combination": name, "seeds": seeds, **{new: row[old] for old, new in columns.items()}}


def interval_ends(metric: Metric, ends: Sequence[float]) -> str:
    """Returns both ends of an interval as text with signs, in the metric's unit, without naming the unit."""
    return " to ".join(difference_text(metric, end).split(" ")[0] for end in ends)


def method_words(found: Comparison) -> str:
    """Returns a text for captions on how the confidence interval of a comparison was computed."""
    if found.method == ANYTIME_T:
        return f"{ANYTIME}, from seed {FIRST_LOOK} on"
    if found.method == "test images alone":
        return "95 % interval by the test images alone, as the differences are all the same"
    return INTERVAL
