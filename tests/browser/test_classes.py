"""A class in real browsers: a teacher and two students in three profiles, held, answered, shown, and downloaded."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.access import nothing_in_the_way

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
OUT = (
    "in step 4 the potential is above 1",
    "near the threshold is enough",
    "until then the neuron says nothing at all",
)
"""Of the explanation, the name of a wrong idea and what is said of it: sent to no student before it is shown."""


def join(page: Page, nickname: str) -> None:
    page.get_by_label("Nickname", exact=True).fill(nickname)
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_text("In which step is the first spike?")).to_be_visible()


def answer(page: Page, number: str) -> None:
    page.get_by_label("Your prediction in time step").fill(number)
    page.get_by_role("button", name="Keep my prediction").click()
    expect(page.get_by_text("Your answer is kept. Your teacher shows what is right.")).to_be_visible()


def test_a_teacher_and_two_students(visit: Callable[..., Page], dashboard: str) -> None:
    teacher = visit(f"{dashboard}/classes", color_scheme="light")
    teacher.get_by_label("Lessons, in order").click()
    teacher.get_by_role("option", name="What is a spike?").click()
    teacher.keyboard.press("Escape")
    teacher.get_by_role("button", name="New class").click()
    code = teacher.locator(".st-key-class-code strong").inner_text()
    assert len(code) == 6
    expect(teacher).to_have_url(re.compile(r"/classes\?teach=[\w-]{43}$"))

    frames: list[str] = []
    ada, bob = visit("about:blank", **PHONE), visit("about:blank", **PHONE, color_scheme="dark")
    for one, path in ((ada, f"classes?class={code}"), (bob, f"lessons?class={code}")):
        one.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
        one.goto(f"{dashboard}/{path}")
    join(ada, "Ada")
    expect(bob.get_by_label("Code of the class")).to_have_value(code)
    bob.get_by_label("Nickname", exact=True).fill("ada")
    bob.get_by_role("button", name="Join", exact=True).click()
    expect(bob.get_by_text("nickname must be one that nobody in the class has yet")).to_be_visible()
    join(bob, "Bob")

    answer(ada, "3")
    answer(bob, "4")
    assert len(frames) > 20
    assert not any(said in frame for said in OUT for frame in frames)
    expect(teacher.get_by_text("2 of 2 have answered")).to_be_visible()
    expect(teacher.get_by_text(", 2 here now")).to_be_visible()
    expect(teacher.locator("g.bars path")).to_have_count(20)
    expect(teacher.get_by_role("button", name="Download as CSV")).to_have_count(1)  # of the students

    teacher.get_by_role("button", name="Show what is right").click()
    expect(ada.get_by_text(OUT[2])).to_be_visible()
    expect(bob.get_by_text("It is time step 4; you said time step 4.")).to_be_visible()
    assert any(OUT[0] in frame for frame in frames)
    expect(bob.get_by_role("button", name="Next")).to_be_disabled()
    teacher.get_by_role("button", name="Open step 2").click()
    bob.get_by_role("button", name="Next").click()
    expect(bob.get_by_text("How many spikes in 100 steps?")).to_be_visible()
    expect(bob).to_have_url(re.compile(rf"/lessons\?class={code}&lesson=what-is-a-spike&step=2$"))
    bob.reload()
    expect(bob.get_by_text("you are Bob")).to_be_visible()
    expect(bob.get_by_text("How many spikes in 100 steps?")).to_be_visible()
    assert bob.evaluate("document.documentElement.scrollWidth") <= 390

    teacher.get_by_text("Scores", exact=True).click()
    with teacher.expect_download() as download:
        teacher.get_by_role("button", name="CSV for Moodle").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["username", "snnviz: What is a spike?"], ["Ada", "12.5"], ["Bob", "25"]]
    nothing_in_the_way(teacher, 390)
