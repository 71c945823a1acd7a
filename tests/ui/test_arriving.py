"""How much of what visitors send may arrive and how slowly, whose it is, and who may read this machine's folders."""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from snnviz.data.uploads import CheckedDataset, UploadLimits
from snnviz.errors import InputError
from snnviz.ui.data import checking
from snnviz.ui.data.own import upload_limit_mb
from snnviz.ui.server.local import is_local
from snnviz.ui.server.middleware import body_limits, connections, upload_memory
from snnviz.ui.server.middleware.body_limits import BodyLimits
from snnviz.ui.server.middleware.cookies import VISITOR
from tests.waiting import until

MB = 2**20
SMALL = {"HELD": "12", "VISITOR_HELD": "3", "ADDRESS_HELD": "6", "IDLE": "1", "SPEED": "1000"}


class Files:
    """Streamlit's store of uploads, and who is connected."""

    def __init__(self) -> None:
        self.file_storage: dict[str, dict[str, Any]] = {}
        self.connected: set[str] = set()

    def put(self, session: str, name: str, size: int) -> None:
        self.file_storage.setdefault(session, {})[name] = SimpleNamespace(data=bytes(size))
        self.connected.add(session)

    def remove_session_files(self, session: str) -> None:
        self.file_storage.pop(session, None)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    found = Files()
    monkeypatch.setattr(upload_memory, "MEMORY", upload_memory.UploadMemory())
    monkeypatch.setattr(body_limits, "MEMORY", upload_memory.MEMORY)
    monkeypatch.setattr(upload_memory, "_manager", lambda: found)
    monkeypatch.setattr(upload_memory, "_is_here", found.connected.__contains__)
    for name, value in SMALL.items():
        monkeypatch.setenv(f"SNNVIZ_UPLOAD_{name}", value)
    return found


