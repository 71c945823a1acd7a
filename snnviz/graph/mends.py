"""What makes a refused change of a design possible, where that is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.nearest import Nearest, Unfit

MOST = 4
"""Fields that are changed beside what was wished."""


def mend(before: Design, wish: Mapping[str, Any]) -> Nearest | None:
    """The design of `before` with `wish`, fields by path, and what else has to change for it; None where none is known.

    What stands in the way becomes what it usually is; of ReLUs and of one spike a neuron it is the nearest design. A
    value that is wished and cannot be is not mended.

    >>> drawn = links.change(Design(), {"network.edges": "000/000/010"})
    >>> mend(drawn, {"network.norm": "batch"}).changes
    {'network.edges': '000/000/000'}
    >>> mend(Design(), {"neuron.threshold": 99}) is None
    True
    """
    added: dict[str, Any] = {}
    for _ in range(MOST):
        try:
            found = links.change(before, {**wish, **added})
        except Unfit as error:
            return error.nearest
        except InputError as error:
            more = _out_of_the_way(before, wish, error)
            if more is None or more.keys() <= added.keys():
                return None
            added |= more
        else:
            was = links.flatten(before)
            texts = {path: links.written(value) for path, value in added.items()}
            return Nearest(found, texts, {path: links.written(was[path]) for path in added if path in was})
    return None


def _out_of_the_way(before: Design, wish: Mapping[str, Any], error: InputError) -> dict[str, Any] | None:
    field = error.field.partition("[")[0]
    if field not in wish:
        usual = links.flatten(links.base_of(before))
        return {field: usual[field]} if field in usual else None
    part, _, name = field.partition(".")
    found = before.network.in_the_way_of(name) if part == "network" else {}
    return {f"network.{own}": value for own, value in found.items()} or None
