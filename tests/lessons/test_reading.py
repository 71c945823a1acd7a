"""A lesson's file: what is read of it, and the one sentence on what is wrong, with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from snnviz.errors import InputError
from snnviz.lessons.lesson import Lesson
from snnviz.lessons.library import ORDER, library, read_file
from snnviz.lessons.prose import blocks, spans
from snnviz.lessons.reading import MOST_BYTES, read_lesson
from snnviz.lessons.template import TEMPLATE
from snnviz.ui.learn.prose import to_markdown
from tests.lessons.lesson_files import HEAD, MARKUP, hostile, lesson

NUMBER = '[question]\nkind = "number"\nask = "How many?"\nlow = 0\nhigh = 10\ntolerance = 1\nanswer = 3'
PARSE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def wrong(text: str) -> str:
    with pytest.raises(InputError) as caught:
        read_lesson(text, "mine")
    return str(caught.value)


def test_our_lessons_are_the_ten_and_the_challenge() -> None:
    found = library()
    assert not found.problems
    assert tuple(found.lessons) == ORDER
    assert len(ORDER) == 11
    for one in found.lessons.values():
        assert one.own
        assert one.minutes <= 10
        assert sum(step.question is not None for step in one.steps) >= 2
        words = sum(len(f"{step.text} {step.explanation}".split()) for step in one.steps)
        assert words / 130 <= one.minutes, one.name  # at a slow reader's pace, and there is more to do than reading


def test_the_template_is_a_lesson() -> None:
    found = read_lesson(TEMPLATE, "mine")
    assert found.steps[0].open == ("threshold",)
    assert found.steps[0].explanation == "What is said when the answer is known."


def test_what_a_step_says() -> None:
    step = read_lesson(
        lesson(f'page = "design"\nlock = ["neuron"]\n{NUMBER}', "One.\n\n### Explanation\n\nTwo."), "mine"
    )
    assert step.steps[0].lock == ("neuron",)
    assert (step.steps[0].text, step.steps[0].explanation) == ("One.", "Two.")
    assert step.steps[0].name == "a-step"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1 must be +++, which begins the head, got ''"),
        ("+++\ntitle = 3", "line 2 must come after a second +++, which ends the head, got 'title = 3'"),
        (HEAD.replace("5", "50"), "line 3: minutes must be a whole number from 1 to 10, got 50"),
        (HEAD.replace("minutes", "minute"), "line 2: minutes must be a whole number from 1 to 10, got nothing"),
        (HEAD, "line 7 must come after a step's title, such as ## First step, got ''"),
        (HEAD + "text", "line 7 must come after a step's title, such as ## First step, got 'text'"),
        (lesson('page = "activty"'), "line 10: page must be one of "),
        (lesson('page = "design"\nlink = "neuron.treshold=3"'), "line 11: link must "),
        (lesson('page = "design"\nlink = "neuron.threshold=-1"'), "line 11: link must be a number from 0 to 10, got "),
        (lesson('link = "seed=3"'), "line 10: link must belong to a page: name it by page = ..."),
        (lesson('page = "design"\nhide = ["neuron.treshold"]'), "line 11: hide must be names of controls of the page"),
        (lesson('[question]\nkind = "numbr"'), "line 11: question.kind must be one of choice, curve, number, order"),
        (lesson(NUMBER.replace("high = 10", "high = -1")), "line 14: question.high must be more than low, 0, got -1.0"),
        (lesson(NUMBER + "\ntolerence = 3"), "line 17: question.tolerence must be a field of a question of kind"),
        (lesson(NUMBER.replace("answer = 3", "")), "check must measure a number for this question, got nothing"),
        (lesson('[check]\nkind = "run"\nwhere = "acuracy > 1"'), "line 12: check.where must compare a field, a metric"),
        (lesson('[check]\nkind = "setting"\nwhere = "x"'), "check.where must be conditions such as 'threshold >= 1.2'"),
        (lesson('a = = 1'), "line 10 must be TOML ("),
        (lesson("", "```python\nx\n```"), "line 9 must be text: there is one ```toml block"),
        (lesson("", "$\\href{x}{y}$"), "line 9 must have no \\href in its math"),
        (lesson("", "a\x00b"), "line 9 must have no invisible characters"),
        (lesson() + "\n## A step\n\nOnce more.", "line 11 must have another title than the steps before, got 'A step'"),
    ],
)  # fmt: skip
def test_one_sentence_names_line_rule_and_value(text: str, sentence: str) -> None:
    assert sentence in wrong(text)


def test_a_file_has_a_size_and_a_name(tmp_path: Path) -> None:
    assert "must be at most 64 kB" in wrong(HEAD + "x" * MOST_BYTES)
    with pytest.raises(InputError, match="file must be called by small letters"):
        read_lesson(TEMPLATE, "../x")
    (tmp_path / "mine.md").write_bytes(b"+++\n\xff")
    with pytest.raises(InputError, match="file must be text in UTF-8"):
        read_file(tmp_path / "mine.md")


def test_a_hosts_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ours.md").write_text(TEMPLATE)
    (tmp_path / "broken.md").write_text("no lesson")
    (tmp_path / "skips.md").write_text(TEMPLATE)
    monkeypatch.setenv("SNNVIZ_LESSONS", str(tmp_path))
    found = library()
    assert [*found.lessons] == [*ORDER, "ours"]
    assert not found.lessons["ours"].own
    assert len(found.problems) == 2
    assert found.problems[0].startswith("broken.md: line 1 must be +++")
    monkeypatch.setenv("SNNVIZ_LESSONS", str(tmp_path / "nowhere"))
    assert "SNNVIZ_LESSONS must be a folder of lessons" in library().problems[0]


def test_a_thousand_hostile_files_are_lessons_or_one_sentence() -> None:
    read = 0
    for seed in range(1000):
        try:
            found = read_lesson(hostile(seed), "mine")
        except InputError as error:
            told = str(error)
            assert "\n" not in told
            assert len(told) < 900, told
            assert re.match(r"line \d+|file ", told), told
        else:
            read += 1
            _is_text(found)
    assert 40 < read < 900


def _is_text(found: Lesson) -> None:
    for step in found.steps:
        for text in (step.text, step.explanation, step.do):
            assert _markup(to_markdown(text)) == set(), text


ALLOWED = {
    "paragraph",
    "text",
    "strong",
    "em",
    "code_inline",
    "bullet_list",
    "ordered_list",
    "list_item",
    "inline",
    "softbreak",
}


def _markup(markdown: str) -> set[str]:
    """The kinds of element that a parser finds, besides those that a lesson may have."""
    plain = re.sub(r"\$[^$\n]*\$", "math", markdown)  # which the browser's KaTeX reads, without trust
    tokens = PARSE.parse(plain)
    inside = [child for token in tokens for child in (token.children or [])]
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in [*tokens, *inside]}
    return kinds - ALLOWED


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_shown_as_it_is_written(text: str) -> None:
    for around in ("{}", "a {} b", "**a** {}", "- {}", "1. {}", "*a* {} `b`", "{}\n\nmore"):
        shown = to_markdown(around.format(text))
        assert _markup(shown) == set(), shown
        assert not re.search(r"(?<!\\):(material|red|streamlit)", shown), shown
        assert "https://" not in shown
        assert "www.evil" not in shown


def test_the_subset_is_markup() -> None:
    assert to_markdown("A **b** and *i*, `c` and $x$.") == "A **b** and *i*, `c` and $x$."
    assert to_markdown("- a\n- b") == "- a\n- b"
    assert blocks("1. a\n2. b")[0].kind == "numbers"
    assert spans("2 * 3 * 4") == [("text", "2 * 3 * 4")]
