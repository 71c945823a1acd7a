"""The first page: its cards open pages with a setting, and show what was measured."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.studies.activity.theory.propagation import propagate_activity
from snnviz.ui.components.neuron import NeuronStart
from snnviz.ui.learn import home
from snnviz.ui.navigation import PAGES, SECTIONS
from snnviz.views import glossary
from tests.pages.visit import Visit, by_link

DOCS = Path(__file__).resolve().parents[2] / "docs"


class Home(Visit):
    """A visit that begins on the first page."""

    begins = ""


def numbers(name: str, row: str) -> list[float]:
    """The numbers of a table's row in the documentation."""
    (line,) = [line for line in (DOCS / f"{name}.md").read_text().splitlines() if line.startswith(f"| {row} |")][:1]
    cells = line.removeprefix(f"| {row} |")
    return [float(number) for number in re.findall(r"[-+]?\d+\.?\d*", cells)]


def test_it_shows_a_neuron_two_ways_on_and_five_questions() -> None:
    visit = Home()
    assert visit.component("snnviz_neuron")["start"]["beta"] == NeuronStart().beta
    assert [card["page"] for card in visit.component("snnviz_cards", "ways")] == ["lessons", "design"]
    assert [card["page"] for card in visit.component("snnviz_cards", "questions")] == [
        "activity", "skips", "shortcuts", "cells", "ttfs",
    ]  # fmt: skip
    assert "[spike](#word-spike)" in visit.text


@pytest.mark.parametrize("place", range(5))
def test_a_press_on_a_question_opens_its_page_with_its_setting(place: int) -> None:
    visit, card = Home(), home.questions()[place]
    visit.at.session_state["questions"] = {"opened": place}
    visit.look()
    assert visit.at.session_state["page"] == card.page
    assert visit.errors == []
    asked = dict(parse_qsl(card.query))
    assert asked.items() <= dict(parse_qsl(visit.link)).items() | {"inits": asked.get("inits")}.items()


@pytest.mark.parametrize("sent", [9, -1, "0", None, True, {"page": "runs"}, [0]])
def test_what_no_card_sends_opens_nothing(sent: object) -> None:
    visit = Home()
    visit.at.session_state["questions"] = {"opened": sent}
    visit.look()
    assert visit.at.session_state["page"] == ""


def test_a_link_on_a_page_opens_its_design_in_the_editor_with_undo() -> None:
    visit = Home()
    visit.at.query_params["neuron.threshold"] = "0.7"
    visit.at.switch_page("../../pages/design.py")
    visit.look()
    assert visit.design == change(Design(), {"neuron.threshold": 0.7})
    assert "Opened by a link." in visit.text


def test_an_address_without_a_setting_changes_nothing() -> None:
    visit = by_link("skips", "seeds=2&gain=2")
    visit.go("home").go("skips")
    assert visit.at.session_state["sweep"].seeds == 2


@pytest.mark.parametrize(
    ("page", "name", "row", "take"),
    [
        ("skips", "DSC skips", "gain 2: SNN, DSC", slice(4)),
        ("skips", "no skips, as many parameters", "plain, as many parameters", slice(4)),
        ("shortcuts", "without branches", "mlp | none, 6 epochs (the control)", slice(2)),
        ("shortcuts", "with branches", "mlp | constant, lambda 1", slice(2)),
        ("cells", "SAHD score", "SAHD score", slice(3)),
        ("cells", "HD score", "HD score", slice(3)),
        ("cells", "number of skips", "skips", slice(3)),
        ("ttfs", "one spike a neuron", "digits, 64-100-100-10", slice(1)),
        ("ttfs", "ReLU network", "digits, 64-100-100-10", slice(1)),
    ],
)
def test_a_cards_chart_shows_what_the_documentation_has_measured(page: str, name: str, row: str, take: slice) -> None:
    chart = json.loads(Path(home.__file__).with_name("results.json").read_text())[page]
    (shown,) = [one for one in chart.get("series") or chart.get("rows") or chart["bars"] if one["name"] == name]
    values = shown.get("values") or [shown[key] for key in ("value", "half", "low", "high") if key in shown]
    assert values == numbers(page, row)[take]


def test_the_chart_of_activity_is_what_the_page_computes() -> None:
    chart: Any = home.results()["activity"]
    for series in chart["series"]:
        (found,) = propagate_activity(ActivityConfig(width=300, seeds=4, inits=series["name"].replace(" ", "-")))
        assert series["values"] == [round(100 * float(found.spikes[:, layer].mean()) / 300, 1) for layer in chart["x"]]


def test_every_page_is_in_one_menu() -> None:
    names = [entry.name for entries in SECTIONS.values() for entry in entries]
    assert sorted(names) == sorted(file.stem for file in PAGES.glob("*.py"))


def test_what_the_browser_is_told_of_words_is_the_glossary() -> None:
    told = glossary.document()
    assert len(told) == len(glossary.terms()) > 100
    assert told["spike"]["meaning"].startswith("A neuron's short pulse")
    assert not [name for name, one in told.items() if not re.fullmatch(r"[a-z0-9-]+", name) or not one["meaning"]]
