"""Charts of lessons that compare a learner's prediction with what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from snnviz.views.chart import Chart, empty

YOURS, REAL = "your prediction", "what happened"
MINE = {"color": "var(--st-orange-color)", "width": 3, "dash": "dash"}
TRUE = {"color": "var(--st-primary-color)", "width": 3}


def curve_chart(
    drawn: Sequence[tuple[float, float]],
    measured: Sequence[tuple[float, float]],
    axes: tuple[str, str],
    caption: str,
    *,
    y_range: tuple[float, float],
    log: bool = False,
    percent: bool = False,
) -> Chart:
    """Returns a chart of the curve that the learner drew (if any) and the measured one over the same axes; both are
    points (x, y).
    """
    figure = empty(*axes, **({"type": "log"} if log else {"range": list(y_range)}))
    if percent:
        figure["layout"]["yaxis"]["tickformat"] = ".0%"
    curves = [(REAL, measured, TRUE, "lines+markers"), *([(YOURS, drawn, MINE, "lines")] if drawn else [])]
    for name, points, line, mode in curves:
        figure["data"].append(
            {
                "type": "scatter",
                "mode": mode,
                "name": name,
                "x": [round(x, 4) for x, _ in points],
                "y": [float(f"{y:.4g}") for _, y in points],
                "line": line,
            }
        )
    title = "Your curve and the measured one" if drawn else "What happened"
    return Chart("lesson-curve", title, caption, figure, height=260)


def number_chart(predicted: float, measured: float, low: float, high: float, unit: str, caption: str) -> Chart:
    """Returns a chart of the predicted and the measured number on one line from `low` to `high`."""
    figure = empty(unit or "value", "")
    figure["layout"]["xaxis"]["range"] = [low - 0.03 * (high - low), high + 0.03 * (high - low)]
    figure["layout"]["yaxis"] |= {"showticklabels": False, "range": [-1, 1], "zeroline": True, "showgrid": False}
    figure["layout"]["hovermode"] = "closest"
    for name, value, color, symbol in (
        (REAL, measured, TRUE["color"], "diamond"),
        (YOURS, predicted, MINE["color"], "circle-open"),
    ):
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [float(f"{value:.4g}")],
                "y": [0],
                "marker": {"color": color, "symbol": symbol, "size": 16, "line": {"width": 3, "color": color}},
            }
        )
    return Chart("lesson-number", "Your number and the real one", caption, figure, height=150)


def neuron_chart(
    series: Sequence[tuple[float, float]],
    spikes: Sequence[float],
    threshold: float | None,
    axes: tuple[str, str],
    caption: str,
    predicted: float | None = None,
) -> Chart:
    """Returns a chart of a membrane potential over time with its threshold and spikes, and the predicted spike time as
    a line.
    """
    figure = empty(*axes)
    figure["data"].append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "potential u",
            "x": [x for x, _ in series],
            "y": [float(f"{y:.4g}") for _, y in series],
            "line": TRUE,
        }
    )
    top = max((y for _, y in series), default=1.0)
    figure["data"].append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "spike",
            "x": list(spikes),
            "y": [max(top, threshold or top) * 1.08] * len(spikes),
            "marker": {"color": "var(--st-red-color)", "symbol": "triangle-down", "size": 12},
        }
    )
    shapes = []
    if threshold is not None:
        line = {"color": "var(--st-text-color)", "dash": "dot", "width": 1.5}
        shapes.append(
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": threshold, "y1": threshold, "line": line}
        )
    if predicted is not None:
        where = {"yref": "paper", "y0": 0, "y1": 1, "x0": predicted, "x1": predicted}
        shapes.append({"type": "line", **where, "line": MINE})
    figure["layout"]["shapes"] = shapes
    return Chart("lesson-neuron", "The neuron, computed", caption, figure, height=260)


def cases_chart(cases: Mapping[str, float], texts: Mapping[str, str], chosen: Sequence[str], caption: str) -> Chart:
    """Returns a bar chart of the measured number of each case; those in `chosen`, the prediction, are marked in its
    order.
    """
    figure = empty("", "")
    figure["layout"] |= {"hovermode": "closest", "margin": {"l": 160, "r": 12, "t": 8, "b": 30}}
    names = list(cases)[::-1]
    label = {name: f"{chosen.index(name) + 1}. {texts[name]}" if name in chosen else texts[name] for name in names}
    figure["data"].append(
        {
            "type": "bar",
            "orientation": "h",
            "name": "measured",
            "x": [float(f"{cases[name]:.4g}") for name in names],
            "y": [label[name] for name in names],
            "marker": {"color": [MINE["color"] if name in chosen[:1] else TRUE["color"] for name in names]},
        }
    )
    figure["layout"]["showlegend"] = False
    return Chart("lesson-cases", "Your prediction and what was measured", caption, figure, height=90 + 44 * len(names))
