"""The figures of the view Weigh: what is drawn is what was computed."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from snnviz.studies.tradeoffs.charts.compare import look_chart
from snnviz.studies.tradeoffs.charts.field_importance import best_chart, effect_chart, importance_chart
from snnviz.studies.tradeoffs.charts.front import CELLS, MOST_BARS, front_chart, volume_chart
from snnviz.studies.tradeoffs.charts.maps import fields_of_maps, interaction_charts, trained_charts
from snnviz.studies.tradeoffs.charts.naming import group_name, number_text
from snnviz.studies.tradeoffs.charts.operations import operations_chart
from snnviz.studies.tradeoffs.charts.parallel import MOST_LINES, parallel_chart
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups, weigh_groups
from snnviz.studies.tradeoffs.weighing import get_objective, parse_limit
from snnviz.theory.effects import interaction
from snnviz.theory.metrics import METRICS
from snnviz.theory.sequential import comparisons_by_look
from snnviz.theory.verdicts import silent_layers
from snnviz.views.chart import payload
from tests.studies.tradeoffs.groups import INITS, THRESHOLDS, factorial, group

BOTH = [get_objective("accuracy"), get_objective("operations")]
NAMES = ["neuron.threshold", "init.kind"]


@pytest.fixture(scope="module")
def found() -> WeighedGroups:
    return weigh_groups(factorial(), BOTH)


def test_the_front_is_apart_from_what_it_beats_with_intervals_and_settings(found: WeighedGroups) -> None:
    chart = front_chart(found, found.groups[0].key)
    beaten, border, front, ring = chart.figure["data"]
    on = {row[1] for row in front["customdata"]}
    assert on == {found.groups[place].key for place in np.flatnonzero(found.front)}
    assert len(front["x"]) + len(beaten["x"]) == 12
    assert border["x"] == sorted(border["x"])
    assert border["line"]["shape"] == "hv"  # less is better across: what one point reaches holds to the right of it
    first = [row[1] for row in front["customdata"]].index(found.groups[int(np.flatnonzero(found.front)[0])].key)
    place = int(np.flatnonzero(found.front)[0])
    assert front["error_y"]["array"][first] == pytest.approx(found.high[place, 0] - found.mean[place, 0], rel=1e-3)
    assert "Threshold θ" in front["text"][0]
    assert "3 seeds" in front["text"][0]
    assert "95 % t interval over seeds" in chart.caption
    assert "Chosen on the test images" in chart.caption
    assert ring["x"] == [pytest.approx(found.mean[0, 1], rel=1e-4)]
    assert "more is better" in chart.figure["layout"]["yaxis"]["title"]["text"]
    json.dumps(chart.figure, allow_nan=False)


def test_a_third_objective_is_a_colour() -> None:
    chart = front_chart(weigh_groups(factorial(), [*BOTH, get_objective("rate")]))
    beaten, front = chart.figure["data"]
    assert len(front["marker"]["color"]) == len(front["x"])
    assert chart.figure["layout"]["coloraxis"]["colorbar"]["title"]["text"] == "Firing rate"
    assert "Colour: firing rate, less is better." in chart.caption
    assert beaten["opacity"] < front["opacity"]  # its bars, too


def test_bars_end_where_no_value_can_be_beyond() -> None:
    wide = weigh_groups([group(0, {}, 2, accuracy=[0.9, 0.99], operations=[10.0, 500.0])], BOTH)
    assert wide.high[0, 0] > 1
    assert wide.low[0, 1] < 0
    bars = front_chart(wide).figure["data"][-1]
    assert bars["y"][0] + bars["error_y"]["array"][0] == pytest.approx(1)
    assert bars["x"][0] - bars["error_x"]["arrayminus"][0] == pytest.approx(0)


def test_one_seed_has_no_bar_which_is_said() -> None:
    chart = front_chart(weigh_groups(factorial(seeds=1), BOTH))
    assert set(chart.figure["data"][-1]["error_y"]["array"]) == {0.0}
    assert "none of 12 groups with one seed" in chart.caption


def test_of_thousands_no_point_of_the_front_is_missing_and_no_cell_empty() -> None:
    rng = np.random.default_rng(0)
    groups = [group(n, {"neuron.beta": float(b)}, 1, accuracy=float(a), operations=float(o))
              for n, (a, o, b) in enumerate(rng.random((4000, 3)))]  # fmt: skip
    found = weigh_groups(groups, BOTH)
    beaten, _, front = front_chart(found).figure["data"]
    assert len(front["x"]) == found.front.sum()
    assert MOST_BARS < len(beaten["x"]) <= CELLS[0] * CELLS[1]
    assert "error_y" not in beaten
    lines = parallel_chart(found, ["neuron.beta"]).figure["data"]
    assert sum(trace["x"].count(None) for trace in lines) == MOST_LINES
    assert len(payload([front_chart(found)], "lib")) < 2_000_000


def test_parallel_lines_go_through_each_axis_better_up(found: WeighedGroups) -> None:
    chart = parallel_chart(found, NAMES)
    faded, *lines = chart.figure["data"]
    assert chart.brush
    assert faded["x"] == []
    assert sum(trace["x"].count(None) for trace in lines) == 12
    for trace in lines:
        assert len(trace["x"]) == len(trace["y"]) == len(trace["text"]) == len(trace["customdata"])
        assert all(0 <= y <= 1 for y in trace["y"] if y is not None)
    whole = {row[1]: trace["y"][k : k + 4] for trace in lines for k, row in enumerate(trace["customdata"])
             if trace["x"][k] == 0}  # fmt: skip
    cheapest = found.groups[int(found.mean[:, 1].argmin())].key
    assert whole[cheapest][3] == 1.0
    assert whole[found.groups[int(found.mean[:, 0].argmax())].key][2] == 1.0
    ticks = chart.figure["layout"]["annotations"]
    assert {tick["text"] for tick in ticks if tick["x"] == 0} == {"0.5", "1", "1.5", "2"}


def test_importances_stand_beside_chance(found: WeighedGroups) -> None:
    told = found.importances(1)
    chart = importance_chart(BOTH[1], told, 12)
    bars, marks = chart.figure["data"]
    assert bars["x"] == [pytest.approx(one.value, rel=1e-3) for one in told[::-1]]
    assert marks["x"] == [pytest.approx(one.chance, rel=1e-3) for one in told[::-1]]
    assert len(set(bars["marker"]["color"])) == 2  # one matters, one does not
    assert "95th percentile of 200 shuffles" in chart.caption
    assert "best 5 of 12" in chart.caption


def test_effects_are_of_blocks_with_their_interval_in_points(found: WeighedGroups) -> None:
    chart = effect_chart(found, "neuron.threshold", 0)
    (dots,) = chart.figure["data"]
    assert dots["x"] == ["0.5", "1", "1.5", "2"]
    assert dots["y"] == pytest.approx([15, 5, -5, -15], abs=2)
    assert all(half > 0 for half in dots["error_y"]["array"])
    assert "3 blocks" in chart.caption
    assert "95 % t interval over blocks" in chart.caption
    alone = weigh_groups(factorial()[:5:4], BOTH)  # 0.5 with one initialisation, 1.0 with another
    assert "other fields may be the reason" in effect_chart(alone, "neuron.threshold", 0).caption


def test_how_the_best_are_spread(found: WeighedGroups) -> None:
    best, every = best_chart(found, "neuron.threshold").figure["data"]
    assert sum(best["y"]) == pytest.approx(1, abs=1e-3)
    assert every["y"] == [0.25] * 4
    assert best["y"][0] > 0.5


def test_additions_and_multiplications_are_two_colours_of_one_bar(found: WeighedGroups) -> None:
    chart = operations_chart(found)
    assert chart is not None
    macs, additions = chart.figure["data"]
    assert chart.figure["layout"]["barmode"] == "stack"
    assert macs["marker"]["color"] != additions["marker"]["color"]
    assert macs["x"] == [1000.0] * 12
    both = [a + b for a, b in zip(macs["x"], additions["x"], strict=True)]
    assert both == sorted(both, reverse=True)
    assert sum(name.startswith("★") for name in macs["y"]) == found.front.sum()
    assert len(set(macs["y"])) == 12
    assert operations_chart(weigh_groups([group(0, {}, accuracy=0.5, operations=3.0)], BOTH)) is None


def test_maps_say_what_trained_what_died_and_what_theory_expects(found: WeighedGroups) -> None:
    pair, beyond = interaction_charts(found, *NAMES)
    assert np.array(pair.figure["data"][0]["z"]).shape == (3, 4)
    assert np.array(beyond.figure["data"][0]["z"]).sum() == pytest.approx(0, abs=1e-4)
    maps = {chart.title: chart.figure["data"][0] for chart in trained_charts(found, *NAMES)}
    assert list(maps) == [
        "Trained: firing rate",
        "What died",
        "Silent before training",
        "Theory: silent before training",
    ]
    expected = interaction(*NAMES, found.fields, [float(len(silent_layers(one.design))) for one in found.groups])
    assert expected is not None
    assert maps["Theory: silent before training"]["z"] == expected.mean.tolist()
    assert expected.mean.max() > 0
    assert maps["What died"]["z"] == [[0.0, 0.0, x, x] for x in (2.0, 1.0, 0.0)]  # glorot first: by name
    assert fields_of_maps(found, ("init.kind", ""), NAMES) == ("init.kind", "neuron.threshold")
    assert fields_of_maps(weigh_groups(factorial()[::3], BOTH), ("", ""), NAMES[:1]) is None


def test_where_validation_images_choose_no_map_shows_the_test_images(found: WeighedGroups) -> None:
    held = [replace(one, values={**one.values, "validation_accuracy": {0: 0.25}}) for one in found.groups]
    costs = [get_objective("operations"), get_objective("accuracy")]
    for groups, images, shares in ((held, "validation", {0.25}), (found.groups, "test", None)):
        shown = trained_charts(weigh_groups(groups, costs), *NAMES)[0]
        assert (shown.title, shown.caption) == ("Trained: accuracy", f"Of the {images} images, mean over seeds.")
        assert shares is None or {value for row in shown.figure["data"][0]["z"] for value in row} == shares


def test_a_long_name_begins_with_what_tells_groups_apart() -> None:
    same = {"network.channels": 4, "training.epochs": 7, "training.learning_rate": 0.02, "data.steps": 3}
    groups = [group(n, {**same, "neuron.threshold": 0.25 * n}, accuracy=0.5, operations=3.0) for n in range(1, 4)]
    other = group(9, {"init.kind": "glorot"}, accuracy=0.4, operations=2.0)
    weighed = weigh_groups([*groups, other], BOTH)
    assert [group_name(weighed, place, (0, 1, 2)) for place in range(3)] == [
        f"threshold θ {threshold:g}" for threshold in (0.25, 0.5, 0.75)
    ]
    assert group_name(weighed, 0).startswith("threshold θ 0.25, ")


def test_ticks_are_in_the_fields_words() -> None:
    some = [group(n, {"data.train_samples": count}, accuracy=0.1 * n, operations=1.0 + n)
            for n, count in enumerate((0, 600, 1000))]  # fmt: skip
    ticks = parallel_chart(weigh_groups(some, BOTH), ["data.train_samples"]).figure["layout"]["annotations"][:3]
    assert [tick["text"] for tick in ticks] == ["all", "600", "1000"]


def test_the_volume_is_against_runs(found: WeighedGroups) -> None:
    (line,) = volume_chart(found).figure["data"]
    assert line["x"][-1] == 36
    assert line["y"][-1] == 1.0
    assert volume_chart(weigh_groups([], BOTH)).figure["data"][0]["x"] == []


def test_limits_take_points_away() -> None:
    limited = weigh_groups(factorial(), BOTH, [parse_limit("rate<0.25")])
    drawn = front_chart(limited).figure["data"]
    assert sum(len(trace["x"]) for trace in drawn if trace["mode"] == "markers") == limited.left.sum()
    assert len(THRESHOLDS) * len(INITS) > limited.left.sum() > 0


@pytest.mark.parametrize("name", ["accuracy", "operations"])
def test_intervals_of_looks_are_drawn_in_the_units_of_the_axis(name: str) -> None:
    """Points of accuracy are hundredths."""
    seen, factor = list(comparisons_by_look([0.02, 0.031, 0.025, 0.05])), 100 if name == "accuracy" else 1
    chart = look_chart(seen, METRICS[name])
    (points,) = [trace for trace in chart.figure["data"] if "error_y" in trace]
    up, down = (np.array(points["error_y"][key]) for key in ("array", "arrayminus"))
    assert points["x"] == [3, 4]
    assert points["y"] == pytest.approx([factor * one.difference for one in seen], rel=1e-3)
    assert points["y"] + up == pytest.approx([factor * one.high for one in seen], rel=1e-3)
    assert points["y"] - down == pytest.approx([factor * one.low for one in seen], rel=1e-3)


def test_a_number_below_one_is_not_negative() -> None:
    for number in (0.0, 0.4, 0.999):
        told = number_text(METRICS["accuracy"], number, -math.inf, math.inf)
        assert not told.startswith("-")
        assert number == 0 or number_text(METRICS["accuracy"], -number, -math.inf, math.inf) == f"-{told}"
