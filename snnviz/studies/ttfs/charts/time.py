"""Chart of a TTFS network over time: one image's spikes layer by layer, and potentials of chosen neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.theory import ttfs
from snnviz.theory.ttfs import INPUT_WINDOW, Floats, Layer, Window
from snnviz.views.chart import Chart, Cursor, cursor_shapes, empty
from snnviz.views.styles import layer_styles as looks_of

DESCRIBED = ("var(--st-orange-color)", "var(--st-blue-color)", "var(--st-green-color)", "var(--st-violet-color)")
"""Colours of the chosen neurons."""

GRAY = "var(--st-gray-text-color)"
PLACES = 240
"""Number of positions of the slider through time."""

MOST_ROWS, MOST_MARKS = 400, 8000
"""Largest numbers of neurons that are drawn, evenly chosen: of a layer, and of all layers together."""


class SpikeGroup(NamedTuple):
    """The spikes of the input or of a layer for one image: times, neurons, the layer's size, and the time window."""

    name: str
    times: Floats
    neurons: Any
    size: int
    window: Window


def spike_groups(pair: TwinPair, image: int) -> list[SpikeGroup]:
    """Returns the spikes of the input and of each hidden layer for one image."""
    found = []
    windows = (INPUT_WINDOW, *(layer.window for layer in pair.hidden))
    for name, times, window in zip(("input", *pair.relu.names), pair.passed.times, windows, strict=False):
        own = times[image]
        spiking = np.flatnonzero(ttfs.has_fired(own, window))
        found.append(SpikeGroup(name, own[spiking], spiking, len(own), window))
    return found


def verdict(pair: TwinPair) -> str:
    """Returns Markdown on how many spikes a TTFS (time-to-first-spike) network needs for an image and when its answer
    is read (latency).
    """
    spikes, count = pair.spikes_per_neuron, pair.relu.neurons
    return (
        f"Of {count:,} hidden neurons **{spikes * count:,.0f} spike for an image** on average, "
        f"**{spikes:.2f} spikes per neuron**; with the {pair.missed_events:,.0f} events at t_max counted that neurons "
        f"as printed need of the silent ones, **1.00**. The answer is there after **{pair.latency:.3g} τ_c**, the unit "
        "of time: the input's spikes take 1, the rest are the layers' windows."
    )


