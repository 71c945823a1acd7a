"""Downloads, through the real code, from a server on this machine."""

from __future__ import annotations

import gc
import hashlib
import http.server
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnviz.data import datasets, fetching
from snnviz.data.cards import Archive
from snnviz.data.datasets import ROLES
from snnviz.design.design import Design
from snnviz.errors import DataMissing
from snnviz.events import Event, Progress
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from tests.data.idx import Published, packed, published
from tests.packed import zipped


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
        trouble = self.server.trouble if name.startswith(ROLES[0]) and "/mnist/" in self.path else ""
        begin = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.server.begun[name] = begin
        if begin >= len(body):
            self.send_error(416)
            return
        body = body[begin:]
        if trouble == "empty":
            body = b""
        status = {"absent": 404, "empty": 202}.get(trouble, 206 if begin else 200)
        self.send_response(status)
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
        monkeypatch.setattr(datasets, "dataset_card", lambda _: card)
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
    split = datasets.load_images("mnist", on_progress=heard.append)
    np.testing.assert_array_equal(split.train_images, made.arrays[ROLES[0]])
    np.testing.assert_array_equal(split.test_labels, made.arrays[ROLES[3]])
    assert files(folder) == sorted(server.files)
    assert datasets.is_available("mnist")

    size = len(server.files[f"{ROLES[0]}.gz"]) / 1e6
    assert heard[0] == f"fetching MNIST: {ROLES[0]}.gz"
    parts = [float(line.split(": ")[1].split(" ")[0]) for line in heard if line.startswith(f"fetching {ROLES[0]}: ")]
    assert len(parts) >= 3
    assert parts == sorted(parts)
    assert parts[-1] == pytest.approx(size, abs=0.05)
    assert f" of {size:.1f} MB" in heard[1]

    datasets.load_images("mnist", on_progress=heard.append)
    assert sorted(server.asked) == sorted(server.files)
    assert capfd.readouterr() == ("", "")


TROUBLES = {
    "another content": "is not the published file (its SHA256 is another)",
    "absent": "was not found (404)",
    "empty": "answers with nothing (202 and an empty body)",
    "cut off": "bytes, which are kept for the next try",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_download_that_fails_is_a_sentence_of_its_own_and_leaves_nothing_behind(
    server: Server, made: Published, folder: Path, trouble: str
) -> None:
    server.trouble = trouble
    with pytest.raises(DataMissing) as caught:
        datasets.load_images("mnist")
    text = str(caught.value)
    assert text.isprintable()
    assert TROUBLES[trouble] in text
    assert [words for words in TROUBLES.values() if words in text] == [TROUBLES[trouble]]
    assert f"By hand: put {ROLES[0]}.gz and its three siblings into {folder}" in text
    assert files(folder) == ([f"{ROLES[0]}.gz.part"] if trouble == "cut off" else [])

    server.trouble = ""  # and the next try succeeds
    np.testing.assert_array_equal(datasets.load_images("mnist").train_images, made.arrays[ROLES[0]])


@pytest.mark.parametrize("trouble", TROUBLES)
def test_where_the_first_source_fails_the_second_is_asked(
    server: Server, made: Published, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    server.trouble = trouble
    card = replace(datasets.dataset_card("mnist"), mirrors=(f"http://127.0.0.1:{server.server_port}/mirror/",))
    monkeypatch.setattr(datasets, "dataset_card", lambda _: card)
    np.testing.assert_array_equal(datasets.load_images("mnist").train_images, made.arrays[ROLES[0]])


def test_an_archive_that_lies_in_an_archive(server: Server, folder: Path) -> None:
    train = zipped({"Train/3/00001.bin": b"12345"})
    hashed = f"md5:{hashlib.md5(train).hexdigest()}"
    server.files["whole.zip"] = zipped({"468j/Train.zip": train, "468j/Test.zip": b""})
    base = f"http://127.0.0.1:{server.server_port}/mnist"
    server.files["train.zip"] = b""
    archive = Archive("train.zip", f"{base}/train.zip", hashed, 1, (f"{base}/whole.zip#Train.zip",))
    about = replace(datasets.dataset_card("mnist"), archives=(archive,), layout="nmnist")
    fetching.fetch_archives("nmnist", about, lambda _: None)
    there = folder.parent / "nmnist"
    assert (there / "NMNIST" / "Train" / "3" / "00001.bin").read_bytes() == b"12345"
    assert files(there) == ["NMNIST", "train.zip.unpacked"]
    wrong = replace(about, archives=(replace(archive, name="again.zip", hash="md5:" + 32 * "0"),))
    with pytest.raises(DataMissing, match=r"is not the published file \(its MD5 is another\)"):
        fetching.fetch_archives("nmnist", wrong, lambda _: None)


def test_every_large_archive_has_a_second_source() -> None:
    for name in ("nmnist", "cifar10-dvs", "dvs-gesture"):
        assert all(archive.mirrors for archive in datasets.dataset_card(name).archives), name


def test_what_is_cut_off_is_gone_on_with(server: Server, made: Published, folder: Path) -> None:
    server.trouble = "cut off"
    with pytest.raises(DataMissing, match=r"could not be fetched"):
        datasets.load_images("mnist")
    first = f"{ROLES[0]}.gz"
    half = len(server.files[first]) // 2
    assert files(folder) == [f"{first}.part"]
    have = (folder / f"{first}.part").stat().st_size
    assert 0 < have <= half

    server.trouble = ""
    np.testing.assert_array_equal(datasets.load_images("mnist").train_images, made.arrays[ROLES[0]])
    assert server.begun[first] == have
    assert files(folder) == sorted(server.files)


@pytest.mark.parametrize("content", [b"", b"something else", None])
def test_a_wrong_part_is_thrown_away(server: Server, made: Published, folder: Path, content: bytes | None) -> None:
    first = f"{ROLES[0]}.gz"
    folder.mkdir(parents=True)
    (folder / f"{first}.part").write_bytes(2 * server.files[first] if content is None else content)
    if content != b"":
        with pytest.raises(DataMissing):
            datasets.load_images("mnist")
        assert files(folder) == []
    np.testing.assert_array_equal(datasets.load_images("mnist").train_images, made.arrays[ROLES[0]])


def test_a_download_that_is_interrupted_leaves_only_what_has_come(server: Server, folder: Path) -> None:
    def interrupt(line: str) -> None:
        if " of " in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        datasets.load_images("mnist", on_progress=interrupt)
    assert files(folder) == [f"{ROLES[0]}.gz.part"]
    assert server.asked == [f"{ROLES[0]}.gz"]


def test_a_read_only_cache_is_a_sentence(server: Server, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")  # refuses even root
    with pytest.raises(DataMissing, match="could not be fetched"):
        datasets.load_images("mnist")
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
