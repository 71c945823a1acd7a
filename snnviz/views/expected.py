"""Texts and a chart of predictions from finished runs (`theory.expected`)."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from snnviz.design.design import Design
from snnviz.theory.expected import ALL_TOGETHER, DesignPrediction, MetricPrediction, Model
from snnviz.theory.features import BRANCHES, Feature
from snnviz.theory.forest import Floats
from snnviz.theory.metrics import METRICS, Metric
from snnviz.views import changes
from snnviz.views.chart import Chart, empty, log_axis
from snnviz.views.numbers import count, metric_text, points, share

LINE, OTHERS = "#0f9d8a", "#8a8f98"

FOLLOWING = {
    "skips.dsc": "DSC connections",
    "skips.asc": "ASC connections",
    "skips.backward": "Backward connections",
    BRANCHES: "Shortcut branches",
}
"""Labels of what follows from fields."""

MOST_DOTS = 1500


def label(path: str) -> str:
    """Returns the label of a field, or of a number derived from fields such as "skips.dsc", by its path.

    >>> label("skips.dsc"), label("neuron.threshold")
    ('DSC connections', 'Threshold θ')
    """
    return FOLLOWING.get(path) or changes.label(path)


def interval(found: MetricPrediction) -> str:
    """Returns the interval of a prediction as text in the metric's unit.

    >>> interval(MetricPrediction("accuracy", 0.93, 0.9, 0.951))
    '90.0 % to 95.1 %'
    """
    metric = METRICS[found.name]
    return f"{metric_text(metric, found.low)} to {metric_text(metric, found.high)}"


def error_text(metric: Metric, error: float) -> str:
    """Returns a mean error as text: in points for shares, in percent for counts, else in the metric's unit.

    >>> error_text(METRICS["accuracy"], 0.0123), error_text(METRICS["operations"], 1.12)
    ('1.2 points', '12 %')
    """
    if metric.form == "share":
        return points(error).removeprefix("+")
    return f"{100 * (error - 1):.0f} %" if metric.form in ("count", "energy", "seconds") else f"{error:.3g}"


def check_text(model: Model) -> str:
    """Returns one or two sentences on how accurate the model of expected metrics was on runs it was not trained on, and
    when it was trained.
    """
    target = model.targets.get("accuracy") or next(iter(model.targets.values()))
    check, at = target.check, time.localtime(model.fitted)
    today = time.strftime("%Y-%m-%d", at) == time.strftime("%Y-%m-%d")
    when = time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", at)
    less = "" if check.nearest is None else f" (the nearest run by {error_text(target.metric, check.nearest)})"
    return (
        f"90 % intervals for one run. Checked on designs left out: {share(check.coverage, 0)} of their runs lay inside "
        f"them, {target.metric.label.lower()} was off by {error_text(target.metric, check.error)} on average{less}. "
        f"Made at {when} from {count(model.designs)} designs."
    )


def unknown_text(model: Model, answer: DesignPrediction, told: dict[str, float | str]) -> str:
    """Returns a sentence that says why there is no prediction for a design.

    told: features of the design by path (`features.settings_of`).
    """
    if answer.unknown == ALL_TOGETHER:
        return "Unknown here: each setting was tried, but no run is near all of them together."
    field, given = model.fields.by_path.get(answer.unknown), told.get(answer.unknown)
    name = label(answer.unknown)
    if field is None or given is None:
        return f"Unknown here: no run has tried this for {name.lower()}."
    return f"Unknown here: {name} {_value(field, given)} is away from what was tried ({_tried(field)})."


def _tried(field: Feature) -> str:
    shown = [_value(field, value) for value in field.values]
    if field.is_numeric and len(shown) > 4:
        return f"{shown[0]} to {shown[-1]}"
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")


def _value(field: Feature, value: float | str) -> str:
    return f"{value:.6g}" if isinstance(value, float | int) else changes.value(field.path, value)


def neighbour_text(before: Design, found: Design, values: dict[str, float], seeds: int) -> str:
    """Returns a text on the runs of a similar design: their mean accuracy, and the settings in which it differs.

    before: the edited design. found: the similar one. values: means of its metrics by name. seeds: number of its
    runs.
    """
    differs = [one.split(" instead of ")[0] for one in changes.design_changes(before, found, lambda p: p == "seed")]
    more = f" and {len(differs) - 3} more" if len(differs) > 3 else ""
    reached = metric_text(METRICS["accuracy"], values.get("accuracy"))
    many = f" ({seeds} seeds)" if seeds > 1 else ""
    return f"{reached}{many}: {', '.join(differs[:3]) or 'this design'}{more}"


def prediction_chart(
    metric: Metric,
    path: str,
    line: tuple[Sequence[float], Floats, Floats, Floats],
    dots: tuple[Sequence[float], Sequence[float]],
    others: tuple[Sequence[float], Sequence[float]],
    at: float,
    runs: int,
    *,
    log: bool,
) -> Chart:
    """Returns a chart of a metric's prediction over the values of one field, with its interval, and results of runs as
    dots.

    line: values of the field, prediction, low and high end, NaN where there is none. dots: field values and results of
    runs that differ from the design only in this field and the seed; others: of other runs. at: the design's own value.
    """
    shape: dict[str, Any] = {"tickformat": ".0%"} if metric.form == "share" else {}
    if metric.form in ("count", "energy", "seconds"):
        shape = log_axis(metric.form)
    figure = empty(label(path), metric.label + (f" ({metric.unit})" if metric.unit else ""), **shape)
    figure["layout"]["hovermode"] = "closest"
    if log:
        figure["layout"]["xaxis"]["type"] = "log"
    known = [k for k in range(len(line[0])) if not math.isnan(line[1][k])]
    y = [None if math.isnan(value) else _short(value) for value in line[1]]
    form = "%{y:.1%}" if metric.form == "share" else "%{y:.4g}"
    figure["data"] = [
        *_bands(line),
        _marks("other runs", others, {"color": OTHERS, "size": 5, "symbol": "circle-open", "opacity": 0.45}, form),
        {
            "type": "scatter",
            "x": list(line[0]),
            "y": y,
            "name": "expected",
            "mode": "lines" if len(known) > 1 else "lines+markers",
            "line": {"color": LINE, "width": 2.5},
            "hovertemplate": f"%{{x:.4g}}: {form}<extra>expected</extra>",
        },
        _marks("runs of this design", dots, {"color": LINE, "size": 9, "symbol": "circle"}, form),
    ]
    figure["data"] = [trace for trace in figure["data"] if trace["x"]]
    figure["layout"]["shapes"] = [
        {
            "type": "line",
            "x0": at,
            "x1": at,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": {"color": "var(--st-text-color)", "width": 1, "dash": "dot"},
        }
    ]
    figure["layout"]["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    figure["layout"]["margin"] = {"l": 56, "r": 12, "t": 32, "b": 40}
    caption = (
        f"Expected from {count(runs)} runs; band: 90 % interval of one run (cross-conformal, by design); no line where "
        "it is unknown. Filled dots: this design but for this field and the seed. Dotted: its own value."
    )
    return Chart("over", f"{metric.label} over {label(path)}", caption, figure, height=300, wide=True)


def _marks(
    name: str, points: tuple[Sequence[float], Sequence[float]], marker: dict[str, Any], form: str
) -> dict[str, Any]:
    step = max(1, len(points[0]) // MOST_DOTS)
    return {
        "type": "scatter",
        "x": list(points[0][::step]),
        "y": [_short(value) for value in points[1][::step]],
        "name": name,
        "mode": "markers",
        "marker": marker,
        "hovertemplate": f"%{{x:.4g}}: {form}<extra>{name}</extra>",
    }


def _bands(line: tuple[Sequence[float], Floats, Floats, Floats]) -> list[dict[str, Any]]:
    """A filled area for each piece that is known."""
    x, value, low, high = line
    pieces: list[list[int]] = [[]]
    for k in range(len(x)):
        if math.isnan(value[k]):
            pieces.append([])
        else:
            pieces[-1].append(k)
    return [
        {
            "type": "scatter",
            "x": [x[k] for k in (*piece, *piece[::-1])],
            "y": [*(_short(high[k]) for k in piece), *(_short(low[k]) for k in piece[::-1])],
            "fill": "toself",
            "fillcolor": LINE,
            "opacity": 0.16,
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            "legendgroup": "expected",
        }
        for piece in pieces
        if len(piece) > 1
    ]


def _short(value: float) -> float:
    return float(f"{value:.5g}")
