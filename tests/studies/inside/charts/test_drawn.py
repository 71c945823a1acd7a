"""What the page Look inside draws and names of an answer is what is in it."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.core import data
from snnviz.design.design import Design
from snnviz.studies.inside.charts import maps
from snnviz.studies.inside.charts.compare import difference_chart, layer_table
from snnviz.studies.inside.charts.time import neuron_words, raster_rows, rasters_chart, spiking_layers
from snnviz.studies.inside.compute.looking import look_at
from snnviz.studies.inside.compute.opening import open_network
from snnviz.studies.inside.look import Answer, Look

WORDS = ("the first", "the second")


@pytest.fixture(scope="module")
def answers() -> tuple[Answer, Answer]:
    """Two images in one untrained network."""
    made = Design.check(
        {
            "network": {"kind": "mlp", "depth": 2, "width": 20},
            "data": {"train_samples": 20, "test_samples": 20, "steps": 5},
            "neuron": {"threshold": 0.3},
            "init": "kaiming",
        }
    )
    test = data.load(made)[1]
    network = open_network(made, None, Look())
    one, two = (look_at(network, made, test, Look(image=number)) for number in (0, 7))
    return one, two


@pytest.mark.parametrize("shape", [(1, 1, 1), (20, 1, 1), (3, 4, 5), (2, 1, 7), (2, 7, 1)])
def test_a_neuron_is_named_by_its_place_in_the_maps(shape: tuple[int, int, int]) -> None:
    for number in range(np.prod(shape)):
        channel, row, column = np.unravel_index(number, shape)
        expected = f"channel {channel}, row {row}, column {column}" if shape[1] * shape[2] > 1 else f"neuron {number}"
        assert neuron_words({"shape": list(shape)}, number) == expected


def test_a_weight_of_zero_is_grey_and_the_largest_is_black_or_white() -> None:
    assert maps._centred(np.array([-3.0, 0.0, 1.5, 3.0])).tolist() == [0, 0.5, 0.75, 1]
    assert maps._centred(np.array([0.0, 2.0])).tolist() == [0.5, 1]
    assert maps._centred(np.zeros(3)).tolist() == [0.5] * 3


def test_rows_of_a_raster_are_in_the_band_of_their_layer(answers: tuple[Answer, Answer]) -> None:
    """One above the other, all spikes of the answer, also where two answers are compared."""
    one, two = answers
    difference = difference_chart(one, two, WORDS)
    assert difference is not None
    shown = spiking_layers(one)
    for chart in (rasters_chart(one), difference):
        traces = [trace for trace in chart.figure["data"] if trace["type"] == "heatmap"]
        assert len(traces) == len(shown) == 2
        for row, trace in enumerate(traces):
            assert row < trace["y"][0]
            assert trace["y"][-1] < row + 1
            assert (np.diff(trace["y"]) > 0).all()
            assert (len(trace["y"]), len(trace["x"])) == np.shape(trace["z"]) == (20, 5)
    for index, trace in zip(shown, difference.figure["data"], strict=True):
        apart = one.about["layers"][index]["spikes"] - two.about["layers"][index]["spikes"]
        assert np.sum(trace["z"]) == apart
        assert raster_rows(one, index)[0].sum() == one.about["layers"][index]["spikes"] > 0


def test_a_layers_rate_is_its_spikes_by_neurons_and_steps(answers: tuple[Answer, Answer]) -> None:
    table = layer_table(*answers, WORDS)
    assert table["layer"].tolist() == ["L1", "L2"]
    for words, answer in zip(WORDS, answers, strict=True):
        spikes = [layer["spikes"] for layer in answer.about["layers"] if layer["spiking"]]
        assert table[f"spikes, {words}"].tolist() == spikes
        assert table[f"rate, {words}"].tolist() == pytest.approx([100 * count / (20 * 5) for count in spikes])
