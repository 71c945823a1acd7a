"""The server holds only so much of what visitors upload, and only a local one reads its machine's folders."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import streamlit as st

from snnviz.catalog.uploads import Checked, Limits
from snnviz.errors import InputError
from snnviz.ui import data_checking, uploading
from snnviz.ui.data_local import is_local
from snnviz.ui.data_own import megabytes

PLACE = "/_stcore/upload_file/session/file"


async def streamlit(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(method: str, path: str) -> int:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    def work() -> None:
        asyncio.run(uploading.Bounded(streamlit)({"type": "http", "method": method, "path": path}, None, send))  # type: ignore[arg-type]

    with ThreadPoolExecutor(1) as other:  # in this thread playwright may have a loop running
        other.submit(work).result()
    status: int = sent[0]["status"]
    return status


def test_uploads_are_refused_where_too_many_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    size = int(st.get_option("server.maxUploadSize")) * 2**20
    assert ask("PUT", PLACE) == 204
    monkeypatch.setattr(uploading, "held", lambda: (uploading.MOST - 1) * size)
    assert ask("PUT", PLACE) == 204
    monkeypatch.setattr(uploading, "held", lambda: (uploading.MOST - 1) * size + 1)
    assert ask("PUT", PLACE) == 503
    assert ask("DELETE", PLACE) == 204
    assert ask("PUT", "/elsewhere") == 204


def test_the_page_takes_what_the_server_and_the_limits_take(monkeypatch: pytest.MonkeyPatch) -> None:
    assert megabytes() == st.get_option("server.maxUploadSize") == 64
    assert megabytes() <= Limits().megabytes
    monkeypatch.setenv("SNNVIZ_UPLOAD_MEGABYTES", "3")
    assert megabytes() == 3


@pytest.mark.parametrize(
    ("switch", "address", "expected"),
    [
        ("1", "127.0.0.1", True),
        ("1", "localhost", True),
        ("1", "0.0.0.0", False),
        ("1", None, False),
        ("0", "127.0.0.1", False),
        (None, "127.0.0.1", False),
    ],
)
def test_a_server_is_local_where_it_says_so_and_hears_only_its_machine(
    monkeypatch: pytest.MonkeyPatch, switch: str | None, address: str | None, expected: bool
) -> None:
    monkeypatch.delenv("SNNVIZ_LOCAL", raising=False)
    if switch is not None:
        monkeypatch.setenv("SNNVIZ_LOCAL", switch)
    monkeypatch.setattr(st, "get_option", lambda _: address)
    assert is_local() is expected


def test_uploads_are_checked_one_at_a_time_and_the_last_are_kept() -> None:
    going, most, calls = 0, 0, []
    lock = threading.Lock()

    def check(number: int) -> Checked:
        nonlocal going, most
        with lock:
            going += 1
            most = max(most, going)
        time.sleep(0.02)
        calls.append(number)
        with lock:
            going -= 1
        return f"checked {number}"  # type: ignore[return-value]

    with ThreadPoolExecutor(4) as visitors:
        list(visitors.map(lambda number: data_checking.checked(("one", number), lambda: check(number)), range(4)))
    assert most == 1
    data_checking.checked(("one", calls[-1]), lambda: check(calls[-1]))
    assert len(calls) == 4
    data_checking.checked(("one", calls[0]), lambda: check(calls[0]))
    assert len(calls) == 5
    assert len(data_checking._LAST) == data_checking.KEPT


def test_what_nobody_thought_of_is_a_sentence_too() -> None:
    def check() -> Checked:
        raise ZeroDivisionError

    with pytest.raises(InputError, match="upload must be readable"):
        data_checking.checked("odd", check)
