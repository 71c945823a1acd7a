"""What runs are called beside each other."""

from __future__ import annotations

from snnviz import links
from snnviz.design import Design
from snnviz.views.runs import short_names

DRAWN = "000100/000000/000002/000000/000000/000000"


def test_blocks_that_were_drawn_are_named_by_their_numbers() -> None:
    designs = [
        links.change(Design(), {"network.kind": "resnet18", "network.blocks": blocks})
        for blocks in ("", f";{DRAWN};;{DRAWN}")
    ]
    assert short_names(designs, ["", ""]) == ["1: blocks as the original", "2: blocks 2 4 drawn"]


def test_stacked_blocks_are_a_number() -> None:
    designs = [links.change(Design(), {"network.blocks": blocks}) for blocks in (1, 2)]
    assert short_names(designs, ["", ""]) == ["1: blocks 1", "2: blocks 2"]
