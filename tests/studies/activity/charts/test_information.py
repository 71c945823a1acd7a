"""Charts of what deep layers still tell of their input."""

from __future__ import annotations

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest

from snnviz.catalog.inits import parse_init
from snnviz.design.design import Design
from snnviz.design.menus import Choice
from snnviz.studies.activity.charts import information
from snnviz.studies.activity.theory import survival
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.theory.correlation import cosine_fixed_point
from snnviz.views.chart import Chart

KEPT, DIES = parse_init("variance-preserving"), parse_init("kaiming")
SETTING = ActivityConfig.check({"width": 1000, "layers": 20, "inits": "variance-preserving,kaiming"})


def accepted(chart: Chart) -> Chart:
    json.dumps(chart.figure, allow_nan=False)
    go.Figure(chart.figure)
    assert chart.caption.endswith(".")
    return chart


def test_two_pairs_of_images_meet_at_the_fixed_point() -> None:
    within, between = accepted(information.alike_chart(SETTING, KEPT)).figure["data"]
    assert within["y"][0] > between["y"][0] > 0
    assert within["y"][-1] == pytest.approx(0.274, abs=2e-3)
    assert between["y"][-1] == pytest.approx(within["y"][-1], abs=1e-3)


def test_what_is_left_falls_by_the_depth_scale_and_ends_where_nothing_spikes() -> None:
    kept, dies = accepted(information.left_chart(SETTING)).figure["data"]
    left = [value for value in kept["y"] if value is not None]
    slope = math.log(left[-2] / left[-1])
    assert 1 / slope == pytest.approx(cosine_fixed_point(1.0).depth_scale, rel=0.02)
    assert sum(value is not None for value in dies["y"]) < len(left)


def test_the_map_is_that_of_the_settled_variance() -> None:
    chart = accepted(information.depth_scale_chart(SETTING))
    trace = chart.figure["data"][0]
    for column, row in ((75, 16), (113, 40), (118, 61)):
        value, theta = trace["x"][column], trace["y"][row]
        settled = survival.fixed_points(value, theta)
        seen = trace["z"][row][column]
        assert (seen is None) == (not settled)
        if settled:
            assert seen == pytest.approx(cosine_fixed_point(theta, settled[-1].variance).depth_scale, abs=0.02)
    known = [value for row in trace["z"] for value in row if value is not None]
    assert 1.2 < min(known) < max(known) < 1.65  # as the caption says, in numbers of its own
    assert "between 1.3 and 1.6 layers" in chart.caption


def test_gradients_fade_and_the_caption_names_the_slope_that_keeps_them() -> None:
    surrogate = Design().neuron.surrogate  # type: ignore[union-attr]
    chart = accepted(information.gradient_chart(SETTING, surrogate))
    first = chart.figure["data"][0]["y"]
    assert first[-1] == 1
    assert first[0] == pytest.approx(0.871**19, rel=0.02)
    assert "a slope of 2.63 keeps it" in chart.caption
    flat = information.gradient_chart(SETTING, Choice({"kind": "atan", "slope": 2.628}))
    assert flat.figure["data"][0]["y"][0] == pytest.approx(1, abs=0.01)


def test_several_steps_are_drawn() -> None:
    setting = SETTING.model_copy(update={"steps": 4, "layers": 8})
    within, between = accepted(information.alike_chart(setting, KEPT)).figure["data"]
    assert len(within["y"]) == 8
    assert np.all(np.array(within["y"][:3]) > np.array(between["y"][:3]))
    assert "drawn" in information.left_chart(setting).caption.lower()
