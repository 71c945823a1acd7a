"""The command line in this process or in one of its own, with a cache of its own for every test."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from snnviz import commands
from snnviz.jobs.local import Local
from snnviz.places import ROOT
from snnviz.store import Store


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout; NaN and Infinity are not JSON."""
        assert self.out.count("\n") == 1
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))

    @property
    def sentence(self) -> str:
        """The one line that bad input ends with."""
        assert (self.code, self.out) == (2, ""), self
        assert self.err.endswith("\n")
        line = self.err[:-1]
        assert line.isprintable(), line
        assert 0 < len(line) < 400
        return line


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def snnviz(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Runs a command in this process."""

    def call(*arguments: str, stdin: str | bytes = "") -> Answer:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        code = 0
        try:
            commands.main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return call


Snnviz = Callable[..., Answer]


started: list[subprocess.Popen[str]] = []


def end_commands() -> None:
    """Ends what `process` started and a failed test left: it would start a new supervisor for the old one."""
    for command in started:
        command.kill()
        command.communicate()
    started.clear()


@pytest.fixture
def shared() -> Iterator[Store]:
    """The store of the commands; nobody is left working in it."""
    store = Store()
    yield store
    end_commands()
    Local(store).stop()
    store.close()


def process(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "snnviz", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    started.append(subprocess.Popen(command, cwd=ROOT, text=True, **pipes))
    return started[-1]


def write(folder: Path, document: object, name: str = "design.json") -> str:
    path = folder / name
    path.write_text(json.dumps(document))
    return str(path)
