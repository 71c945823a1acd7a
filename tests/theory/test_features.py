"""Features of designs of every kind."""

from __future__ import annotations

import math

import pytest

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.design.links import change
from snnviz.theory.features import FeatureSpace, settings_of


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_named_design_and_its_neighbour_have_places(name: str) -> None:
    """Also where a number is chosen from a few, and has no range."""
    design = get_example(name)
    several = [design, change(design, {"training.epochs": design.training.epochs + 1})]
    space = FeatureSpace.from_designs([(one, settings_of(one)) for one in several])
    matrix = space.matrix([settings_of(one) for one in several])
    assert matrix.shape == (2, space.columns)
    assert not math.isnan(float(matrix.sum()))
    assert [field.path for field in space.fields if field.varies] == ["training.epochs"]
