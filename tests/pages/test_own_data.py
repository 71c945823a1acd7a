"""Data of one's own on the Data page: shown, asked about, kept, shared out among visitors, and removed."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit

from snnviz.data import datasets, owndata, sandbox, uploads
from snnviz.ui.data.setting import SampleChoice
from snnviz.ui.server import visitors
from tests.packed import npz, zipped
from tests.pages.visit import Visit, by_link, cards


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads are checked in this process, which is faster, but for one test."""
    if request.function is not test_an_upload_is_shown_kept_trained_and_removed:
        monkeypatch.setattr(sandbox, "check_in_subprocess", uploads.check_upload)


@pytest.fixture(autouse=True)
def no_mounted_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNNVIZ_DATA", raising=False)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def events(count: int = 200, *, backwards: bool = False) -> bytes:
    rng = np.random.default_rng(0)
    times = np.sort(rng.integers(0, 100_000, count))
    return npy(
        np.stack(
            [
                rng.integers(0, 16, count),
                rng.integers(0, 16, count),
                times[:: -1 if backwards else 1],
                rng.integers(0, 2, count),
            ],
            1,
        )
    )


IMAGES = np.random.default_rng(0).integers(0, 256, (40, 10, 10), np.uint8)
GOOD = npz(images=IMAGES, labels=np.arange(40) % 4)


def upload(content: bytes, name: str = "mine.npz") -> Visit:
    visit = by_link("data", "show.view=own")
    visit.at.file_uploader[0].set_value((name, content, "application/octet-stream"))
    return visit.look()


def test_an_upload_is_shown_kept_trained_and_removed(cache: Path) -> None:
    visit = upload(GOOD)
    assert visit.errors == []
    assert "40 images of 10x10 pixels in 1 channel" in visit.at.success[0].value
    assert "32 for training, 8 for testing, by the seed" in visit.text
    assert len(visit.component("snnviz_pictures", "data-own-samples")["groups"][0]["items"]) == 24
    assert owndata.own_dataset_names() == ()  # nothing is kept unasked
    visit.at.text_input("data-title").set_value("My shapes")
    visit.press("data-keep")
    (name,) = owndata.own_dataset_names()
    assert cards(visit)[name]["badges"] == [["own", "own"]]
    assert cards(visit)[name]["marked"]
    assert "This is **My shapes" in visit.text
    assert visit.design.data.name == "digits"
    visit.press("data-turn")
    assert visit.component("snnviz_player", "data-player")["streams"][0]["title"] == "Simulated"
    visit.press("data-turn").press("data-use")
    assert visit.design.data.name == name
    visit.go("data")
    visit.at.session_state["data_look"] = SampleChoice(view="own")
    visit.look().press(f"data-remove-{name}")
    assert owndata.own_dataset_names() == ()
    other = by_link("data", f"data.name={name}")
    assert "was removed from this machine" in other.text
    assert sorted(path.name for path in (cache / "datasets" / name).iterdir()) == ["card.json"]


def test_one_visitor_cannot_remove_anothers_data() -> None:
    upload(GOOD).press("data-keep")
    (name,) = owndata.own_dataset_names()
    other = by_link("data", "show.view=own")
    keys = [button.key for button in other.at.button]
    assert f"data-open-{name}" in keys
    assert f"data-remove-{name}" not in keys
    assert "another visitor's" in other.text


def test_who_kept_it_removes_it_in_a_later_session_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "visitor", lambda: "me")
    upload(GOOD).press("data-keep")
    (name,) = owndata.own_dataset_names()
    visit = by_link("data", "show.view=own")
    assert "You keep 1 of the 10 data sets and 0 of the 1,000 MB that one visitor may." in visit.text
    visit.press(f"data-remove-{name}")
    assert owndata.own_dataset_names() == ()


