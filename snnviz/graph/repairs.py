"""Repairs of refused changes: which other fields must change, too, so that a change of a design is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.nearest import IncompatibleDesign, NearestDesign

MOST = 4
"""Largest number of fields that are changed besides the requested ones."""


def repair_change(before: Design, wish: Mapping[str, Any]) -> NearestDesign | None:
    """Returns the design `before` with the requested changes `wish` (path to value) and with the other fields changed
    that stood in the way; None if no repair is known.

    Conflicting fields get their usual values; for ReLUs and TTFS the nearest allowed design is taken. A requested value
    that is invalid in itself is not repaired.

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
    found = before.network.required_changes(name) if part == "network" else {}
    return {f"network.{own}": value for own, value in found.items()} or None
