"""Charts of a cell's score: the kernel matrix, sparsity of layers, and distances between images (Kim et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from snnviz.studies.cells.scoring import Metric, Normalisation, Scoring
from snnviz.studies.cells.theory.sahd import Floats, LayerSparsity, ScoringResult, sahd_ratio
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import share

METRICS: dict[Metric, str] = {"sahd": "SAHD", "hd": "HD"}

LIF, RELU, INDEPENDENT = "var(--st-blue-text-color)", "var(--st-orange-text-color)", "var(--st-red-color)"

MOST_CELLS = 12_000
"""Largest number of entries of a heat map over images; with more images, only the first ones of each class are drawn.
"""

BINS = 26

SCALE = "Viridis"
"""Colour scale: bright means large, on white and on black."""


def score_charts(found: ScoringResult, setting: Scoring) -> list[Chart]:
    """Returns the charts of the result of scoring a cell; without those of distances if all images give the same
    spikes.
    """
    if not found.hamming.any():
        return [silence_chart(found)]
    return [
        kernel_chart(found, setting.metric, setting.normalisation),
        *(distances_chart(found, metric, setting.normalisation) for metric in METRICS),
        silence_chart(found),
    ]


def kernel_chart(found: ScoringResult, metric: Metric, normalisation: Normalisation) -> Chart:
    """Returns the heat map of the kernel matrix K, images ordered by class; the colour scale excludes the diagonal."""
    order = class_order(found.labels)
    kernel = found.kernel(metric, normalisation)[np.ix_(order, order)]
    apart = kernel[~np.eye(len(order), dtype=bool)]
    names = [_image(found, i) for i in order]
    digits = max(0, 4 - len(str(int(np.ptp(apart)))))
    figure = empty("", "")
    axis = {**_classes(found.labels[order]), "type": "category", "showgrid": False, "constrain": "domain"}
    figure["layout"] |= {
        "hovermode": "closest",
        "margin": {"l": 22, "r": 4, "t": 4, "b": 36},
        "xaxis": {**axis, "title": {"text": "images, by class"}},
        "yaxis": {**axis, "autorange": "reversed", "scaleanchor": "x"},
        "shapes": _boundaries(found.labels[order]),
    }
    figure["data"] = [
        {
            "type": "heatmap",
            "z": np.round(kernel, digits).tolist(),
            "x": names,
            "y": names,
            "zmin": float(apart.min()),
            "zmax": float(apart.max()),
            "colorscale": SCALE,
            "hovertemplate": "%{y} and<br>%{x}:<br>K = %{z:,}<extra></extra>",
            "colorbar": {"thickness": 10, "xpad": 6, "tickformat": "~s" if digits < 2 else ""},
        }
    ]
    caption = (
        f"By {METRICS[metric]}, {normalisation} normalisation. Bright: two images make much the same spikes. The score "
        "is high where all but the diagonal is dark; brighter squares along it are classes."
    )
    return Chart("score_kernel", "Kernel matrix K", caption, figure, height=370)


def distances_chart(found: ScoringResult, metric: Metric, normalisation: Normalisation) -> Chart:
    """Returns histograms of the distances of pairs of images, and of those expected of independent spikes of equal
    rates.
    """
    pairs = np.triu_indices(len(found.labels), 1)
    distance, expected = found.distance(metric)[pairs], independent_distances(found, metric, normalisation)[pairs]
    alike = found.labels[pairs[0]] == found.labels[pairs[1]]
    low, high = min(distance.min(), expected.min()), max(distance.max(), expected.max())
    edges = np.linspace(low - 0.02 * (high - low), high + 0.02 * (high - low) + 1e-9, BINS + 1)
    figure = empty(f"{METRICS[metric]} between two images", "share of pairs", tickformat=".0%")
    figure["layout"] |= {"barmode": "overlay", "bargap": 0.04, "hovermode": "x"}
    figure["layout"]["xaxis"] |= {"tickformat": "~s"}
    middle = (edges[:-1] + edges[1:]) / 2
    for name, which, colour in (("of two classes", ~alike, LIF), ("of one class", alike, RELU)):
        if which.any():
            counts = np.histogram(distance[which], edges)[0] / which.sum()
            figure["data"].append(
                {
                    "type": "bar",
                    "name": name,
                    "x": middle.tolist(),
                    "y": counts.tolist(),
                    "opacity": 0.62,
                    "marker": {"color": colour, "line": {"width": 0}},
                    "hovertemplate": "%{x:,.0f}: %{y:.1%}",
                }
            )
    figure["layout"]["shapes"] = [
        {
            "type": "rect",
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "x0": float(np.quantile(expected, 0.05)),
            "x1": float(np.quantile(expected, 0.95)),
            "fillcolor": INDEPENDENT,
            "opacity": 0.12,
            "line": {"width": 0},
        }
    ]
    figure["data"].append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "independent spikes",
            "x": [float(expected.mean())] * 2,
            "y": [0, max((max(trace["y"]) for trace in figure["data"]), default=1.0) * 1.08],
            "line": {"color": INDEPENDENT, "width": 2, "dash": "dash"},
            "hovertemplate": "independent spikes: %{x:,.0f}",
        }
    )
    if metric == "hd":
        what = "Neurons that spike for one of two images and not for the other."
        far = "What independent spikes of the same rates would be: dashed, their mean; the band has 90 % of pairs."
    else:
        what = "The same in units of what independent spikes of these rates would have, layer by layer."
        far = "Those are all at the dashed line, however sparse a layer is, unless both images leave it silent."
    title = {"hd": "Hamming distance", "sahd": "Sparsity-aware Hamming distance"}[metric]
    return Chart(f"score_{metric}", f"{title} ({METRICS[metric]})", f"{what} {far}", figure, height=370)


def silence_chart(found: ScoringResult) -> Chart:
    """Returns heat maps by layer: silent neurons by time step and image, zeros of the same network with ReLUs, and
    variation over images.
    """
    order, left_out = _shown(found)
    names, steps, many = [layer.name for layer in found.layers], len(found.layers[0].silent), len(order)
    least = min(float(layer.silent.min()) for layer in (*found.layers, *found.relu))
    heat = {"type": "heatmap", "y": names, "zmin": min(0.9, np.floor(least * 10) / 10), "zmax": 1, "colorscale": SCALE}
    heat |= {"hovertemplate": "%{y}, %{x}: %{z:.1%}<extra></extra>"}
    lif = {
        **heat,
        "name": "silent LIF neurons",
        "x": [f"{_image(found, i)}, t = {t + 1}" for t in range(steps) for i in order],
        "z": [layer.silent[:, order].ravel().round(4).tolist() for layer in found.layers],
        "colorbar": {"thickness": 10, "tickformat": ".0%", "x": 0.755, "xpad": 8},
    }
    relu = {
        **heat,
        "name": "ReLUs that say 0",
        "colorbar": {"tickformat": ".0%"},
        "x": [_image(found, i) for i in order],
        "z": [layer.silent[0, order].round(4).tolist() for layer in found.relu],
        "xaxis": "x2",
        "showscale": False,
    }
    figure = empty("", "", autorange="reversed", showgrid=False)
    figure["data"] = [lif, relu, *_variations(found)]
    bare = {"type": "category", "showgrid": False, "anchor": "y", "tickangle": 0}
    log = {"type": "log", "anchor": "y", "dtick": 1, "minor": {"showgrid": True}}
    steps_at = {"tickvals": [(t + 0.5) * many - 0.5 for t in range(steps)]}
    figure["layout"] |= {
        "meta": {"y": "layer"},
        "hovermode": "closest",
        "margin": {"l": 92, "r": 8, "t": 26, "b": 24},
        "xaxis": {**bare, **steps_at, "ticktext": [f"t = {t + 1}" for t in range(steps)], "domain": [0, 0.6]},
        "xaxis2": {**bare, **_classes(found.labels[order]), "domain": [0.615, 0.755]},
        "xaxis3": {**log, "visible": any(layer.variation for layer in found.layers), "domain": [0.825, 0.995]},
        "shapes": [_line(t * many - 0.5, len(names)) for t in range(1, steps)],
        "annotations": [
            _above(0, "LIF: in each time step, the images by class"),
            _above(0.615, "ReLU twin"),
            _above(0.825, "its variation"),
        ],
        "legend": {"x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"},
    }
    caption = (
        "Share of neurons that are 0, by layer, time step and image, beside the same network with max(0, u) for "
        f"neurons (as in Kim et al. 2022, Fig. 3). Right: how much the others vary. {variation_text(found)}{left_out}"
    )
    height = max(180, 60 + 22 * len(names))
    return Chart("score_silence", "Sparsity", caption, figure, height=height, wide=True, least=880)


def _variations(found: ScoringResult) -> list[dict[str, Any]]:
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "xaxis": "x3",
            "name": name,
            "y": [layer.name for layer in layers],
            "x": [layer.variation or None for layer in layers],
            "marker": {"color": colour, "size": 9, "symbol": symbol},
            "hovertemplate": "%{y}: standard deviation over images / mean = %{x:.3f}<extra>" + name + "</extra>",
        }
        for name, layers, colour, symbol in (
            ("LIF", found.layers, LIF, "circle"),
            ("ReLU", found.relu, RELU, "diamond"),
        )
    ]


def _above(x: float, text: str) -> dict[str, Any]:
    place = {"x": x, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return {**place, "text": text, "showarrow": False, "yshift": 3}


def variation_text(found: ScoringResult) -> str:
    """Returns a sentence on how much the sparsity of layers varies over images."""
    lif, relu = (_median(layers) for layers in (found.layers, found.relu))
    if lif is None or relu is None:
        return "Where no neuron is active, nothing varies."
    return f"Coefficient of variation over images, median of layers: LIF {lif:.2g}, ReLU twin {relu:.2g}."


def distance_text(found: ScoringResult) -> str:
    """Returns a sentence on how much the spikes of two images differ."""
    pairs = np.triu_indices(len(found.labels), 1)
    if not found.hamming.any():
        return "All images make the same spikes, or none."
    differing = found.hamming[pairs].mean() / found.neurons
    chance = independent_distances(found, "hd", "paper")[pairs].mean() / found.neurons
    closest = int(found.sahd[pairs].argmin())
    first, second = (int(side[closest]) for side in pairs)
    of = "of the same class" if found.labels[first] == found.labels[second] else "of two classes"
    return (
        f"Here two images differ in {share(differing)} of the neurons and time steps on average; independent spikes of "
        f"the same rates would differ in {share(chance)}. The two most alike are {first + 1} and {second + 1}, {of}."
    )


def rank_text(score: float, others: Sequence[float]) -> str:
    """Returns a sentence on the rank of a cell's score among the scores of random cells.

    >>> rank_text(3.5, [1, 2, 3, 4])
    'Higher than 3 of 4 other random cells (75 %), all different, that a search scored in the same way.'
    """
    lower, many = sum(other < score for other in others), len(others)
    return (
        f"Higher than {lower:,} of {many:,} other random cells ({100 * lower / many:.0f} %), all different, that a "
        "search scored in the same way."
    )


def independent_distances(found: ScoringResult, metric: Metric, normalisation: Normalisation) -> Floats:
    """Returns the expected distances (B, B) of images with independent spikes of the same rates (Kim et al., Eq. 6)."""
    total = np.zeros(found.hamming.shape)
    for layer in found.layers:
        silent = layer.silent.astype(np.float64)
        one, other = silent[:, :, None], silent[:, None, :]
        hamming = layer.neurons * (one * (1 - other) + (1 - one) * other)
        if metric == "sahd":
            hamming = hamming * sahd_ratio(hamming, layer.neurons, normalisation)
        total += layer.copies * hamming.sum(0)
    np.fill_diagonal(total, 0)  # an image is no distance from itself
    return total


def class_order(labels: Any) -> list[int]:
    """Returns the indices of the images sorted by class."""
    order: list[int] = np.argsort(labels, kind="stable").tolist()
    return order


def _median(layers: Sequence[LayerSparsity]) -> float | None:
    values = [layer.variation for layer in layers if layer.variation is not None]
    return float(np.median(values)) if values else None


def _shown(found: ScoringResult) -> tuple[list[int], str]:
    """The images of a heat map by layer and step, and a sentence where these are not all."""
    images = len(found.labels)
    most = max(8, MOST_CELLS // (len(found.layers) * len(found.layers[0].silent)))
    if images <= most:
        return class_order(found.labels), ""
    return [i for i in class_order(found.labels) if i < most], f" The first {most} of {images} images."


def _image(found: ScoringResult, i: int) -> str:
    return f"image {i + 1} (class {found.labels[i]})"


def _classes(labels: Any) -> dict[str, Any]:
    """Ticks of an axis of images in order of class: each class at its middle."""
    classes, first, many = np.unique(labels, return_index=True, return_counts=True)
    ticks = (first + (many - 1) / 2).tolist()
    return {"tickvals": ticks, "ticktext": [str(name) for name in classes], "tickangle": 0}


def _boundaries(labels: Any) -> list[dict[str, Any]]:
    """Lines between classes, in both directions."""
    ends = (np.flatnonzero(np.diff(labels)) + 0.5).tolist()
    style = {"type": "line", "line": {"color": "var(--st-background-color)", "width": 1.5}}
    last = len(labels) - 0.5
    down = [{**style, "x0": end, "x1": end, "y0": -0.5, "y1": last} for end in ends]
    return down + [{**style, "y0": end, "y1": end, "x0": -0.5, "x1": last} for end in ends]


def _line(x: float, rows: int) -> dict[str, Any]:
    line = {"color": "var(--st-background-color)", "width": 3}
    return {"type": "line", "x0": x, "x1": x, "y0": -0.5, "y1": rows - 0.5, "line": line}
