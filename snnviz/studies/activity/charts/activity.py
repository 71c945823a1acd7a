"""Charts of activity at initialisation: variance, spikes and distribution of the potential in each layer."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnviz.catalog.inits import format_init
from snnviz.design.menus import INITS, Choice
from snnviz.studies.activity.theory.activity import ActivityConfig, ExpectedStatistics, LayerStatistics
from snnviz.theory.intervals import confidence_intervals
from snnviz.views.chart import Chart, Figure, empty
from snnviz.views.numbers import share
from snnviz.views.styles import LineStyle, numbered_style, ordered_styles
from snnviz.views.words import initialisation

Floats = NDArray[np.float64]

SOURCE = "Micheli et al. 2024"
NEUTRAL = "#8c8c96"
"""Grey for theory, thresholds and whatever is not being compared; visible on white and on black."""

PALETTE = (
    "#0f9d8a", "#d9722b", "#3f7fe0", "#9a5fd6", "#a5703c", "#7d8690",
    "#d8589b", "#d64545", "#4f9a3a", "#9c8420", "#2b95ba", "#6f6fe6",
)  # fmt: skip
SHADES = (0.0, 0.12, -0.12)

THIN = {"dash": "dot", "width": 1.4}
"""Line style of theory."""

BAND = 0.2
"""Opacity of a band around a line."""

HIGHEST_PEAK = 1.2
"""Largest density shown; the peak of a nearly silent layer is cut off."""

MANY = 30_000
"""Number of potentials from which on the finest histogram bins are smooth."""


LAYER = "layer (0: the input as spikes)"


def label(init: Choice) -> str:
    """Returns the label of an initialisation for pages: its kind, and the parameters that differ from their defaults.

    >>> label(Choice(INITS.choose("init", "lee-2016")))
    'lee 2016'
    >>> label(Choice(INITS.choose("init", {"kind": "kaiming", "gain": 3})))
    'kaiming, gain 3'
    """
    return initialisation(format_init(init))


def colour(init: Choice, setting: ActivityConfig) -> str:
    """Returns the colour of an initialisation: one for each kind, in a shade that depends on its parameters."""
    kinds = [entry.kind for entry in INITS]
    base = PALETTE[kinds.index(init.kind) % len(PALETTE)]
    change = SHADES[_variant(init, setting) % len(SHADES)]
    if not change:
        return base
    hue, lightness, saturation = colorsys.rgb_to_hls(*(int(base[k : k + 2], 16) / 255 for k in (1, 3, 5)))
    mixed = colorsys.hls_to_rgb(hue, lightness + change, saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in mixed)


def init_style(init: Choice, setting: ActivityConfig) -> LineStyle:
    """Returns the line style of an initialisation in all charts: its kind's dash and marker, varied by parameters."""
    kinds = [entry.kind for entry in INITS]
    return numbered_style(kinds.index(init.kind), colour(init, setting), _variant(init, setting))


