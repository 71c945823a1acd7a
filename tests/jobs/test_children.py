"""The end of a forkserver as the supervisor's processes see it: nobody asks a dying one for the next process."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from snnviz.jobs import children, machine
from snnviz.jobs.children import DYING_SECONDS, FORKSERVER_GONE, Forkserver, RunProcess
from snnviz.store import Claim


class Process:
    """Started by a forkserver that is going, which refuses the first `refusals` orders."""

    sentinel, exitcode = 7, FORKSERVER_GONE

    def __init__(self, refusals: int = 0) -> None:
        self.refusals, self.asked = refusals, 0

    def is_alive(self) -> bool:
        return False

    def start(self) -> None:
        self.asked += 1
        if self.asked <= self.refusals:
            raise ConnectionRefusedError


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    """What stands for a forkserver: a process of ours that is killed and not waited for."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.fixture
def child(server: subprocess.Popen[bytes], claim: Claim) -> RunProcess:
    start: Future[int | None] = Future()
    start.set_result(server.pid)
    return RunProcess(claim, Process(), start)  # type: ignore[arg-type]


def until_zombie(pid: int) -> None:
    while not machine.has_ended(pid):
        time.sleep(0.001)


def test_whoever_ended_with_its_forkserver_is_gone_when_that_is(
    child: RunProcess, server: subprocess.Popen[bytes]
) -> None:
    assert child.sentinels == [Process.sentinel]
    assert not child.has_ended
    assert child.sentinels == []  # readable for good: who waits for it would turn and turn
    server.kill()
    until_zombie(server.pid)
    assert child.has_ended
    assert child.exitcode is None
    server.wait()
    assert child.has_ended


def test_the_same_exit_code_under_a_forkserver_that_lives_is_its_own(
    child: RunProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert not child.has_ended
    now += DYING_SECONDS + 1
    assert child.has_ended
    assert child.exitcode == FORKSERVER_GONE


class Dying(Forkserver):
    """One of this process number."""

    pid = 0

    def __init__(self, pid: int) -> None:
        self.pid = pid  # type: ignore[misc]


def test_an_order_that_a_dying_forkserver_refuses_waits_for_the_next(
    server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            server.kill()
            server.wait()

    process: Any = Process(refusals=1)
    with monkeypatch.context() as patch:
        patch.setattr(children.time, "sleep", sleep)
        Dying(server.pid)._start(process)
    assert (process.asked, len(slept)) == (2, 3)


def test_an_order_that_is_refused_again_or_was_taken_fails(server: subprocess.Popen[bytes]) -> None:
    """What was sent is perhaps done: another process at the same attempt must not be."""
    server.kill()
    server.wait()
    with pytest.raises(ConnectionRefusedError):
        Dying(server.pid)._start(Process(refusals=2))  # type: ignore[arg-type]

    class Taken(Process):
        def start(self) -> None:
            self.asked += 1
            raise EOFError

    process = Taken()
    with pytest.raises(EOFError):
        Dying(server.pid)._start(process)  # type: ignore[arg-type]
    assert process.asked == 1
