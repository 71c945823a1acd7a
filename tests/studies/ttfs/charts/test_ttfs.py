"""The TTFS page's charts: what they draw is what the two networks say."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from snnviz.data import datasets
from snnviz.design.links import change
from snnviz.graph.architectures import build_architecture
from snnviz.studies.ttfs.charts import costs, time, ttfs
from snnviz.studies.ttfs.charts import neuron as ttfs_neuron
from snnviz.studies.ttfs.study import STARTS, Slopes, compared_networks
from snnviz.studies.ttfs.theory import relus
from snnviz.studies.ttfs.theory.twins import TwinPair, draw_images, make_twin_pair, relu_outputs
from snnviz.theory.operations import OperationCounts, additions_if_all_spike
from snnviz.theory.ttfs import ForwardPass, Silent
from snnviz.views import chart
from tests.core import taps

SMALL = {
    "digits mlp": {"network.width": 20},
    "8 layers": {"network.width": 20},
    "small cnn": {"network.channels": 2},
    "vgg": {"network.width": 0.0625},
}
CARD = datasets.dataset_card("digits")


@cache
def made(
    start: str = "digits mlp",
    slopes: Slopes = "one",
    zeta: float = 0.5,
    count: int = 16,
    silent: Silent = "clock",
) -> TwinPair:
    split = datasets.load_images("digits")
    design = change(STARTS[start], SMALL[start])
    shown = draw_images(split, 0, len(split.train_images), count)
    return make_twin_pair(relu_outputs(design, None, *shown), zeta, slopes, 0.5, 2.0, 1, silent)


def traces(of: chart.Chart, **wanted: Any) -> list[dict[str, Any]]:
    return [trace for trace in of.figure["data"] if all(trace.get(name) == value for name, value in wanted.items())]


@pytest.mark.parametrize("start", SMALL)
def test_every_chart_is_one_that_plotly_draws(start: str) -> None:
    one = made(start)
    neurons = ttfs_neuron.example_neurons(one, 0, 0)
    shown = [
        ttfs.image_chart(one, 0, CARD),
        ttfs.logits_chart(one, 0, CARD),
        ttfs.difference_chart(one),
        ttfs.scatter_chart(one, 1, 0),
        time.time_chart(one, 0, 0, neurons),
        costs.spikes_chart(one, 0),
    ]
    for each in shown:
        text = json.dumps(each.figure).replace("var(--st-", "").replace("-color)", "").replace("-text", "")
        go.Figure(
            json.loads(
                text.replace("violet", "purple").replace('"background"', '"white"').replace('"primary"', '"red"')
            )
        )
        assert each.title
        assert each.caption


def test_logits_stand_side_by_side() -> None:
    one = made(slopes="drawn")
    both = ttfs.logits_chart(one, 3, CARD)
    left, right = both.figure["data"]
    assert left["y"] == right["y"]
    assert left["x"] == list("0123456789")
    assert [float(text) for text in left["customdata"]] == one.relu.outputs[-1][3].tolist()
    assert "of **all " in ttfs.verdict(one)
    assert "double precision" in ttfs.verdict(one)


def test_what_does_not_fit_into_its_window_is_said() -> None:
    one = made()
    times = (one.passed.times[0], np.full_like(one.passed.times[1], 1.0), one.passed.times[2])  # all at t_min
    full = TwinPair(one.relu, one.stack, ForwardPass(times, one.passed.logits + 0.1))
    assert "up to 100.00 % of a layer's neurons have more to say than fits" in ttfs.verdict(full)


@pytest.mark.parametrize("silent", ["clock", "nothing"])
def test_the_drawn_v_is_that_of_the_neuron_whose_spikes_are_counted(silent: Silent) -> None:
    """Integrated step by step from the spikes that are drawn alone: silent neurons send nothing. It crosses the
    threshold at the spike that is counted, and the drawn curve is what was integrated."""
    one = made("8 layers", "drawn", silent=silent)
    layer, image = 2, 5
    neurons = (*ttfs_neuron.example_neurons(one, layer, image), 0, 1, 2)
    rows = time.spike_groups(one, image)
    sent = list(zip(rows[layer].times, rows[layer].neurons, strict=True))
    counted = dict(zip(rows[layer + 1].neurons, rows[layer + 1].times, strict=True))
    of, dt = one.hidden[layer], 1e-3
    assert len(sent) < rows[layer].size
    checked = 0
    for neuron in dict.fromkeys(neurons):
        shown = time.time_chart(one, image, layer, (neuron,))
        first, second, threshold, ramp, *_ = traces(shown, legendgroup=str(neuron), mode="lines")
        xs, ys = first["x"] + second["x"][1:], first["y"] + second["y"][1:]
        v, t, crossed = 0.0, of.before, None
        while t < of.window.end:
            late = t >= of.window.start
            rise = float(of.ramp[neuron]) + sum(float(of.weights[neuron, j]) for at, j in sent if at <= t)
            if late and silent == "clock":
                rise = float(of.slope[neuron])
            if t <= xs[-1]:
                assert v == pytest.approx(np.interp(t, xs, ys), abs=0.02 * max(1, *map(abs, ys)))
            if late and v >= threshold["y"][0] and crossed is None:
                crossed = t
            v, t = v + dt * rise, t + dt
        if neuron in counted:
            assert crossed == pytest.approx(counted[neuron], abs=0.02)
            checked += 1
        else:
            assert crossed is None
            assert xs[-1] == pytest.approx(of.window.end, abs=1e-4)
            assert "silent" in first["name"]
        assert [first["x"][-1], second["x"][0], ramp["x"][-1]] == pytest.approx([of.window.start] * 3, abs=1e-4)
    assert checked > 1


def test_the_raster_has_every_spike_within_its_window_and_the_slider_counts_them() -> None:
    one = made("8 layers")
    shown = time.time_chart(one, 1, 0, (0,))
    assert shown.cursor is not None
    marks: dict[str, list[float]] = {}
    for trace in traces(shown, showlegend=False, mode="markers"):
        if "customdata" in trace:
            marks.setdefault(trace.get("meta", "0"), []).extend(trace["x"])
    windows = [time.INPUT_WINDOW, *(layer.window for layer in one.hidden)]
    for index, window in enumerate(windows):
        times = one.passed.times[index][1]
        assert len(marks[str(index)]) == int((times < window.end).sum())
        assert min(marks[str(index)]) >= window.start - 1e-5
        assert max(marks[str(index)]) <= window.end
    hidden = sum(len(marks[str(index)]) for index in range(1, len(windows)))
    first, last = shown.cursor.notes[0], shown.cursor.notes[-1]
    assert "the input spikes · 0 of 140 hidden neurons have spiked" in first
    assert f"the logits are read · {hidden} of 140 hidden neurons have spiked" in last
    assert shown.cursor.values[-1] == pytest.approx(one.latency, abs=1e-4)
    veil, line = shown.figure["layout"]["shapes"][-2:]
    assert (veil["x0"], line["x0"]) == (one.latency, one.latency)


def test_large_layers_are_drawn_in_part() -> None:
    one = made()
    rows = time.spike_groups(one, 0)
    assert [time._stride(row, len(rows)) for row in rows] == [1, 1, 1]
    assert time._stride(rows[0]._replace(size=4096), 3) == 11
    assert time._stride(rows[0]._replace(size=200), 200) == 5


def test_every_spike_adds_its_weight_once_at_each_neuron_that_reads_it() -> None:
    one, several = made(), compared_networks(change(STARTS["digits mlp"], SMALL["digits mlp"]))
    made_of = costs.operations(one, several["ttfs"])
    spikes = [(one.relu.shown > 0).sum(), *((x > 0).sum() for x in one.relu.outputs[:-1])]
    assert made_of.additions == pytest.approx(sum(n * out for n, out in zip(spikes, (20, 20, 10), strict=True)) / 16)
    assert made_of.macs == 0
    pooled = made("small cnn")
    design = compared_networks(change(STARTS["small cnn"], SMALL["small cnn"]))["ttfs"]
    found = costs.operations(pooled, design).additions
    arriving = [pooled.relu.shown, *pooled.relu.outputs[:-1]]
    counted = sum(
        float(((x > 0) @ (layer.weights != 0).sum(0)).mean())
        for x, layer in zip(arriving, pooled.relu.layers, strict=True)
    )
    assert found == pytest.approx(counted, rel=1e-12)


@pytest.mark.parametrize("kind", ["digits mlp", "small cnn"])
def test_a_relu_network_skips_its_zeros_as_a_spiking_one_skips_silence(kind: str) -> None:
    """Tap by tap; an average of a square is one number."""
    one, design = made(kind), compared_networks(change(STARTS[kind], SMALL[kind]))["relu"]
    built = build_architecture(design)
    for folded in (False, True):
        reads = [one.relu.shown, *one.relu.outputs[:-1]]
        macs = 0.0
        for index, layer in enumerate(built.layers):
            x = relus.layer_input(built, index, reads[index]).reshape(len(reads[0]), *layer.in_shape)
            there = np.ones_like(x) if index == 0 and not folded else (x != 0).astype(float)
            macs += taps.taps(layer, there).sum()
        assert one.macs(design, folded=folded) == pytest.approx(macs / len(reads[0]), rel=1e-12)


def test_costs_are_of_three_networks_and_what_is_unknown_is_left_out() -> None:
    one, several = made(), compared_networks(change(STARTS["digits mlp"], SMALL["digits mlp"]), 7)
    table = costs.cost_table(one, several, {"relu": costs.RunSummary(0.9)}).set_index("network")
    assert table.loc["ReLU, all operations", "macs"] == 64 * 20 + 20 * 20 + 20 * 10
    sparse, folded = table.loc["ReLU, zeros skipped"], table.loc["ReLU, black pixels skipped too"]
    assert table.loc["ReLU, all operations", "energy"] == pytest.approx(
        table.loc["ReLU, all operations", "macs"] * 4.6 / 1000
    )
    assert table.loc["TTFS", "share"] == pytest.approx(table.loc["TTFS", "additions"] * 0.9 / (sparse["macs"] * 4.6))
    assert sparse["macs"] < table.loc["ReLU, all operations", "macs"]
    assert folded["macs"] == table.loc["TTFS", "additions"]  # both skip the same; the rest is 4.6 against 0.9 pJ
    every = table.loc["TTFS, t_max events counted"]
    assert (every["spikes"], every["additions"]) == (1, table.loc["ReLU, all operations", "macs"])
    assert table["latency"].tolist() == ["one pass"] * 3 + [f"{one.latency:.3g} τ_c"] * 2 + ["7 time steps"]
    assert table.loc["ReLU, all operations", "accuracy"] == 90
    assert table.loc["rate-coded LIF", ["accuracy", "macs", "energy"]].isna().all()
    told = costs.RunSummary(0.8, 1.5, OperationCounts(100, 10.0, 20.0, 30.0, 0.0))
    rate = costs.cost_table(one, several, {"rate": told}).set_index("network").loc["rate-coded LIF"]
    assert (rate["accuracy"], rate["spikes"], rate["energy"]) == (80, 1.5, pytest.approx(0.064))
    older = told._replace(operations=replace(told.operations, estimated=True))
    assert "rate-coded LIF (estimated)" in costs.cost_table(one, several, {"rate": older})["network"].tolist()


def test_an_average_of_spikes_is_counted_by_both_conventions_and_once_where_they_agree() -> None:
    one, several = made(), compared_networks(change(STARTS["digits mlp"], SMALL["digits mlp"]), 7)
    pooled = costs.RunSummary(0.8, 1.5, OperationCounts(100, 10.0, 20.0, 30.0, 0.0))
    table = costs.cost_table(one, several, {"rate": pooled}).set_index("network")
    rate, bench = table.loc["rate-coded LIF"], table.loc["rate-coded LIF, by NeuroBench"]
    assert (rate["macs"], rate["additions"]) == (10, 20)
    assert (bench["macs"], bench["additions"], bench["energy"]) == (30, 0, pytest.approx(0.138))
    alike = pooled._replace(operations=OperationCounts(100, 10.0, 20.0, 10.0, 20.0))
    assert costs.cost_table(one, several, {"rate": alike})["network"].tolist()[-1] == "rate-coded LIF"


@pytest.mark.parametrize("start", SMALL)
def test_with_t_max_events_counted_every_neuron_sends_once_through_each_of_its_weights(start: str) -> None:
    one, design = made(start), compared_networks(change(STARTS[start], SMALL[start]))["ttfs"]
    everyone = [np.ones(x.shape[1]) for x in (one.relu.shown, *one.relu.outputs[:-1])]
    counted = 0
    for layer, sends in zip(one.relu.layers, everyone, strict=True):
        arrives = sends if layer.squares is None else sends[layer.squares].max(1)  # of a square the first goes on
        counted += int((layer.weights != 0).sum(0) @ arrives)
    assert additions_if_all_spike(design) == counted > one.additions(design)
    assert one.missed_events == pytest.approx(sum((x == 0).sum() for x in one.relu.outputs[:-1]) / len(one.relu.shown))
    assert f"the {one.missed_events:,.0f} events at t_max counted" in time.verdict(one)


def test_a_neuron_in_formulas_says_what_its_relu_says() -> None:
    one = made(slopes="drawn")
    first, _, silent = ttfs_neuron.example_neurons(one, 1, 4)
    lines = ttfs_neuron.formulas(one, 1, first, 4)
    x = float(one.relu.outputs[1][4, first])
    assert lines[-2].endswith(rf"= {x:.4g} \qquad x_i = {x:.4g}")
    there_and_back = ttfs_neuron.formulas(one, 0, 3, 4)  # its b has the input's range in it
    assert there_and_back[-1].rpartition("= ")[2] == there_and_back[1].rpartition("b_i = ")[2] != "0"
    assert rf"B_i = {one.hidden[1].slope[first]:.4g}" in lines[2]
    assert r"t_{\max}\text{: silent}" in ttfs_neuron.formulas(one, 1, silent, 4)[-3]


def test_the_table_of_layers() -> None:
    one = made("8 layers")
    table = ttfs.layer_table(one)
    assert table["layer"].tolist() == [f"L{k}" for k in range(1, 8)]
    assert table["start"].tolist()[1:] == table["end"].tolist()[:-1]
    assert table["spikes"].tolist() == list(one.spikes)