def _variant(init: Choice, setting: ActivityConfig) -> int:
    """0 with all parameters at their defaults; others of the kind count from 1, in the setting's order."""
    usual = INITS.choose("init", {"kind": init.kind})
    others = [one for one in setting.inits if one.kind == init.kind and one != usual]
    return 0 if init == usual else 1 + others.index(init) if init in others else 1


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve over layers for a chart: `runs` (runs, layers), a row a network; `theory` (layers,), as expected."""

    name: str
    line_style: LineStyle
    runs: NDArray[np.float32]
    theory: Floats | None = None


def rounded(values: ArrayLike, digits: int = 4) -> list[float | None]:
    """Returns numbers rounded to `digits` significant digits, for JSON; None for those that are not finite."""
    return [_short(value, digits) for value in np.asarray(values, float).ravel().tolist()]


def _short(value: float, digits: int) -> float | None:
    if not np.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e9 else short


def line(name: str, y: ArrayLike, line_style: LineStyle | str, **more: Any) -> dict[str, Any]:
    """Returns a Plotly line trace over 0, 1, 2, ... (or `x` in `more`), with markers if `line_style` has one."""
    plain = {"mode": "lines", "line": {"color": line_style, "width": 2}}
    own: dict[str, Any] = line_style.trace() if isinstance(line_style, LineStyle) else plain
    style = {**own.pop("line"), **more.pop("line", {})}
    return {"type": "scatter", **own, "name": name, "y": rounded(y), "line": style, **more}


def add_curves(figure: Figure, curves: Iterable[Curve], *, share: bool = False) -> None:
    """Adds to a figure the mean of each curve over networks, a band of its 95 % interval, and theory, dotted."""
    bands, exact, means = [], [], []
    for curve in curves:
        group = {"legendgroup": curve.name}
        style = {"shape": "hvh"} if share else {}
        means.append(line(curve.name, curve.runs.mean(0, dtype=float), curve.line_style, line=style, **group))
        means[-1]["hovertemplate"] = "%{y:.1%}" if share else "%{y:.4~g}"
        if len(curve.runs) > 1 and not share:
            bands.append(_band(curve) | group)
        if curve.theory is not None:
            own = curve.line_style.colour
            exact.append(line("exact theory", curve.theory, own, line=THIN, showlegend=False, **group))
            exact[-1]["hoverinfo"] = "skip"
    figure["data"] += [*bands, *means, *exact, *([_entry("exact theory")] if exact else [])]


def _band(curve: Curve) -> dict[str, Any]:
    """The 95 % interval of the mean over runs, cut at 0, up to the layer after the last that varies."""
    mean, low, high = confidence_intervals([*curve.runs.T.astype(float)]).T
    known = np.isfinite(high)
    last = int(np.max(np.nonzero(known)[0], initial=0)) + 2
    low, high = np.where(known, np.maximum(low, 0), mean)[:last], np.where(known, high, mean)[:last]
    return area(f"{curve.name}, 95 % interval", np.arange(len(low)), high, low, curve.line_style.colour)


def area(name: str, x: ArrayLike, high: ArrayLike, low: ArrayLike, line_style: str) -> dict[str, Any]:
    """Returns a Plotly trace: the translucent area between two lines over `x`."""
    there, top, bottom = np.asarray(x), np.asarray(high), np.asarray(low)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": rounded(np.concatenate([there, there[::-1]])),
        "y": rounded(np.concatenate([top, bottom[::-1]])),
        "fill": "toself",
        "fillcolor": line_style,
        "opacity": BAND,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _entry(name: str) -> dict[str, Any]:
    """A legend entry in neutral grey, without data."""
    return line(name, [np.nan], NEUTRAL, line=THIN, hoverinfo="skip", x=[None])


def layer_figure(y: str, **layout: Any) -> Figure:
    """Returns an empty figure with layers on the x axis and the y title `y`; `layout`: more of the y axis."""
    figure = empty(LAYER, y, **layout)
    figure["layout"]["legend"] = {"tracegroupgap": 0}
    return figure


def band_caption(runs: int) -> str:
    """Returns the part of a caption that explains the error band, for curves over `runs` networks."""
    return f"mean over {runs} networks; band: its 95 % interval (Student's t)" if runs > 1 else "one network"


def _curve(
    setting: ActivityConfig, trace: LayerStatistics, runs: NDArray[np.float32], theory: Floats | None = None
) -> Curve:
    return Curve(label(trace.init), init_style(trace.init, setting), runs, theory)


def _over_steps(setting: ActivityConfig) -> str:
    return f", averaged over {setting.steps} steps" if setting.steps > 1 else ""


def _runs(traces: Sequence[LayerStatistics]) -> int:
    return len(traces[0].var_u) if traces else 0


def variance_chart(
    setting: ActivityConfig, traces: Sequence[LayerStatistics], theory: Sequence[ExpectedStatistics | None]
) -> Chart:
    """Returns the chart of Var[u] by layer: Fig. 3 of Micheli et al. 2024, or Fig. 6 for several time steps."""
    figure = layer_figure("Var[u]", rangemode="tozero")
    pairs = zip(traces, theory, strict=True)
    add_curves(figure, [_curve(setting, trace, trace.var_u.mean(2), e.var_u if e else None) for trace, e in pairs])
    exact = " Dotted: the exact expectation, silent networks included." if any(theory) else ""
    caption = (
        f"Variance of the membrane potential over the {setting.width} neurons of a layer{_over_steps(setting)}: "
        f"{band_caption(_runs(traces))}.{exact} {SOURCE}, Fig. {6 if setting.steps > 1 else 3}."
    )
    return Chart("var_u", "Variance of the potential", caption, figure, height=360)


def spikes_chart(setting: ActivityConfig, traces: Sequence[LayerStatistics]) -> Chart:
    """Returns the chart of the share of spiking neurons by layer: Fig. 3 of Micheli et al. 2024, or Fig. 6."""
    figure = layer_figure("spikes per step", rangemode="tozero")
    curves = [_curve(setting, trace, trace.spikes.mean(2)) for trace in traces]
    add_curves(figure, curves)
    most = max((float(curve.runs.mean(0).max()) for curve in curves), default=0.0)
    figure["layout"] |= {"yaxis2": _per_cent(most, setting.width), "margin": {"l": 56, "r": 44, "t": 8, "b": 40}}
    figure["data"].append({"type": "scatter", "mode": "lines", "x": [0], "y": [0], "yaxis": "y2", "showlegend": False})
    figure["data"][-1]["hoverinfo"] = "skip"
    caption = (
        f"How many of a layer's {setting.width} neurons spike at a time step{_over_steps(setting)}: "
        f"{band_caption(_runs(traces))}. {SOURCE}, Fig. {6 if setting.steps > 1 else 3}."
    )
    return Chart("spikes", "Spikes", caption, figure, height=360)


def _per_cent(most: float, width: int) -> dict[str, Any]:
    """A right axis with the same range, in per cent of the neurons."""
    share = max(most / width, 1e-6)
    step = next((size for size in (1e-4, 1e-3, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if share / size <= 6), 0.5)
    ticks = np.arange(0, 1 + step / 2, step)[:12]
    return {
        "overlaying": "y",
        "matches": "y",
        "side": "right",
        "showgrid": False,
        "tickvals": rounded(ticks * width),
        "ticktext": [f"{100 * tick:.4g} %" for tick in ticks],
    }


def dead_chart(
    setting: ActivityConfig, traces: Sequence[LayerStatistics], theory: Sequence[ExpectedStatistics | None]
) -> Chart:
    """Returns the chart of the share of networks in which no neuron of a layer spikes, by layer."""
    figure = layer_figure("silent networks", tickformat=".0%", range=[-0.03, 1.05])
    pairs = zip(traces, theory, strict=True)
    silent = [(trace, (trace.spikes.sum(2) == 0).astype(np.float32), e.dead if e else None) for trace, e in pairs]
    add_curves(figure, [_curve(setting, *one) for one in silent], share=True)
    exact = " Dotted: the exact probability." if any(theory) else ""
    caption = (
        f"Share of the {_runs(traces)} networks in which no neuron of a layer ever spikes: no later layer can. {exact}"
        f" After {SOURCE}, Fig. 4."
    ).replace("  ", " ")
    return Chart("dead", "Silent layers", caption, figure, height=360)


def time_charts(setting: ActivityConfig, trace: LayerStatistics) -> tuple[Chart, Chart]:
    """Returns heat maps of Var[u] and spiking neurons, layers by time steps: Fig. 5 of Micheli et al. 2024."""
    of = f"{label(trace.init)}: mean over {len(trace.var_u)} networks. A dark row is a silent layer. {SOURCE}, Fig. 5."
    wanted = (
        ("time_var", "Variance of the potential over time", "Var[u]", trace.var_u),
        ("time_spikes", "Spikes over time", "spikes", trace.spikes),
    )
    charts = []
    for name, title, unit, values in wanted:
        figure = empty("time step", LAYER, autorange="reversed")
        figure["layout"]["hovermode"] = "closest"
        figure["layout"]["xaxis"] |= {"dtick": max(1, setting.steps // 10)}
        figure["data"].append(
            {
                "type": "heatmap",
                "x0": 1,
                "dx": 1,
                "z": [rounded(row, 3) for row in values.mean(0, dtype=float)],
                "zmin": 0,
                "zmax": max(rounded([values.mean(0, dtype=float).max()])[0] or 0, 1e-3),
                "colorscale": "Viridis",
                "colorbar": {"title": {"text": unit, "side": "right"}, "thickness": 10},
                "hovertemplate": f"layer %{{y}}, step %{{x}}: %{{z:.4~g}} {unit}<extra></extra>",
            }
        )
        charts.append(Chart(name, title, of, figure, height=360))
    return charts[0], charts[1]


def shape_charts(setting: ActivityConfig, traces: Sequence[LayerStatistics]) -> tuple[Chart, Chart]:
    """Returns charts of skewness and excess kurtosis of the potential u by layer: Fig. 7 of the paper."""
    wanted = (
        ("skewness", "Skewness of the potential", "skewness", "below 0, the longer tail is to the left"),
        ("excess", "Excess kurtosis of the potential", "excess kurtosis", "above 0, extremes are more frequent"),
    )
    once = "" if setting.steps > 1 else " At a single time step u is normal, and what is left is chance."
    charts = []
    for name, title, unit, reading in wanted:
        figure = layer_figure(unit)
        figure["layout"]["shapes"] = [_rule("h", 0, "dot")]
        for trace in traces:
            values = getattr(trace, name)
            if values is not None:
                of = label(trace.init)
                more = {"legendgroup": of, "hovertemplate": "%{y:.3f}"}
                figure["data"].append(line(of, _mean_of_finite(values), init_style(trace.init, setting), **more))
        caption = (
            f"Mean over networks and time steps; a normal distribution has 0 (dotted), and {reading}. "
            f"A silent layer has none.{once} {SOURCE}, Fig. 7."
        )
        charts.append(Chart(name, title, caption, figure, height=340))
    return charts[0], charts[1]


def _mean_of_finite(values: NDArray[np.float32]) -> Floats:
    """Over runs and steps, (layers,); NaN where there is none."""
    known = np.isfinite(values)
    total, count = np.where(known, values, 0).sum((0, 2), dtype=float), known.sum((0, 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _rule(way: str, place: float, style: str) -> dict[str, Any]:
    """A thin line across the chart, below the data."""
    along, across = ("y", "x") if way == "h" else ("x", "y")
    ends = {f"{along}0": place, f"{along}1": place, f"{across}0": 0, f"{across}1": 1, f"{across}ref": "paper"}
    return {"type": "line", "layer": "below", "line": {"color": NEUTRAL, "width": 1.2, "dash": style}, **ends}


def density_chart(setting: ActivityConfig, traces: Sequence[LayerStatistics], layer: int) -> Chart:
    """Returns the chart of the distribution of the potential u in a layer, and above threshold: Fig. 1."""
    theta, figure = setting.threshold, empty("potential u before reset", "density")
    seen = [(trace, *found) for trace in traces if (found := _binned(setting, trace)) is not None]
    reach = max([1.3 * theta, 3.2, *(_reach(u, density) for _, u, density in seen)])
    peak = max([0.4, *(float(density.max()) for _, _, density in seen)])
    for trace, u, density in seen:
        figure["data"] += _density(setting, trace, layer, u, density)
    u = np.linspace(-reach, reach, 121)
    dotted = {"dash": "dot", "width": 1.5}
    normal = np.exp(-u * u / 2) / np.sqrt(2 * np.pi)
    figure["data"].append(line("N(0, 1)", normal, NEUTRAL, x=rounded(u), line=dotted, hoverinfo="skip"))
    name = {"x": theta, "y": 1, "yref": "paper", "text": f"threshold {theta:g}", "showarrow": False}
    figure["layout"] |= {
        "shapes": [_rule("v", theta, "solid")],
        "annotations": [name | {"xanchor": "left", "yanchor": "top", "xshift": 4}],
        "legend": {"tracegroupgap": 0},
    }
    figure["layout"]["xaxis"]["range"] = rounded([-reach, reach], 3)
    figure["layout"]["yaxis"]["range"] = rounded([0, 1.05 * min(peak, HIGHEST_PEAK)], 3)
    silent = "; ".join(label(trace.init) for trace in traces if all(trace is not one for one, _, _ in seen))
    caption = (
        f"Membrane potentials in layer {layer}; the shaded part above the threshold spikes. "
        f"{f'No spikes reach it under {silent}. ' if silent else ''}"
        f"{'Higher peaks are cut. ' if peak > HIGHEST_PEAK else ''}{SOURCE}, Fig. 1."
    )
    return Chart("density", f"Potentials in layer {layer}", caption, figure, height=360)


def _binned(setting: ActivityConfig, trace: LayerStatistics) -> tuple[Floats, Floats] | None:
    """The trace's density by the centres of its bins, in wider ones where few potentials were seen."""
    if trace.density is None or trace.edges is None:
        return None
    few = len(trace.spikes) * setting.steps * setting.width < MANY
    cuts = np.arange(0, len(trace.density), 3 if few else 1)
    edges = trace.edges[[*cuts, -1]]
    density = np.add.reduceat(trace.density * np.diff(trace.edges), cuts) / np.diff(edges)
    return (edges[1:] + edges[:-1]) / 2, density


