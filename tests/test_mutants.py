"""`make mutants` changes what it says, draws the same again, and chooses the tests that reach a line."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from textwrap import dedent

import pytest

pytest.importorskip("cosmic_ray", reason="what requirements-dev.txt names is not installed")

from coverage.numbits import nums_to_numbits

from benchmarks.mutants import places, reached, report
from benchmarks.mutants.choosing import Choice

SOURCE = dedent('''
    """2 + 2 is not code."""
    from __future__ import annotations

    LIMIT: int | None = 3


    @dataclass(frozen=True)
    class Point:
        x: float = 0.5


    def far(p: Point, *rest: int | float, **more: float) -> bool:
        """far(1) < 2"""
        less = -p.x - LIMIT if p.x <= LIMIT and not rest else min(*rest, **more)
        return less > 1 or p is None


    TABLE = (
        *zip((), strict=True),
        1,
        7,
    )
''').lstrip()


def changes(source: str) -> set[tuple[str, str]]:
    """Lines, and without spaces what they become; nothing else changes."""
    lines = source.splitlines()
    found = [one for choices in places.places("a.py", source) for one in choices]
    for one in found:
        before, after = (ast.dump(ast.parse(text)) for text in (source, one.text(source)))
        assert before != after
        line = lines[one.row - 1].replace(one.line, one.change(source))
        assert ast.dump(ast.parse("\n".join([*lines[: one.row - 1], line, *lines[one.row :]]))) == after
    return {(one.line, "".join(one.change(source).split())) for one in found}


def test_an_operator_a_comparison_or_a_constant_is_another_and_nothing_else() -> None:
    by_line: dict[str, set[str]] = {}
    for line, change in changes(SOURCE):
        by_line.setdefault(line, set()).add(change)
    assert by_line.pop("LIMIT: int | None = 3") == {"LIMIT:int|None=4", "LIMIT:int|None=2"}
    assert by_line.pop("x: float = 0.5") == {"x:float=1.5", "x:float=-0.5"}
    assert by_line.pop("1,") == {"0,", "2,"}
    assert by_line.pop("7,") == {"6,", "8,"}
    less, back = sorted(by_line, key=len, reverse=True)
    assert by_line[less] == {
        change.replace(" ", "")
        for change in [
            "less = +p.x - LIMIT if p.x <= LIMIT and not rest else min(*rest, **more)",
            "less = -p.x + LIMIT if p.x <= LIMIT and not rest else min(*rest, **more)",
            "less = -p.x - LIMIT if p.x < LIMIT and not rest else min(*rest, **more)",
            "less = -p.x - LIMIT if p.x > LIMIT and not rest else min(*rest, **more)",
            "less = -p.x - LIMIT if p.x <= LIMIT or not rest else min(*rest, **more)",
            "less = -p.x - LIMIT if p.x <= LIMIT and rest else min(*rest, **more)",
        ]
    }
    returned = ["less >= 1 or p", "less < 1 or p", "less > 2 or p", "less > 0 or p", "less > 1 and p"]
    expected = {f"return {text} is None".replace(" ", "") for text in returned}
    assert by_line[back] == expected | {"returnless>1orpisnotNone"}


def tree(folder: Path, **texts: str) -> Path:
    (folder / "snnviz" / "theory").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / "snnviz" / "theory" / f"{name}.py").write_text(text)
    return folder


def test_the_same_seed_draws_the_same_wherever_lines_move(tmp_path: Path) -> None:
    root = tree(tmp_path, one=SOURCE, other="A = 1\nB = 1\nB = 1\n")
    drawn, count = places.drawn(root, 3, 6)
    assert len(drawn) == 6
    assert count == len(places.places("one.py", SOURCE)) + 3
    more = places.drawn(root, 3, 8)[0]
    assert more[:6] == drawn
    tree(tmp_path, one=SOURCE.replace("LIMIT:", "# a line\n\nLIMIT:"), new="")
    assert [one.key for one in places.drawn(root, 3, 6)[0]] == [one.key for one in drawn]
    assert [one.key for one in places.drawn(root, 4, 6)[0]] != [one.key for one in drawn]
    every = places.drawn(root, 3, 100)[0]
    assert len({one.key for one in every}) == len(every) == count


def test_a_mutant_is_run_against_the_tests_that_reach_its_line_wherever_that_is_now(tmp_path: Path) -> None:
    """Fast ones first; of a constant, those of the lines that use it; then the others of the same files."""
    before = "A = 1\n\n\ndef f(x):\n    return x + A\n\n\ndef g(x):\n    return x - 2\n"
    root = tree(tmp_path, one=before.replace("def f", "# a line\ndef f"))
    (root / "tests").mkdir()
    (root / "tests" / "test_one.py").touch()
    (root / "tests" / "test_other.py").touch()
    database = reached.opened(tmp_path / "mutants.sqlite")
    database.execute("insert into sources values (1, 'snnviz/theory/one.py', ?)", (before,))
    measured = {
        "one.py::slow": (9, {5}),
        "one.py::fast": (1, {5}),
        "one.py::beside": (0.1, set()),
        "other.py::g": (1, {9}),
    }
    for name, (seconds, lines) in measured.items():
        database.execute("insert into tests values (?, ?, 1)", (f"tests/test_{name}", seconds))
        if lines:
            database.execute("insert into lines values (?, 1, ?)", (f"tests/test_{name}", nums_to_numbits(lines)))
    choice = Choice(database, root)

    def chosen(line: str, seconds: float = 60) -> list[str]:
        mutant, *_ = [one for one in places.drawn(root, 0, 100)[0] if one.line == line]
        return [test.name.removeprefix("tests/test_") for test in choice.of(mutant, seconds)[0]]

    assert chosen("return x + A") == ["one.py::fast", "one.py::slow", "one.py::beside"]
    assert chosen("return x + A", 2) == ["one.py::fast", "one.py::beside"]
    assert chosen("A = 1") == ["one.py::fast", "one.py::slow", "one.py::beside"]
    choice = Choice(database, root, ("tests/test_one.py::slow", "tests/test_other.py"))
    assert chosen("return x + A") == ["one.py::slow"]
    assert chosen("return x - 2") == ["other.py::g"]
    database.close()


def test_the_page_counts_and_gives_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree(tmp_path, one="A = 1\nB = 2\nC = 3\nD = 4\n")
    mutants, count = places.drawn(root, 0, 4)
    found = report.Found(tmp_path / "found.json")
    for mutant, outcome in zip(mutants, ["caught", "survived", "timed out"], strict=False):
        change = mutant.change((root / mutant.path).read_text())
        found.add(mutant.key, report.Outcome(outcome, "", 3, 7, change))
    reasons = tmp_path / "reasons.json"
    reasons.write_text(f'{{"{mutants[1].key}": "A figure\'s margin."}}')
    monkeypatch.setattr(report, "REASONS", reasons)
    again = report.Found(tmp_path / "found.json")
    text = report.written(mutants, count, again, 0, 60)
    assert "| 4 | 3 | 1 | 33.3 % | 1 | 0 | 1 | 1 |" in text
    survivor = next(line for line in text.splitlines() if "margin" in line)
    assert f"`{mutants[1].line}`" in survivor
    assert "3 of 7" in survivor
    assert again.counts(mutants)["not run"] == 1
    again.keep(mutants[:2])
    assert report.Found(tmp_path / "found.json").counts(mutants)["not run"] == 2


def test_nine_of_ten_are_caught_and_the_others_have_a_reason() -> None:
    """As the page has them."""
    found = report.Found(report.REASONS.with_name("found.json")).outcomes
    caught = {key for key, one in found.items() if one.outcome == "caught"}
    assert len(caught) >= 0.9 * len(found)
    assert found.keys() - caught == json.loads(report.REASONS.read_text()).keys()
