"""One person at the pages, without a browser: what they see, and what they do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from snnviz.design.design import Design
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.theory import verdicts
from snnviz.ui.kit.words import JOINER

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = {
    "ttfs": "Training",
    "network": "Network",
    "neuron": "Neuron",
    "init": "Initialisation",
    "data": "Data",
    "training": "Training",
    "seed": "Training",
}
MAIN = ROOT / "snnviz" / "ui" / "main.py"


class Visit:
    """A session that opens the page `begins`, Design if not told, with `link` as its query string; `page` is where it
    goes from there.

    No run of the page may leave an exception on it.
    """

    begins = "design"
    """The address of the page that is opened first; "" for Home."""

    def __init__(self, link: str | dict[str, str] = "", page: str = "") -> None:
        self.at = AppTest.from_file(str(MAIN), default_timeout=60)
        self.at._page_hash = calc_hash(self.begins)
        self.at.query_params = parse_qs(link, keep_blank_values=True) if isinstance(link, str) else dict(link)
        self.look()
        if page:
            self.go(page)

    def look(self) -> Visit:
        """Run the page once more, as it is."""
        self.at.run()
        assert not self.at.exception, self.at.exception
        return self

    def go(self, page: str) -> Visit:
        """To another page, by the menu: the address names no setting then."""
        self.at.query_params.clear()
        self.at.switch_page(f"../../pages/{page}.py")
        return self.look()

    @property
    def design(self) -> Design:
        """The design that the session edits."""
        found: Design = self.at.session_state["design"]
        return found

    @property
    def errors(self) -> list[str]:
        """The sentences in red boxes as a reader sees them, without the verdict on a silent network."""
        verdict = verdicts.activity_verdict(self.design)[1]
        return [sentence for sentence in self._red if sentence != verdict]

    @property
    def _red(self) -> list[str]:
        return [re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", error.value.replace(JOINER, "")) for error in self.at.error]

    @property
    def text(self) -> str:
        """All that is written on the page in Markdown, captions and boxes."""
        kinds = (self.at.markdown, self.at.caption, self.at.info, self.at.error, self.at.warning, self.at.success)
        return "\n".join(element.value for kind in kinds for element in kind)

    def component(self, name: str, key: str = "") -> Any:
        """The data that the page sent to a component of ours; None where it is not on the page."""
        for element in self.at.get("bidi_component"):
            proto = element.proto  # type: ignore[attr-defined]
            if proto.component_name == name and key in proto.id:
                return json.loads(proto.bytes or proto.json)
        return None

    @property
    def link(self) -> str:
        """What the address bar is told to hold."""
        query: str = self.component("snnviz_address")["query"]
        return query

    def open(self, section: str) -> Visit:
        """Open a tab of the form: only its widgets are on the page."""
        self.at.session_state["section"] = section
        return self.look()

    def widget(self, path: str) -> Any:
        """The form's widget for a field, on its tab."""
        section = SECTIONS[path.partition(".")[0]]
        if path not in self.widgets:
            self.open(section)
        return self.widgets[path]

    @property
    def widgets(self) -> dict[str, Any]:
        """The form's widgets that are on the page, by the path of their field."""
        found = [*self.at.number_input, *self.at.text_input, *self.at.selectbox, *self.at.get("button_group")]
        return {widget.key.partition("@")[0]: widget for widget in found if "@" in (widget.key or "")}

    def put(self, path: str, value: object) -> Visit:
        """Change the widget of a field."""
        self.widget(path).set_value(value)
        return self.look()

    def press(self, key: str) -> Visit:
        """Press the button with this key."""
        self.at.button(key).click()
        return self.look()

    def tick(self, *rows: int) -> Visit:
        """Select rows of the table of runs."""
        self.at.session_state["picked"] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
        return self.look()

    @property
    def own_buttons(self) -> list[Any]:
        """The buttons of the page, without those over every page."""
        return [button for button in self.at.button if button.key not in ("share", "reset-page")]

    @property
    def table(self) -> list[dict[str, Any]]:
        """The table of runs as it is shown."""
        records: list[dict[str, Any]] = self.at.dataframe[0].value.to_dict("records")
        return records


def by_link(page: str, query: str | dict[str, str]) -> Visit:
    """A visit that begins on a page, by a link."""
    visit = Visit.__new__(Visit)
    visit.at = AppTest.from_file(str(MAIN), default_timeout=60)
    visit.at.query_params = dict(parse_qsl(query)) if isinstance(query, str) else dict(query)  # type: ignore[assignment]
    visit.at.switch_page(f"../../pages/{page}.py")
    return visit.look()


class Look(Visit):
    """A visit that begins on the activity page, with `link` in its address."""

    begins = "activity"

    @property
    def setting(self) -> ActivityConfig:
        """What the sliders show."""
        found: ActivityConfig = self.at.session_state["setting"]
        return found

    @property
    def told(self) -> list[str]:
        """The sentences in red boxes as a reader sees them."""
        return self._red

    def chart(self, name: str) -> dict[str, Any]:
        """A chart on the page, by its id."""
        for element in self.at.get("bidi_component"):
            proto = element.proto  # type: ignore[attr-defined]
            if proto.component_name == "snnviz_charts":
                found = [chart for chart in json.loads(proto.bytes)["charts"] if chart["id"] == name]
                if found:
                    return dict(found[0])
        raise LookupError(name)

    @property
    def curves(self) -> list[Any]:
        """The points of the figures."""
        return [self.chart("var_u")["traces"], self.chart("spikes")["traces"]]

    def open(self, section: str) -> Look:
        """Open one of the tabs below."""
        self.at.session_state["activity-tab"] = section
        return self.look()


def cards(visit: Visit) -> dict[str, Any]:
    """The Data page's cards by name."""
    return {item["pick"]: item for item in visit.component("snnviz_pictures", "data-sets")["groups"][0]["items"]}


class Session(dict[str, Any]):
    """A session state outside of a page."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__  # type: ignore[assignment]
