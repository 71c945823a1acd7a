"""The charts of a run: figures that Plotly accepts, for every number that a run can report."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.design.menus import SURROGATES
from snnviz.design.parts import Neuron
from snnviz.events import EpochEnd, LayerState, Sample
from snnviz.theory.variance import forecast_layers
from snnviz.views.chart import Chart, payload
from snnviz.views.design import forecast_chart, layer_table, surrogate_chart
from snnviz.views.expected_axes import ExpectedAxes
from snnviz.views.run import MOST_LINES, MOST_NAMED, MOST_POINTS, overlay_charts, run_charts
from snnviz.views.words import axis_label
from snnviz.views.words import layer_label as called

ANY = st.floats(allow_nan=True, allow_infinity=True)


def history(epochs: int, layers: int, var_u: float = 1.0, grad_norm: float | None = 0.5) -> tuple[Any, Any, Any]:
    """What a run of so many epochs and layers reports; the last layer does not spike, at first there is no gradient."""
    looks = range(epochs + 1) if epochs else ()
    states = [
        LayerState(e, float(e), n, f"L{n}", None if n == layers - 1 else 0.1, var_u, grad_norm if e else None)
        for e in looks
        for n in range(layers)
    ]
    samples = [Sample(e, float(e), 2.0 / e, 0.1) for e in range(1, epochs + 1)]
    ends = [EpochEnd(e, 0.1, 0.2, 2.0, 1.9, 0.05, 0.01) for e in range(1, epochs + 1)]
    return samples, states, ends


def check(charts: list[Chart]) -> dict[str, dict[str, Any]]:
    """The charts by id, after making sure that Plotly and a browser's JSON accept them."""
    for chart in charts:
        go.Figure(chart.figure)
        assert chart.title
        assert chart.caption.endswith(".")
    sent = json.loads(payload(charts, "/lib.js"), parse_constant=lambda name: pytest.fail(name))
    assert len({chart["id"] for chart in sent["charts"]}) == len(charts)
    return {chart["id"]: chart for chart in sent["charts"]}


def test_a_run_that_has_not_reported_yet_has_empty_charts() -> None:
    charts = check(run_charts([], [], []))
    assert list(charts) == ["accuracy", "loss", "rate", "var_u", "var_u_map", "grad_norm"]
    assert [trace["x"] for chart in charts.values() for trace in chart["traces"]] == [[], [], [], []]


@pytest.mark.parametrize("name", ["digits", "resnet18-digits", "activity", "ttfs-mnist"])
def test_before_the_first_point_axes_are_those_of_what_will_come(name: str) -> None:
    design = get_example(name)
    coming = ExpectedAxes.of_design(design)
    charts = check(coming.frame(run_charts([], [], [])))
    n, epochs = len(coming.layers), design.training.epochs
    ranges = {name: chart["layout"]["yaxis"]["range"] for name, chart in charts.items()}
    assert ranges["accuracy"] == [0, 1.02]
    assert ranges["rate"] == [0, 1]
    assert ranges["loss"][0] == 0
    assert math.log(10) < ranges["loss"][1] < 4
    assert ranges["var_u"] == [-2, 1]  # powers of ten
    assert charts["var_u"]["layout"]["yaxis"]["tickformat"] == ".3~g"  # Plotly's own is "2" at 20
    assert ranges["var_u_map"] == [n - 0.5, -0.5]
    texts = charts["var_u_map"]["layout"]["yaxis"]["ticktext"]
    assert 1 < len(texts) <= n
    assert texts[-1] == "readout (output layer)" or n > 16
    for chart in charts.values():
        axis = chart["layout"]["xaxis"]
        assert axis["range"] == [0, epochs]
        assert epochs / 10 <= axis["dtick"] <= epochs
        assert axis["dtick"] == int(axis["dtick"])


