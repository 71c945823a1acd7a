"""A class on its pages: made, joined, held, shown, handed out and ended; nobody is sent what is not theirs to see."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from snnviz.lessons.checks.kind import NoWorld
from snnviz.lessons.classes import canvas_csv, lessons_of
from snnviz.lessons.lesson import Lesson
from snnviz.lessons.library import library
from snnviz.lessons.questions.curve import POINTS
from snnviz.store import classes, learning
from snnviz.store.classes import Classroom
from snnviz.ui.kit import services
from snnviz.ui.learn import active, class_bar, seat, teaching
from tests.lessons.lesson_files import lesson as lesson_file
from tests.pages.taking import Taking
from tests.pages.visit import MAIN, Session

SILENT = "why-silent"
OUT = ("Every layer hears fewer spikes", "activity is kept from layer to layer", "It is 0")
"""What its first step says only after it was shown: the explanation, a wrong idea, the verdict."""


class Person(Taking):
    """Somebody with a browser of their own, on the page of classes."""

    def __init__(self, query: str = "", page: str = "classes", name: str = "") -> None:
        self.at = AppTest.from_file(str(MAIN), default_timeout=120)
        self.at._page_hash = calc_hash(page)
        self.at.query_params = dict(part.split("=", 1) for part in query.split("&") if part)  # type: ignore[assignment]
        self.at.session_state["visitor"] = self.name = name or f"visitor-{id(self)}"
        self.look()

    def look(self) -> Taking:
        services.CACHE.clear()
        seat.SEATS.clear()
        return super().look()

    @property
    def lesson(self) -> Lesson:  # type: ignore[override]
        """The lesson that is open."""
        return library().get(self.at.session_state["learn_lesson"])

    @property
    def words(self) -> str:
        """All that is written, in boxes too, as a reader sees it."""
        return re.sub(r"\\(.)", r"\1", self.text)

    def join(self, code: str, nickname: str) -> Person:
        self.at.text_input("class-join-code").set_value(code)
        self.at.text_input("class-join-name").set_value(nickname)
        self.press("class-join-go")
        return self


def teach(*lessons: str, pace: str = "together", title: str = "") -> Person:
    """A teacher who has just made a class."""
    teacher = Person()
    teacher.at.text_input("class-new-title").set_value(title)
    teacher.at.multiselect("class-new-lessons").set_value(list(lessons))
    teacher.at.radio("class-new-pace").set_value(pace)
    teacher.press("class-new-go")
    return teacher


def room() -> Classroom:
    """The newest class of the store."""
    code = max(classes.all_classes(services.store()), key=lambda one: one.made).code
    found = classes.get_class(services.store(), code)
    assert found is not None
    return found


def student(nickname: str) -> Person:
    """Somebody who has just joined the newest class."""
    return Person(f"class={room().code}").join(room().code, nickname)


def test_a_class_is_made_joined_and_led_to_its_end() -> None:
    teacher = teach(SILENT, title="Tuesday <b>")
    assert "Tuesday <b>" in teacher.at.title[0].value.replace("\\", "")
    secret = dict(part.split("=") for part in teacher.link.split("&"))["teach"]
    ada = student("Ada")
    assert ada.at.session_state["page"] == "activity"
    assert ada.link.endswith(f"class={room().code}&lesson=why-silent&step=1")
    ada.answer(15)
    assert "Your answer is kept" in ada.text
    assert not any(said in ada.sent for said in OUT)
    assert all(one["locked"] for one in ada.sliders().values())
    assert ada.component("snnviz_charts", "activity-charts") is None
    assert "lesson-next" not in ada.buttons
    teacher.look()
    assert "1 of 1 have answered" in teacher.text
    bars = chart(teacher, "class-number")["traces"][0]
    assert {x for x, y in zip(bars["customdata"], bars["y"], strict=True) if y} == {"15 to 20"}

    teacher.press("class-show")
    ada.look().look()
    assert OUT[0] in ada.text
    assert OUT[2] in ada.text
    assert ada.at.button("lesson-next").disabled
    ada.at.button("lesson-next").proto.disabled = False  # as who enables it in the browser
    ada.press("lesson-next")
    assert ada.at.session_state["learn_step"] == 0
    teacher.press("class-open")
    ada.look().press("lesson-next")
    assert ada.at.session_state["learn_step"] == 1
    ada.answer([1000 - 25 * k for k in range(POINTS)])
    teacher.look()
    assert len(chart(teacher, "class-curves")["traces"]) == 1

    teacher.press("class-hold")
    ada.look()
    assert "step 1 of 4" in ada.text
    again = Person(f"teach={secret}")
    assert again.at.title[0].value == teacher.at.title[0].value
    again.press("class-end")
    ada.look()
    assert "has ended" in ada.text
    assert "class=" not in ada.link
    with pytest.raises(KeyError):
        again.at.button("class-end")
    table = list(csv.reader(io.StringIO(canvas_csv(lessons_of(room(), library()), teaching.scores_of(room())))))
    assert table[2][:5] == ["Ada", "", "Ada", "", "0"]
    again.at.checkbox("class-sure").check()
    again.look().press("class-delete")
    assert classes.all_classes(services.store()) == []
    assert learning.steps_of(services.store(), [row.learner for row in _rows()]) == []


class Again(Exception):
    """What is to be drawn again."""


def tick(person: Person, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the bar of the class has drawn anew when it looks at the class by itself."""

    def again(*drawn: str) -> None:
        raise Again(", ".join(drawn) or "page")

    services.CACHE.clear()
    session = Session(person.at.session_state.to_dict())
    with monkeypatch.context() as patch:
        patch.setattr(st, "session_state", session)
        patch.setattr(st, "rerun", again)
        patch.setattr(class_bar, "rerun_fragments_instead", again)
        at = active.Active(library().get(session.learn_lesson), session.learn_step)
        try:
            class_bar._body(session.page, at)
        except Again as found:
            return str(found)
    return ""