def _reach(u: Floats, density: Floats) -> float:
    """How far from 0 all but 0.2% of the potentials lie."""
    order = np.argsort(-np.abs(u))
    beyond = np.cumsum(density[order]) / density.sum()
    return float(np.abs(u[order][beyond > 0.002][0]))


def _density(
    setting: ActivityConfig, trace: LayerStatistics, layer: int, u: Floats, density: Floats
) -> list[dict[str, Any]]:
    """The density of a trace, and the area above the threshold."""
    theta, name, own = setting.threshold, label(trace.init), init_style(trace.init, setting)
    reached = trace.spikes[:, layer - 1].sum(1) > 0 if layer else np.ones(len(trace.spikes), bool)
    spiking = float(trace.spikes[reached, layer].mean(dtype=float)) / setting.width
    words = f"%{{y:.3f}}, P(u > theta) = {share(spiking, 2)}"
    whole = line(name, density, own, x=rounded(u), legendgroup=name, hovertemplate=words)
    above = np.concatenate([[theta], u[u > theta]])
    if len(above) == 1:
        return [whole]
    under = area(f"{name}, above the threshold", above, np.interp(above, u, density), 0 * above, own.colour)
    return [under | {"legendgroup": name}, whole]


def threshold_chart(settings_and_traces: Sequence[tuple[ActivityConfig, LayerStatistics]]) -> Chart:
    """Returns the chart of Var[u] by layer for an initialisation at several thresholds: Fig. 2."""
    figure = layer_figure("Var[u]", rangemode="tozero")
    rising = sorted(settings_and_traces, key=lambda pair: pair[0].threshold)
    add_curves(
        figure,
        (
            Curve(f"threshold {setting.threshold:g}", own, trace.var_u.mean(2))
            for own, (setting, trace) in zip(ordered_styles(len(rising)), rising, strict=True)
        ),
    )
    of = label(rising[0][1].init) if rising else ""
    runs = _runs([trace for _, trace in rising])
    over = _over_steps(rising[0][0]) if rising else ""
    caption = f"{of}: variance of the potential by layer{over}, {band_caption(runs)}. {SOURCE}, Fig. 2."
    return Chart("thresholds", "The same initialisation at several thresholds", caption, figure, height=340)
