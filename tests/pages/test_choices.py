"""Menus whose options depend on something else: they never say, nor hold, what is not offered any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pages.visit import Visit, by_link

PLACES = {
    "design": ("design", "network.kind=mlp"),
    "data": ("data", "data.name=fashion-mnist"),
    "activity": ("activity", "layers=3&width=50"),
    "sweep": ("skips", "channels=4&train_samples=200"),
    "optimise": ("skips", "view=optimise"),
    "shortcuts": ("shortcuts", "network.kind=mlp&network.depth=4&network.width=12"),
    "cells": ("cells", ""),
    "equivalence": ("ttfs", "network.kind=mlp&network.depth=2&network.width=12"),
}
DEPENDED_ON = re.compile("depth|width|layers|channels")
MOST = 4
"""Widgets that are changed on a page."""


def choices(visit: Visit) -> Iterator[Any]:
    for kind in ("selectbox", "multiselect", "radio", "button_group"):
        yield from visit.at.get(kind)


def offered(widget: Any) -> tuple[str, ...]:
    return tuple(getattr(one, "content", one) for one in widget.proto.options)


@pytest.mark.parametrize("place", PLACES)
def test_a_choice_is_another_widget_as_soon_as_something_else_is_offered(place: str) -> None:
    """A browser keeps what it shows as long as the widget is the same one."""
    page, query = PLACES[place]
    visit = by_link(page, query) if page != "design" else Visit(query)
    seen: dict[str, tuple[str, ...]] = {}

    def look() -> None:
        for widget in choices(visit):
            assert seen.setdefault(widget.proto.id, offered(widget)) == offered(widget), widget.key

    look()
    numbers = [one for one in visit.at.number_input if DEPENDED_ON.search(one.key or "")]
    changed = [*visit.at.selectbox, *numbers][:MOST]
    assert changed
    for name in [widget.key.partition("@")[0] for widget in changed]:
        found = [one for one in [*visit.at.selectbox, *visit.at.number_input] if (one.key or "").startswith(name)]
        if not found or found[0].disabled:
            continue
        widget = found[0]
        if widget in list(visit.at.selectbox):
            others = [number for number in range(len(widget.options)) if number != widget.index]
            if not others:
                continue
            widget.select_index(others[-1] if "data" not in name else others[0])
        else:
            widget.set_value(min(widget.value + widget.step, widget.max))
        visit.look()
        look()
