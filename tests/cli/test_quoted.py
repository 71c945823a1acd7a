"""What README and docs quote is there: commands, benchmarks and tests; errata are a table."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from snnviz.commands import commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def quoted(page: Path) -> Iterator[str]:
    """Code: between backticks, and indented lines, which a backslash joins."""
    text = page.read_text().replace("\\\n", " ")
    yield from (" ".join(code.split()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text))
    yield from (line.strip() for line in text.splitlines() if line.startswith("    "))


def asked(page: Path) -> list[str]:
    """The arguments of each command: what follows `python -m snnviz`, up to a comment or a pipe."""
    found = (re.match(r"(?:[\w./]*python -m )?snnviz (?=[a-z])(.+)", code) for code in quoted(page))
    return [re.split(r"\s#|\||\s>|\.\.\.", each[1])[0] for each in found if each]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_quoted_parses(page: Path) -> None:
    for line in asked(page):
        answer = CliRunner().invoke(commands, [*shlex.split(line), "--help"])
        assert answer.exit_code == 0, line
        assert answer.output.startswith("Usage: "), line


def test_commands_are_found() -> None:
    assert "activity --init kaiming --theta 0.8" in [" ".join(line.split()) for line in asked(ROOT / "README.md")]
    assert sum(len(asked(page)) for page in PAGES) > 60


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_benchmark_and_test_that_is_named_is_there(page: Path) -> None:
    for code in quoted(page):
        for name in re.findall(r"(?:benchmarks|tests)/[\w/]+\.(?:py|json)", code):
            assert (ROOT / name).exists(), name
        for name in re.findall(r"-m (benchmarks\.\w+|tests\.\w+)", code):
            path = ROOT / name.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name


def test_the_python_that_is_quoted_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    text = (ROOT / "docs" / "commands.md").read_text().partition("## From Python")[2]
    lines = [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ") or not line]
    exec("\n".join(lines), {})
    sentence, front = capsys.readouterr().out.splitlines()
    assert re.search(r"not told apart: .* would be found in 8 of 10 cases|is (better|worse) by .* points", sentence)
    assert "network.kind" in front


def test_errata_are_one_table_without_marks_of_a_merge() -> None:
    lines = (ROOT / "docs" / "errata.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert lines[-len(rows) :] == rows
    assert {row.count("|") for row in rows} == {rows[0].count("|")}
    assert all(re.match(r"\| \d{4}-\d{2}-\d{2} \| ", row) for row in rows[2:])
    points = re.findall(r"^- (.{40})", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert len(set(points)) == len(points)  # nor of one that was made twice
    for page in PAGES:
        assert not re.search(r"^(<<<<<<<|=======|>>>>>>>)", page.read_text(), re.MULTILINE), page.name
