"""Surrogate derivatives as functions of numbers. That they equal snntorch's is tested in tests/core."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design.menus import SURROGATES
from snnviz.design.registry import Entry

EACH = pytest.mark.parametrize("entry", list(SURROGATES), ids=lambda entry: entry.kind)
SLOPES = st.floats(0.1, 100)
AREAS = {"atan": lambda _: 1.0, "sigmoid": lambda _: 1.0, "fast-sigmoid": lambda k: 2 / k, "triangle": lambda k: 1 / k}
PEAKS = {"atan": lambda k: k / 2, "sigmoid": lambda k: k / 4, "fast-sigmoid": lambda _: 1.0, "triangle": lambda _: 1.0}


@EACH
@given(x=st.floats(-1e6, 1e6), slope=SLOPES)
def test_it_is_even_never_negative_and_highest_at_the_threshold(entry: Entry[Any], x: float, slope: float) -> None:
    at = entry.function(x, slope=slope)
    assert at == entry.function(-x, slope=slope)
    assert 0 <= at <= entry.function(0.0, slope=slope) * (1 + 1e-12)


@EACH
@given(slope=SLOPES)
def test_it_falls_away_from_the_threshold(entry: Entry[Any], slope: float) -> None:
    values = entry.function(np.linspace(0, 50, 1000), slope=slope)
    assert values.shape == (1000,)
    assert np.all(np.diff(values) <= 1e-12 * values[0])


@pytest.mark.parametrize("slope", [0.5, 2.0, 25.0])
@pytest.mark.parametrize("kind", AREAS)
def test_its_peak_and_area_are_those_of_the_formula(kind: str, slope: float) -> None:
    """The area is the height of the soft step whose derivative it is."""
    function = SURROGATES[kind].function
    assert function(0.0, slope=slope) == pytest.approx(PEAKS[kind](slope))
    x = np.concatenate([-np.geomspace(1e7, 1e-6, 200_000), np.geomspace(1e-6, 1e7, 200_000)])
    assert np.trapezoid(function(x, slope=slope), x) == pytest.approx(AREAS[kind](slope), rel=1e-3)


def test_the_areas_and_peaks_of_every_surrogate_are_checked() -> None:
    assert set(AREAS) == set(PEAKS) == set(SURROGATES.kinds)


@EACH
def test_it_takes_extreme_arguments_without_warning(entry: Entry[Any]) -> None:
    values = entry.function(np.array([1e100, -1e100, 0.0, 5e-324]), slope=100.0)
    assert np.all(np.isfinite(values))
    assert values[0] < 1e-90
