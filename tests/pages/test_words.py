"""The same thing has the same word on every page, and numbers of one kind have one form."""

from __future__ import annotations

import re

import pytest

from tests.pages.visit import Visit, by_link

PAGES = {
    "skips": "most_skips=1",
    "skips optimise": "view=optimise",
    "shortcuts": "network.kind=mlp&network.depth=2&network.width=12",
    "cells": "",
    "cells search": "view=search",
    "cells study": "view=study",
    "ttfs": "network.kind=mlp&network.depth=2&network.width=12",
    "activity": "layers=3&width=50",
}
ONE_WORD = {
    "steps": {"Time steps T", "Time steps"},
    "beta": {"Leak β"},
    "threshold": {"Threshold θ"},
    "train_samples": {"Training images"},
    "repeats": {"Repetitions", "Seeds"},
    "epochs": {"Epochs", "Epochs from scratch"},
    "data": {"Data set"},
    "learning_rate": {"Learning rate"},
}
TIGHT = re.compile(r"\d%")


def visit(place: str) -> Visit:
    return by_link(place.partition(" ")[0], PAGES[place])


@pytest.mark.parametrize("place", PAGES)
def test_a_field_is_called_the_same_everywhere_and_a_percent_stands_apart(place: str) -> None:
    page = visit(place)
    for widget in [*page.at.number_input, *page.at.selectbox]:
        name = re.split(r"[@]", widget.key or "")[0].split("-", 1)[-1].rsplit(".", 1)[-1].rsplit("-", 1)[-1]
        if name in ONE_WORD:
            assert widget.label in ONE_WORD[name], widget.key
    assert not TIGHT.search(page.text), TIGHT.findall(page.text)
    for metric in page.at.metric:
        assert not TIGHT.search(metric.value)


def test_no_limit_is_said_as_all_and_can_be_taken_back() -> None:
    page = by_link("ttfs", "network.kind=mlp&network.depth=2&network.width=12")
    field = page.widgets["ttfs-data.train_samples"]
    assert (field.value, field.placeholder) == (None, "all")
    field.set_value(200)
    page.look()
    assert page.at.session_state["ttfs_design"].data.train_samples == 200
    page.widgets["ttfs-data.train_samples"].set_value(0)
    page.look()
    assert page.at.session_state["ttfs_design"].data.train_samples == 0
    assert page.widgets["ttfs-data.train_samples"].value is None
    assert not page.at.error