@pytest.fixture
def port(files: Files, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """uvicorn, our middleware, and behind it something that keeps uploads as Streamlit does."""
    for method in ("connection_made", "data_received"):  # put back afterwards
        monkeypatch.setattr(AutoHTTPProtocol, method, getattr(AutoHTTPProtocol, method))
    connections.limit_header_time()
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)

    async def streamlit(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        if scope["method"] == "PUT":
            session, name = scope["path"].split("/")[-2:]
            files.put(session, name, len(await request.body()))
        elif scope["method"] == "POST":
            await request.body()
        await PlainTextResponse("yes")(scope, receive, send)

    async def known(scope: Any, receive: Any, send: Any) -> None:
        """Who visits says so here, and from where."""
        if scope["type"] == "http":
            given = Request(scope).headers
            scope[VISITOR] = given.get("visitor", "somebody")
            scope["client"] = (given.get("address", "192.0.2.1"), 1)
        await BodyLimits(streamlit)(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(known, port=0, lifespan="off", log_level="critical", ws="none"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        work = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        work.start()
        until(lambda: server.started)
        yield listening.getsockname()[1]
        server.should_exit = True
        work.join()


class Visitor:
    """A connection, and what is sent over it as it is."""

    def __init__(self, port: int, name: str = "somebody", address: str = "192.0.2.1") -> None:
        self.who = f"visitor: {name}\r\naddress: {address}\r\n"
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def begin(self, announced: int | None, session: str = "s", name: str = "f", method: str = "PUT") -> Visitor:
        """The header of an upload, of so many bytes, or without saying how many."""
        length = "Transfer-Encoding: chunked" if announced is None else f"Content-Length: {announced}"
        path = f"/_stcore/upload_file/{session}/{name}"
        self.send(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{self.who}{length}\r\n\r\n".encode())
        return self

    def send(self, data: bytes) -> Visitor:
        with suppress(OSError):  # the server need not listen any more
            self.socket.sendall(data)
        return self

    def answer(self) -> tuple[int, str]:
        """The status and the text of the answer, to the end of the connection or of the text."""
        text = b""
        with suppress(OSError):
            while part := self.socket.recv(65536):
                text += part
                head, _, body = text.partition(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head)
                if length and len(body) >= int(length[1]):
                    break
        if not text:
            return 0, ""
        return int(text.split()[1]), text.partition(b"\r\n\r\n")[2].decode()

    def upload(self, size: int, session: str = "s", name: str = "f") -> tuple[int, str]:
        return self.begin(size, session, name).send(bytes(size)).answer()


def test_slow_connections_take_no_room_and_are_let_go(port: int) -> None:
    """Sixteen that announce 64 MB each, send 70 bytes and wait: a stranger's upload works at once."""
    slow = [Visitor(port, f"slow-{number}") for number in range(16)]
    for one in slow:
        one.begin(64 * MB).send(bytes(70))
    begin = time.monotonic()
    with Visitor(port, "stranger") as stranger:
        assert stranger.upload(2 * MB, "stranger") == (200, "yes")
    for one in slow:
        with one:
            status, words = one.answer()
            assert (status, words) == (408, "This came too slowly: at least 1000 kB a second, and something every 1 s.")
    assert time.monotonic() - begin < 20


def test_who_sends_a_little_for_ever_is_let_go_too(port: int) -> None:
    with Visitor(port) as drop:
        drop.begin(64 * MB)
        begin = time.monotonic()
        while time.monotonic() - begin < 15 and not select.select([drop.socket], [], [], 0.2)[0]:
            drop.send(b"x")
        assert drop.answer()[0] == 408
        assert 0.8 < time.monotonic() - begin < 15


def test_a_share_of_a_visitor_is_not_anothers_and_is_free_after_they_left(port: int, files: Files) -> None:
    with Visitor(port, "greedy") as first, Visitor(port, "greedy") as second, Visitor(port, "other") as third:
        assert first.upload(2 * MB, "greedy", "1")[0] == 200
        status, words = second.upload(2 * MB, "greedy", "2")
        assert (status, words[:33]) == (429, "You hold 3 MB of uploads here, as")
        assert third.upload(2 * MB, "other")[0] == 200
    assert list(files.file_storage["greedy"]) == ["1"]
    files.connected.discard("greedy")
    with Visitor(port, "greedy") as again:
        assert again.upload(2 * MB, "again")[0] == 200
    assert set(files.file_storage) == {"greedy", "other", "again"}  # they may come back


def test_an_address_has_a_share_however_many_visitors_it_makes_up(port: int) -> None:
    statuses = []
    for number in range(4):
        with Visitor(port, f"new-{number}") as visitor:
            statuses.append(visitor.upload(2 * MB, f"s{number}")[0])
    assert statuses == [200, 200, 200, 429]
    with Visitor(port, "elsewhere", "192.0.2.2") as visitor:
        assert visitor.upload(2 * MB, "elsewhere")[0] == 200


def test_what_was_left_goes_first_where_there_is_no_room_and_in_any_case_after_a_while(
    port: int, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upload(number: int) -> tuple[int, str]:
        with Visitor(port, f"v{number}", f"192.0.2.{number}") as visitor:
            return visitor.upload(2 * MB, f"s{number}")

    assert [upload(number)[0] for number in range(6)] == [200] * 6
    status, words = upload(6)
    assert (status, words) == (503, "All visitors together hold 12 MB of uploads here: try again in a minute.")
    files.connected.discard("s2")
    until(lambda: upload(7)[0] == 200)
    assert "s2" not in files.file_storage
    assert {"s0", "s1", "s3", "s4", "s5", "s7"} <= set(files.file_storage)
    files.connected.discard("s0")
    upload_memory.drop_left_behind()
    assert "s0" in files.file_storage
    monkeypatch.setattr(upload_memory, "LEFT_SECONDS", 0)
    until(lambda: upload_memory.drop_left_behind() or "s0" not in files.file_storage)


def test_what_is_not_announced_is_counted_too(port: int) -> None:
    with Visitor(port) as visitor:
        visitor.begin(None)
        for _ in range(5):
            visitor.send(b"%x\r\n" % MB + bytes(MB) + b"\r\n")
        assert visitor.answer()[0] == 429


def test_other_bodies_are_bounded_as_well(port: int) -> None:
    with Visitor(port) as visitor:
        assert visitor.begin(1000, method="POST").send(bytes(1000)).answer()[0] == 200
    with Visitor(port) as visitor:
        status, words = visitor.begin(2 * MB, method="POST").send(bytes(2 * MB)).answer()
        assert (status, words) == (413, "This is too large: at most 1 MB may be sent.")
    with Visitor(port) as visitor:  # nobody reads the body of a GET
        assert visitor.begin(2 * MB, method="GET").answer()[0] == 200
        assert visitor.socket.recv(1) == b""  # and the connection ends


@pytest.mark.parametrize(
    "begin", [b"", b"G", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "], ids=["nothing", "a byte", "half"]
)
def test_a_header_that_never_ends_is_closed(port: int, begin: bytes) -> None:
    with Visitor(port) as visitor:
        visitor.send(begin)
        since = time.monotonic()
        while time.monotonic() - since < 15 and not select.select([visitor.socket], [], [], 0.1)[0]:
            visitor.send(b"x" if begin else b"")
        assert visitor.answer() == (0, "")
        assert 0.4 < time.monotonic() - since < 15


def test_a_connection_that_is_used_on_is_not_closed_and_its_second_header_is_bounded(port: int) -> None:
    with Visitor(port) as visitor:
        for _ in range(4):
            time.sleep(0.2)
            assert visitor.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").answer() == (200, "yes")
        visitor.send(b"GET / HT")
        since = time.monotonic()
        assert visitor.answer() == (0, "")
        assert 0.4 < time.monotonic() - since < 15


def test_what_was_repaired_before_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[Any] = []
    for method in ("connection_made", "data_received"):
        monkeypatch.setattr(AutoHTTPProtocol, method, lambda protocol, _: met.append(protocol))
    connections.limit_header_time()
    transport = SimpleNamespace(get_protocol=lambda: None)
    protocol: Any = SimpleNamespace(cycle=None, transport=transport)
    AutoHTTPProtocol.connection_made(protocol, transport)  # type: ignore[arg-type]
    AutoHTTPProtocol.data_received(protocol, b"")
    assert met == [protocol, protocol]


def test_a_long_upload_outlives_the_limit_of_a_header(port: int) -> None:
    with Visitor(port) as visitor:
        visitor.begin(2 * MB)
        for _ in range(8):
            time.sleep(0.15)
            visitor.send(bytes(MB // 4))
        assert visitor.answer() == (200, "yes")


def test_the_page_takes_what_the_server_and_the_limits_take(monkeypatch: pytest.MonkeyPatch) -> None:
    assert upload_limit_mb() == st.get_option("server.maxUploadSize") == 64
    assert upload_limit_mb() <= UploadLimits().megabytes
    monkeypatch.setenv("SNNVIZ_UPLOAD_MEGABYTES", "3")
    assert upload_limit_mb() == 3


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

    def check(number: int) -> CheckedDataset:
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
        list(visitors.map(lambda number: checking.checked(("one", number), lambda: check(number)), range(4)))
    assert most == 1
    checking.checked(("one", calls[-1]), lambda: check(calls[-1]))
    assert len(calls) == 4
    checking.checked(("one", calls[0]), lambda: check(calls[0]))
    assert len(calls) == 5
    assert len(checking._LAST) == checking.KEPT


def test_what_nobody_thought_of_is_a_sentence_too() -> None:
    def check() -> CheckedDataset:
        raise ZeroDivisionError

    with pytest.raises(InputError, match="upload must be readable"):
        checking.checked("odd", check)
