"""What the page Look inside draws and names of an answer is what is in it."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from snnviz.core import data
from snnviz.design.design import Design
from snnviz.studies.inside.charts import all_images, maps
from snnviz.studies.inside.charts.compare import charts_of, difference_chart, layer_table
from snnviz.studies.inside.charts.time import neuron_chart, neuron_words, raster_rows, rasters_chart, spiking_layers
from snnviz.studies.inside.compute.looking import look_at
from snnviz.studies.inside.compute.opening import open_network
from snnviz.studies.inside.compute.overview import overview
from snnviz.studies.inside.look import Answer, Look
from snnviz.studies.inside.page import exports
from snnviz.studies.inside.theory.diagnosis import diagnose
from tests.core.test_tracing import DESIGNS

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
    one, two = (look_at(network, made, test, Look(image=number, focus="L1 3; L2 0 5")) for number in (0, 7))
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


def test_two_networks_are_drawn_on_the_same_axes(answers: tuple[Answer, Answer]) -> None:
    one, two = answers
    larger = Answer(two.about, {**two.arrays, "readout": 7 * two.arrays["readout"]})
    short = Answer({**one.about, "steps": 1, "layers": []}, {**one.arrays, "readout": one.arrays["readout"][:1]})
    for left, right in ((one, larger), (one, short)):
        drawn = charts_of(left, right, WORDS)[:2]
        for name in ("xaxis", "yaxis2"):
            low, high = drawn[0].figure["layout"][name]["range"]
            assert drawn[1].figure["layout"][name]["range"] == [low, high]
            said = np.concatenate([left.arrays["readout"].ravel(), right.arrays["readout"].ravel()])
            reach = (1, 5) if name == "xaxis" else (said.min(), said.max())
            assert low < reach[0]
            assert reach[1] < high


def test_maps_that_were_sampled_keep_the_number_of_their_channel() -> None:
    layer = {"name": "L1", "shape": [9, 2, 2], "spiking": True}
    about = {"layers": [layer], "weights": None, "input_averaged": True}
    arrays = {
        "input": np.zeros((1, 1, 2, 2)),
        "counts.0": np.arange(12.0).reshape(3, 2, 2),
        "channels.0": np.array([0, 4, 8]),
    }
    groups = json.loads(maps.payload_of(Answer(about, arrays), recorded=False))["groups"]
    assert [one["label"] for one in groups[1]["items"]] == ["0", "4", "8"]
    assert groups[1]["items"][2]["alt"].startswith("L1, channel 8: 38 spikes")
    assert "the mean over all steps" in groups[0]["caption"]
    assert groups[0]["items"][0]["label"] == "mean of all steps"


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_a_reset_is_drawn_in_the_step_after_a_spike(reset: str) -> None:
    made = Design.check(
        {
            "network": {"kind": "mlp", "depth": 1, "width": 20},
            "data": {"train_samples": 20, "test_samples": 20, "steps": 6},
            "neuron": {"threshold": 0.3, "reset": reset},
            "init": "kaiming",
        }
    )
    network, test = open_network(made, None, Look()), data.load(made)[1]
    found = look_at(network, made, test, Look(focus="L1 " + " ".join(map(str, range(20)))))
    most = int(np.argmax([found.arrays[f"fired.{k}"][:-1].sum() for k in range(20)]))
    traces = {trace["name"]: trace for trace in neuron_chart(found, most).figure["data"]}
    spikes = [step for step in traces["spike"]["x"] if step < 6]
    assert spikes
    if reset == "none":
        assert "reset" not in traces
        assert "reset" not in neuron_chart(found, most).caption
    else:
        assert traces["reset"]["x"] == [step + 1 for step in spikes]
        assert {"subtract": "threshold is subtracted", "zero": "set to 0"}[reset] in neuron_chart(found, most).caption


@pytest.mark.parametrize("made", DESIGNS.values(), ids=DESIGNS)
def test_networks_of_every_kind_are_drawn(made: Design) -> None:
    network, test = open_network(made, None, Look()), data.load(made)[1]
    layers = [layer.name for layer in network.architecture.layers if layer.kind != "merge"]
    found = look_at(network, made, test, Look(image=3, focus="; ".join(f"{name} 0" for name in layers)))
    rasters = rasters_chart(found, pictures=maps.input_pictures(found, recorded=False))
    assert sum("rownames" in trace for trace in rasters.figure["data"]) == len(spiking_layers(found))
    assert json.loads(maps.payload_of(found, recorded=False))["groups"][0]["items"]
    for k, name in enumerate(layers):
        drawn = neuron_chart(found, k)
        assert drawn.title.startswith(f"{name}, ")
        bars = np.sum([trace["y"] for trace in drawn.figure["data"] if trace["type"] == "bar"], 0)
        assert bars == pytest.approx(found.arrays[f"currents.{k}"].sum(0), rel=1e-3, abs=1e-3)
    whole = overview(network, made, test, Look())
    assert len(all_images.charts_of(whole)) >= 3
    assert isinstance(diagnose(whole, made), list)


def test_files_hold_every_spike_and_the_parts_of_each_current(answers: tuple[Answer, Answer]) -> None:
    one = answers[0]
    lines = exports.spikes_csv(one).splitlines()
    assert lines[0] == "layer,neuron,step"
    for index, layer in enumerate(one.about["layers"][:2]):
        own = [line.split(",") for line in lines if line.startswith(f"{layer['name']},")]
        found = [[int(step) - 1, int(neuron)] for _, neuron, step in own]
        assert found == one.arrays[f"spikes.{index}"].tolist()
    rows = list(csv.DictReader(io.StringIO(exports.traces_csv(one))))
    for k, focus in enumerate(one.about["focus"]):
        mine = [row for row in rows if (row["layer"], row["neuron"]) == (focus["layer"], str(focus["neuron"]))]
        told = {
            what: [float(row["value"]) for row in mine if row["what"] == what] for what in {r["what"] for r in mine}
        }
        assert told["potential"] == pytest.approx(one.arrays[f"potential.{k}"])
        assert told["spike"] == one.arrays[f"fired.{k}"].tolist()
        parts = [values for what, values in told.items() if what.startswith("current from ")]
        assert np.sum(parts, 0) == pytest.approx(one.arrays[f"currents.{k}"].sum(0), rel=1e-5, abs=1e-6)
    with np.load(io.BytesIO(exports.npz(one)), allow_pickle=False) as file:
        assert json.loads(str(file["about"]))["predicted"] == one.about["predicted"]
        assert file["readout"].tolist() == one.arrays["readout"].tolist()


def test_a_layers_rate_is_its_spikes_by_neurons_and_steps(answers: tuple[Answer, Answer]) -> None:
    table = layer_table(*answers, WORDS)
    assert table["layer"].tolist() == ["L1", "L2"]
    for words, answer in zip(WORDS, answers, strict=True):
        spikes = [layer["spikes"] for layer in answer.about["layers"] if layer["spiking"]]
        assert table[f"spikes, {words}"].tolist() == spikes
        assert table[f"rate, {words}"].tolist() == pytest.approx([100 * count / (20 * 5) for count in spikes])


def test_the_file_of_rates_has_each_neuron_in_the_order_channel_row_column() -> None:
    made = DESIGNS["cnn, normalised"]
    network, test = open_network(made, None, Look()), data.load(made)[1]
    whole = overview(network, made, test, Look())
    rows = list(csv.DictReader(io.StringIO(exports.neurons_csv(whole))))
    spikes = {layer["name"]: np.zeros(layer["neurons"]) for layer in whole.about["layers"]}
    for number in range(len(test)):
        one = look_at(network, made, test, Look(image=number))
        for index, layer in enumerate(one.about["layers"]):
            if layer["name"] in spikes:
                np.add.at(spikes[layer["name"]], one.arrays[f"spikes.{index}"][:, 1], 1)
    assert sum(counts.sum() for counts in spikes.values()) > 0
    for name, counts in spikes.items():
        mine = [row for row in rows if row["layer"] == name]
        assert [int(row["neuron"]) for row in mine] == list(range(len(counts)))
        rates = counts / (len(test) * whole.about["steps"])
        assert [float(row["rate"]) for row in mine] == pytest.approx(rates, abs=1e-7)
    with np.load(io.BytesIO(exports.npz(whole)), allow_pickle=False) as file:
        assert set(file.files) == {"about", *whole.arrays}
        assert json.loads(str(file["about"])) == json.loads(json.dumps(whole.about))
        assert all(np.array_equal(file[name], array) for name, array in whole.arrays.items())


def test_of_many_layers_captions_name_a_few_and_labels_do_not_overlap() -> None:
    made = Design.check(
        {
            "network": {"kind": "mlp", "depth": 40, "width": 8},
            "data": {"train_samples": 20, "test_samples": 10, "steps": 4, "encoding": "rate"},
            "neuron": {"threshold": 0.1},
            "init": "kaiming",
        }
    )
    network, test = open_network(made, None, Look()), data.load(made)[1]
    one, whole = look_at(network, made, test, Look()), overview(network, made, test, Look())
    rasters = rasters_chart(one)
    layout = rasters.figure["layout"]
    pixels = rasters.height * (layout["yaxis"]["domain"][1] - layout["yaxis"]["domain"][0])
    apart = np.diff(layout["yaxis"]["tickvals"]).min() * pixels / 40
    assert apart >= 12
    assert layout["yaxis"]["ticktext"][:2] == ["L1 ", f"L{round(np.diff(layout['yaxis']['tickvals'])[0]) + 1} "]
    assert rasters.cursor is not None
    spikes = {
        layer["name"]: int((one.arrays[f"spikes.{index}"][:, 0] == 1).sum())
        for index, layer in enumerate(one.about["layers"][:40])
    }
    most = max(spikes, key=spikes.__getitem__)
    told = f"Spikes: {sum(spikes.values()):,} in 40 layers, most in {most}: {spikes[most]:,}."
    assert rasters.cursor.notes[1].endswith(told)
    for chart in (rasters, *all_images.charts_of(whole)):
        assert len(chart.caption) < 450, chart.caption
        assert chart.height <= 1260
    maps_ = {chart.id: chart.figure["data"] for chart in all_images.charts_of(whole)}
    for name, values in (("inside_potentials", "potentials"), ("inside_intervals", "intervals")):
        (drawn,) = maps_[name]
        assert drawn["type"] == "heatmap"
        for row, layer in zip(drawn["z"], drawn["y"], strict=True):
            index = next(each["index"] for each in whole.about["layers"] if each["name"] == layer)
            found = whole.arrays[f"{values}.{index}"]
            expected = found[1:-1] if values == "potentials" else found / found.sum()
            assert row == pytest.approx(expected, abs=1e-3)


def test_layers_have_the_same_colours_in_all_figures() -> None:
    made = DESIGNS["DSC and ASC"]
    network, test = open_network(made, None, Look()), data.load(made)[1]
    whole = overview(network, made, test, Look())
    whole.arrays["intervals.1"][:] = 0  # one of them never spikes twice
    charts = {chart.id: chart for chart in all_images.charts_of(whole)}
    potentials, intervals = (
        {trace["name"]: trace["line"] for trace in charts[name].figure["data"]}
        for name in ("inside_potentials", "inside_intervals")
    )
    assert len(intervals) == len(potentials) - 1
    assert intervals == {name: potentials[name] for name in intervals}