def test_a_visitor_keeps_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_UPLOAD_VISITOR_SETS", "1")
    visit = upload(GOOD).press("data-keep")
    assert visit.errors == []
    monkeypatch.setattr(visitors, "visitor", lambda: "somebody else")
    other = upload(npz(images=IMAGES[:20], labels=np.arange(20) % 4)).press("data-keep")
    assert other.errors == []
    third = upload(npz(images=IMAGES[20:], labels=np.arange(20) % 4)).press("data-keep")
    assert third.errors == [
        "data set must be one of at most 1 of yours on this server, got one more; remove one of yours first."
    ]
    assert len(owndata.own_dataset_names()) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.npz", npz(images=IMAGES[:, 0], labels=np.arange(40))),
        ("mine.npz", npz(images=IMAGES, labels=np.arange(39) % 4)),
        ("mine.npz", npz(images=IMAGES, labels=np.arange(40) - 1)),
        ("mine.npz", npz(images=IMAGES, labels=np.full(40, 10**6))),
        ("mine.npz", pickle.dumps({"images": IMAGES, "labels": np.arange(40)})),
        ("mine.npz", npz(images=np.array([{"a": 1}] * 3, object), labels=np.arange(3))),
        ("mine.npz", GOOD[: len(GOOD) // 2]),
        ("bomb.npz", lambda: zipped({"images.npy": bytes(600 * 10**6), "labels.npy": npy(np.arange(2))})),
        ("rec.npy", events(backwards=True)),
        ("rec.zip", zipped({"a/1.npy": events()[:-7], "b/1.npy": events()})),
        ("../../etc/passwd", b"root:x:0:0"),
        ("<script>", b""),
    ],
    ids=[
        "flat",
        "labels",
        "negative",
        "range",
        "pickle",
        "objects",
        "half",
        "bomb",
        "backwards",
        "cut",
        "text",
        "empty",
    ],
)
def test_a_bad_upload_is_one_sentence_and_nothing_is_written(
    cache: Path, name: str, content: bytes | Callable[[], bytes]
) -> None:
    visit = upload(content() if callable(content) else content, name)
    assert len(visit.errors) == 1
    assert " must " in visit.errors[0]
    assert len(visit.errors[0]) < 300
    assert "Nothing was written." in visit.text
    assert not list((cache / "datasets").glob("*"))


def test_files_are_too_large_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_UPLOAD_MEGABYTES", "1")
    assert upload(bytes(2**20 + 2**19)).errors == ["upload must be at most 1 MB together, got 2 MB."]


def test_one_recording_is_played_and_not_kept() -> None:
    visit = upload(events(), "rec.npy")
    assert visit.errors == []
    assert visit.component("snnviz_player", "data-own-player")["streams"][0]["note"] == "200 events, 16x16"
    assert "data-keep" not in [button.key for button in visit.at.button]


def test_a_folder_is_read_only_where_the_server_is_local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.npz").write_bytes(GOOD)
    assert not by_link("data", "show.view=own").at.text_input
    monkeypatch.setenv("SNNVIZ_LOCAL", "1")
    option = streamlit.get_option
    monkeypatch.setattr(streamlit, "get_option", lambda name: "127.0.0.1" if name == "server.address" else option(name))
    visit = by_link("data", "show.view=own")
    visit.at.text_input[0].set_value(str(tmp_path / "mine.npz"))
    assert "40 images" in visit.look().at.success[0].value
    (tmp_path / "mine.npz").write_bytes(npz(images=IMAGES[:20], labels=np.arange(20) % 4))
    assert "20 images" in visit.look().at.success[0].value
    visit.at.text_input[0].set_value(str(tmp_path / "nothing"))
    (sentence,) = visit.look().errors
    assert sentence.startswith("path must be a file or a folder, got ")


def test_what_has_several_readings_is_asked_and_what_is_done_is_said_before_it_is_kept() -> None:
    labels = np.arange(40) % 4
    visit = upload(npz(x_train=IMAGES / 255, y_train=labels, x_test=IMAGES, y_test=labels))
    assert visit.errors == []
    assert "x\\_train from 0 to 1 (float64) and x\\_test from 0 to 255 (uint8)" in visit.text
    assert "data-keep" not in [button.key for button in visit.at.button]
    (question,) = visit.at.radio
    assert question.value is None
    question.set_value("each")
    visit.look()
    assert "values with fractions rounded to 256 levels" in visit.at.warning[0].value
    assert visit.at.radio[0].value == "each"  # and can be changed
    assert "40 for training, 40 for testing, as it is" in visit.text
    visit.press("data-keep")
    split = datasets.load_images(owndata.own_dataset_names()[0])
    np.testing.assert_array_equal(split.train_images, split.test_images)


def test_an_answer_is_of_its_own_upload() -> None:
    visit = upload(npz(images=IMAGES / 60, labels=np.arange(40) % 4))
    visit.at.radio[0].set_value("max")
    visit.look()
    visit.at.file_uploader[0].set_value(("other.npz", GOOD, "application/octet-stream"))
    assert visit.look().errors == []
    assert not visit.at.radio
    assert not visit.at.warning


def test_what_cannot_be_kept_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_UPLOAD_SETS", "0")
    visit = upload(GOOD).press("data-keep")
    assert visit.errors == [
        "data set must be one of at most 0 on this machine, got one more; whose machine it is can remove some."
    ]
    assert owndata.own_dataset_names() == ()
