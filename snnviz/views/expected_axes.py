"""Axes of a run's charts as they will be at its end, so that charts do not rescale while it trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.views.chart import MOST_TICKS, STEPS, Chart
from snnviz.views.run import height
from snnviz.views.stages import layer_axis
from snnviz.views.words import layer_label

USUAL = {"rate": (0, 1), "saturation": (0, 1), "var_u": (-2, 1), "grad_norm": (-3, 1), "beta": (0, 1)}
"""Ranges of empty y axes, by chart; powers of ten where they are logarithmic."""

MOST_LABELS = 16
"""Largest number of layers named on an axis without values."""


@dataclass(frozen=True, slots=True)
class ExpectedAxes:
    """Final extent of a run's charts: number of epochs, layer names in order, and the loss of guessing, ln(classes)."""

    epochs: int
    layers: tuple[str, ...]
    chance_loss: float

    @classmethod
    def of_design(cls, design: Design) -> ExpectedAxes:
        """Returns the axes that the charts of a design's run will have."""
        names = tuple(layer.name for layer in build_architecture(design).watched)
        return cls(design.training.epochs, names, math.log(max(2, dataset_card(design.data.name).classes)))

    def frame(self, charts: Sequence[Chart]) -> list[Chart]:
        """Returns the charts with x axes up to the last epoch; charts without points get the layers' names and usual
        ranges.
        """
        least = height(self.layers)  # so that nothing moves with the first point
        return [replace(self._framed(chart), height=max(chart.height, least)) for chart in charts]

    def _framed(self, chart: Chart) -> Chart:
        layout = dict(chart.figure["layout"])
        empty = not any(trace.get("x") for trace in chart.figure["data"])
        if layout["xaxis"]["title"]["text"] == "epoch":
            step = next(step for step in STEPS if self.epochs <= MOST_TICKS * step)
            layout["xaxis"] = {**layout["xaxis"], "range": [0, self.epochs], "tick0": 0, "dtick": step}
        elif empty:
            layout["xaxis"] = {**layout["xaxis"], **self._places(), "range": [-0.5, len(self.layers) - 0.5]}
        if empty:
            layout["yaxis"] = {**layout["yaxis"], **self._empty(chart, layout["yaxis"])}
        return replace(chart, figure={**chart.figure, "layout": layout})

    def _empty(self, chart: Chart, axis: dict[str, Any]) -> dict[str, Any]:
        if axis["title"]["text"] == "layer":
            return {**self._places(), "range": [len(self.layers) - 0.5, -0.5], "autorange": False}
        usual = USUAL.get(chart.id.removesuffix("_profile"), (0, round(1.5 * self.chance_loss, 1)))
        return {"range": axis.get("range", list(usual))}

    def _places(self) -> dict[str, Any]:
        """Ticks at the places of the layers, of many at some."""
        blocks = layer_axis(self.layers)
        named = blocks.get("tickvals", self.layers[:: -(-len(self.layers) // MOST_LABELS)])
        texts = blocks.get("ticktext", [layer_label(name) for name in named])
        return {"tickmode": "array", "tickvals": [self.layers.index(name) for name in named], "ticktext": texts}
