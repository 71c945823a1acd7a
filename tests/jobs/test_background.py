"""A process beside the server: one at a time, bounded, and gone with whoever started it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snnviz.jobs import background
from snnviz.jobs.background import BackgroundProcess
from snnviz.places import ROOT


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that is found by processes."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "made_up.py"


def wait_until(done: object, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def end_of(process: BackgroundProcess) -> int:
    found: list[int] = []

    def ended() -> bool:
        code = process.poll()
        found.extend([] if code is None else [code])
        return bool(found)

    wait_until(ended)
    return found[0]


def test_one_at_a_time_with_bounds(module: Path, tmp_path: Path) -> None:
    module.write_text(
        "import os, resource, sys, pathlib, time\n"
        f"said = pathlib.Path({str(tmp_path / 'said')!r})\n"
        "time.sleep(0.3)\n"
        "limits = resource.getrlimit(resource.RLIMIT_CPU)[0], resource.getrlimit(resource.RLIMIT_DATA)[0]\n"
        "said.write_text(f'{os.getpriority(os.PRIO_PROCESS, 0)} {limits} {sys.argv[1:]} {os.environ[\"ASKED\"]}')\n"
    )
    process = BackgroundProcess("made_up")
    assert process.start("a", "b", environment={"ASKED": "yes"})
    assert not process.start("c")
    assert process.pid is not None
    assert end_of(process) == 0
    assert process.pid is None
    nice = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 0) if os.getpriority(os.PRIO_PROCESS, 0) > 5 else 5
    limits = (background.CPU_SECONDS, background.DATA_BYTES)
    assert (tmp_path / "said").read_text() == f"{nice} {limits} ['a', 'b'] yes"
    assert process.start("c")
    process.stop()
    assert process.pid is None


def test_what_it_says_when_it_fails_is_logged(module: Path, caplog: pytest.LogCaptureFixture) -> None:
    module.write_text("import sys; sys.exit('The disk is full.')")
    process = BackgroundProcess("made_up")
    process.start()
    with caplog.at_level(logging.WARNING):
        assert end_of(process) == 1
    assert "The disk is full." in caplog.text


def test_one_that_takes_too_long_is_ended(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module.write_text("import time; time.sleep(100)")
    monkeypatch.setattr(background, "WALL_SECONDS", 0.2)
    process = BackgroundProcess("made_up")
    process.start()
    assert end_of(process) < 0


def test_it_ends_with_whoever_started_it(module: Path, tmp_path: Path) -> None:
    """However that ends."""
    module.write_text(
        "import os, pathlib, time\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\ntime.sleep(100)"
    )
    started = (
        "from snnviz.jobs.background import BackgroundProcess; import time; "
        "BackgroundProcess('made_up').start(); time.sleep(100)"
    )
    server = subprocess.Popen([sys.executable, "-c", started], cwd=ROOT)
    told = tmp_path / "pid"
    wait_until(lambda: told.exists() and told.read_text())
    pid = int(told.read_text())
    server.kill()
    server.wait()
    wait_until(lambda: has_ended(pid))


def has_ended(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
