"""What makes a refused change of a design possible, where that is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.nearest import IncompatibleDesign, NearestDesign

MOST = 4
"""Fields that are changed beside what was wished."""


def repair_change(before: Design, wish: Mapping[str, Any]) -> NearestDesign | None:
    """The design of `before` with `wish`, fields by path, and what else has to change for it; None where none is known.

    What stands in the way becomes what it usually is; of ReLUs and of one spike a neuron it is the nearest design. A
    value that is wished and cannot be is not mended.

    >>> drawn = links.change(Design(), {"network.edges": "000/000/010"})
    >>> repair_change(drawn, {"network.norm": "batch"}).changes
    {'network.edges': '000/000/000'}
    >>> repair_change(Design(), {"neuron.threshold": 99}) is None
    True
    """
    added: dict[str, Any] = {}
    for _ in range(MOST):
        try:
            found = links.change(before, {**wish, **added})
        except IncompatibleDesign as error:
            return error.nearest
        except InputError as error:
            more = _out_of_the_way(before, wish, error)
            if more is None or more.keys() <= added.keys():
                return None
            added |= more
        else:
            was = links.flatten(before)
            texts = {path: links.format_value(value) for path, value in added.items()}
            return NearestDesign(found, texts, {path: links.format_value(was[path]) for path in added if path in was})
    return None


def _out_of_the_way(before: Design, wish: Mapping[str, Any], error: InputError) -> dict[str, Any] | None:
    field = error.field.partition("[")[0]
    if field not in wish:
        usual = links.flatten(links.default_of_same_kinds(before))
        return {field: usual[field]} if field in usual else None
    part, _, name = field.partition(".")
    found = before.network.in_the_way_of(name) if part == "network" else {}
    return {f"network.{own}": value for own, value in found.items()} or None
