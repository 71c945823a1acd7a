"""What holds of a class: codes, nicknames, what is handed out, scores; of a thousand bad ones a sentence each."""

from __future__ import annotations

import csv
import io
import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.errors import InputError, NotFound
from snnviz.lessons.classes import (
    LETTERS,
    LONGEST_NICKNAME,
    Score,
    canvas_csv,
    fold_nickname,
    lesson_score,
    moodle_csv,
    new_class,
    new_code,
    new_secret,
    read_code,
    read_handout,
    read_nickname,
    read_title,
    secret_digest,
)
from snnviz.lessons.library import library
from snnviz.store import Store, classes
from snnviz.store.learning import StepProgress
from snnviz.ui.kit.words import escape_markdown
from tests.lessons.lesson_files import MARKUP

ODD = ("", " ", "\x00", "\u202e", "\u200b", "=1+1", "+cmd|' /C calc'!A0", "-1", "@SUM(A1)", "é" * 500, "a" * 25, "😀",
       "Ada\nBob", "Ada\u0301\u0301\u0301\u0301", "\ud800", "ＡＤＡ", "DROP TABLE", "'; --", "½", "\ufdfa")  # fmt: skip


def hostile(seed: int) -> str:
    """A text that somebody might send as a code, a nickname, a title or an address."""
    draw = random.Random(seed)
    kind = draw.randrange(4)
    if kind == 0:
        return draw.choice(MARKUP) + draw.choice(("", "x", "ABCDEF"))
    if kind == 1:
        return draw.choice(ODD)
    if kind == 2:
        return "".join(draw.choice(string.printable + "éß√\u200b\u202e\ud800<>") for _ in range(draw.randint(0, 60)))
    return draw.choice(("ABCDEF", "design?seed=1", "Ada")) + chr(draw.randrange(0x110000)) * draw.randint(1, 9)


@pytest.mark.parametrize("read", [read_code, read_nickname, read_title, read_handout])
def test_of_a_thousand_hostile_texts_each_is_a_sentence_or_fine(read: Callable[[str], str]) -> None:
    refused = 0
    for seed in range(1000):
        text = hostile(seed)
        try:
            found = read(text)
        except InputError as error:
            refused += 1
            said = str(error)
            assert " must " in said
            assert len(said) < 400
            assert said.isprintable()
        else:
            assert read(found) == found
            if read in (read_code, read_nickname):
                assert not set(found) & set("<>[]()`*$:\\|=+@\n\x00\u202e\u200b")
    assert refused > 100 or read is read_title


@given(st.text(max_size=60))
def test_a_nickname_is_short_visible_and_no_formula(text: str) -> None:
    try:
        name = read_nickname(text)
    except InputError:
        return
    assert 0 < len(name) <= LONGEST_NICKNAME
    assert name.isprintable()
    assert name[0].isalnum() or name[0].isnumeric()
    assert escape_markdown(name).replace("\\", "") == name
    assert fold_nickname(name)


@pytest.mark.parametrize("name", ["Ada", "ada lovelace", "Zoë", "李雷", "José-María", "O'Neill", "k.1_3", "हिन्दी", "7"])
def test_names_of_people_are_nicknames(name: str) -> None:
    assert fold_nickname(read_nickname(f" {name} "))


def test_codes_are_six_letters_that_nobody_mixes_up() -> None:
    codes = {new_code() for _ in range(2000)}
    assert len(codes) > 1990
    assert set("".join(codes)) == set(LETTERS)
    assert not set(LETTERS) & set("ILOQUV")
    code = codes.pop()
    assert read_code(f" {code[:3].lower()} - {code[3:]} ") == code


def test_secrets_are_long_and_only_their_digest_is_known() -> None:
    secret = new_secret()
    assert len(secret) >= 40
    assert secret not in secret_digest(secret)
    assert len(secret_digest(secret)) == 64
    assert [secret_digest(text) for text in ("", "short", "x" * 101, "'" * 43, secret + "\n")] == [""] * 5


def test_what_is_handed_out_is_a_page_with_a_setting_that_it_takes() -> None:
    given = "http://127.0.0.1:8501/base/design?neuron.threshold=0.5&lesson=why-silent&class=ABCDEF&teach=x&hide=a"
    assert read_handout(given) == "design?neuron.threshold=0.5"
    assert read_handout("/activity?threshold=0.5") == "activity?threshold=0.5"
    for text in ("classes?teach=abc", "javascript:alert(1)", "//evil.example/x?y", "/admin", "http://[::1"):
        with pytest.raises(InputError, match="address must be"):
            read_handout(text)
    with pytest.raises(InputError, match=r"neuron\.threshold must"):
        read_handout("design?neuron.threshold=high")


def test_a_class_has_lessons_that_are_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs.sqlite")
    for lessons in ([], ["x"] * 21 + [f"l{k}" for k in range(21)]):
        with pytest.raises(InputError, match="lessons must be 1 to 20"):
            new_class(store, library(), title="", lessons=lessons, pace="alone", maker="me")
    with pytest.raises(NotFound, match="lesson must be one of"):
        new_class(store, library(), title="", lessons=["why-silnt"], pace="alone", maker="me")
    secret = new_class(store, library(), title=" A  class ", lessons=["skips", "skips"], pace="alone", maker="me")
    room = classes.taught_class(store, secret_digest(secret))
    assert room is not None
    assert (room.title, room.lessons) == ("A class", ("skips",))
    assert secret.encode() not in (tmp_path / "runs.sqlite").read_bytes()
    store.close()


def row(step: str, level: str, answer: str | None = "1") -> StepProgress:
    return StepProgress("me", "a", step, answer, 1.0, None, level, "", 1.0)


def test_a_score_counts_what_could_be_told() -> None:
    lesson = library().get("why-silent")
    asked = [step.name for step in lesson.steps if step.question is not None]
    assert lesson_score(lesson, {}) == Score(0, len(asked), 0)
    levels = dict(zip(asked, ["right", "near", "wrong", *["open"] * 20], strict=False))
    found = lesson_score(lesson, {name: row(name, level) for name, level in levels.items()})
    assert found == Score(1.5, min(3, len(asked)), len(asked))
    assert found.percent == 50
    assert lesson_score(lesson, {asked[0]: row(asked[0], "right", None)}).points == 0


def test_tables_of_scores_are_what_moodle_and_canvas_import() -> None:
    lessons = [library().get("why-silent"), library().get("skips")]
    scores = {'Ada "A"': [Score(1, 2, 2), Score(0, 3, 0)], "Zoë": [Score(2, 3, 3), Score(3, 3, 3)]}
    titles = [f"snnviz: {lesson.title}" for lesson in lessons]
    moodle = list(csv.reader(io.StringIO(moodle_csv(lessons, scores), newline="")))
    assert moodle == [["username", *titles], ['Ada "A"', "50", "0"], ["Zoë", "66.7", "100"]]
    canvas = list(csv.reader(io.StringIO(canvas_csv(lessons, scores), newline="")))
    assert canvas[0] == ["Student", "ID", "SIS Login ID", "Section", *titles]
    assert canvas[1] == ["Points Possible", "", "", "", "100", "100"]
    assert canvas[3] == ["Zoë", "", "Zoë", "", "66.7", "100"]
    assert {len(line) for line in canvas} == {6}
