"""Files of lessons for tests: a good one, and thousands that are not."""

from __future__ import annotations

import random
import string

from snnviz.lessons.library import FOLDER
from snnviz.lessons.template import TEMPLATE

HEAD = '+++\ntitle = "A lesson"\nminutes = 5\nsummary = "What it is about."\n+++\n\n'

MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[here](javascript:alert(1))", "![x](http://evil/x)",
    ":material/home:", ":red[x]", "$\\href{javascript:alert(1)}{x}$", "`</code><b>`", "https://evil.example/",
    "<b>x</b>",
    "](x", "**<i>**", "&lt;b&gt;", "| a | b |\n|---|---|\n| 1 | 2 |", "# heading", "> quote", "\x00", "\u202e", "---",
    "+++",
    "[x]: http://evil", "<!--", "\\<b>", "www.evil.example", "a@evil.example", "1. <u>", "- [ ] x", "~~x~~", "*<b>*",
)  # fmt: skip

VALUES = (
    "1e999", "nan", "-1", "[]", "{}", '""', '"' + "x" * 5000 + '"', "true", "[[1]]", "0x41", "'''a\nb'''", "1979-05-27",
    "9" * 400, '"*"', '["a", 1]', '"\\u0000"', "inf", "1", '"number"', '"run"', '"activity"', '"../../etc/passwd"',
    '"__class__"', '"{0.__init__}"', '"accuracy > "', '"neuron.threshold = 0.5 or or"',
)  # fmt: skip


def lesson(block: str = "", text: str = "Some text.", title: str = "A step") -> str:
    """A lesson of one step with this TOML and this text."""
    toml = f"```toml\n{block}\n```\n\n" if block else ""
    return f"{HEAD}## {title}\n\n{toml}{text}\n"


def hostile(seed: int) -> str:
    """A file that somebody might send: a good one with a few lines changed, or noise."""
    draw = random.Random(seed)
    sources = [TEMPLATE, *(path.read_text() for path in sorted(FOLDER.glob("*.md")))]
    lines = draw.choice(sources).split("\n")
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(lines))
        kind = draw.randrange(7)
        if kind == 0:
            lines[at] = draw.choice(MARKUP)
        elif kind == 1 and "=" in lines[at]:
            lines[at] = f"{lines[at].partition('=')[0]}= {draw.choice(VALUES)}"
        elif kind == 2:
            del lines[at]
        elif kind == 3:
            lines.insert(at, f"{draw.choice(('page', 'kind', 'hide', 'x', 'answer', 'where'))} = {draw.choice(VALUES)}")
        elif kind == 4:
            lines[at] = "".join(draw.choice(string.printable + "é√\u200b\ud800") for _ in range(draw.randint(1, 90)))
        elif kind == 5:
            lines[at] = lines[at] * draw.randint(2, 400)
        else:
            other = draw.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)
