"""Figures of one image over time: rasters of all layers, the readout, and potentials and currents of chosen neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from snnviz.studies.inside.charts.many_layers import layer_ticks, listed
from snnviz.studies.inside.look import Answer, Array
from snnviz.views.chart import Chart, Cursor, cursor_shapes, empty
from snnviz.views.pictures import Picture
from snnviz.views.styles import layer_styles, numbered_style

GRAY = "var(--st-gray-text-color)"
MOST_ROWS = 96
"""Rows of a layer that are drawn: of larger ones neighbours are drawn together, as their mean."""

MOST_TOLD = 24
"""Layers whose spikes at a time step are said one by one."""

MOST_PICKABLE = 30_000
"""Cells of all rasters together up to which one can be clicked."""

SOURCE_COLOURS = {
    "main": "var(--st-blue-color)",
    "add": "var(--st-green-color)",
    "concat": "var(--st-orange-color)",
    "delayed": "var(--st-violet-color)",
    "bias": GRAY,
}
"""Of the kinds of source; several of one kind differ by their pattern."""

RIGHT, GIVEN = numbered_style(0, "var(--st-green-color)"), numbered_style(1, "var(--st-red-color)")
"""Of the right answer, and of the given one where that is another."""

UNKNOWN = numbered_style(0, "var(--st-primary-color)")
"""Of the given answer where nobody knows the right one."""

RESETS = {
    "subtract": "the threshold is subtracted",
    "zero": "the potential that was left is set to 0",
}
"""What a reset does in the step after a spike."""

PATTERNS = ("", "/", "\\", "x", "-", "|", "+", ".")


def raster_rows(answer: Answer, index: int) -> tuple[Array, list[str]]:
    """Returns the spike raster of a layer as (rows, T) numbers from 0 to 1, and the names of the rows.

    A row is a neuron, or several neighbouring ones if the layer is large; its number is the share of them that spike.
    index: position of the layer in `answer.about["layers"]`.
    """
    about = answer.about["layers"][index]
    spikes = answer.arrays[f"spikes.{index}"]
    shown = answer.arrays.get(f"shown.{index}", np.arange(about["neurons"]))
    place = np.searchsorted(shown, spikes[:, 1])
    group = _joined(about["shape"], len(shown))
    rows = -(-len(shown) // group)
    found = np.zeros((rows, answer.about["steps"]))
    np.add.at(found, (place // group, spikes[:, 0]), 1)
    sizes = np.full(rows, group)
    sizes[-1] = len(shown) - group * (rows - 1)
    parts = np.split(shown, np.arange(group, len(shown), group))
    names = [str(p[0]) if len(p) == 1 else f"{p[0]} to {p[-1]}" for p in parts]
    return found / sizes[:, None], names


def _joined(shape: Sequence[int], shown: int) -> int:
    """How many neighbours share a row: of maps so many that a row is a part of one channel, or all of one."""
    least = max(1, -(-shown // MOST_ROWS))
    points = shape[1] * shape[2]
    if shown < shape[0] * points:
        return least  # sampled
    return next((n for n in range(least, points + 1) if points % n == 0), least)


def spiking_layers(answer: Answer) -> list[int]:
    """Returns the indices of the layers in `answer.about["layers"]` for which spikes were recorded."""
    return [index for index in range(len(answer.about["layers"])) if f"spikes.{index}" in answer.arrays]


def rasters_chart(answer: Answer, class_names: Sequence[str] = (), pictures: Sequence[Picture] = ()) -> Chart:
    """Returns a chart of the spike rasters of all layers on one time axis with the readout below, and a slider for the
    time step.

    class_names: names of the classes, if any. pictures: the input at each time step, or one for all, shown beside the
    slider.
    """
    about, shown = answer.about, spiking_layers(answer)
    steps, layers = about["steps"], about["layers"]
    styles = layer_styles([layers[index]["name"] for index in shown])
    tall = min(640, max(140, 96 * len(shown))) if len(shown) < 64 else min(1200, 10 * len(shown))
    height = tall + 250
    split = 170 / (height - 60)
    figure = empty("time step", "")
    layout = figure["layout"]
    layout["xaxis"] |= {"range": [0.5, steps + 0.5], "anchor": "y2", "showgrid": False}
    layout["yaxis"] = {"domain": [split + 0.07, 1], "showgrid": False, "zeroline": False}
    layout["yaxis"] |= {"range": [len(shown) + 0.02, -0.02], **layer_ticks([layers[k]["name"] for k in shown], tall)}
    layout["meta"] = {"y": "neuron"}
    if not shown:  # ReLUs: only what the readout says
        height, split = 320, 0.97
        layout["yaxis"] = {"visible": False, "domain": [0.99, 1]}
    layout["yaxis2"] = {"domain": [0, split], "title": {"text": "readout"}, "anchor": "x"}
    layout |= {"hovermode": "closest", "legend": {"orientation": "h", "y": -0.08, "yanchor": "top"}}
    cells = sum(min(MOST_ROWS, layers[index]["neurons"]) * steps for index in shown)
    for row, index in enumerate(shown):
        figure["data"].append(
            _raster(answer, index, row, styles[layers[index]["name"]].colour, pickable=cells <= MOST_PICKABLE)
        )
    figure["data"] += _readout(answer, class_names)
    layout["shapes"] = [
        *(_between(row) for row in range(1, len(shown))),
        *cursor_shapes(steps + 0.5, steps + 0.5),
    ]
    notes = [step_text(answer, step, class_names) for step in range(steps)]
    places = [step + 1.5 for step in range(steps)]
    return Chart(
        "inside_rasters",
        "Spikes of every layer, and the answer so far" if shown else "What the readout says",
        _caption(answer, shown, pickable=cells <= MOST_PICKABLE),
        figure,
        height,
        wide=True,
        cursor=Cursor("Time step", places, notes, steps - 1, pictures) if steps > 1 else None,
    )


def _between(row: int) -> dict[str, Any]:
    line = {"color": "var(--st-border-color)", "width": 1}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": row, "y1": row, "line": line}


def _raster(answer: Answer, index: int, row: int, colour: str, *, pickable: bool) -> dict[str, Any]:
    values, names = raster_rows(answer, index)
    layer = answer.about["layers"][index]
    pitch = 0.92 / len(values)
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": list(range(1, values.shape[1] + 1)),
        "y": [round(row + 0.04 + pitch * (k + 0.5), 5) for k in range(len(values))],
        "rownames": names,
        "z": np.round(values, 3).tolist(),
        "zmin": 0,
        "zmax": max(float(values.max(initial=0)), 1e-9),
        "colorscale": [[0, "rgba(128,128,128,0.07)"], [1, colour]],
        "showscale": False,
        "name": layer["name"],
        "hovertemplate": f"{layer['name']}, neuron %{{customdata[1]}}, step %{{x}}: %{{z:.0%}}<extra></extra>",
        "customdata": [[[layer["name"], name]] * values.shape[1] for name in names],
    }
    if not pickable:
        del trace["customdata"]
        trace["hovertemplate"] = f"{layer['name']}, step %{{x}}: %{{z:.0%}}<extra></extra>"
        return trace
    return trace | {"meta": layer["name"]}


def _readout(answer: Answer, names: Sequence[str]) -> list[dict[str, Any]]:
    values, label, answered = answer.arrays["readout"], answer.about["label"], answer.about["predicted"][-1]
    found = []
    for number in range(values.shape[1]):
        told = number in (label, answered)
        style = RIGHT if number == label else GIVEN if label is not None else UNKNOWN
        word = class_name(number, names)
        role = "right answer" if number == label else "given answer" if told else ""
        trace = {
            "type": "scatter",
            "yaxis": "y2",
            "x": list(range(1, len(values) + 1)),
            "y": [float(f"{value:.4g}") for value in values[:, number]],
            "name": f"{word}: {role}" if told else word,
            "showlegend": told,
            "hovertemplate": f"{word}, after step %{{x}}: %{{y:.4g}}<extra></extra>",
            "legendgroup": f"class {number}",
        }
        plain = {"mode": "lines" if len(values) > 1 else "markers", "opacity": 0.4}
        look = style.trace() if told else {**plain, "line": {"color": GRAY, "width": 1}, "marker": {"color": GRAY}}
        found.append({**trace, **look, **({} if told else {"hoverinfo": "skip"})})
    return found


def class_name(number: int, names: Sequence[str]) -> str:
    """Returns the name of a class, or its number as text if the data set has no names."""
    return names[number] if number < len(names) else str(number)


def _spikes_at(answer: Answer, index: int, step: int) -> int:
    return int((answer.arrays[f"spikes.{index}"][:, 0] == step).sum())


def step_text(answer: Answer, step: int, names: Sequence[str] = ()) -> str:
    """Returns a sentence with the network's answer after a time step (from 0) and the number of spikes of each layer.

    names: names of the classes, if any.
    """
    about = answer.about
    said = [f"After step {step + 1}: answer {class_name(about['predicted'][step], names)}"]
    if about["label"] is not None:
        said[0] += f" (true {class_name(about['label'], names)})"
    shown = spiking_layers(answer)
    for index in shown:
        now = _spikes_at(answer, index, step)
        some = " of the neurons shown" if about["layers"][index].get("sampled") else ""
        said.append(f"{about['layers'][index]['name']} {now:,}{some}")
    if len(shown) > MOST_TOLD:
        many = {about["layers"][index]["name"]: _spikes_at(answer, index, step) for index in shown}
        most = max(many, key=many.__getitem__)
        some = " of the neurons shown" if any(about["layers"][index].get("sampled") for index in shown) else ""
        said[1:] = [f"{sum(many.values()):,} in {len(shown)} layers{some}", f"most in {most}: {many[most]:,}"]
    return said[0] + (". Spikes: " + ", ".join(said[1:]) if said[1:] else "") + "."


def _caption(answer: Answer, shown: Sequence[int], *, pickable: bool) -> str:
    layers = [answer.about["layers"][index] for index in shown]
    joined = [one["name"] for one in layers if one["neurons"] > MOST_ROWS]
    if not shown:
        return (
            "The logits, for the loss's softmax; grey: the other classes. ReLUs do not spike: see their feature maps."
        )
    words = ["Rows are neurons in the order channel, row, column; a filled cell is a spike."]
    if joined:
        words.append(f"Of {listed(joined)} neighbouring neurons share a row: the stronger, the more of them spike.")
    some = [
        f"{len(answer.arrays[f'shown.{index}']):,} of {one['neurons']:,} of {one['name']}"
        for index, one in zip(shown, layers, strict=True)
        if one.get("sampled")
    ]
    if some:
        words.append(f"There are so many spikes that evenly chosen neurons are shown: {listed(some)}.")
    if pickable:
        words.append("Click on a neuron to see its potential and where its current comes from.")
    words.append("Below, the logits after each step, for the loss's softmax; grey: the other classes.")
    return " ".join(words)


def neuron_chart(answer: Answer, k: int) -> Chart:
    """Returns a chart of the k-th chosen neuron: its potential with threshold and spikes, and its current by source."""
    focus, steps = answer.about["focus"][k], answer.about["steps"]
    layer = answer.about["layers"][focus["index"]]
    x = list(range(1, steps + 1))
    figure = empty("time step", "")
    layout, currents = figure["layout"], answer.arrays[f"currents.{k}"]
    layout["xaxis"] |= {"range": [0.4, steps + 0.6], "anchor": "y2"}
    both = f"potential.{k}" in answer.arrays
    layout["yaxis"] = {"domain": [0.56, 1] if both else [0.98, 1], "title": {"text": "potential u"}, "visible": both}
    layout["yaxis2"] = {"domain": [0, 0.46 if both else 1], "title": {"text": "current"}, "anchor": "x"}
    layout |= {"barmode": "relative", "hovermode": "x unified"}
    if both:
        figure["data"] += _potential(answer, k, layer, x)
    for number, (source, part) in enumerate(zip(focus["sources"], currents, strict=True)):
        figure["data"].append(
            {
                "type": "bar",
                "yaxis": "y2",
                "x": x,
                "y": [float(f"{value:.5g}") for value in part],
                "name": source_words(source),
                "marker": {
                    "color": SOURCE_COLOURS[_kind(source)],
                    "pattern": {"shape": PATTERNS[number % len(PATTERNS)] if number else ""},
                },
                "hovertemplate": "%{y:.4g}",
            }
        )
    total = currents.sum(0)
    figure["data"].append(
        {
            "type": "scatter",
            "yaxis": "y2",
            "x": x,
            "y": [float(f"{value:.5g}") for value in total],
            "name": "sum: the current",
            "mode": "lines+markers",
            "line": {"color": "var(--st-text-color)", "width": 1.5},
            "marker": {"symbol": "diamond", "size": 6},
            "hovertemplate": "%{y:.4g}",
        }
    )
    title = f"{layer['name']}, {neuron_words(layer, focus['neuron'])}"
    caption = (
        _potential_caption(layer) * both
        + "Bars are the parts of its current by source: main path, DSC (concatenated), ASC (added), backward (a step "
    )
    caption += "late), and bias, with which the shift of a batch normalisation counts."
    return Chart(f"inside_neuron_{k}", title, caption, figure, 430 if both else 260, wide=True)


def _potential_caption(layer: Mapping[str, Any]) -> str:
    if layer.get("threshold") is None:
        return "Above, u, from which the output follows. "
    reset = RESETS.get(str(layer["reset"]))
    acts = f", and in the step after a spike it is reset (▽: {reset})" if reset else ""
    return f"Above, the potential u; the neuron spikes where u is above the threshold (dashed){acts}. "


def _potential(answer: Answer, k: int, layer: Mapping[str, Any], x: list[int]) -> list[dict[str, Any]]:
    u, fired = answer.arrays[f"potential.{k}"], answer.arrays[f"fired.{k}"]
    colour = layer_styles([one["name"] for one in answer.about["layers"]])[layer["name"]].colour
    found: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "x": x,
            "y": [float(f"{value:.5g}") for value in u],
            "name": "potential u",
            "mode": "lines+markers",
            "line": {"color": colour, "width": 2},
            "marker": {"symbol": "circle", "size": 5},
            "hovertemplate": "%{y:.4g}",
        }
    ]
    if layer.get("threshold") is not None:
        found.append(
            {
                "type": "scatter",
                "x": [x[0] - 0.5, x[-1] + 0.5],
                "y": [layer["threshold"]] * 2,
                "name": "threshold",
                "mode": "lines",
                "line": {"color": GRAY, "dash": "dash", "width": 1.5},
                "hovertemplate": "%{y:.4g}",
            }
        )
    spikes = np.flatnonzero(fired)
    if layer.get("threshold") is not None and (words := RESETS.get(str(layer["reset"]))):
        after = [step + 1 for step in np.flatnonzero(u > layer["threshold"]).tolist() if step + 1 < len(u)]
        found.append(
            {
                "type": "scatter",
                "x": [x[step] for step in after],
                "y": [float(f"{u[step]:.5g}") for step in after],
                "name": "reset",
                "mode": "markers",
                "marker": {"symbol": "triangle-down-open", "size": 12, "color": GRAY},
                "hovertemplate": f"reset: {words}",
            }
        )
    if len(spikes):
        found.append(
            {
                "type": "scatter",
                "x": [int(step) + 1 for step in spikes],
                "y": [float(f"{u[step]:.5g}") for step in spikes],
                "name": "spike",
                "mode": "markers",
                "marker": {"symbol": "star", "size": 12, "color": "var(--st-red-color)"},
                "hovertemplate": "spike",
            }
        )
    return found


def _kind(source: Mapping[str, Any]) -> str:
    return "delayed" if source["delay"] else source["as"]


def source_words(source: Mapping[str, Any]) -> str:
    """Returns the name of a source of input current, such as "L1 (ASC)"; `source` is an entry of an answer's
    "sources".
    """
    if source["as"] == "bias":
        return "bias"
    kinds = {"main": "main path", "add": "ASC", "concat": "DSC"}
    late = ", a step late" if source["delay"] else ""
    return f"{source['layer']} ({kinds[source['as']]}{late})"


def neuron_words(layer: Mapping[str, Any], number: int) -> str:
    """Returns a neuron's place in its layer as text, such as "channel 2, row 3, column 5".

    layer: has "shape" (C, H, W). number: index of the neuron in this order.

    >>> neuron_words({"shape": [4, 8, 8]}, 75), neuron_words({"shape": [20, 1, 1]}, 3)
    ('channel 1, row 1, column 3', 'neuron 3')
    """
    _, height, width = layer["shape"]
    if height * width == 1:
        return f"neuron {number}"
    channel, rest = divmod(number, height * width)
    return f"channel {channel}, row {rest // width}, column {rest % width}"
