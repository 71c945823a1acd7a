"""Downloads, through the real code, from a server on this machine."""

from __future__ import annotations

import gc
import http.server
import re
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from snnviz.catalog import datasets
from snnviz.catalog.datasets import ROLES
from snnviz.design import Design
from snnviz.errors import DataMissing
from snnviz.events import Event, Progress
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from tests.catalog.idx import Published, packed, published


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; `trouble` says what goes wrong with the training images."""

    daemon_threads = True
    files: dict[str, bytes]
    trouble: str = ""
    asked: list[str]
    begun: dict[str, int]
    """From which byte on each file was last asked for."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        body = self.server.files[name]
        trouble = self.server.trouble if name.startswith(ROLES[0]) else ""
        begin = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.server.begun[name] = begin
        if begin >= len(body):
            self.send_error(416)
            return
        body = body[begin:]
        self.send_response(404 if trouble == "absent" else 206 if begin else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if trouble == "another content":
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.wfile.write(body[: len(body) // 2] if trouble == "cut off" else body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def made() -> Published:
    return published(size=(28, 28), train=2000, test=10)  # 1.5 MB: several pieces


@pytest.fixture
def server(made: Published, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """The server that the card of mnist names, and a machine without data sets."""
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SNNVIZ_DATA", raising=False)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.files = {f"{role}.gz": packed(content) for role, content in made.content.items()}
        server.asked, server.begun = [], {}
        card = made.card(f"http://127.0.0.1:{server.server_port}/mnist/")
        monkeypatch.setattr(datasets, "card", lambda _: card)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
        with warnings.catch_warnings():  # pooch leaves the connection of a download that fails to the collector
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "datasets" / "mnist"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_absent_files_are_fetched_once_and_the_download_is_heard(
    server: Server, made: Published, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []
    split = datasets.load("mnist", watch=heard.append)
    np.testing.assert_array_equal(split.train_images, made.arrays[ROLES[0]])
    np.testing.assert_array_equal(split.test_labels, made.arrays[ROLES[3]])
    assert files(folder) == sorted(server.files)
    assert datasets.is_here("mnist")

    size = len(server.files[f"{ROLES[0]}.gz"]) / 1e6
    assert heard[0] == f"fetching MNIST: {ROLES[0]}.gz"
    parts = [float(line.split(": ")[1].split(" ")[0]) for line in heard if line.startswith(f"fetching {ROLES[0]}: ")]
    assert len(parts) >= 3
    assert parts == sorted(parts)
    assert parts[-1] == pytest.approx(size, abs=0.05)
    assert f" of {size:.1f} MB" in heard[1]

    datasets.load("mnist", watch=heard.append)
    assert sorted(server.asked) == sorted(server.files)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("trouble", ["another content", "absent"])
def test_a_download_that_fails_is_a_sentence_and_leaves_nothing_behind(
    server: Server, made: Published, folder: Path, trouble: str
) -> None:
    server.trouble = trouble
    with pytest.raises(DataMissing) as caught:
        datasets.load("mnist")
    text = str(caught.value)
    assert text.isprintable()
    assert f"put {ROLES[0]}.gz and its three siblings into {folder}" in text
    assert files(folder) == []

    server.trouble = ""  # and the next try succeeds
    np.testing.assert_array_equal(datasets.load("mnist").train_images, made.arrays[ROLES[0]])


def test_what_is_cut_off_is_gone_on_with(server: Server, made: Published, folder: Path) -> None:
    server.trouble = "cut off"
    with pytest.raises(DataMissing, match=r"could not be fetched"):
        datasets.load("mnist")
    first = f"{ROLES[0]}.gz"
    half = len(server.files[first]) // 2
    assert files(folder) == [f"{first}.part"]
    have = (folder / f"{first}.part").stat().st_size
    assert 0 < have <= half

    server.trouble = ""
    np.testing.assert_array_equal(datasets.load("mnist").train_images, made.arrays[ROLES[0]])
    assert server.begun[first] == have
    assert files(folder) == sorted(server.files)


@pytest.mark.parametrize("content", [b"", b"something else", None])
def test_a_wrong_part_is_thrown_away(server: Server, made: Published, folder: Path, content: bytes | None) -> None:
    first = f"{ROLES[0]}.gz"
    folder.mkdir(parents=True)
    (folder / f"{first}.part").write_bytes(2 * server.files[first] if content is None else content)
    if content != b"":
        with pytest.raises(DataMissing):
            datasets.load("mnist")
        assert files(folder) == []
    np.testing.assert_array_equal(datasets.load("mnist").train_images, made.arrays[ROLES[0]])


def test_a_download_that_is_interrupted_leaves_only_what_has_come(server: Server, folder: Path) -> None:
    def interrupt(line: str) -> None:
        if " of " in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        datasets.load("mnist", watch=interrupt)
    assert files(folder) == [f"{ROLES[0]}.gz.part"]
    assert server.asked == [f"{ROLES[0]}.gz"]


def test_a_read_only_cache_is_a_sentence(server: Server, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")  # refuses even root
    with pytest.raises(DataMissing, match="could not be fetched"):
        datasets.load("mnist")
    assert server.asked == []


def test_a_run_tells_how_far_its_download_is(server: Server, tmp_path: Path) -> None:
    design = Design.check(
        {
            "data": {"name": "mnist", "train_samples": 20, "test_samples": 10, "steps": 1},
            "network": {"kind": "mlp", "depth": 1, "width": 5},
            "training": {"epochs": 1},
        }
    )
    store = Store(tmp_path / "runs.sqlite")
    heard: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Progress) and event.doing:
            heard.append(event.doing)

    ended = store.get(Immediate(store, listen).submit(design).run)
    store.close()
    assert (ended.state, ended.error) == ("done", None)
    assert any(re.fullmatch(r"fetching train-images-idx3-ubyte: \d\.\d of \d\.\d MB", words) for words in heard)
    assert ended.doing is None  # training has begun since
    assert len(server.asked) == len(ROLES)
