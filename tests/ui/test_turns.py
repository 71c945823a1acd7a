"""Runs of pages take turns, and none that takes long keeps the others waiting."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import RerunData

from snnviz.ui.server import streamlit_patches
from snnviz.ui.server.turns import Turns


def started(turns: Turns, act: Any) -> threading.Thread:
    def run() -> None:
        with turns.turn():
            act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_as_many_as_there_are_turns_in_the_order_in_which_they_came() -> None:
    turns, go, done = Turns(2, 60.0), threading.Event(), list[int]()
    lock, at, most = threading.Lock(), 0, 0

    def act(number: int) -> None:
        nonlocal at, most
        with lock:
            done.append(number)
            at, most = at + 1, max(most, at + 1)
        go.wait(30)
        with lock:
            at -= 1

    threads = []
    for number in range(8):
        threads.append(started(turns, lambda number=number: act(number)))
        while len(turns._waiting) + len(turns._since) <= number:
            time.sleep(0.001)
    assert sorted(done) == [0, 1]
    go.set()
    for thread in threads:
        thread.join(30)
    assert most == 2
    assert sorted(done[:2]) == [0, 1]
    assert {*done} == {*range(8)}
    assert not turns._since


def test_one_that_takes_long_lets_others_pass() -> None:
    turns, go = Turns(1, 0.05), threading.Event()
    long = started(turns, lambda: go.wait(30))
    other = started(turns, lambda: None)
    other.join(10)
    assert not other.is_alive()
    assert long.is_alive()
    go.set()
    long.join(10)
    assert not long.is_alive()


def test_one_that_fails_gives_its_turn_back() -> None:
    turns = Turns(1, 60.0)
    for _ in range(2):
        with pytest.raises(ValueError, match="so"), turns.turn():
            raise ValueError("so")


def test_a_run_of_a_page_has_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    turns = Turns()
    monkeypatch.setattr(streamlit_patches, "TURNS", turns)
    monkeypatch.setattr(
        streamlit_patches, "_run_script", lambda runner, data: seen.append((runner, data, len(turns._since)))
    )
    runner: Any = "runner"
    data = RerunData()
    streamlit_patches._run_in_turn(runner, data)
    assert seen == [("runner", data, 1)]
