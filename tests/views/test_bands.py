"""One kind of interval on every page: scipy's t interval of the mean, cut at what can be, never a width of 0."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy import stats

from snnviz.theory.intervals import confidence_interval
from snnviz.views.bands import (
    POSITIVE,
    SHARES,
    band_traces,
    error_bars,
    geometric_mean,
    interval_areas,
    interval_note,
    mean_interval,
)

LINES = [[0.5, 0.62, 0.71, 0.8], [0.52, 0.6, 0.75, 0.8], [0.47, 0.66, 0.7, 0.8, 0.9]]


def test_a_band_is_the_t_interval_of_the_mean() -> None:
    *bands, line = band_traces([1, 2, 3, 4, 5], LINES, "A", "#123456", bounds=SHARES)
    go.Figure([*bands, line])
    columns = np.array([row[:4] for row in LINES])
    assert line["y"] == pytest.approx(columns.mean(0), rel=1e-4)
    low, high = stats.t.interval(0.95, 2, columns.mean(0)[:3], stats.sem(columns)[:3])
    (band,) = bands
    assert band["x"] == [1, 2, 3, 3, 2, 1]  # at 4 all are the same: no width is drawn
    assert band["y"][:3] == pytest.approx(high, rel=1e-3)
    assert band["y"][3:][::-1] == pytest.approx(low, rel=1e-3)


def test_one_line_has_no_band_and_equal_lines_interrupt_it() -> None:
    assert len(band_traces([1, 2], [[0.5, 0.6]], "A", "red")) == 1
    found = [confidence_interval(values) for values in ([1, 2], [1, 3], [2, 2], [1, 2], [3, 4])]
    assert [area["x"] for area in interval_areas(range(5), found, "A", "red")] == [[0, 1, 1, 0], [3, 4, 4, 3]]


def test_it_is_cut_at_what_can_be() -> None:
    for values, bounds in (([0.97, 0.99], SHARES), ([0.01, 0.02], POSITIVE)):
        found = mean_interval(values, bounds=bounds)
        assert bounds[0] <= found.low < found.mean < found.high <= bounds[1]
    bars = error_bars([confidence_interval([0.97, 0.99]), confidence_interval([0.5])], SHARES)
    assert bars["array"] == [pytest.approx(0.02), 0]
    assert bars["arrayminus"] == [pytest.approx(0.127, abs=1e-3), 0]
    assert bars["visible"]
    assert not error_bars([confidence_interval([0.5])])["visible"]


def test_a_geometric_means_interval_is_that_of_the_logarithms() -> None:
    values = [0.001, 0.01, 0.05]
    found, logs = mean_interval(values, geometric_mean), np.log(values)
    low, high = stats.t.interval(0.95, 2, logs.mean(), stats.sem(logs))
    assert (found.mean, found.low, found.high) == pytest.approx((math.exp(logs.mean()), math.exp(low), math.exp(high)))


def test_the_note_names_average_count_and_law() -> None:
    assert interval_note(3, "search", "bars") == ("Mean of 3 searches; bars: 95 % interval of the mean (Student's t).")
    assert "geometric mean" in interval_note(2, average="geometric mean")


def test_no_column_is_a_spread_without_a_name() -> None:
    """What stands behind ± in a table is said where the pointer is on it."""
    root = Path(__file__).resolve().parents[2]
    unnamed = [
        (path.name, found[0])
        for path in root.glob("snnviz/**/*.py")
        for found in re.finditer(r'(number|NumberColumn)\(\s*"±[^)]*\)', path.read_text())
        if "help=" not in found[0]
    ]
    assert unnamed == []


def test_no_figure_draws_another_band() -> None:
    """Bands and bars are made here alone; what is none of a mean says what it is."""
    others = {
        "snnviz/views/design.py": "the area under a schedule",
        "snnviz/studies/activity/charts/activity.py": "the same interval of many networks at once; a histogram",
        "snnviz/studies/skips/charts/gaussian_process.py": "a model's 95 % interval, named so",
        "snnviz/studies/skips/charts/search.py": "the same interval in steps",
        "snnviz/studies/skips/charts/controls.py": "the same interval of differences",
        "snnviz/studies/inside/charts/all_images.py": "Wilson's interval of a share, named so",
        "snnviz/studies/tradeoffs/charts/compare.py": "that of differences, or one that holds at every look",
        "snnviz/studies/tradeoffs/charts/front.py": "the same interval, both ways",
        "snnviz/studies/tradeoffs/charts/field_importance.py": "the same interval over blocks",
        "snnviz/views/untrained.py": "where nine of ten networks are, named so",
        "snnviz/views/expected.py": "a prediction's 90 % interval of one run, named so",
    }
    root = Path(__file__).resolve().parents[2]
    found = {
        str(path.relative_to(root))
        for path in root.glob("snnviz/**/*.py")
        if re.search(r'"(fill)": "|"error_[xy]": (?!error_bars)', path.read_text())
    }
    assert found - {"snnviz/views/bands.py"} <= set(others)
