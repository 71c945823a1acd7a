"""The Python half of the sliders: whatever a browser sends, numbers in their ranges come out."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.ui.components.sliders import Slider, accept, logarithmic

SHOWN = [
    Slider("threshold", "Threshold", 1.0, 1.0, 0, 4, 0.01),
    Slider("width", "Width", 1000, 1000, 10, 4096, 10, whole=True, stops=logarithmic(10, 4096, 1000)),
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(ANYTHING, st.dictionaries(st.sampled_from(["threshold", "width", "x"]), ANYTHING), ANYTHING)
def test_anything_sent_leaves_numbers_in_their_ranges(sent: Any, values: dict[str, Any], dragging: Any) -> None:
    assert accept(sent, SHOWN, "now") is None
    found = accept({"rev": "now", "values": values, "dragging": dragging}, SHOWN, "now")
    assert found is not None
    assert set(found.values) == {"threshold", "width"}
    for slider in SHOWN:
        value = found.values[slider.name]
        assert slider.low <= value <= slider.high
        assert type(value) is (int if slider.whole else float)
    assert type(found.dragging) is bool


def test_values_of_an_older_revision_are_ignored() -> None:
    sent = {"rev": "before", "values": {"threshold": 2}}
    assert accept(sent, SHOWN, "now") is None
    found = accept({**sent, "rev": "now"}, SHOWN, "now")
    assert found is not None
    assert found.values["threshold"] == 2


@pytest.mark.parametrize(("low", "high", "also"), [(10, 4096, 1000), (1, 100, 7), (50, 1000, 300)])
def test_the_places_of_a_logarithmic_slider_are_even_steps(low: int, high: int, also: int) -> None:
    stops = logarithmic(low, high, also)
    assert stops[0] == low
    assert stops[-1] == high
    assert also in stops
    assert list(stops) == sorted(set(stops))
    steps = [math.log(b / a) for a, b in pairwise(stops) if a > 60]
    assert max(steps) < 0.13