def test_while_a_run_goes_on_its_epochs_lead_to_the_last_one_and_values_are_those_that_are_there() -> None:
    coming = ExpectedAxes(epochs=40, layers=("L0", "L1", "readout"), chance_loss=2.3)
    charts = check(coming.frame(run_charts(*history(epochs=4, layers=3))))
    assert all(chart["layout"]["xaxis"]["range"] == [0, 40] for chart in charts.values())
    assert "range" not in charts["rate"]["layout"]["yaxis"]
    assert "range" not in charts["loss"]["layout"]["yaxis"]
    deep = check(coming.frame(run_charts(*history(epochs=4, layers=MOST_LINES + 1))))
    assert "range" not in deep["rate_profile"]["layout"]["xaxis"]


def test_the_first_and_the_last_layer_say_what_they_are() -> None:
    samples, states, ends = history(epochs=2, layers=2)
    states = [replace(row, name=("stem", "readout")[row.layer]) for row in states]
    charts = check(run_charts(samples, states, ends))
    assert [trace["name"] for trace in charts["var_u"]["traces"]] == ["stem (input layer)", "readout (output layer)"]
    assert charts["var_u_map"]["traces"][0]["y"] == ["stem<br>(input layer)", "readout<br>(output layer)"]


def test_charts_are_as_high_as_their_legends_need_before_and_after_the_first_point() -> None:
    design = get_example("digits")
    coming = ExpectedAxes.of_design(design)
    samples, states, ends = history(epochs=2, layers=len(coming.layers))
    states = [replace(row, name=coming.layers[row.layer]) for row in states]
    heights = [
        {chart["height"] for chart in check(shown).values()}
        for shown in (coming.frame(run_charts([], [], [])), run_charts(samples, states, ends))
    ]
    assert heights[0] == heights[1]
    assert min(heights[0]) > 280


def test_images_that_are_held_out_have_a_line_where_there_are_any() -> None:
    samples, states, ends = history(epochs=3, layers=2)
    held = [replace(end, validation_accuracy=0.1 * end.epoch, validation_loss=1.0 / end.epoch) for end in ends]
    for name, values in (("accuracy", [0.1, 0.2, 0.3]), ("loss", [1, 0.5, 0.33333])):
        plain, shown = (check(run_charts(samples, states, some))[name] for some in (ends, held))
        assert [trace["name"] for trace in plain["traces"]] == ["train", "test"]
        assert [trace["name"] for trace in shown["traces"]] == ["train", "test", "validation"]
        assert shown["traces"][2]["y"] == pytest.approx(values)
        assert "held out" in shown["caption"]
        assert "held out" not in plain["caption"]
    three = ["overlay_test_accuracy", "overlay_test_loss", "overlay_rate"]
    assert list(check(overlay_charts({"one": ends, "other": ends}))) == three
    both = check(overlay_charts({"one": ends, "other": held}))
    assert list(both) == [*three, "overlay_validation_accuracy", "overlay_validation_loss"]
    assert [trace["y"] for trace in both["overlay_validation_accuracy"]["traces"]] == [[None] * 3, [0.1, 0.2, 0.3]]


def test_every_layer_has_its_line() -> None:
    charts = check(run_charts(*history(epochs=4, layers=3)))
    assert [trace["name"] for trace in charts["rate"]["traces"]] == ["L0", "L1"]  # the readout does not spike
    assert [trace["name"] for trace in charts["var_u"]["traces"]] == ["L0", "L1", "L2"]
    assert charts["var_u"]["traces"][0]["x"] == [0, 1, 2, 3, 4]
    assert charts["grad_norm"]["traces"][0]["x"] == [1, 2, 3, 4]
    heat = charts["var_u_map"]["traces"][0]
    assert (len(heat["y"]), len(heat["x"]), heat["z"][0]) == (3, 5, [0.0] * 5)
    assert charts["accuracy"]["traces"][1]["y"] == [0.2] * 4


def test_a_leak_and_a_threshold_are_drawn_where_they_are_learnt() -> None:
    samples, states, ends = history(epochs=3, layers=3)
    assert not {"beta", "threshold"} & set(check(run_charts(samples, states, ends)))
    learning = [replace(row, beta=0.9 + row.step / 50) if row.layer < 2 else row for row in states]
    charts = check(run_charts(samples, learning, ends, past="L1 acts otherwise."))
    assert "threshold" not in charts
    assert [trace["name"] for trace in charts["beta"]["traces"]] == ["L0", "L1"]
    assert charts["beta"]["traces"][0]["y"] == [0.9, 0.92, 0.94, 0.96]
    assert charts["beta"]["caption"].endswith("L1 acts otherwise.")


