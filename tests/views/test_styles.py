"""Things that are compared are told apart without colours, and one thing looks alike in all charts."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnviz.events import Branch, LayerState, Sample
from snnviz.studies.activity.charts import activity
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.studies.activity.theory.propagation import propagate_activity
from snnviz.studies.shortcuts.charts.shortcuts import loss_chart
from snnviz.studies.shortcuts.study import STARTS, ShortcutStudy, study_runs
from snnviz.views import styles
from snnviz.views.chart import Chart, empty, payload
from snnviz.views.results import Rows
from snnviz.views.run import run_charts
from snnviz.views.styles import LineStyle, with_distinct_markers
from snnviz.views.words import layer_label as called

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
BLINDNESS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1, 1.089])


def lab(colour: str, blindness: str) -> NDArray[np.float64]:
    """CIE L*a*b* of a colour as it is seen."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.array(BLINDNESS[blindness]) @ linear, 0, 1) / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def rgb(colour: str) -> str:
    """``rgb(1,2,3)`` as ``#010203``."""
    return "#" + "".join(f"{int(part):02x}" for part in colour[4:-1].split(","))


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_eight_initialisations_are_told_apart_without_their_colours(blindness: str) -> None:
    here = ActivityConfig()
    shown = {init.kind: activity.init_style(init, here) for init in here.inits}
    assert len(shown) == 8
    close = 0
    for (one, first), (other, second) in combinations(shown.items(), 2):
        assert first.symbol != second.symbol, (one, other)
        if np.linalg.norm(lab(first.colour, blindness) - lab(second.colour, blindness)) < 10:
            close += 1
            assert first.dash != second.dash, (one, other)
    if blindness == "deutan":
        assert close >= 3, "the pairs that the page was found to confuse"


def test_markers_and_dashes_of_ordered_things_differ_too() -> None:
    found = styles.ordered_styles(12)
    assert len({(look.dash, look.symbol) for look in found}) == 12
    for first, second in pairwise(found):  # neighbours have neighbouring colours
        assert first.dash != second.dash
        assert first.symbol != second.symbol


def test_the_charts_draw_the_looks() -> None:
    here = ActivityConfig.check({"layers": 5, "width": 50, "seeds": 2})
    traces = propagate_activity(here)
    charts = [activity.variance_chart(here, traces, [None] * 8), activity.spikes_chart(here, traces)]
    for chart in charts:
        lines = [trace for trace in chart.figure["data"] if trace.get("mode") == "lines+markers"]
        assert len({trace["marker"]["symbol"] for trace in lines}) == len(lines) == 8
        for trace, init in zip(lines, here.inits, strict=True):
            assert LineStyle(
                trace["line"]["color"], trace["line"]["dash"], trace["marker"]["symbol"]
            ) == activity.init_style(init, here)
            assert trace["marker"]["maxdisplayed"] == styles.MARKS


# -- layers --------------------------------------------------------------------------------------------------------

NAMES = ("L1", "L2", "L3", "L4", "readout")


def states(*, spiking_readout: bool) -> list[LayerState]:
    return [
        LayerState(
            step,
            float(step),
            place,
            name,
            0.2 if spiking_readout or name != "readout" else None,
            0.5,
            0.1 if step else None,
        )
        for step in (0, 1, 2)
        for place, name in enumerate(NAMES, 1)
    ]


def looks_in(chart: Chart) -> dict[str, LineStyle]:
    return {
        trace["name"]: LineStyle(trace["line"]["color"], trace["line"]["dash"], trace["marker"]["symbol"])
        for trace in chart.figure["data"]
    }


@pytest.mark.parametrize("spiking_readout", [False, True])
def test_one_layer_looks_alike_in_all_charts(spiking_readout: bool) -> None:
    seen = states(spiking_readout=spiking_readout)
    charts = {chart.id: chart for chart in run_charts([Sample(1, 1.0, 0.5, 0.5)], seen, [])}
    expected = {called(name): look for name, look in styles.layer_styles(NAMES).items()}
    assert len(set(expected.values())) == 5
    for name in ("rate", "var_u", "grad_norm"):
        shown = looks_in(charts[name])
        assert shown == {layer: expected[layer] for layer in shown}
    assert set(looks_in(charts["var_u"])) == set(expected)
    assert (called("readout") in looks_in(charts["rate"])) == spiking_readout


def test_a_branch_has_the_colour_and_the_marker_of_its_layer() -> None:
    branches = [Branch(1, 1.0, layer, f"L{layer}", 0.7, 0.1) for layer in (2, 4)]
    seen = states(spiking_readout=False)
    loss = run_charts([Sample(1, 1.0, 0.5, 0.5)], seen, [], branches)[1]
    expected = styles.layer_styles(NAMES)
    drawn = [trace for trace in loss.figure["data"] if trace["name"].startswith("branch")]
    assert [trace["name"] for trace in drawn] == ["branch L2", "branch L4"]
    several = [member for member in study_runs(STARTS["deep mlp"], ShortcutStudy()) if member.mode == "constant"][:1]
    told = {several[0].design.digest: Rows(layers=seen, branches=branches, samples=[Sample(1, 1.0, 0.5, 0.5)])}
    on_shortcuts = [trace for trace in loss_chart(several, told).figure["data"] if "branch" in trace["name"]]
    for trace, layer in zip([*drawn, *on_shortcuts], ["L2", "L4"] * 2, strict=True):
        assert trace["line"]["color"] == trace["marker"]["color"] == expected[layer].colour
        assert trace["marker"]["symbol"] == expected[layer].symbol


# -- lines that chose no look --------------------------------------------------------------------------------------


def line(name: str, colour: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [1, 2],
        "y": [1, 2],
        "line": {"color": colour},
        **more,
    }


def test_lines_that_only_a_colour_tells_apart_get_markers_and_dashes() -> None:
    found = with_distinct_markers([line(str(k), f"#00000{k}") for k in range(8)])
    assert len({trace["marker"]["symbol"] for trace in found}) == 8
    assert {trace["mode"] for trace in found} == {"lines+markers"}
    assert [trace["line"]["color"] for trace in found] == [f"#00000{k}" for k in range(8)]
    for first, second in pairwise(found):
        assert first["line"]["dash"] != second["line"]["dash"]


def test_a_dash_that_means_something_is_kept() -> None:
    dashed = {"color": "#000003", "dash": "dash"}
    found = with_distinct_markers([line("a", "#000001"), line("b", "#000002"), line("c", "", line=dashed)])
    assert [trace["line"].get("dash", "solid") for trace in found] == ["solid", "solid", "dash"]
    assert len({trace["marker"]["symbol"] for trace in found}) == 3


def test_what_is_told_apart_already_and_bands_stay_as_they_are() -> None:
    alone = [line("train", "grey"), line("test", "green", mode="lines+markers")]
    assert with_distinct_markers(alone) == alone
    band = line("a", "#000001", fill="toself", hoverinfo="skip", showlegend=False)
    assert with_distinct_markers([band, line("a", "#000001"), line("b", "#000002")])[0] == band
    one_group = [line("a", "#000001", legendgroup="a"), line("a too", "#000001", legendgroup="a")]
    assert with_distinct_markers(one_group) == one_group


def test_a_payload_is_told_apart() -> None:
    chart = Chart("c", "Title", "Caption.", empty("x", "y") | {"data": [line("a", "red"), line("b", "blue")]})
    assert b'"symbol":"square"' in payload([chart], "plotly.js")