def test_what_a_teacher_does_draws_no_more_anew_than_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = teach("what-is-a-spike", SILENT)
    ada = student("Ada")
    ada.answer(3)
    assert tick(ada, monkeypatch) == ""
    teacher.press("class-show")
    assert tick(ada, monkeypatch) == "page"
    ada.look().look()
    assert tick(ada, monkeypatch) == ""
    assert ada.at.button("lesson-next").disabled
    teacher.press("class-open")
    assert tick(ada, monkeypatch) == "class-bar, lesson"
    ada.look()
    assert tick(ada, monkeypatch) == ""
    assert not ada.at.button("lesson-next").disabled
    teacher.press("class-hold")
    assert tick(ada, monkeypatch) == "class-bar, lesson", "the next step is closed again, what was shown stays so"


def _rows() -> list[Any]:
    with services.store()._reading() as connection:
        return list(connection.execute(learning.STEPS.select()).all())


def chart(person: Person, name: str) -> dict[str, Any]:
    (found,) = person.component("snnviz_charts", "class-answers")["charts"]
    assert found["id"] == name
    return dict(found)


HELD = [name for name, lesson in library().lessons.items() if lesson.own]


@pytest.mark.parametrize("name", HELD)
def test_what_is_right_is_not_sent_before_it_is_shown(name: str) -> None:
    """The first step that asks, of each lesson: explanation, ideas, what is said of options, what is measured."""
    lesson = library().get(name)
    place = next(at for at, step in enumerate(lesson.steps) if step.question is not None)
    teach(name)
    classes.change_class(services.store(), room().code, step=place)
    one = student("Ada")
    for _ in range(place):
        one.press("lesson-next" if "lesson-next" in one.buttons else "lesson-skip")
    step = one.step
    question: Any = step.question
    assert step == lesson.steps[place]
    kind = question.kind
    given = {"number": lambda: question.low, "choice": lambda: question.options[-1].name,
             "order": lambda: [name for name, _ in question.items], "curve": lambda: [500] * POINTS}  # fmt: skip
    before = one.sent
    one.answer(given[kind]())
    held = before + one.sent + one.look().sent  # type: ignore[attr-defined]
    secret = [line for line in step.explanation.splitlines() if len(line) > 30 and line in step.explanation][:1]
    secret = [re.split(r"[*`$<>\\\[\]_~|{}#:.,()]", line.removeprefix("- "))[0] for line in secret]
    if kind == "choice":
        secret += [said for option in question.options for said in (option.idea, option.words) if len(said) > 20]
    if kind == "number":
        secret += [idea.words for idea in question.ideas]
    if step.check is not None and step.check.kind == "neuron":
        secret.append(step.check.evaluate(NoWorld()).truth.words)  # type: ignore[union-attr]
    assert secret or not step.explanation
    assert [text for text in secret if len(text) > 15 and text in held] == []
    assert not learning.steps_of(services.store(), [row.learner for row in _rows()])[-1].found


def test_in_a_class_of_ones_own_pace_nothing_is_held() -> None:
    teacher = teach(SILENT, "skips", pace="alone")
    ada = student("Ada")
    assert ada.at.session_state["page"] == "lessons"
    assert {key for key in ada.buttons if key.startswith("lesson-start")} == {
        "lesson-start-why-silent", "lesson-start-skips",
    }  # fmt: skip
    ada.press("lesson-start-why-silent").answer(15).look()
    assert OUT[0] in ada.text
    teacher.look()
    assert "class-open" not in teacher.buttons
    ada.press("class-leave")
    assert "Ada" not in ada.text
    assert "What share of the neurons" in ada.text  # the lesson goes on, as one's own
    assert OUT[0] not in ada.text


