"""A class on its pages: made, joined, held, shown, handed out and ended; nobody sees what is not theirs."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from snnviz.store import classes
from snnviz.ui.kit import services
from tests.pages.taking import Taking
from tests.pages.visit import MAIN


class Person(Taking):
    """A browser of its own, on the page of classes."""

    def __init__(self, query: str = "", page: str = "classes", name: str = "") -> None:
        self.at = AppTest.from_file(str(MAIN), default_timeout=120)
        self.at._page_hash = calc_hash(page)
        self.at.query_params = dict(part.split("=", 1) for part in query.split("&") if part)  # type: ignore[assignment]
        self.at.session_state["visitor"] = name or f"visitor-{id(self)}"
        self.look()

    def look(self) -> Taking:
        services.CACHE.clear()
        return super().look()

    @property
    def lesson(self) -> Any:  # type: ignore[override]
        return Taking.lesson

    def join(self, code: str, nickname: str) -> Person:
        self.at.text_input("class-join-code").set_value(code)
        self.at.text_input("class-join-name").set_value(nickname)
        self.at.button("class-join-go").click()
        self.look()
        return self


def test_a_class_is_made_and_joined() -> None:
    teacher = Person()
    teacher.at.multiselect("class-new-lessons").set_value(["why-silent"])
    teacher.at.button("class-new-go").click()
    teacher.look()
    (room,) = classes.all_classes(services.store())
    assert room.code in teacher.text
    student = Person(f"class={room.code}")
    student.join(room.code, "Ada")
    print(student.text[:800])
    assert student.at.session_state["page"] == "activity"
    teacher.look()
    print(teacher.text)
    print(teacher.at.dataframe)