def time_chart(pair: TwinPair, image: int, layer: int, neurons: Sequence[int]) -> Chart:
    """Returns the chart of all layers' spikes and of V(t) of neurons of one hidden layer (from 0), with a time
    slider.
    """
    rows, end = spike_groups(pair, image), pair.latency
    held = [pair.hidden[index].gated(pair.passed.times[index][image : image + 1])[0] for index in range(len(rows) - 1)]
    figure = empty("time (τ<sub>c</sub>)", "")
    tall = min(max(180, 64 * len(rows)), 370)
    height = tall + 265
    split = 195 / (height - 70)
    layout = figure["layout"]
    layout["xaxis"] |= {"range": [-0.01 * end, 1.015 * end], "anchor": "y2", "showgrid": False}
    named = range(0, len(rows), -(-len(rows) // 40))
    layout["yaxis"] = {"domain": [split + 0.06, 1], "tickvals": [k + 0.5 for k in named]}
    layout["yaxis"] |= {"ticktext": [f"{rows[k].name} " for k in named]}
    layout["yaxis"] |= {"range": [-0.05, len(rows) + 0.05], "showgrid": False, "zeroline": False}
    layout["yaxis2"] = {"domain": [0, split], "title": {"text": "potential V"}, "anchor": "x"}
    layout |= {"hovermode": "closest", "shapes": [], "annotations": []}
    colours = _colours(pair)
    for index, row in enumerate(rows):
        colour = colours[row.name] if index else GRAY
        _raster(figure, index, row, len(rows), colour, held[index - 1] if index else None)
    seen = [0.0]
    for colour, neuron in zip(DESCRIBED, neurons, strict=False):
        seen += _potential(figure, pair, image, layer, neuron, colour, rows[layer + 1])
    room = 0.08 * (max(seen) - min(seen)) or 1.0
    layout["yaxis2"]["range"] = [min(seen) - room, max(seen) + room]  # ramps may leave it
    _window(figure, pair, layer)
    layout["shapes"] += [
        {"type": "line", "x0": end, "x1": end, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": GRAY, "width": 1}},
        *cursor_shapes(end, 1.015 * end),
    ]
    places = np.linspace(0, end, PLACES + 1)
    notes = [time_text(pair, image, layer, neurons, rows, float(t)) for t in places]
    return Chart(
        "ttfs_time",
        f"Test image {image} in time",
        _caption(pair, layer, rows, held),
        figure,
        height,
        wide=True,
        cursor=Cursor("Time in τ_c", [round(float(t), 5) for t in places], notes, PLACES),
    )


def _caption(pair: TwinPair, layer: int, rows: Sequence[SpikeGroup], held: Sequence[Any]) -> str:
    early = int(sum(each.sum() for each in held))
    gate = (
        f" The gate holds {early} of {sum(row.size for row in rows[1:]):,} neurons back, marked ◇, that would have "
        "spiked before their t_min."
        if early
        else " No neuron would have spiked before its t_min, so that the gate has nothing to do."
    )
    some = " Of large layers some neurons are drawn." if any(_stride(row, len(rows)) > 1 for row in rows) else ""
    second = (
        "at t_min the layer's clock gives it the slope B (thick), whoever was silent, until it meets its threshold ϑ "
        "(dashed)."
        if pair.silent == "clock"
        else "after t_min it goes on so (thick), without what silent neurons should send; thin: the slope B that "
        "would take it to its threshold ϑ (dashed) in time."
    )
    return (
        "Each dash a spike, each shaded part a layer's window: it opens at t_min, when all spikes of the layer before "
        f"are there. Below, neurons of {pair.relu.names[layer]}: V rises with the ramp α (dotted) and with each "
        f"spike that came; {second}{gate}{some} Click on a spike to see its neuron."
    )


def _stride(row: SpikeGroup, count: int) -> int:
    """Every so many-th neuron is drawn."""
    return -(-row.size // min(MOST_ROWS, max(10, MOST_MARKS // count)))


def _colours(pair: TwinPair) -> dict[str, str]:
    """Of the hidden layers, as in all charts."""
    return {name: look.colour for name, look in looks_of(pair.relu.names[: len(pair.hidden)]).items()}


def _raster(figure: dict[str, Any], index: int, row: SpikeGroup, count: int, colour: str, held: Any) -> None:
    stride = _stride(row, count)
    kept = row.neurons % stride == 0
    neurons, times = row.neurons[kept], row.times[kept]
    y = index + 0.08 + 0.84 * (neurons + 0.5) / row.size
    x = row.window.end - times
    band = {"type": "rect", "x0": row.window.start, "x1": row.window.end, "y0": index + 0.04, "y1": index + 0.96}
    figure["layout"]["shapes"].append(
        {**band, "fillcolor": colour, "opacity": 0.13, "line": {"width": 0}, "layer": "below"}
    )
    early = held[neurons] if held is not None else np.zeros(len(neurons), dtype=bool)
    size = 9 if row.size <= 100 else 6
    for which, symbol, words in ((~early, "line-ns-open", ""), (early, "diamond-open", ", held back by the gate")):
        if not which.any():
            continue
        trace = {
            "type": "scatter",
            "x": np.round(times[which], 5).tolist(),
            "y": np.round(y[which], 4).tolist(),
            "mode": "markers",
            "marker": {"symbol": symbol, "size": size, "color": colour, "line": {"width": 1.6, "color": colour}},
            "customdata": [[f"{value:.4g}", str(n)] for value, n in zip(x[which], neurons[which], strict=True)],
            "hovertemplate": f"{row.name}, neuron %{{customdata[1]}}{words}<br>t = %{{x:.4g}}, "
            "t_max − t = %{customdata[0]}<extra></extra>",
            "showlegend": False,
        }
        figure["data"].append(trace | ({"meta": str(index)} if index else {}))


def _potential(
    figure: dict[str, Any], pair: TwinPair, image: int, layer: int, neuron: int, colour: str, row: SpikeGroup
) -> list[float]:
    """Draws V in its two phases, ramp and threshold; what of it is to be seen whole: the ends of V, the threshold."""
    times = pair.passed.times[layer][image]
    when = float(pair.passed.times[layer + 1][image, neuron])
    own = single_neuron(pair.hidden[layer], neuron)
    start, silent = own.window.start, when >= own.window.end
    corners = np.unique(np.concatenate([[own.before, start], times[times < start]]))
    v = own.potential(times, np.append(corners, when))[:, 0]
    theta, ramp = float(own.threshold[0]), float(own.ramp[0])
    line = {"type": "scatter", "yaxis": "y2", "mode": "lines", "legendgroup": str(neuron), "showlegend": False}
    name = f"neuron {neuron}{', silent' if silent else ''}"
    over = f"neuron {neuron}<br>t = %{{x:.4g}}, V = %{{y:.4g}}"
    rise = float(own.slope_in_window(times[None])[0, 0])
    missed = "B" if own.silent == "clock" else "α + sum of the W that came"
    figure["data"] += [
        {
            **line,
            "x": np.round(corners, 5).tolist(),
            "y": _rounded(v[:-1]),
            "line": {"color": colour, "width": 1.5},
            "name": name,
            "showlegend": True,
            "hovertemplate": f"{over}<extra></extra>",
        },
        {
            **line,
            "x": [round(start, 5), round(when, 5)],
            "y": _rounded(v[-2:]),
            "line": {"color": colour, "width": 3.5},
            "hovertemplate": f"{over}<br>slope {missed} = {rise:.4g}<extra></extra>",
        },
        {
            **line,
            "x": [own.before, own.window.end],
            "y": [theta, theta],
            "line": {"color": colour, "width": 1.2, "dash": "dash"},
            "hovertemplate": f"threshold ϑ of neuron {neuron}: {theta:.4g}<extra></extra>",
        },
        {
            **line,
            "x": [own.before, start],
            "y": [0, ramp * (start - own.before)],
            "line": {"color": colour, "width": 1.2, "dash": "dot"},
            "hovertemplate": f"ramp of neuron {neuron}: α = {ramp:.4g}<extra></extra>",
        },
    ]
    if own.silent == "nothing":
        clocked = replace(own, silent="clock")
        due = float(clocked.fire(times[None])[0, 0])
        figure["data"].append(
            {
                **line,
                "x": [round(start, 5), round(due, 5)],
                "y": _rounded(clocked.potential(times, np.array([start, due]))[:, 0]),
                "line": {"color": colour, "width": 1},
                "hovertemplate": f"neuron {neuron} with slope B = {float(own.slope[0]):.4g}<extra></extra>",
            }
        )
    shown = [float(v.min()), float(v.max()), theta]
    if silent:
        return shown
    place = int(np.flatnonzero(row.neurons == neuron)[0])
    dot = {"type": "scatter", "mode": "markers", "legendgroup": str(neuron), "showlegend": False}
    dot |= {"x": [round(when, 5)], "hoverinfo": "skip"}
    ring = {"symbol": "circle-open", "size": 13, "line": {"width": 2, "color": colour}, "color": colour}
    figure["data"] += [
        {**dot, "y": [theta], "yaxis": "y2", "marker": {"color": colour, "size": 9}},
        {**dot, "y": [layer + 1 + 0.08 + 0.84 * (int(row.neurons[place]) + 0.5) / row.size], "marker": ring},
    ]
    return shown


def single_neuron(layer: Layer, neuron: int) -> Layer:
    """Returns the layer reduced to one of its neurons."""
    parts = {name: getattr(layer, name)[[neuron]] for name in ("weights", "ramp", "threshold")}
    return replace(layer, **parts)


def _rounded(values: Floats) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _window(figure: dict[str, Any], pair: TwinPair, layer: int) -> None:
    """The window of the layer whose potentials are shown, and its gate."""
    made, colour = pair.hidden[layer], _colours(pair)[pair.relu.names[layer]]
    start, end = made.window.start, made.window.end
    below = {"yref": "y2 domain", "y0": 0, "y1": 1}
    figure["layout"]["shapes"] += [
        {
            "type": "rect", "x0": start, "x1": end, "fillcolor": colour, "opacity": 0.13, "line": {"width": 0},
            "layer": "below", **below,
        },
        {"type": "line", "x0": start, "x1": start, "line": {"color": GRAY, "width": 1.5, "dash": "dot"}, **below},
    ]  # fmt: skip
    word = {"showarrow": False, "yref": "y2 domain", "y": 1, "yanchor": "bottom", "font": {"size": 11, "color": GRAY}}
    figure["layout"]["annotations"] += [
        {**word, "x": start, "xanchor": "left", "text": f"gate of {pair.relu.names[layer]} opens: t_min"},
        {**word, "x": pair.latency, "xanchor": "right", "text": "" if end == pair.latency else "logits are read"},
    ]


def time_text(
    pair: TwinPair, image: int, layer: int, neurons: Sequence[int], rows: Sequence[SpikeGroup], t: float
) -> str:
    """Returns a sentence on what happens at time `t`, in tau_c: which layer spikes, how many neurons have spiked, and
    the state of the selected neurons.
    """
    done = sum(int((row.times <= t).sum()) for row in rows[1:])
    whole = sum(row.size for row in rows[1:])
    if t >= pair.latency:
        phase = "the logits are read"
    else:
        phase = next(
            f"{row.name} spikes" if index else "the input spikes"
            for index, row in enumerate(rows)
            if t < row.window.end or row is rows[-1]
        )
    made = pair.hidden[layer]
    words = []
    for neuron in neurons[:2]:
        when, theta = float(pair.passed.times[layer + 1][image, neuron]), float(made.threshold[neuron])
        if when <= t and when < made.window.end:
            words.append(f"neuron {neuron} spiked at {when:.3g}")
        elif t >= made.window.end:
            words.append(f"neuron {neuron} stayed silent")
        else:
            v = float(single_neuron(made, neuron).potential(pair.passed.times[layer][image], np.array([t]))[0, 0])
            words.append(f"neuron {neuron}: V = {v:.3g}, ϑ = {theta:.3g}")
    return f"t = {t:.2f} τ_c · {phase} · {done:,} of {whole:,} hidden neurons have spiked · {'; '.join(words)}"
