"""Stacked bars of multiplications and additions per image."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnviz.studies.tradeoffs.charts.naming import group_name
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import count

MOST_BARS = 14

LINE = 24
"""Letters of a line of a group's name."""

PARTS = (
    ("macs", "multiplications and additions (MACs)", "var(--st-orange-color)", ""),
    ("additions", "additions alone (ACs)", "var(--st-blue-color)", "/"),
)
"""By additions (decision 21): a sum of m spikes is m additions."""


def operations_chart(weighed: WeighedGroups) -> Chart | None:
    """Returns a bar for each group (runs that differ only in the seed), those on the front first, then others within
    limits, the cheapest first.

    Multiplications and additions per image are stacked. None if operations were not counted in any run.
    """
    means = {name: [_mean(group.values.get(name, {})) for group in weighed.groups] for name, *_ in PARTS}
    counted = [place for place in np.flatnonzero(weighed.left).tolist() if means["macs"][place] is not None]
    if not counted:
        return None
    total = {place: sum(means[name][place] or 0.0 for name, *_ in PARTS) for place in counted}
    front = sorted((place for place in counted if weighed.front[place]), key=total.__getitem__)
    others = sorted((place for place in counted if not weighed.front[place]), key=total.__getitem__)
    room = max(0, MOST_BARS - len(front))
    step = max(1, -(-len(others) // room)) if room else 1
    shown = [*front[:MOST_BARS], *(others[::step] if room else [])][:MOST_BARS]
    shown.sort(key=total.__getitem__, reverse=True)
    names = _different(
        [f"{'★ ' if weighed.front[place] else ''}{group_name(weighed, place, shown)}" for place in shown]
    )
    told = [_lines(name) for name in names]
    figure = empty(
        "operations of an image", "", type="category", automargin=True, tickmode="array", tickvals=names, ticktext=told
    )
    figure["layout"]["xaxis"] |= {"rangemode": "tozero", "tickangle": 0, "nticks": 4}
    figure["layout"] |= {"barmode": "stack", "bargap": 0.3, "hovermode": "closest", "meta": {"y": "group"}}
    for name, label, colour, pattern in PARTS:
        values = [means[name][place] or 0.0 for place in shown]
        trace: dict[str, Any] = {"type": "bar", "orientation": "h", "name": label, "x": [_short(v) for v in values]}
        trace |= {"y": names, "marker": {"color": colour, "pattern": {"shape": pattern, "size": 6, "solidity": 0.2}}}
        trace |= {"meta": "group", "text": [count(value) for value in values], "textposition": "none"}
        trace |= {"customdata": [[label, weighed.groups[place].key] for place in shown]}
        figure["data"].append({**trace, "hovertemplate": "%{y}<br>%{text} " + label + "<extra></extra>"})
    more = len(counted) - len(shown)
    caption = (
        "Means over seeds, on the probe images; a sum of m spikes (ASC) is m additions, a concatenation (DSC) more "
        f"weights. ★: on the front.{f' {more:,} other groups are not drawn.' if more > 0 else ''}"
    )
    most = max((text.count("<br>") for text in told), default=0)
    return Chart("operations", "What an image costs", caption, figure, 150 + (26 + 12 * most) * len(shown), wide=True)


def _lines(name: str) -> str:
    """A name in lines that leave room for the bars on a phone.

    >>> _lines("★ threshold θ 4, glorot"), _lines("threshold θ 0.5, variance preserving")
    ('★ threshold θ 4, glorot', 'threshold θ 0.5,<br>variance preserving')
    """
    lines: list[str] = []
    for part in name.split(", "):
        if lines and len(lines[-1]) + len(part) < LINE:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return ",<br>".join(lines)


def _different(names: list[str]) -> list[str]:
    """Names that are cut may be alike, and would be one bar.

    >>> _different(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    return [f"{name} ({names[:place].count(name) + 1})" if name in names[:place] else name
            for place, name in enumerate(names)]  # fmt: skip


def _mean(told: Any) -> float | None:
    return float(np.mean([*told.values()])) if told else None


def _short(value: float) -> float:
    return float(f"{value:.4g}")
