"""Ticks of all charts: they do not collide, and what is counted has whole numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from snnviz.views.chart import MOST_TICKS, Chart, empty, payload


def layout(figure: dict[str, Any]) -> dict[str, Any]:
    return json.loads(payload([Chart("c", "Title", "Caption.", figure)], "plotly.js"))["charts"][0]["layout"]


@pytest.mark.parametrize("epochs", [1, 2, 3, 6, 7, 15, 30, 150, 1000])
def test_epochs_are_ticked_at_whole_numbers_and_not_many(epochs: int) -> None:
    figure = empty("epoch", "loss")
    figure["data"] = [
        {"type": "scatter", "x": [0.25 * k for k in range(4 * epochs + 1)], "y": [1.0] * (4 * epochs + 1)}
    ]
    step = layout(figure)["xaxis"]["dtick"]
    assert step == int(step) >= 1
    assert epochs / step <= MOST_TICKS


def test_a_map_counts_its_layers_and_steps_itself() -> None:
    figure = empty("time step", "layer (0: encoder)", autorange="reversed")
    figure["data"] = [{"type": "heatmap", "x0": 1, "dx": 1, "z": [[0.0] * 40] * 4}]
    drawn = layout(figure)
    assert (drawn["xaxis"]["dtick"], drawn["yaxis"]["dtick"]) == (10, 1)


def test_names_and_chosen_ticks_are_left_alone() -> None:
    figure = empty("layer", "epoch", dtick=3)
    figure["data"] = [{"type": "scatter", "x": ["L1", "L2"], "y": [1, 2]}]
    drawn = layout(figure)
    assert "dtick" not in drawn["xaxis"]
    assert drawn["yaxis"]["dtick"] == 3
    assert "dtick" not in layout(empty("epoch", "loss"))["xaxis"]


def test_logarithmic_axes_ask_for_few_ticks() -> None:
    assert layout(empty("epoch", "Var[u]", type="log"))["yaxis"]["nticks"] == 3


@pytest.mark.parametrize("form", [".0%", ".1%", ".1~%"])
def test_an_axis_of_shares_ends_at_0_and_100_percent(form: str) -> None:
    found = layout(empty("epoch", "test accuracy", tickformat=form))["yaxis"]
    assert (found["minallowed"], found["maxallowed"]) == (-0.02, 1.02)
    assert found["tickformat"] == f"${form}"  # "30 %", as in sentences
    chosen = layout(empty("epoch", "test accuracy", tickformat=form, range=[0, 1.02]))["yaxis"]
    assert "maxallowed" not in chosen
    assert "maxallowed" not in layout(empty("epoch", "loss"))["yaxis"]
