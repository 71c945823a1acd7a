"""Charts and table of the cost of a TTFS network: spikes by layer, and operations compared with ReLU and rate
coding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from snnviz.design.design import Design
from snnviz.studies.ttfs.charts.ttfs import RELU, TTFS
from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.theory.operations import OperationCounts, Operations, additions_if_all_spike, dense_operations
from snnviz.views.chart import Chart, empty
from snnviz.views.styles import ordered_colour

PAPER = 0.3
"""Mean spikes per neuron of the paper's networks."""


def spikes_chart(pair: TwinPair, image: int) -> Chart:
    """Returns the chart of a TTFS (time-to-first-spike) network's spikes per neuron in each layer, on average and for
    one image.
    """
    figure = empty("layer", "spikes per neuron", tickformat=".1f", range=[0, 1])
    names = list(pair.relu.names[:-1])
    bars = {
        f"mean of {len(pair.relu.shown)} images": (list(pair.spikes), TTFS),
        "this image": ([float((said[image] > 0).mean()) for said in pair.relu.outputs[:-1]], ordered_colour(1, 5)),
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
        "once or never; with an event at t_max from each silent one, which neurons as printed need, all bars are 1. "
        "The paper's 0.3 is a mean over its large trained networks; a penalty on activity lowers it."
    )
    return Chart("ttfs_spikes", "Spikes per neuron, layer by layer", caption, figure, height=270)


class RunSummary(NamedTuple):
    """Results of a finished run that the table of costs shows: accuracy, spikes per neuron and image, operations per
    image, number of probe images.
    """

    accuracy: float
    spikes: float | None = None
    operations: OperationCounts | None = None
    probe: int | None = None


def operations(pair: TwinPair, design: Design) -> Operations:
    """Returns the operations per image of the TTFS (time-to-first-spike) network `design`, from its counted spikes."""
    return Operations(dense_operations(design), 0.0, pair.additions(design))


def cost_table(pair: TwinPair, designs: Mapping[str, Design], summaries: Mapping[str, RunSummary]) -> pd.DataFrame:
    """Returns a table comparing the same network as ReLU (dense, and skipping zeros), TTFS (time-to-first-spike) and
    rate-coded.

    Operations are by the convention "additions" and, where it differs, by NeuroBench. Unknown rows are left out.
    """
    relu, rate = designs["relu"], designs["rate"]
    nothing, whole = RunSummary(float("nan")), dense_operations(relu)
    seen = {
        "relu": summaries.get("relu", nothing),
        "sparse": summaries.get("relu", nothing),
        "folded": summaries.get("relu", nothing),
        "ttfs": summaries.get("ttfs", nothing)._replace(spikes=pair.spikes_per_neuron),
        "events": summaries.get("ttfs" if pair.silent == "clock" else "relu", nothing)._replace(spikes=1.0),
        "rate": summaries.get("rate", nothing),
    }
    rated = seen["rate"].operations
    sparse = Operations(whole, pair.macs(relu), 0.0)
    counted: dict[str, Operations | None] = {
        "relu": Operations(whole, float(whole), 0.0),
        "sparse": sparse,
        "folded": Operations(whole, pair.macs(relu, folded=True), 0.0),
        "ttfs": operations(pair, designs["ttfs"]),
        "events": Operations(whole, 0.0, float(additions_if_all_spike(designs["ttfs"]))),
        "rate": rated.by("additions") if rated else None,
        "neurobench": rated.by("neurobench") if rated else None,
    }
    if rated and (rated.macs, rated.additions) != (rated.eff_macs, rated.eff_acs):
        seen["neurobench"] = seen["rate"]
    latency = {
        "relu": "one pass",
        "sparse": "one pass",
        "folded": "one pass",
        "ttfs": f"{pair.latency:.3g} τ_c",
        "events": f"{pair.latency:.3g} τ_c",
        "rate": f"{rate.data.steps} time steps",
        "neurobench": f"{rate.data.steps} time steps",
    }
    names = {
        "relu": "ReLU, all operations",
        "sparse": "ReLU, zeros skipped",
        "folded": "ReLU, black pixels skipped too",
        "ttfs": "TTFS" if pair.silent == "clock" else "TTFS, silent ones missed",
        "events": "TTFS, t_max events counted",
        "rate": "rate-coded LIF",
        "neurobench": "rate-coded LIF, by NeuroBench",
    }
    rows = []
    for kind, each in seen.items():
        made = counted[kind]
        rows.append(
            {
                "network": names[kind] + (" (estimated)" if made and made.estimated else ""),
                "accuracy": 100 * each.accuracy,
                "spikes": each.spikes,
                "latency": latency[kind],
                "macs": made.macs if made else None,
                "additions": made.additions if made else None,
                "energy": made.nanojoules() if made else None,
                "share": made.picojoules() / sparse.picojoules() if made else None,
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(("spikes", "macs", "additions", "energy", "share"), float))
