"""Lessons in a real browser: each is played, right or wrong, by mouse or keyboard, wide or narrow, light or dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from snnviz.lessons.library import ORDER, library
from snnviz.store import Store
from tests.browser.access import violations
from tests.browser.playing import Player, can_be_done

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

SIDEBAR = ("[data-testid=stSidebar]",)
"""Streamlit's own, of the pages on a phone: a list with what may be in none."""

COMBINATIONS = [*product(*[(False, True)] * 4)]
"""Wrong answers, by the keyboard, on a phone, in the dark."""

PAIRWISE = {
    "challenge": (False, False, False, False),
    "thresholds-and-leaks": (False, True, True, True),
    "without-training": (True, False, True, True),
    "skips": (True, True, False, True),
    "why-silent": (True, True, True, False),
}
"""Lessons that `make test` plays in a browser: any two of the four are there in all four ways."""


def test_any_two_ways_are_together_in_one_of_the_lessons_that_are_played() -> None:
    for one in range(4):
        for other in range(one):
            assert len({(way[one], way[other]) for way in PAIRWISE.values()}) == 4


def _named(name: str, way: tuple[bool, ...]) -> str:
    words = (("right", "wrong"), ("mouse", "keyboard"), ("desk", "phone"), ("light", "dark"))
    return "-".join([name, *(both[is_it] for both, is_it in zip(words, way, strict=True))])


PLAYED = [
    pytest.param(name, way, id=_named(name, way), marks=[] if PAIRWISE.get(name) == way else [pytest.mark.slow])
    for name in ORDER
    for way in COMBINATIONS
]


@pytest.mark.parametrize(("name", "way"), PLAYED)
def test_a_lesson_is_played(
    name: str, way: tuple[bool, ...], visit: Callable[..., Page], place: tuple[str, Store]
) -> None:
    wrong, keyboard, phone, dark = way
    lesson, (url, store) = library().get(name), place
    options: dict[str, Any] = {"viewport": PHONE if phone else DESK, "color_scheme": "dark" if dark else "light"}
    page = visit("about:blank", **options)
    told: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(str(frame))))
    player = Player(page, url, store, lesson, right=not wrong, keyboard=keyboard)
    player.begin()
    for at, step in enumerate(lesson.steps):
        out = step.explanation.split(". ")[0][:40]
        assert not any(out in frame for frame in told), step.title  # the server keeps it until the answer
        player.take(at, step)
        assert page.evaluate("document.documentElement.scrollWidth") <= options["viewport"]["width"]
        if at == 0:
            player.settled()  # what is drawn anew is pale meanwhile
            assert violations(page, but=SIDEBAR) == []
        player.go_on(step)
    expect(page.get_by_text("You have finished")).to_be_visible()
    expect(page.locator(f".st-key-lesson-card-{name}")).to_contain_text(f"{sum(map(can_be_done, lesson.steps))} done")


def test_what_is_locked_opens_with_the_answer_and_is_kept(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/l/why-silent")
    expect(page).to_have_url(re.compile(r"/activity\?.*lesson=why-silent&step=1$"))
    expect(page.get_by_label("Threshold θ", exact=True)).to_be_disabled()
    expect(page.get_by_text("This is shown when you have made your prediction.")).to_be_visible()
    for place in (1, 2):
        expect(page.get_by_text(f"step {place} of")).to_be_visible()
        page.locator(".st-key-lesson-skip button:visible").first.click()
        expect(page.get_by_text(f"step {place + 1} of")).to_be_visible()
    expect(page.get_by_text("Below which threshold do spikes reach layer 99?")).to_be_visible()
    page.get_by_label("Your prediction").fill("0.5")
    page.locator(".st-key-lesson-keep button").click()
    expect(page.get_by_label("Threshold θ", exact=True)).to_be_enabled()
    expect(page.get_by_label("Leak β", exact=True)).to_be_disabled()  # what the step locks stays so
    page.reload()
    expect(page.get_by_text("You predicted: 0.5")).to_be_visible()
    page.goto(f"{dashboard}/lessons")
    expect(page.locator(".st-key-lesson-card-why-silent")).to_contain_text(
        "0 done, 0 of 0 predictions right, 2 skipped"
    )
