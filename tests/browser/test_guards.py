"""What strangers do to a running server, over raw connections and in a browser: whom it answers, that it goes on."""

from __future__ import annotations

import http.server
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from snnviz.ui.navigation import SECTIONS
from tests.browser.conftest import turn_to, working
from tests.packed import npz

PATIENCE = 60_000
MB = 2**20
SMALL = {"VISITOR_HELD": "3", "ADDRESS_HELD": "9", "HELD": "12", "IDLE": "3"}
TINY = npz(images=np.random.default_rng(0).integers(0, 256, (40, 10, 10), np.uint8), labels=np.arange(40) % 4)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts a dashboard with a cache of its own, and leaves nobody working in it."""
    with ExitStack() as ending:

        def one(**environment: str) -> str:
            return ending.enter_context(working(tmp_path_factory.mktemp("cache"), **environment))[0]

        yield one


@pytest.fixture(scope="module")
def small(start: Callable[..., str]) -> str:
    """A server with small shares, for whoever started it."""
    return start(SNNVIZ_LOCAL="1", **{f"SNNVIZ_UPLOAD_{name}": value for name, value in SMALL.items()})


@pytest.fixture(scope="module")
def shared(start: Callable[..., str]) -> str:
    """A server for others, under a name, and in a frame elsewhere."""
    return start(SNNVIZ_HOSTS="demo.example", SNNVIZ_FRAMES="http://localhost:*")


def fetch(url: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of an answer, whatever it is."""
    request = urllib.request.Request(url, headers=headers)
    try:
        answer = urllib.request.urlopen(request, timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, lower, answer.read().decode(errors="replace")


class Session:
    """A visitor's page without a browser: a cookie and a websocket."""

    def __init__(self, url: str, cookie: str, page: str = "", query: str = "", **options: Any) -> None:
        self.url, self.xsrf = url, generate_xsrf_token_string(None, None)
        self.cookie = f"{cookie}; _streamlit_xsrf={self.xsrf}"
        headers = {"Cookie": self.cookie}
        self.socket: ClientConnection = connect(
            f"{url.replace('http', 'ws')}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers=headers,
            proxy=None,
            open_timeout=20,
            max_size=None,
            close_timeout=0.1,  # what was not read is nobody's any more
            legacy=True,
            **options,
        )
        wanted = BackMsg()
        wanted.rerun_script.page_name, wanted.rerun_script.query_string = page, query
        self.socket.send(wanted.SerializeToString())
        self.name = next(one.new_session.initialize.session_id for one in self.said("new_session"))

    def said(self, kind: str) -> Iterator[ForwardMsg]:
        """The server's messages of one kind."""
        while True:
            message = ForwardMsg.FromString(bytes(self.socket.recv(timeout=60)))  # type: ignore[arg-type]
            if message.WhichOneof("type") == kind:
                yield message
            elif message.WhichOneof("type") == "script_finished":
                return

    def begin(self, name: str, announced: int) -> socket.socket:
        """The header of an upload and the head of its form; the file is still to come."""
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
        place = self.url.partition("://")[2]
        words = [
            f"PUT /_stcore/upload_file/{self.name}/{name} HTTP/1.1",
            f"Host: {place}",
            f"Cookie: {self.cookie}",
            f"X-Xsrftoken: {self.xsrf}",
            "Content-Type: multipart/form-data; boundary=x",
            f"Content-Length: {len(head) + announced + 9}",
        ]
        connection = socket.create_connection((place.split(":")[0], int(place.split(":")[1])), timeout=30)
        connection.sendall("\r\n".join([*words, "", ""]).encode() + head)
        return connection

    def upload(self, name: str, size: int) -> int:
        """The status of the answer to a whole one."""
        with self.begin(name, size) as connection:
            with suppress(OSError):
                connection.sendall(bytes(size) + b"\r\n--x--\r\n")
            return status(connection)


def status(connection: socket.socket) -> int:
    """Of an answer; 0 where the connection ended without one."""
    answer = b""
    with suppress(OSError):
        while b"\r\n" not in answer and (part := connection.recv(4096)):
            answer += part
    return int(answer.split()[1]) if answer else 0


@contextmanager
def visitor(url: str, **options: Any) -> Iterator[Session]:
    """Somebody new."""
    cookie = fetch(url, Accept="text/html")[1]["set-cookie"].partition(";")[0]
    session = Session(url, cookie, **options)
    try:
        yield session
    finally:
        session.socket.close()


def test_slow_uploads_do_not_shut_others_out(small: str) -> None:
    """Sixteen connections that announce 60 MB, send 70 bytes and wait."""
    with visitor(small) as one, visitor(small) as stranger, ExitStack() as slow:
        waiting = [slow.enter_context(one.begin(f"f{number}", 60 * MB)) for number in range(16)]
        for connection in waiting:
            connection.sendall(bytes(70))
        begin = time.monotonic()
        assert stranger.upload("mine", 2 * MB) == 204
        assert time.monotonic() - begin < 20
        assert [status(connection) for connection in waiting] == [408] * 16


def test_a_visitors_share_is_not_anothers_and_is_free_when_they_leave(small: str) -> None:
    with visitor(small) as greedy, visitor(small) as other:
        assert greedy.upload("a", 2 * MB) == 204
        assert greedy.upload("b", 2 * MB) == 429
        assert other.upload("a", 2 * MB) == 204
        cookie = greedy.cookie
        greedy.socket.close()
        again = Session(small, cookie)
        assert again.upload("a", 2 * MB) == 204
        again.socket.close()


def test_a_refused_file_says_why(small: str, browser: Browser) -> None:
    context = browser.new_context()  # the browser reports the refusal as an error, which `visit` would not have
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{small}/data?show.view=own")
    upload = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    words = page.locator("p.upload-refused")
    large = [{"name": f"{n}.npz", "mimeType": "application/zip", "buffer": bytes(2 * MB)} for n in range(2)]
    upload.set_input_files(large)  # one of them is too much
    expect(words).to_contain_text("You hold 3 MB of uploads here, as much as one visitor may", timeout=PATIENCE)
    upload.set_input_files({"name": "tiny.npz", "mimeType": "application/zip", "buffer": TINY})
    expect(words).to_have_count(0, timeout=PATIENCE)
    context.close()


def test_a_header_that_never_ends_is_closed_and_a_long_message_too(small: str) -> None:
    host, port = small.partition("://")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        assert status(connection) == 0
    with visitor(small) as long:
        with suppress(ConnectionClosed):
            long.socket.send(bytes(5 * MB))
            while True:
                long.socket.recv(timeout=20)
        assert long.socket.close_code in (1009, 1006)  # too big, or so fast that nothing is heard any more


@pytest.mark.parametrize(
    "path", ["/", "/data", "/_stcore/health", "/_stcore/host-config", "/favicon.png", "/assets/plotly.min.js"]
)
def test_every_answer_tells_the_browser_what_it_may_do(small: str, path: str) -> None:
    for code, headers, words in (fetch(small + path), fetch(small + path, Host="evil.example")):
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert code == 200 or "SNNVIZ_HOSTS=evil.example" in words


def test_another_name_of_this_machine_gets_nothing(small: str) -> None:
    """DNS rebinding: a page of evil.example, whose name leads here, asks for the field of local folders."""
    evil = "http://evil.example"
    assert fetch(small, Host="evil.example")[0] == 403
    assert fetch(small, Origin=evil)[0] == 403
    cookie = fetch(small, Accept="text/html")[1]["set-cookie"].partition(";")[0]
    for options in ({"origin": evil}, {"origin": "null"}):
        with pytest.raises(InvalidStatus) as refused:
            Session(small, cookie, **options)
        assert refused.value.response.status_code == 403
        assert "SNNVIZ_HOSTS" in refused.value.response.body.decode()
    place = small.partition("://")[2]
    host, port = place.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        with pytest.raises(InvalidStatus) as refused:  # the name is evil's, the address ours
            connect(f"ws://evil.example:{port}/_stcore/stream", sock=connection, origin=evil, proxy=None)  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403


def test_local_folders_are_for_the_servers_own_page_alone(small: str) -> None:
    """Another page of this machine, such as a notebook's, is answered and does not get the field."""

    def fields(origin: str | None) -> list[str]:
        with visitor(small, page="data", query="show.view=own", origin=origin) as one:
            shown = [message.delta.new_element for message in one.said("delta")]
        assert any(element.WhichOneof("type") == "file_uploader" for element in shown)
        return [element.text_input.label for element in shown if element.WhichOneof("type") == "text_input"]

    assert fields(small) == fields(None) == ["Or a file or folder of this machine"]
    assert fields("http://localhost:8888") == []


def test_a_name_that_is_trusted_is_answered(shared: str) -> None:
    assert fetch(shared, Host="demo.example")[0] == 200
    assert fetch(shared, Host="demo.example", Origin="https://demo.example")[0] == 200
    assert fetch(shared, Host="other.example")[0] == 403
    with visitor(shared, origin=shared):
        pass


def test_a_forged_cookie_is_replaced(small: str) -> None:
    set_cookie = fetch(small, Accept="text/html")[1]["set-cookie"]
    name, _, value = set_cookie.partition(";")[0].partition("=")
    assert "HttpOnly; SameSite=Lax" in set_cookie
    assert "set-cookie" not in fetch(small, Cookie=f"{name}={value}")[1]
    etag = fetch(small)[1]["etag"]
    kept = {"If-None-Match": etag, "Accept": "text/html"}
    assert "set-cookie" in fetch(small, **kept)[1]  # whose browser has the page and no cookie any more
    assert "set-cookie" not in fetch(small, Cookie=f"{name}={value}", **kept)[1]
    forged = f"{name}=x{value}"
    fresh = fetch(small, Cookie=forged)[1]["set-cookie"]
    assert fresh.startswith(f"{name}=")
    assert value not in fresh


def own(page: Page) -> None:
    expect(page.get_by_test_id("stFileUploader")).to_be_visible(timeout=PATIENCE)


@pytest.mark.browser
def test_who_kept_data_can_remove_it_after_a_reload_and_nobody_else(shared: str, visit: Callable[..., Page]) -> None:
    address = f"{shared}/data?show.view=own"
    page = visit(address, locale="en-US")
    own(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "tiny.npz", "mimeType": "application/zip", "buffer": TINY}
    )
    page.get_by_role("button", name="Keep it").click(timeout=PATIENCE)
    expect(page.get_by_text("This is Own images").first).to_be_visible(timeout=PATIENCE)
    page.goto(address)  # the first visit's cookie, in a session of its own
    own(page)
    expect(page.get_by_role("button", name="Remove", exact=True)).to_be_visible()
    other = visit(address, locale="en-GB")  # another profile
    own(other)
    expect(other.get_by_role("button", name="Open", exact=True)).to_be_visible()
    expect(other.get_by_text("another visitor's")).to_be_visible()
    expect(other.get_by_role("button", name="Remove", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Kept on this machine")).to_have_count(0)


@pytest.mark.browser
def test_no_page_does_what_its_policy_forbids(shared: str, visit: Callable[..., Page]) -> None:
    """A violation is an error on the console, at which `visit` fails. What one keeps oneself is looked at above."""
    page = visit(shared)
    for title in (None, *(entry.title for entries in SECTIONS.values() for entry in entries)):
        if title is not None:
            turn_to(page, title)
            expect(page).to_have_title(f"{title} · snnviz", timeout=PATIENCE)
        expect(page.get_by_test_id("stMainBlockContainer")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE)
        expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.browser
def test_the_embedded_page_is_framed_where_the_host_wants_it_and_else_nowhere(
    browser: Browser, shared: str, small: str
) -> None:
    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            frames = (f"{shared}/?embed=true", f"{shared}/", f"{small}/?embed=true")
            text = "".join(f'<iframe name="f{number}" src="{url}"></iframe>' for number, url in enumerate(frames))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    work = threading.Thread(target=server.serve_forever)
    work.start()
    try:
        page = browser.new_page()
        page.goto(f"http://localhost:{server.server_address[1]}/")
        shown = page.frame_locator("iframe[name=f0]").get_by_test_id("stMainBlockContainer")
        expect(shown).to_be_visible(timeout=PATIENCE)
        for name in ("f1", "f2"):
            frame = page.frame(name)
            assert frame is not None
            assert frame.url.startswith("chrome-error:")
        page.close()
    finally:
        server.shutdown()
        work.join()
        server.server_close()
