"""Figures and sentences on why naive training of TTFS networks fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnviz.studies.ttfs.charts import naive as views
from snnviz.studies.ttfs.theory.spectra import (
    RandomLayers,
    gradient_norms_by_depth,
    layer_eigenvalues,
    negative_slope_share,
)
from snnviz.studies.ttfs.trajectories import MODELS, Course

LAYERS = RandomLayers(neurons=60)
FIRST = Course(0, 0.0, "relu", 2.4, 0.1, None, 1.0, None, 0.0, 3.0)
LAST = Course(40, 4.0, "relu", 0.01, 1.0, 0.96, 1.0, 1.0, 0.0, 0.1)
ROWS = [
    *(replace(FIRST, model=name) for name in MODELS[:4]),
    replace(FIRST, model="naive", loss=807.0, grad_norm=6e5),
    LAST,
    replace(LAST, model="b1", difference=4e-12),
    replace(LAST, model="alpha-one", accuracy=0.21, test_accuracy=0.19, cosine=0.99, moved=0.17, difference=0.12),
    replace(LAST, model="slower", accuracy=0.9, test_accuracy=0.8, cosine=0.99, moved=0.15, difference=0.07),
]


def test_the_plane_shows_every_eigenvalue_and_the_unit_circle() -> None:
    found = layer_eigenvalues(LAYERS)
    plane, moduli = views.spectrum_charts(LAYERS, found)
    assert [len(trace["x"]) for trace in plane.figure["data"]] == [60, 60, 60]
    layout = plane.figure["layout"]
    (circle,) = layout["shapes"]
    assert (circle["type"], circle["x0"], circle["y1"]) == ("circle", -1, 1)
    reach = layout["xaxis"]["range"][1]
    values = found["alpha-one"]
    beyond = sum(abs(value.real) > reach or abs(value.imag) > reach for value in values)
    assert f"{beyond} lie outside of the picture" in plane.caption
    assert max(abs(found["b1"]).max(), abs(found["chosen"]).max()) < reach
    for trace, name in zip(moduli.figure["data"], found, strict=True):
        at = len(trace["x"]) // 2
        larger = (abs(found[name]) > trace["x"][at] * (1 + 1e-4)).mean()
        assert trace["y"][at] == pytest.approx(larger, abs=0.02)


def test_the_verdict_counts_eigenvalues_and_neurons_that_never_spike() -> None:
    found = layer_eigenvalues(LAYERS)
    said = views.spectrum_verdict(found, negative_slope_share(LAYERS))
    assert f"modulus of **{np.abs(found['alpha-one']).max():.3g}**" in said
    assert f"**{np.abs(found['b1']).max():.3g}**" in said
    assert f"{100 * negative_slope_share(LAYERS):.1f} % of the neurons have B ≤ 0" in said


def test_gradients_are_drawn_from_two_layers_on() -> None:
    norms = gradient_norms_by_depth(LAYERS, (1.0, 0.5), depth=20)
    chart = views.depth_chart(LAYERS, norms)
    ends = norms["alpha-one", 1.0]
    assert f"{(ends[-1] / ends[0]) ** (1 / 19):.2g} (α = 1, all spike)" in chart.caption
    assert chart.figure["layout"]["yaxis"]["type"] == "log"
    assert {trace["name"] for trace in chart.figure["data"]} == {
        f"{name}, {spike}" for name in ("B = 1", "α = 1", "chosen B") for spike in ("all spike", "50 % spike")
    }
    assert all(trace["x"] == list(range(2, 21)) for trace in chart.figure["data"])
    assert {trace["line"]["dash"] for trace in chart.figure["data"]} == {"solid", "dot"}


def test_courses_are_drawn_by_model() -> None:
    found = views.by_model(ROWS)
    charts = {chart.id: chart.figure["data"] for chart in views.course_charts(found)}
    assert list(charts) == [f"ttfs_{name}" for name in ("accuracy", "loss", "cosine", "difference", "gradient")]
    said = {chart.id: chart.caption for chart in views.course_charts(found)}
    assert all("64 training images" in said[f"ttfs_{name}"] for name in ("accuracy", "loss", "gradient"))
    names = ["ReLU", "TTFS, B = 1", "TTFS, α = 1", "α = 1, slower"]
    assert [trace["name"] for trace in charts["ttfs_loss"]] == names
    assert charts["ttfs_loss"][2]["x"] == [0, 4]
    assert [trace["y"] for trace in charts["ttfs_difference"]] == [[1e-17, 4e-12], [1e-17, 0.12], [1e-17, 0.07]]
    assert charts["ttfs_cosine"][2]["y"] == [0.17]
    assert charts["ttfs_gradient"][-1]["y"] == [6e5]


def test_the_verdict_of_courses() -> None:
    said = views.course_verdict(views.by_model(ROWS), 10)
    assert (
        "After **40 steps** the ReLU network is at 100.0 % of the training images and 96.0 % of the test images" in said
    )
    assert "**B = 1 has learnt the same weights**: none differs by more than 4e-12" in said
    assert (
        "**α = 1** is at 21.0 % of the training images and 19.0 % of the test images, and what it learnt has a" in said
    )
    assert "a cosine of 0.17" in said
    assert "α = 1 and 10 times more slowly is at 90.0 %" in said
    assert "begins with a loss of 807 instead of 2.4, and a gradient 2e+05 times as large" in said


def test_rounding_that_has_grown_and_a_model_that_is_lost_are_said() -> None:
    rows = [row for row in ROWS if not (row.model == "alpha-one" and row.step)]
    rows = [replace(row, difference=0.01) if row.model == "b1" and row.step else row for row in rows]
    said = views.course_verdict(views.by_model(rows), 10)
    assert "Weights of B = 1 differ by up to 1e-02" in said
    assert "**α = 1** became infinite after step 0." in said


def test_a_look_that_is_there_in_half_is_left_out_until_all_is_done() -> None:
    half = [*ROWS, replace(LAST, step=50)]
    assert views.by_model(half, done=False)["relu"][-1].step == 40
    assert views.by_model(half, done=True)["relu"][-1].step == 50
    assert views.by_model(ROWS, done=False) == views.by_model(ROWS)
    assert views.by_model(ROWS[:5], done=False)["naive"][0].loss == 807
    assert views.by_model([], done=False) == {}