def test_many_layers_have_no_legend() -> None:
    for layers, legend in ((MOST_NAMED, True), (MOST_NAMED + 1, False)):
        charts = check(run_charts(*history(epochs=2, layers=layers)))
        assert {trace["showlegend"] for trace in charts["var_u"]["traces"]} == {legend}


def test_the_layers_of_a_deep_network_are_rows_of_maps() -> None:
    charts = check(run_charts(*history(epochs=3, layers=MOST_LINES + 1)))
    assert list(charts) == ["accuracy", "loss", "rate", "rate_profile", "var_u_map", "grad_norm"]
    assert [trace["name"] for trace in charts["rate_profile"]["traces"]] == ["before", "now"]
    assert len(charts["rate_profile"]["traces"][1]["y"]) == MOST_LINES
    assert len({chart["height"] for chart in charts.values()}) == 1
    rate, grad = charts["rate"]["traces"], charts["grad_norm"]["traces"]
    assert [len(found) for found in (rate, grad)] == [1, 1]
    assert len(rate[0]["y"]) == MOST_LINES  # without the readout
    assert rate[0]["z"][0] == [0.1] * 4
    assert grad[0]["x"] == [1, 2, 3]
    assert grad[0]["z"][0] == [pytest.approx(math.log10(0.5), abs=1e-3)] * 3


def test_a_long_history_is_thinned_and_keeps_its_newest_look() -> None:
    charts = check(run_charts(*history(epochs=5 * MOST_POINTS, layers=2)))
    for chart in charts.values():
        for trace in chart["traces"]:
            assert MOST_POINTS / 2 < len(trace["x"]) <= MOST_POINTS
            assert trace["x"][-1] == 5 * MOST_POINTS


@settings(max_examples=60, deadline=None)
@given(ANY, ANY, st.integers(1, 3), st.integers(1, 3))
def test_no_number_breaks_a_chart(var_u: float, grad_norm: float, epochs: int, layers: int) -> None:
    charts = check(run_charts(*history(epochs, layers, var_u, grad_norm)))
    shown = charts["var_u"]["traces"][0]["y"][0]
    assert (shown is not None) == (0 < var_u < math.inf)


def test_runs_on_top_of_each_other_have_their_names_as_they_are() -> None:
    charts = check(overlay_charts({"1: <b>x</b> & y": history(3, 1)[2], "2: plain": []}))
    assert list(charts) == ["overlay_test_accuracy", "overlay_test_loss", "overlay_rate"]
    assert [trace["name"] for trace in charts["overlay_rate"]["traces"]] == [
        "1: &lt;b&gt;x&lt;/b&gt; &amp; y",  # Plotly turns these back, and would take <b> for markup
        "2: plain",
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_forecast_is_drawn_and_listed_for_every_example(name: str) -> None:
    layers = forecast_layers(get_example(name))
    charts = check([forecast_chart(layers)])
    spiking = [axis_label(layer.name) for layer in layers if layer.rate is not None]
    relus = get_example(name).neuron.kind == "relu"
    hidden = [[axis_label(layer.name) for layer in layers[:-1]]]
    assert [trace["x"] for trace in charts["forecast"]["traces"]] == (hidden if relus else [spiking] * 3)
    table = layer_table(get_example(name), layers)
    assert list(table["layer"]) == [called(layer.name) for layer in layers]


def test_every_surrogate_is_drawn() -> None:
    for entry in SURROGATES:
        trace = check([surrogate_chart(Neuron(surrogate=entry.kind).surrogate)])["surrogate"]["traces"][0]
        assert max(trace["y"]) == trace["y"][len(trace["y"]) // 2] > 0


def test_gradients_that_were_not_watched_have_no_chart() -> None:
    assert "grad_norm" not in check(run_charts(*history(epochs=2, layers=3, grad_norm=None)))
    assert "grad_norm" not in check(run_charts(*history(epochs=2, layers=MOST_LINES + 2, grad_norm=None)))
    assert "grad_norm" in check(run_charts(*history(epochs=2, layers=3)))
