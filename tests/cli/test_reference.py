"""The reference is what the catalogues say."""

from __future__ import annotations

from typing import Annotated

import pytest

from snnviz.cli.reference import SHELVES, reference
from snnviz.design.menus import INITS
from snnviz.design.parts import Neuron
from snnviz.design.registry import Range
from snnviz.places import ROOT


def test_the_written_reference_is_todays() -> None:
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert written == reference(), "run: python -m snnviz reference > docs/reference.md"


@pytest.mark.parametrize("title", SHELVES)
def test_it_has_every_entry_with_its_source_and_parameters(title: str) -> None:
    section = reference().split(f"## {title}\n")[1].split("\n## ")[0]
    for entry in SHELVES[title][1]:
        about = section.split(f"### {entry.kind}\n")[1].split("\n### ")[0]
        assert entry.source in about
        assert entry.formula in about
        for parameter in entry.parameters:
            assert f".{parameter.name}`: {parameter.range.low:.10g} to {parameter.range.high:.10g}" in about


def test_a_new_initialisation_is_in_it() -> None:
    @INITS.register(source="this test")
    def brand_new(
        fan_in: int,
        fan_out: int,  # noqa: ARG001
        neuron: Neuron,  # noqa: ARG001
        /,
        *,
        spread: Annotated[float, Range(0.5, 9, "How wide.")] = 3.0,
    ) -> float:
        """Drawn wide."""
        return spread / fan_in

    try:
        assert "### brand-new\n\nDrawn wide.\n\n- `init.spread`: 0.5 to 9, 3 by default. How wide." in reference()
    finally:
        INITS.remove("brand-new")