def test_a_browser_finds_its_seat_again_and_nobody_elses() -> None:
    teach(SILENT, pace="alone")
    ada, bob = student("Ada"), student("Bob")
    ada.press("lesson-start-why-silent").answer(15).look()
    bob.press("lesson-start-why-silent")
    assert OUT[0] not in bob.sent
    assert "15 %" not in bob.sent
    again = Person(f"class={room().code}&lesson=why-silent&step=1", page="activity", name=ada.name)
    assert "you are **Ada**" in again.text
    assert "You predicted: 15 %" in again.text
    by_lesson = Person("lesson=why-silent", page="lessons", name=ada.name)  # without the class in the address
    assert "you are **Ada**" in by_lesson.text
    stranger = Person(f"class={room().code}&lesson=why-silent&step=1", page="activity")
    assert stranger.at.session_state["page"] == "classes"
    assert stranger.at.text_input("class-join-code").value == room().code
    taken = stranger.join(room().code, "ada")
    assert "nickname must be one that nobody in the class has yet, got 'ada'." in taken._red
    assert len(classes.seats_of(services.store(), room().code)) == 2


def test_the_teacher_sees_where_students_are_and_opens_their_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat, "WRITTEN_EVERY", 0.0)
    teacher = teach(SILENT)
    student("Ada").look()
    teacher.look()
    (row,) = teacher.at.dataframe[0].value.to_dict("records")
    assert (row["nickname"], row["where"], row["seen"]) == ("Ada", "1. A hundred layers", "now")
    assert row["page"].endswith("/activity?inits=kaiming")
    later = {who: one._replace(seen=one.seen - 200) for who, one in seat.seats_of(room().code).items()}
    table = teaching.students_table(lessons_of(room(), library()), later, {}, "http://x/")
    assert table["seen"][0].startswith("3 min 2")
    (who,) = later
    teacher.at.selectbox("class-who").set_value(who)
    teacher.press("class-remove")
    assert classes.seats_of(services.store(), room().code) == []


def test_a_design_is_handed_out() -> None:
    teacher, ada = teach(SILENT), None
    ada = student("Ada")
    teacher.at.text_input("class-hand-link").set_value("http://evil.example/<script>")
    teacher.press("class-hand")
    assert any("address must be that of a page" in said for said in teacher._red)
    teacher.at.text_input("class-hand-link").set_value("http://127.0.0.1/design?neuron.threshold=0.7&seed=3")
    teacher.press("class-hand")
    ada.look().press("class-handed")
    assert ada.at.session_state["page"] == "design"
    assert (ada.design.neuron.threshold, ada.design.seed) == (0.7, 3)
    assert "This step is about the page" in ada.text
    teacher.press("class-hand-back")
    assert "class-handed" not in ada.look().buttons  # type: ignore[attr-defined]
    teacher.press("class-hand-mine")
    assert room().handed.startswith("design")


def test_wrong_ideas_are_named_when_the_teacher_asks() -> None:
    teacher = teach(SILENT)
    student("Ada").answer(15)
    teacher.look()
    assert OUT[1] not in teacher.sent
    teacher.at.toggle("class-ideas").set_value(True)
    teacher.look()
    assert f"- {OUT[1]}: 1" in teacher.words


def test_bad_codes_links_and_names_are_a_sentence() -> None:
    teach(SILENT)
    for text, said in (("ABC", "class must be a code of 6 letters"), ("ZZZZZZ", "class must be the code of a class")):
        assert any(said in red for red in Person().join(text, "Ada")._red)
    assert any("nickname must be 1 to 24 letters" in red for red in Person().join(room().code, "=1+1")._red)
    assert any("class must be a code" in red for red in Person("class=<script>alert(1)</script>")._red)
    assert any("There is no class of this link" in red for red in Person("teach=x")._red)
    empty = Person()
    empty.press("class-new-go")
    assert any("lessons must be 1 to 20" in red for red in empty._red)


def test_a_lesson_that_the_host_takes_away_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_LESSONS", str(tmp_path))
    file = tmp_path / "own.md"
    file.write_text(lesson_file())
    teacher = teach("own", SILENT)
    ada = student("Ada")
    assert "Some text." in ada.text
    file.unlink()
    ada.look()
    assert "class-go" not in ada.buttons
    bob = student("Bob")
    assert bob.at.session_state["page"] == "lessons"
    teacher.look()
    assert "2 students" in teacher.text
    file.write_text("no lesson")
    assert "2 students" in teacher.look().text


def test_two_presses_open_one_step() -> None:
    teacher = teach(SILENT)
    as_drawn = room()
    for _ in range(2):
        teaching._change(as_drawn, {"step": 1, "shown": False})
    assert room().step == 1
    teacher.look()
    for _ in range(2):
        teaching._change(as_drawn, {"shown": True})
    assert (room().step, room().shown) == (1, False)
