"""The figures of a scoring say what its numbers say."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from snnviz.studies.cells.charts.cells import (
    MOST_CELLS,
    class_order,
    distance_text,
    distances_chart,
    independent_distances,
    kernel_chart,
    score_charts,
    silence_chart,
    variation_text,
)
from snnviz.studies.cells.scoring import Scoring
from snnviz.views.boxes import snasnet_boxes
from tests.scored import LAYERS, findings


@pytest.mark.parametrize("metric", ["sahd", "hd"])
@pytest.mark.parametrize("normalisation", ["paper", "code", "published"])
def test_every_figure_is_one_that_plotly_takes(metric: str, normalisation: str) -> None:
    setting = Scoring.check({"metric": metric, "normalisation": normalisation})
    for found in (findings(), findings(rate=0), findings(2, 1), findings(alike=True, repeats=1)):
        for chart in score_charts(found, setting):
            go.Figure(chart.figure)
            json.dumps(chart.figure, allow_nan=False)
            assert chart.caption.endswith(".")


def test_the_kernel_is_ordered_by_class_with_lines_between_classes() -> None:
    found = findings()
    (heat,) = kernel_chart(found, "sahd", "paper").figure["data"]
    order = class_order(found.labels)
    assert found.labels[order].tolist() == sorted(found.labels.tolist())
    z = np.array(heat["z"])
    assert z[2, 5] == pytest.approx(found.kernel("sahd")[order[2], order[5]], rel=1e-3)
    assert np.diagonal(z) == pytest.approx(found.neurons)
    assert heat["x"][0] == f"image {order[0] + 1} (class 0)"
    assert heat["zmax"] < found.neurons  # the diagonal is off the scale of colours
    lines = kernel_chart(found, "sahd", "paper").figure["layout"]["shapes"]
    assert [line["x0"] for line in lines[:3]] == [2.5, 5.5, 8.5]
    assert kernel_chart(found, "sahd", "paper").figure["layout"]["xaxis"]["tickvals"] == [1, 4, 7, 10]


def test_small_differences_in_the_kernel_are_not_rounded_away() -> None:
    (heat,) = kernel_chart(findings(), "sahd", "code").figure["data"]
    assert len({value for row in heat["z"] for value in row}) > 20


@pytest.mark.parametrize("metric", ["sahd", "hd"])
def test_spikes_drawn_by_chance_are_as_far_apart_as_independent_ones(metric: str) -> None:
    found = findings(30, 5)
    pairs = np.triu_indices(30, 1)
    expected = independent_distances(found, metric, "paper")[pairs]  # type: ignore[arg-type]
    assert found.distance(metric)[pairs].mean() == pytest.approx(expected.mean(), rel=0.02)  # type: ignore[arg-type]
    if metric == "sahd":
        assert expected == pytest.approx(found.neurons / 2, rel=1e-3)
    *bars, line = distances_chart(found, metric, "paper").figure["data"]  # type: ignore[arg-type]
    assert [sum(bar["y"]) for bar in bars] == pytest.approx([1, 1])
    assert line["x"][0] == pytest.approx(expected.mean())


def test_the_code_puts_independent_spikes_at_half_a_unit_a_layer_and_step() -> None:
    found = findings()
    expected = independent_distances(found, "sahd", "code")[np.triu_indices(12, 1)]
    assert expected == pytest.approx(found.terms / 2, rel=1e-3)


def test_sparsity_has_a_column_for_every_step_and_image_beside_the_twin() -> None:
    found = findings()
    lif, relu, *dots = silence_chart(found).figure["data"]
    order = class_order(found.labels)
    assert np.shape(lif["z"]) == (len(LAYERS), 3 * 12)
    assert np.shape(relu["z"]) == (len(LAYERS), 12)
    assert lif["z"][1][12 + 4] == pytest.approx(found.layers[1].silent[1, order[4]], abs=1e-4)
    assert lif["x"][12 + 4] == f"image {order[4] + 1} (class {found.labels[order[4]]}), t = 2"
    assert (lif["zmin"], lif["zmax"]) == (relu["zmin"], relu["zmax"])
    assert next(dot["x"] for dot in dots) == [layer.variation for layer in found.layers]


def test_of_many_images_some_are_drawn_and_that_is_said() -> None:
    found = findings(400, 12)
    chart = silence_chart(found)
    drawn = len(chart.figure["data"][1]["x"])
    assert drawn * 12 * len(LAYERS) <= MOST_CELLS
    assert chart.caption.endswith(f"The first {drawn} of 400 images.")


def test_what_varies_is_said_or_that_nothing_does() -> None:
    found = findings()
    assert f"LIF {np.median([layer.variation for layer in found.layers]):.2g}" in variation_text(found)
    assert variation_text(findings(rate=0)) == "Where no neuron is active, nothing varies."


def test_how_far_images_are_apart_is_said() -> None:
    found = findings(alike=True)
    share = found.hamming[np.triu_indices(12, 1)].mean() / found.neurons
    assert f"differ in {100 * share:.1f} %" in distance_text(found)
    assert "The two most alike are 1 and 2, of the same class." in distance_text(found)


def test_the_network_around_the_cell_says_what_each_part_hands_on() -> None:
    boxes = snasnet_boxes((1, 32, 32), 24, 512, 10)
    assert [box.shape for box in boxes][3:6] == ["48 × 16×16", "48 × 16×16", "48 × 8×8"]
    assert [box.name for box in boxes if box.role == "cell"] == ["cell 1", "cell 2"]
    assert all(("LIF" in box.inside) == (box.role == "spiking") for box in boxes)
