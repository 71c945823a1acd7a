"""The charts of activity: figures that Plotly accepts, with the simulation's numbers in them."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy import stats

from snnviz.catalog.inits import parse_init
from snnviz.design.menus import INITS, Choice
from snnviz.studies.activity.charts.activity import (
    colour,
    dead_chart,
    density_chart,
    init_style,
    label,
    rounded,
    shape_charts,
    spikes_chart,
    threshold_chart,
    time_charts,
    variance_chart,
)
from snnviz.studies.activity.theory.activity import ActivityConfig, LayerStatistics, expected_statistics
from snnviz.studies.activity.theory.propagation import propagate_activity
from snnviz.views.chart import Chart

SMALL: dict[str, Any] = {
    "width": 100,
    "layers": 12,
    "seeds": 4,
    "inits": "variance-preserving,glorot,fluctuation-driven",
}


def check(*charts: Chart) -> list[dict[str, Any]]:
    """The charts' traces, after making sure that Plotly and a browser's JSON accept them."""
    for chart in charts:
        json.dumps(chart.figure, allow_nan=False)
        go.Figure(chart.figure)
        assert chart.title
        assert "Micheli et al. 2024, Fig. " in chart.caption
        assert chart.caption.endswith(".")
        assert "  " not in chart.caption
    return [trace for chart in charts for trace in chart.figure["data"]]


def drawn(chart: Chart, name: str) -> dict[str, Any]:
    """The line of this name that the legend shows."""
    (found,) = (one for one in check(chart) if one.get("name") == name and one.get("showlegend", True))
    return found


def setting(**changes: Any) -> ActivityConfig:
    return ActivityConfig.check(SMALL | changes)


def everything(here: ActivityConfig, traces: tuple[LayerStatistics, ...], layer: int = 2) -> list[Chart]:
    theory = [expected_statistics(here, init) for init in here.inits]
    return [
        variance_chart(here, traces, theory),
        spikes_chart(here, traces),
        dead_chart(here, traces, theory),
        *time_charts(here, traces[0]),
        *shape_charts(here, traces),
        density_chart(here, traces, layer),
        threshold_chart([(here, traces[0])]),
    ]


def luminance(shown: str) -> float:
    parts = [int(shown[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_are_readable_on_white_and_on_black_and_differ() -> None:
    chosen = [parse_init(entry.kind) for entry in INITS]
    shown = {init.kind: colour(init, ActivityConfig()) for init in chosen}
    assert len(set(shown.values())) == len(shown)
    for one in shown.values():
        assert 1.05 / (luminance(one) + 0.05) > 3
        assert (luminance(one) + 0.05) / 0.056 > 3


def test_a_colour_does_not_depend_on_what_else_is_shown() -> None:
    for init in ActivityConfig().inits:
        assert colour(init, ActivityConfig.check({"inits": init.kind})) == colour(init, ActivityConfig())


def test_choices_of_one_kind_differ_in_shade_or_marker() -> None:
    here = ActivityConfig.check({"inits": ",".join(["kaiming", *(f"kaiming:gain={k}" for k in range(3, 14))])})
    looks = [init_style(init, here) for init in here.inits]
    assert len(set(looks)) == len(looks) == 12
    assert looks[0].colour == colour(parse_init("kaiming"), ActivityConfig())
    alone = ActivityConfig.check({"inits": "kaiming:gain=3"})
    assert init_style(alone.inits[0], alone) == looks[1]


def test_labels_name_what_was_changed() -> None:
    assert label(parse_init("glorot")) == "glorot"
    assert label(parse_init("fluctuation-driven:xi=2:nu=0.1")) == "fluctuation driven, xi 2, nu 0.1"


def test_rounding_keeps_four_digits_and_leaves_gaps() -> None:
    assert rounded([0.123456, 1234567.0, 0.0, np.nan, np.inf, -2e-9]) == [0.1235, 1235000, 0, None, None, -2e-9]


@pytest.mark.parametrize("steps", [1, 3])
def test_lines_and_bands_are_mean_and_its_t_interval(steps: int) -> None:
    here = setting(steps=steps)
    traces = propagate_activity(here)
    for chart, name in (
        (variance_chart(here, traces, [None] * 3), "var_u"),
        (spikes_chart(here, traces), "spikes"),
    ):
        for trace in traces:
            runs = getattr(trace, name).astype(float).mean(2)  # over the steps
            line = drawn(chart, label(trace.init))
            np.testing.assert_allclose(line["y"], runs.mean(0), rtol=1e-3, atol=1e-12)
            (band,) = (
                one for one in check(chart) if one.get("fill") == "toself" and one["legendgroup"] == label(trace.init)
            )
            half = len(band["y"]) // 2
            there, mean = band["x"][:half], runs.mean(0)[:half]
            spread = stats.t.ppf(0.975, len(runs) - 1) * stats.sem(runs)
            assert there == band["x"][half:][::-1] == list(range(half))
            np.testing.assert_allclose(band["y"][:half], mean + spread[:half], rtol=1e-3)
            np.testing.assert_allclose(
                band["y"][half:][::-1], np.maximum(mean - spread[:half], 0), rtol=2e-2, atol=1e-3
            )
            assert not spread[half:].any()  # what is not drawn has no width


def test_bands_lie_below_all_lines() -> None:
    here = setting()
    traces = check(
        variance_chart(here, propagate_activity(here), [expected_statistics(here, init) for init in here.inits])
    )
    fills = [k for k, one in enumerate(traces) if "fill" in one]
    assert fills == list(range(3))


def test_one_network_has_no_band() -> None:
    here = setting(seeds=1)
    assert not any("fill" in one for one in check(variance_chart(here, propagate_activity(here), [None] * 3)))


def test_theory_is_dashed_and_only_where_there_is_one() -> None:
    here = setting()
    traces, theory = propagate_activity(here), [expected_statistics(here, init) for init in here.inits]
    assert [one is None for one in theory] == [False, False, True]
    for chart, name in ((variance_chart(here, traces, theory), "var_u"), (dead_chart(here, traces, theory), "dead")):
        exact = [one for one in check(chart) if one["name"] == "exact theory"]
        *lines, entry = exact
        assert [one.get("showlegend", True) for one in exact] == [False, False, True]
        assert [one["legendgroup"] for one in lines] == ["variance preserving", "glorot"]
        assert {one["line"]["dash"] for one in exact} == {"dot"}
        assert entry["y"] == [None]
        for line, one in zip(lines, theory, strict=False):
            np.testing.assert_allclose(line["y"], getattr(one, name), rtol=1e-3, atol=1e-12)
        assert "Dotted" in chart.caption
        without = variance_chart(here, traces, [None] * 3)
        assert not any(one["name"] == "exact theory" for one in check(without))
        assert "Dashed" not in without.caption


def test_the_caption_names_the_figure_of_the_paper() -> None:
    single, several = setting(), setting(steps=3)
    assert variance_chart(single, propagate_activity(single), [None] * 3).caption.endswith("Fig. 3.")
    assert variance_chart(several, propagate_activity(several), [None] * 3).caption.endswith("Fig. 6.")


def test_the_right_axis_of_the_spikes_is_per_cent_of_the_neurons() -> None:
    here = setting()
    axis = spikes_chart(here, propagate_activity(here)).figure["layout"]["yaxis2"]
    assert len(axis["tickvals"]) == len(axis["ticktext"]) > 2
    for value, text in zip(axis["tickvals"], axis["ticktext"], strict=True):
        assert float(text.removesuffix("%")) == pytest.approx(value / here.width * 100)


def test_silence_is_counted_over_networks() -> None:
    here = setting()
    traces = propagate_activity(here)
    chart = dead_chart(here, traces, [None] * 3)
    np.testing.assert_allclose(drawn(chart, "glorot")["y"], traces[1].dead, atol=1e-3)
    assert drawn(chart, "glorot")["y"][-1] == 1


def test_the_maps_are_layers_by_steps() -> None:
    here = setting(steps=3)
    trace = propagate_activity(here)[0]
    for chart, values in zip(time_charts(here, trace), (trace.var_u, trace.spikes), strict=True):
        (heat,) = check(chart)
        np.testing.assert_allclose(heat["z"], values.mean(0), rtol=1e-2, atol=1e-9)
        assert heat["x0"] == 1


def test_shape_has_gaps_where_nothing_varies() -> None:
    here = setting(steps=2)
    traces = propagate_activity(here, shape=True)
    for chart in shape_charts(here, traces):
        values = drawn(chart, "glorot")["y"]
        assert values[0] is not None
        assert values[-1] is None
        alive = drawn(chart, "fluctuation driven")
        expected_here = np.nanmean(getattr(traces[2], chart.id), (0, 2), dtype=float)
        np.testing.assert_allclose(alive["y"], expected_here, rtol=1e-3)


def test_shape_that_was_not_asked_for_is_not_drawn() -> None:
    here = setting()
    assert check(*shape_charts(here, propagate_activity(here))) == []


def test_the_density_is_one_and_what_is_shaded_spikes() -> None:
    here = setting(width=2000, seeds=10, threshold=0.8)
    traces = propagate_activity(here, look=1)
    chart = density_chart(here, traces, 1)
    line = drawn(chart, "variance preserving")
    assert np.trapezoid(line["y"], line["x"]) == pytest.approx(1, abs=0.01)
    (shaded,) = (one for one in check(chart) if one["name"] == "variance preserving, above the threshold")
    assert min(shaded["x"]) == 0.8
    half = len(shaded["x"]) // 2
    assert set(shaded["y"][half:]) == {0}
    part = np.trapezoid(shaded["y"][:half], shaded["x"][:half])
    assert part == pytest.approx(traces[0].spikes[:, 1].mean() / 2000, abs=0.01)
    assert f"P(u > theta) = {traces[0].spikes[:, 1].mean(dtype=float) / 20:.2f} %" in line["hovertemplate"]
    (rule,) = chart.figure["layout"]["shapes"]
    assert rule["x0"] == rule["x1"] == 0.8


def test_the_density_of_few_potentials_has_wider_bins_and_the_same_mass() -> None:
    few, many = setting(seeds=1), setting(width=2000, seeds=20)
    sizes = []
    for here in (few, many):
        line = drawn(density_chart(here, propagate_activity(here, look=0), 0), "glorot")
        sizes.append(len(line["x"]))
        assert np.trapezoid(line["y"], line["x"]) == pytest.approx(1, abs=0.05)
    assert sizes == [41, 121]


def test_far_tails_do_not_hide_the_middle() -> None:
    here = setting(steps=20, beta=0.9, width=400, inits="variance-preserving")
    trace = propagate_activity(here, look=5)[0]
    chart = density_chart(here, [trace], 5)
    low, high = chart.figure["layout"]["xaxis"]["range"]
    assert trace.edges is not None
    assert trace.density is not None
    assert -low == high < trace.edges[-1]
    centres = (trace.edges[1:] + trace.edges[:-1]) / 2
    outside = np.abs(centres) > high * 1.01
    assert 0 < (trace.density * np.diff(trace.edges))[outside].sum() < 0.003


def test_the_density_names_who_is_silent() -> None:
    here = setting()
    chart = density_chart(here, propagate_activity(here, look=8), 8)
    assert "No spikes reach it under glorot." in chart.caption
    assert not any(one["name"] == "glorot" for one in check(chart))


def test_thresholds_are_told_apart_and_in_order() -> None:
    pairs = []
    for threshold in (0.75, 0.0, 1.0):
        here = setting(threshold=threshold, inits="kaiming")
        pairs.append((here, propagate_activity(here)[0]))
    chart = threshold_chart(pairs)
    lines = [one for one in check(chart) if one.get("showlegend", True)]
    assert [one["name"] for one in lines] == ["threshold 0", "threshold 0.75", "threshold 1"]
    assert len({one["line"]["color"] for one in lines}) == 3
    np.testing.assert_allclose(lines[0]["y"], pairs[1][1].var_u.mean((0, 2)), rtol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 4, "seeds": 2},
        {"threshold": 0},
        {"width": 10, "layers": 2, "seeds": 1},
        {"steps": 20, "beta": 1, "reset": "none", "layers": 5},
        {"inits": "zenke-2021,lee-2016", "threshold": 2},
        {"inits": "kaiming:gain=20,reset-aware,ding-2022", "threshold": 0},
    ],
)
def test_every_setting_can_be_drawn(changes: dict[str, Any]) -> None:
    here = setting(**changes)
    last = here.layers - 1
    check(*everything(here, propagate_activity(here, shape=True, look=last), last))


def test_ids_are_distinct_and_payloads_small() -> None:
    here = ActivityConfig()
    charts = everything(here, propagate_activity(here, shape=True, look=2))
    assert all(one.id != other.id for one, other in combinations(charts, 2))
    assert all(len(json.dumps(chart.figure)) < 40_000 for chart in charts)


def test_a_choice_that_the_setting_does_not_hold_has_a_look() -> None:
    assert colour(Choice(INITS.choose("init", {"kind": "kaiming", "gain": 7})), ActivityConfig()).startswith("#")
