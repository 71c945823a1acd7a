"""Learning-rate schedules as factors of the first rate."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design.menus import SCHEDULES
from snnviz.design.registry import Entry


@pytest.mark.parametrize("entry", list(SCHEDULES), ids=lambda entry: entry.kind)
@given(epochs=st.integers(1, 1000))
def test_it_starts_at_one_never_rises_and_stays_positive_in_every_epoch(entry: Entry[Any], epochs: int) -> None:
    factors = [entry.function(epoch, epochs) for epoch in range(epochs)]
    assert factors[0] == 1
    assert all(a >= b > 0 for a, b in pairwise(factors))


def test_cosine_is_half_a_cosine() -> None:
    for epoch in range(20):
        assert SCHEDULES["cosine"].function(epoch, 20) == pytest.approx(math.cos(math.pi * epoch / 40) ** 2)


def test_step_drops_every_few_epochs() -> None:
    factors = [SCHEDULES["step"].function(epoch, 9, every=3, factor=0.1) for epoch in range(9)]
    assert factors == pytest.approx([1] * 3 + [0.1] * 3 + [0.01] * 3)
