"""The charts of survival: theory's numbers in the right places."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from snnviz.catalog.inits import InputStatistics, is_data_dependent, parse_init, spike_probability, weight_distribution
from snnviz.design.menus import INITS
from snnviz.studies.activity.charts.survival import cobweb_chart, survival_chart, width_chart, width_variance_chart
from snnviz.studies.activity.theory import survival
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.studies.activity.theory.propagation import propagate_activity
from snnviz.views.chart import Chart

SMALL: dict[str, Any] = {"width": 60, "layers": 12, "seeds": 3}
ALL = ",".join(entry.kind for entry in INITS)


def check(chart: Chart) -> dict[str, dict[str, Any]]:
    """The chart's traces by name, after making sure that Plotly and a browser's JSON accept them."""
    json.dumps(chart.figure, allow_nan=False)
    go.Figure(chart.figure)
    assert chart.title
    assert "Micheli et al. 2024" in chart.caption
    assert chart.caption.endswith(".")
    return {trace["name"]: trace for trace in chart.figure["data"]}


def setting(**changes: Any) -> ActivityConfig:
    return ActivityConfig.check(SMALL | changes)


def starting(traces: dict[str, dict[str, Any]], words: str) -> dict[str, Any]:
    (found,) = (trace for name, trace in traces.items() if name.startswith(words))
    return found


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("threshold", [0.25, 1.0, 1.7])
def test_every_initialisation_lies_in_its_place(threshold: float, steps: int) -> None:
    here = setting(inits=ALL, threshold=threshold, steps=steps)
    points = check(survival_chart(here, None))["initialisations"]
    assert [told[0] for told in points["customdata"]] == [init.kind for init in here.inits]
    assert points["meta"] == "inits"
    drive = InputStatistics(spike_probability(threshold), steps)
    for k, init in enumerate(here.inits):
        gain = 60 * weight_distribution(init, 60, 60, here.neuron, drive).variance
        assert points["x"][k] == pytest.approx(gain, rel=1e-3)
        assert points["y"][k] == threshold
        assert points["marker"]["symbol"][k] == ("circle-open" if is_data_dependent(init) else "circle")
    low, high = here_range = check_range(survival_chart(here, None))
    assert low <= min(points["x"]) <= max(points["x"]) <= high, here_range


def check_range(chart: Chart) -> tuple[float, float]:
    low, high = chart.figure["layout"]["xaxis"]["range"]
    return 10.0**low, 10.0**high


def test_points_in_one_place_share_a_label_and_every_label_is_there() -> None:
    here = setting()
    words = check(survival_chart(here, None))["initialisations"]["text"]
    shown = [text.replace("\u00a0", "").strip("<br>").split("<br>") for text in words if text]
    assert ["glorot", "lee 2016", "bellec 2018"] in shown
    assert sorted(name for group in shown for name in group) == sorted(
        init.kind.replace("-", " ") for init in here.inits
    )


def test_the_boundary_is_0_407_times_the_root() -> None:
    line = starting(check(survival_chart(setting(), None)), "wide limit")
    np.testing.assert_allclose(line["y"], 0.40708 * np.sqrt(np.array(line["x"])), rtol=1e-3)


def test_the_preserving_curve_keeps_the_variance() -> None:
    line = starting(check(survival_chart(setting(), None)), "keeps")
    for gain, threshold in zip(line["x"], line["y"], strict=True):
        assert survival.next_variance(1.0, gain, threshold) == pytest.approx(1, rel=2e-3)


def test_the_map_is_the_chain() -> None:
    heat = check(survival_chart(setting(), None))["P(silent)"]
    x, y, z = (np.array(heat[name]) for name in "xyz")
    assert z.shape == (len(y) - 1, len(x) - 1)  # edges
    assert z.min() >= 0
    assert z.max() <= 1
    thresholds, gains = (y[1:] + y[:-1]) / 2, np.sqrt(x[1:] * x[:-1])  # a cell says what is in its middle
    np.testing.assert_allclose(
        z, survival.extinction_probability(60, 11, thresholds.tolist(), gains.tolist()), atol=0.01
    )
    for row, column in ((10, 40), (24, 60), (30, 70), (45, 80)):
        exact = survival.exact_chain(60, float(gains[column]), float(thresholds[row]), 12).dead[-1]
        assert z[row, column] == pytest.approx(exact, abs=0.05)


def test_ones_own_network_is_a_star_inside_the_map() -> None:
    chart = survival_chart(setting(), (80.0, 3.0, "my network"))
    star = check(chart)["my network"]
    assert (star["x"], star["y"], star["marker"]["symbol"]) == ([80], [3], "star")
    assert check_range(chart)[1] > 80
    assert chart.figure["layout"]["yaxis"]["range"][1] > 3
    assert all(one.get("meta") != "own" for one in survival_chart(setting(), None).figure["data"])


@pytest.mark.parametrize("threshold", [0.0, 4.0])
def test_extreme_thresholds_can_be_drawn(threshold: float) -> None:
    here = setting(inits=ALL, threshold=threshold)
    check(survival_chart(here, (0.0, threshold, "nothing")))
    for init in here.inits:
        check(cobweb_chart(here, init))


@pytest.mark.parametrize("kind", ["variance-preserving", "kaiming", "glorot", "reset-aware"])
@pytest.mark.parametrize("threshold", [0.5, 1.0, 1.3])
def test_the_staircase_is_the_mean_field(kind: str, threshold: float) -> None:
    here, init = setting(threshold=threshold), parse_init(kind)
    stairs = check(cobweb_chart(here, init))["from the encoder"]
    gain = 60 * weight_distribution(init, 60, 60, here.neuron).variance
    wanted = survival.mean_field(gain, threshold, 12)
    np.testing.assert_allclose(stairs["x"][::2], wanted, rtol=1e-3, atol=1e-12)
    np.testing.assert_allclose(stairs["y"][1::2], wanted[1:], rtol=1e-3, atol=1e-12)
    assert stairs["x"][0] == stairs["y"][0] == 1


def test_the_cobweb_marks_fixed_points_on_the_diagonal() -> None:
    traces = check(cobweb_chart(setting(), parse_init("variance-preserving")))
    stable, unstable = starting(traces, "stable: 1.00, slope 0.76"), starting(traces, "unstable: 0.51")
    assert stable["marker"]["symbol"] == "circle"
    assert unstable["marker"]["symbol"] == "circle-open"
    for point in (stable, unstable):
        assert point["x"] == point["y"]
        assert survival.next_variance(point["x"][0], 6.303, 1.0) == pytest.approx(point["x"][0], rel=2e-3)


@pytest.mark.parametrize(
    ("text", "threshold", "words"),
    [
        ("variance-preserving", 1.0, "Stable at 1.00 (slope 0.76); below the unstable point 0.51 activity dies"),
        ("variance-preserving", 1.19, "Marginal"),
        ("variance-preserving", 1.5, "The encoder's variance, 1, is the unstable point"),
        ("variance-preserving", 0.0, "One stable point, 1.00"),
        ("kaiming", 1.0, "No fixed point: every variance is mapped below itself, so activity dies: from layer 3"),
        ("kaiming:gain=2.02", 0.58, "slowly: after 11 it is"),
        ("kaiming:gain=13", 1.45, "Starts at 1, below the unstable point"),
        ("fluctuation-driven", 1.0, "One stable point, 1.00 (slope 0.00)"),
        ("fluctuation-driven", 0.0, "activity dies: from layer 1 on"),
        ("ding-2022", 0.0, "activity dies: from layer 1 on"),
        ("fluctuation-driven:nu=0.1", 1.0, "Stable at"),
    ],
)
def test_the_caption_says_why_it_lives_or_dies(text: str, threshold: float, words: str) -> None:
    assert words in cobweb_chart(setting(threshold=threshold), parse_init(text)).caption


@pytest.mark.parametrize("kind", ["variance-preserving", "kaiming", "ding-2022"])
def test_the_width_curves_are_the_chain(kind: str) -> None:
    here, init = setting(), parse_init(kind)
    lines = check(width_chart(here, init, (20, 50)))
    for width in (20, 50):
        line = lines[f"{width} neurons"]
        assert line["x"] == sorted(line["x"])
        assert (line["x"][0], line["x"][-1]) == (0, 1.2)
        for threshold in np.linspace(0, 1.2, 17):
            neuron = here.neuron.model_copy(update={"threshold": float(threshold)})
            gain = 60 * weight_distribution(init, 60, 60, neuron).variance
            exact = survival.exact_chain(width, gain, float(threshold), 12).dead[-1]
            assert np.interp(threshold, line["x"], line["y"]) == pytest.approx(exact, abs=0.03)


def test_the_wide_limit_is_a_step_where_mean_field_dies() -> None:
    kaiming = check(width_chart(setting(), parse_init("kaiming"), (20,)))["wide limit"]
    assert kaiming["y"] == [0, 0, 1, 1]
    assert kaiming["x"][1] < 0.5757 < kaiming["x"][2]
    assert kaiming["x"][2] - kaiming["x"][1] < 0.002
    preserving = check(width_chart(setting(), parse_init("variance-preserving"), (20,)))["wide limit"]
    assert set(preserving["y"][:2]) == {0}


def test_captions_say_what_the_chain_assumes() -> None:
    captions = {kind: width_chart(setting(), parse_init(kind), (20,)).caption for kind in ("kaiming", "lee-2016")}
    assert "Gaussian" not in captions["kaiming"]
    assert "takes the weights for Gaussian" in captions["lee-2016"]
    assert "measured" in width_chart(setting(), parse_init("fluctuation-driven"), (20,)).caption


def test_widths_are_drawn_in_order_with_bands() -> None:
    pairs = []
    for width in (80, 20):
        pairs.append((width, propagate_activity(setting(width=width, inits="variance-preserving"))[0]))
    chart = width_variance_chart(setting(), pairs)
    check(chart)
    bands, lines = chart.figure["data"][:2], chart.figure["data"][2:]
    assert [line["name"] for line in lines] == ["20 neurons", "80 neurons"]
    assert all(band["fill"] == "toself" for band in bands)
    np.testing.assert_allclose(lines[1]["y"], pairs[0][1].var_u.mean((0, 2)), rtol=1e-3)
