"""Figures of which fields decide an objective: importances, effects of levels, and how the best groups are
distributed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from snnviz.studies.tradeoffs.charts.naming import field_label, level_label
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups
from snnviz.studies.tradeoffs.weighing import Objective
from snnviz.theory.effects import MarginalEffect, best_distribution, marginal_effect
from snnviz.theory.importance import SHUFFLES, Importance, top_share
from snnviz.theory.intervals import ConfidenceInterval
from snnviz.views.chart import Chart, empty

MOST_FIELDS = 12

MATTERS, CHANCE, FAINT = "var(--st-blue-color)", "var(--st-orange-color)", "var(--st-gray-color)"


def importance_chart(one: Objective, found: Sequence[Importance], groups: int) -> Chart:
    """Returns a bar chart of how much each field decides an objective (its importance), each bar with a mark at what
    chance would give.

    one: the objective. found: the importances. groups: number of groups that they were computed from.
    """
    shown = list(found[:MOST_FIELDS])[::-1]
    names = [field_label(each.field) for each in shown]
    figure = empty("importance (PED-ANOVA)", "", type="category")
    figure["layout"]["xaxis"] |= {"rangemode": "tozero"}
    figure["layout"] |= {"hovermode": "closest", "barmode": "overlay", "bargap": 0.35, "meta": {"y": "field"}}
    bar: dict[str, Any] = {"type": "bar", "orientation": "h", "y": names, "x": [_short(each.value) for each in shown]}
    bar |= {"name": "importance", "marker": {"color": [MATTERS if each.is_significant else FAINT for each in shown]}}
    mark: dict[str, Any] = {"symbol": "line-ns", "size": 16, "line": {"width": 3, "color": CHANCE}, "color": CHANCE}
    figure["data"] = [
        {**bar, "hovertemplate": "%{y}: %{x:.3~g}<extra></extra>"},
        {"type": "scatter", "mode": "markers", "name": "95 of 100 shuffles are below", "y": names,
         "x": [_short(each.chance) for each in shown], "marker": mark,
         "hovertemplate": "%{y}: by chance up to %{x:.3~g}<extra></extra>"},
    ]  # fmt: skip
    best = max(1, math.ceil(top_share(groups) * groups)) if groups else 0
    caption = (
        f"How far each field decides whether a group is among the best {best} of {groups} in "
        f"{_lower(one.label)}. The mark: 95th percentile of {SHUFFLES} shuffles of the objective; a bar that ends "
        "before it is no more than chance gives a field that does nothing."
    )
    height = 150 + 30 * len(shown)
    return Chart(f"importance-{one.name}", f"What mattered for {_lower(one.label)}", caption, figure, height)


def effect_chart(weighed: WeighedGroups, field: str, side: int) -> Chart:
    """Returns a chart of a field's marginal effect on an objective: for each level the mean change, with its
    interval.

    field: its path. side: index of the objective.
    """
    one = weighed.objectives[side]
    values = [group.values.get(one.name, {}) for group in weighed.groups]
    found = marginal_effect(field, weighed.fields, values)
    scale, unit = (100, "points") if one.metric.form == "share" else (1, one.metric.unit or "")
    label = escape(one.label, quote=False)
    figure = empty(field_label(field), f"{label}, {unit} from the mean".replace(",  from", ", from"), zeroline=True)
    if not found.paired:
        percent = {"tickformat": ".0%"} if one.metric.form == "share" else {}
        figure = empty(field_label(field), label, **percent)
        scale = 1
    figure["layout"]["xaxis"] |= {"type": "category"}
    figure["layout"] |= {"hovermode": "closest"}
    numbers = [each.effect if found.paired and each.effect else each.mean for each in found.levels]
    figure["data"] = [_dots([level_label(field, each.level) for each in found.levels], numbers, scale, one.label)]
    if found.paired:
        line = {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": 0,
            "y1": 0,
            "line": {"width": 1, "dash": "dot"},
        }
        figure["layout"]["shapes"] = [line]
    title = f"{field_label(field)} and {_lower(one.label)}"
    return Chart(f"effect-{side}", title, effect_caption(found), figure, 300)


def effect_caption(found: MarginalEffect) -> str:
    """Returns the caption of an effect chart, which says what the dots and their intervals are computed from."""
    if found.paired:
        return (
            f"How far each level is from the mean of all levels, of {found.blocks} "
            f"block{'s' * (found.blocks != 1)}, each alike in all other fields. Bars: 95 % t interval over blocks."
        )
    return (
        "The mean of the groups of each level. No other setting has every level, so that other fields may be the "
        "reason. Bars: 95 % t interval over groups."
    )


def best_chart(weighed: WeighedGroups, field: str, side: int = 0) -> Chart:
    """Returns a chart of how the best tenth of groups (runs that differ only in the seed) is distributed over the
    levels of a field, beside all groups.

    field: its path. side: index of the objective.
    """
    one = weighed.objectives[side]
    found = best_distribution(field, weighed.fields[field], weighed.mean[:, side].tolist(), one.direction)
    levels = [level_label(field, level) for level in found.levels]
    figure = empty(field_label(field), "share of groups", tickformat=".0%", rangemode="tozero")
    figure["layout"]["xaxis"] |= {"type": "category"}
    figure["layout"] |= {"hovermode": "x unified", "bargap": 0.3}
    pattern = {"color": FAINT, "pattern": {"shape": "/", "size": 6, "solidity": 0.3}}
    figure["data"] = [
        _bars(levels, found.best, f"the best {found.count}", {"color": MATTERS}),
        _bars(levels, found.every, "all", pattern),
    ]
    caption = f"Where the best {found.count} groups in {_lower(one.label)} lie, beside all groups that have this field."
    return Chart("best", "How the best are spread", caption, figure, 300)


def _bars(levels: Sequence[str], shares: Sequence[float], name: str, marker: dict[str, Any]) -> dict[str, Any]:
    numbers = [round(share, 4) for share in shares]
    return {"type": "bar", "x": list(levels), "y": numbers, "name": name, "marker": marker,
            "hovertemplate": "%{y:.0%}"}  # fmt: skip


def _dots(levels: Sequence[str], found: Sequence[ConfidenceInterval], scale: float, name: str) -> dict[str, Any]:
    half = [0.0 if each.half is None else _short(scale * each.half) for each in found]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": escape(name, quote=False),
        "x": list(levels),
        "y": [_short(scale * each.mean) for each in found],
        "error_y": {"type": "data", "array": half, "thickness": 1.8, "width": 6, "color": MATTERS},
        "marker": {"size": 10, "color": MATTERS, "symbol": "circle"},
        "hovertemplate": "%{x}: %{y:.3~g} ± %{error_y.array:.2~g}<extra></extra>" if any(half) else None,
    }


def _lower(name: str) -> str:
    """A label inside a sentence.

    >>> _lower("Test accuracy"), _lower("TTFS")
    ('test accuracy', 'TTFS')
    """
    plain = name if name[1:2].isupper() else name[:1].lower() + name[1:]
    return escape(plain, quote=False)


def _short(value: float) -> float:
    return float(f"{value:.4g}")
