"""What one spike a neuron costs: spikes by layer, and operations beside the ReLU and the rate-coded network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from snnviz.catalog.architectures import architecture
from snnviz.design import Design
from snnviz.theory import costs
from snnviz.theory.costs import Operations
from snnviz.theory.twins import Pair
from snnviz.views.chart import Chart, empty, shade
from snnviz.views.ttfs import RELU, TTFS

PAPER = 0.3
"""Spikes per neuron of the paper's networks, on average."""


def spikes_chart(pair: Pair, image: int) -> Chart:
    """Spikes per neuron of each layer."""
    figure = empty("layer", "spikes per neuron", tickformat=".1f", range=[0, 1])
    names = list(pair.relu.names[:-1])
    bars = {
        f"mean of {len(pair.relu.shown)} images": (list(pair.spikes), TTFS),
        "this image": ([float((said[image] > 0).mean()) for said in pair.relu.said[:-1]], shade(1, 5)),
    }
    for name, (values, colour) in bars.items():
        bar = {"type": "bar", "x": names, "y": [round(value, 4) for value in values], "name": name}
        figure["data"].append({**bar, "marker": {"color": colour}, "hovertemplate": "%{y:.3f}"})
    layout = figure["layout"]
    layout["barmode"] = "group"
    line = {"color": RELU, "width": 1, "dash": "dot"}
    layout["shapes"] = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": PAPER, "y1": PAPER, "line": line}]
    word = {"xref": "paper", "x": 1, "xanchor": "right", "y": PAPER, "yanchor": "bottom", "showarrow": False}
    layout["annotations"] = [
        {
            **word,
            "text": "the paper's mean",
            "font": {"size": 11, "color": RELU},
            "bgcolor": "var(--st-background-color)",
        }
    ]
    caption = (
        f"The share of neurons that are not silent: {pair.spikes_per_neuron:.2f} over all hidden neurons. Each spikes "
        "once or never. The paper's 0.3 is a mean over its large trained networks; a penalty on activity lowers it."
    )
    return Chart("ttfs_spikes", "Spikes per neuron, layer by layer", caption, figure, height=270)


class Told(NamedTuple):
    """What a finished run of a network said: accuracy, spikes per neuron and image, operations of one image."""

    accuracy: float
    spikes: float | None = None
    operations: Operations | None = None


def operations(pair: Pair, design: Design) -> Operations:
    """Of one image in the TTFS network `design`, from the spikes that were counted: each at most once."""
    sources = [layer.sources[0] for layer in architecture(design).layers]
    sizes = [source.pool**2 if source.linear else 1 for source in sources]  # of averages each spike comes by itself
    densities = [share * size for share, size in zip(pair.arriving, sizes, strict=True)]
    return costs.synops(design, [*pair.spikes, None], densities)


def cost_table(pair: Pair, designs: Mapping[str, Design], told: Mapping[str, Told]) -> pd.DataFrame:
    """The same network three times: of ReLUs, of one spike a neuron, and rate-coded. What is not known is left out."""
    relu, ttfs_design, rate = designs["relu"], designs["ttfs"], designs["rate"]
    dense = Operations(costs.macs(relu), float(costs.macs(relu)), 0.0)
    nothing = Told(float("nan"))
    counted = {
        "relu": told.get("relu", nothing)._replace(operations=dense),
        "ttfs": told.get("ttfs", nothing)._replace(
            spikes=pair.spikes_per_neuron, operations=operations(pair, ttfs_design)
        ),
        "rate": told.get("rate", nothing),
    }
    latency = {
        "relu": "one pass",
        "ttfs": f"{pair.latency:.3g} τ_c",
        "rate": f"{rate.data.steps} time steps",
    }
    names = {"relu": "ReLU", "ttfs": "TTFS", "rate": "rate-coded LIF"}
    rows = []
    for kind, each in counted.items():
        made = each.operations
        rows.append(
            {
                "network": names[kind],
                "accuracy": 100 * each.accuracy,
                "spikes": each.spikes,
                "latency": latency[kind],
                "macs": made.macs if made else None,
                "additions": made.additions if made else None,
                "energy": made.picojoules() / 1000 if made else None,
                "share": made.picojoules() / dense.picojoules() if made else None,
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(("spikes", "macs", "additions", "energy", "share"), float))
