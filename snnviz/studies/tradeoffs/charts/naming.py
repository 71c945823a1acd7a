"""Names of groups, fields and levels in figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups
from snnviz.theory.importance import ABSENT
from snnviz.theory.metrics import Metric
from snnviz.views.bands import POSITIVE, SHARES, Bounds
from snnviz.views.changes import label, value
from snnviz.views.numbers import NO_NUMBER, metric_text

LONGEST = 46
"""Letters of a group's name in a figure."""

MOST_LINES = 10
"""Fields that are told where the pointer is on a point."""


def field_label(path: str) -> str:
    """Returns a field's label for a figure, such as "Threshold θ"."""
    return escape(label(path), quote=False)


def level_label(path: str, level: Any) -> str:
    """Returns a level of a field as text: its value, or both ends of a range (low, high).

    >>> level_label("neuron.threshold", 0.5), level_label("neuron.threshold", (0.5, 1.25))
    ('0.5', '0.5 to 1.25')
    """
    if level is ABSENT:
        return "not there"
    if isinstance(level, tuple) and len(level) == 2:
        return f"{level_label(path, level[0])} to {level_label(path, level[1])}"
    return escape(value(path, level), quote=False)


def group_fields(fields: Mapping[str, Sequence[Any]], place: int) -> list[str]:
    """Returns the settings of one group (runs that differ only in the seed) as texts such as "Threshold θ 0.5", without
    fields that it does not have.

    fields: the fields that vary, path to the value in each group. place: index of the group.

    >>> group_fields({"neuron.threshold": [0.5, 1.0], "init.gain": [ABSENT, 2.0]}, 0)
    ['Threshold θ 0.5']
    """
    return [
        f"{field_label(path)} {level_label(path, values[place])}"
        for path, values in fields.items()
        if values[place] is not ABSENT
    ]


def group_name(weighed: WeighedGroups, place: int, among: Sequence[int] = ()) -> str:
    """Returns a short name of a group of runs that differ only in the seed (by index): the values of the fields that
    vary; where that is too long, those with the most values first, cut.

    among: the groups that it is told from; () for all.
    """
    known = {path: values[place] for path, values in weighed.fields.items() if values[place] is not ABSENT}
    named = {
        path: level_label(path, own)
        if path.endswith(".kind")
        else f"{_small(field_label(path))} {level_label(path, own)}"
        for path, own in known.items()
    }
    told = ", ".join(named.values()) or "the only design"
    if len(told) <= LONGEST:
        return told
    counts = {path: _level_count(weighed.fields[path], among) for path in named}
    telling = sorted((path for path in named if counts[path] > 1), key=lambda path: -counts[path])
    told = ", ".join(named[path] for path in telling) or told
    return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"


def _level_count(values: Sequence[Any], among: Sequence[int]) -> int:
    return len({repr(values[place]) for place in among or range(len(values))})


def _small(words: str) -> str:
    """A label inside a sentence.

    >>> _small("Threshold θ"), _small("DSC share")
    ('threshold θ', 'DSC share')
    """
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def number_text(metric: Metric, mean: float, low: float, high: float) -> str:
    """Returns the mean of a metric with its confidence interval as text, cut where no value can be beyond; without the
    interval if `low` and `high` are infinite.

    >>> from snnviz.theory.metrics import METRICS
    >>> number_text(METRICS["operations"], 63_600.0, -29_000.0, 156_000.0)
    '63.6 k (0 to 156 k)'
    """
    told = NO_NUMBER if math.isnan(mean) else _signed(metric, mean)
    if not (math.isfinite(low) and math.isfinite(high)):
        return told
    least, most = possible_values(metric)
    low, high = max(low, min(mean, least)), min(high, max(mean, most))
    return f"{told} ({_signed(metric, low)} to {_signed(metric, high)})"


def possible_values(metric: Metric) -> Bounds:
    """Returns what an interval of a metric is cut at: 0 to 1 of a share, else 0 or more."""
    return SHARES if metric.form == "share" else POSITIVE


def _signed(metric: Metric, number: float) -> str:
    return f"-{metric_text(metric, -number)}" if number < 0 else metric_text(metric, number)


def hover(weighed: WeighedGroups, place: int) -> str:
    """Returns the tooltip of a group of runs that differ only in the seed (by index): its settings, and each objective
    with its interval.
    """
    several = weighed.seeds[place]
    lines = group_fields(weighed.fields, place)
    more = len(lines) - MOST_LINES
    lines = [*lines[:MOST_LINES], *([f"and {more} more fields"] if more > 0 else [])]
    for side, one in enumerate(weighed.objectives):
        numbers = (float(each[place, side]) for each in (weighed.mean, weighed.low, weighed.high))
        lines.append(f"<b>{escape(one.label, quote=False)}</b> {number_text(one.metric, *numbers)}")
    return "<br>".join([*lines, f"{several} seed{'s' * (several != 1)}"])


def axis(metric: Metric, better: str) -> tuple[str, dict[str, Any]]:
    """Returns the title of a chart's axis for a metric, which says whether "more" or "less" is better, and Plotly's
    layout of that axis.
    """
    unit = f" ({metric.unit})" if metric.unit else ""
    title = f"{escape(metric.label, quote=False)}{unit}, {better} is better"
    return title, {"tickformat": ".0%"} if metric.form == "share" else {}
