"""Charts and tables of all answers that a class gave to a question."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from snnviz.views.chart import Chart, empty

MOST_BARS = 20
STUDENTS = "students"
COLOR = "var(--st-primary-color)"


def number_histogram(answers: Sequence[float], low: float, high: float, step: float, unit: str) -> Chart:
    """Returns a chart of how many students gave which number, in at most `MOST_BARS` ranges from `low` to `high`, whose
    ends are whole multiples of `step`.
    """
    numbers = round((high - low) / step) + 1
    each = numbers <= MOST_BARS  # has a bar of its own
    width = step if each else step * math.ceil((numbers - 1) / MOST_BARS)
    bars = numbers if each else math.ceil((high - low) / width - 1e-9)
    places = [(answer - low) / width for answer in answers]
    counts = Counter(round(place) if each else min(bars - 1, int(place + 1e-9)) for place in places)
    edges = [low + width * bar for bar in range(bars)]
    texts = [f"{edge:.4g}" if each else f"{edge:.4g} to {min(high, edge + width):.4g}" for edge in edges]
    figure = empty(unit or "answer", STUDENTS, rangemode="tozero", **_whole(counts))
    figure["layout"] |= {"hovermode": "closest", "bargap": 0.06, "showlegend": False}
    figure["layout"]["xaxis"]["range"] = [low - 0.6 * width * each, high + 0.6 * width * each]
    figure["data"].append(
        {
            "type": "bar",
            "name": STUDENTS,
            "x": [float(f"{edge if each else edge + width / 2:.6g}") for edge in edges],
            "y": [counts[bar] for bar in range(bars)],
            "customdata": texts,
            "hovertemplate": "%{customdata}: %{y}<extra></extra>",
            "width": 0.9 * width,
            "marker": {"color": COLOR},
        }
    )
    return Chart("class-number", "What the class says", "Each bar: how many students.", figure, height=230)


def choice_bars(texts: Mapping[str, str], answers: Sequence[str], ideas: Mapping[str, str]) -> Chart:
    """Returns a chart of how many students chose each option. texts, ideas: the option's text and the misconception
    behind it, by its name; no misconceptions are named without `ideas`.
    """
    counts, names = Counter(answers), [*texts][::-1]
    figure = empty(STUDENTS, "")
    figure["layout"] |= {"hovermode": "closest", "margin": {"l": 220, "r": 12, "t": 8, "b": 40}, "showlegend": False}
    figure["layout"]["xaxis"] |= {"rangemode": "tozero", **_whole(counts)}
    figure["data"].append(
        {
            "type": "bar",
            "orientation": "h",
            "name": STUDENTS,
            "x": [counts[name] for name in names],
            "y": [_broken(texts[name]) for name in names],
            "text": [ideas.get(name, "") for name in names],
            "textposition": "auto",
            "hovertemplate": "%{x}<extra></extra>",
            "marker": {"color": COLOR},
        }
    )
    return Chart(
        "class-choice", "What the class says", "Each bar: how many students.", figure, height=70 + 52 * len(names)
    )


def drawn_curves(
    curves: Sequence[Sequence[tuple[float, float]]],
    axes: tuple[str, str],
    *,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    log: bool = False,
    percent: bool = False,
) -> Chart:
    """Returns a chart of all curves that students drew. x_range, y_range: ends of the axes."""
    ends = [math.log10(y) for y in y_range] if log else [*y_range]
    figure = empty(*axes, **({"type": "log"} if log else {}), range=ends)
    figure["layout"]["xaxis"]["range"] = [*x_range]
    figure["layout"] |= {"hovermode": "closest", "showlegend": False}
    if percent:
        figure["layout"]["yaxis"]["tickformat"] = ".0%"
    opacity = max(0.15, min(0.8, 6 / max(1, len(curves))))
    for points in curves:
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [float(f"{x:.4g}") for x, _ in points],
                "y": [float(f"{y:.4g}") for _, y in points],
                "line": {"color": COLOR, "width": 2, "dash": "solid"},
                "opacity": opacity,
                "hoverinfo": "skip",
            }
        )
    return Chart("class-curves", "What the class draws", "Each line: a student's curve.", figure, height=260)


def order_rows(texts: Mapping[str, str], answers: Sequence[Sequence[str]]) -> list[dict[str, object]]:
    """Returns a table row for each order that somebody gave, the most frequent first: `order` as text and number of
    `students`.
    """
    counts = Counter(tuple(answer) for answer in answers)
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [{"order": " > ".join(texts[name] for name in order), STUDENTS: count} for order, count in ranked]


def _whole(counts: Counter[Any]) -> dict[str, object]:
    """Ticks at whole numbers, where there are so few students that others would be drawn."""
    return {"dtick": 1} if max(counts.values(), default=0) <= 6 else {}


def _broken(text: str, width: int = 34) -> str:
    """A text on lines that fit beside a bar; Plotly's own markup is shown as it is."""
    lines = [""]
    for word in text.replace("<", "‹").replace(">", "›").split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines[:4])
