"""The Data page: every data set can be opened, its settings are the design's, and a link brings all of it back."""

from __future__ import annotations

import io
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
import streamlit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnviz.catalog import apart, datasets, owndata, uploads
from snnviz.design import Design
from snnviz.errors import DataMissing, InputError
from snnviz.links import from_query
from snnviz.ui import data_fetching, visitors
from snnviz.ui.data_setting import Look, from_link, to_link
from snnviz.ui.words import ended
from tests.designs import DESIGNS, attempt, broken_links
from tests.packed import npz, zipped
from tests.pages.visit import Visit, by_link
from tests.strangers import TEXTS

INSTEAD = "The default design's data are shown instead."


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads are checked in this process, which is faster, but for one test."""
    if request.function is not test_an_upload_is_shown_kept_trained_and_removed:
        monkeypatch.setattr(apart, "check", uploads.check)


SIMULATED = "data.name=digits-saccades&data.steps=4"


@pytest.fixture(autouse=True)
def no_mounted_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNNVIZ_DATA", raising=False)


def widget(visit: Visit, path: str) -> Any:
    """A widget of the page by what it changes."""
    found = [*visit.at.number_input, *visit.at.selectbox, *visit.at.get("button_group"), *visit.at.text_input]
    return next(one for one in found if (one.key or "").split("@")[0] == path)


def put(visit: Visit, path: str, value: object) -> Visit:
    widget(visit, path).set_value(value)
    return visit.look()


def cards(visit: Visit) -> dict[str, Any]:
    return {item["pick"]: item for item in visit.component("snnviz_pictures", "data-sets")["groups"][0]["items"]}


def test_the_page_shows_the_designs_data_set_and_a_card_for_each() -> None:
    visit = by_link("data", "")
    assert visit.errors == []
    found = cards(visit)
    assert set(found) == set(datasets.names())
    assert [name for name, item in found.items() if item["marked"]] == ["digits"]
    assert found["nmnist"]["badges"] == [["absent", "to be downloaded"]]
    assert not found["nmnist"]["waits"]
    assert found["fashion-mnist"]["waits"] == datasets.is_here("fashion-mnist")
    assert found["digits"]["waits"]  # a picture that is here is no arrow until it is drawn
    assert ["", "simulated"] in found["digits-saccades"]["badges"]
    groups = visit.component("snnviz_pictures", "data-still")["groups"]
    assert [group["title"] for group in groups] == ["The image", "As the network sees it"]


def test_events_are_played_and_seen_as_frames() -> None:
    visit = by_link("data", SIMULATED)
    played = visit.component("snnviz_player", "data-player")
    assert [stream["title"] for stream in played["streams"]] == ["Simulated"]
    assert len(played["frames"]["items"]) == 4
    assert len(played["bounds"]) == 5
    put(visit, "data.events.crop", 10)
    played = visit.component("snnviz_player", "data-player")
    assert [(stream["height"], stream["width"]) for stream in played["streams"]] == [(14, 14), (10, 10)]
    assert visit.design.data.events.crop == 10
    assert "data.events.crop=10" in visit.link


def test_a_still_image_is_seen_as_spikes() -> None:
    visit = by_link("data", "data.encoding.kind=latency&data.steps=6")
    groups = visit.component("snnviz_pictures", "data-still")["groups"]
    assert len(groups[1]["items"]) == 6
    charts = visit.component("snnviz_charts", "data-charts")["charts"]
    assert [chart["id"] for chart in charts] == ["data_raster", "data_spikes"]


def test_what_training_changes_is_drawn() -> None:
    visit = by_link("data", SIMULATED)
    assert len(visit.component("snnviz_pictures", "data-draws")["groups"][0]["items"]) == 1
    put(visit, "data.augment.drop", 0.5)
    items = visit.component("snnviz_pictures", "data-draws")["groups"][0]["items"]
    whole, *drawn = (int(item["label"].split(": ")[1].replace(",", "")) for item in items)
    assert len(drawn) == 7
    assert all(0.3 * whole < one < 0.7 * whole for one in drawn)


def test_a_sample_is_chosen_by_class_and_number() -> None:
    visit = put(by_link("data", ""), "data-label", 7)
    assert "**7** · training sample" in visit.text
    visit.press("data-after")
    assert "· 2 of " in visit.text
    assert visit.link == "show.label=7&show.number=1"
    again = by_link("data", visit.link)
    assert again.component("snnviz_pictures", "data-still") == visit.component("snnviz_pictures", "data-still")


def test_a_setting_that_does_not_fit_is_a_sentence() -> None:
    visit = put(by_link("data", SIMULATED), "data.events.crop", 500)
    assert visit.errors == ["Crop to must be 0, or from 4 to the 14 pixels of digits-saccades, not 500."]
    assert visit.design.data.events.crop == 0
    assert widget(visit, "data.events.crop").value == 0


def test_a_missing_data_set_says_how_to_get_it() -> None:
    visit = by_link("data", "data.name=cifar10-dvs")
    assert "python -m snnviz data fetch cifar10-dvs" in visit.text
    assert "data-fetch-it" not in [button.key for button in visit.at.button]  # a stranger must not fill the disk
    assert visit.component("snnviz_player", "data-player") is None


def test_the_way_to_the_design() -> None:
    visit = by_link("data", SIMULATED)
    assert "Your design trains on **Digits saccades" in visit.text
    visit.press("data-use")
    assert visit.design == from_query(SIMULATED)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("show.number=-1", "show.number must be a whole number from 0 to 10000000, got -1."),
        ("show.part=both", "show.part must be one of train, test, got 'both'"),
        ("data.nam=x", "data.nam must be a field of a design, got 'x'"),
    ],
)
def test_a_broken_link_is_one_sentence(query: str, sentence: str) -> None:
    visit = by_link("data", query)
    assert len(visit.errors) == 1
    assert visit.errors[0].startswith(sentence[:40])
    assert visit.errors[0].endswith(INSTEAD)
    assert visit.design == Design()


@settings(max_examples=25, deadline=None)
@given(DESIGNS, st.builds(Look, part=st.sampled_from(["train", "test"]), number=st.integers(0, 99)))
def test_every_setting_is_its_link(design: Design, look: Look) -> None:
    query = to_link(design, look)
    assert from_link(dict(parse_qsl(query))) == (design, look)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(broken_links())
def test_a_broken_design_in_the_link_is_one_sentence(case: tuple[str, dict[str, str]]) -> None:
    visit = by_link("data", case[1])
    wrong = attempt(from_query, case[1])
    assert visit.errors == ([f"{ended(wrong)} {INSTEAD}"] if isinstance(wrong, InputError) else [])


@pytest.mark.parametrize("text", TEXTS)
def test_a_strangers_text_in_the_link_is_shown_as_it_is(text: str) -> None:
    visit = by_link("data", {"show.part": text})
    assert len(visit.errors) == 1
    assert visit.errors[0].startswith("show.part must be one of train, test, got ")
    assert len(visit.errors[0]) < 300


# -- one's own ---------------------------------------------------------------------------------------------------------


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
    assert owndata.names() == ()  # nothing is kept unasked
    visit.at.text_input("data-title").set_value("My shapes")
    visit.press("data-keep")
    (name,) = owndata.names()
    assert cards(visit)[name]["badges"] == [["own", "own"]]
    assert cards(visit)[name]["marked"]
    assert "This is **My shapes" in visit.text
    assert visit.design.data.name == "digits"
    visit.press("data-turn")
    assert visit.component("snnviz_player", "data-player")["streams"][0]["title"] == "Simulated"
    visit.press("data-turn").press("data-use")
    assert visit.design.data.name == name
    visit.go("data")
    visit.at.session_state["data_look"] = Look(view="own")
    visit.look().press(f"data-remove-{name}")
    assert owndata.names() == ()
    other = by_link("data", f"data.name={name}")
    assert "was removed from this machine" in other.text
    assert sorted(path.name for path in (cache / "datasets" / name).iterdir()) == ["card.json"]


def test_one_visitor_cannot_remove_anothers_data() -> None:
    upload(GOOD).press("data-keep")
    (name,) = owndata.names()
    other = by_link("data", "show.view=own")
    keys = [button.key for button in other.at.button]
    assert f"data-open-{name}" in keys
    assert f"data-remove-{name}" not in keys
    assert "another visitor's" in other.text


def test_who_kept_it_removes_it_in_a_later_session_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "visitor", lambda: "me")
    upload(GOOD).press("data-keep")
    (name,) = owndata.names()
    visit = by_link("data", "show.view=own")
    assert "You keep 1 of the 10 data sets and 0 of the 1,000 MB that one visitor may." in visit.text
    visit.press(f"data-remove-{name}")
    assert owndata.names() == ()


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
    assert len(owndata.names()) == 2


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
        ("bomb.npz", zipped({"images.npy": bytes(600 * 10**6), "labels.npy": npy(np.arange(2))})),
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
def test_a_bad_upload_is_one_sentence_and_nothing_is_written(cache: Path, name: str, content: bytes) -> None:
    visit = upload(content, name)
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
    split = datasets.load(owndata.names()[0])
    np.testing.assert_array_equal(split.train_images, split.test_images)


def test_an_answer_is_of_its_own_upload() -> None:
    visit = upload(npz(images=IMAGES / 60, labels=np.arange(40) % 4))
    visit.at.radio[0].set_value("max")
    visit.look()
    visit.at.file_uploader[0].set_value(("other.npz", GOOD, "application/octet-stream"))
    assert visit.look().errors == []
    assert not visit.at.radio
    assert not visit.at.warning


# -- fetching ----------------------------------------------------------------------------------------------------------


def ensured(monkeypatch: pytest.MonkeyPatch, work: Callable[[Callable[[str], None]], None]) -> None:
    monkeypatch.setattr(datasets, "ensure", lambda _, watch, **__: work(watch))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_download_says_how_far_it_is_and_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(watch: Callable[[str], None]) -> None:
        while True:
            watch("fetching cifar: 3.0 of 170.0 MB")
            time.sleep(0.005)

    ensured(monkeypatch, work)
    visit = by_link("data", "data.name=cifar10").press("data-fetch-it")
    going = data_fetching.known("cifar10")
    assert going is not None
    until(lambda: "3.0" in going.words)
    visit.look()
    assert "3.0 of 170.0 MB" in by_link("data", "data.name=cifar10-saccades").text  # the same download
    assert "Fetching cifar\\: 3.0 of 170.0 MB. You may leave: it goes on while the server runs." in visit.text
    visit.press("data-cancel")
    until(lambda: going.ended)
    assert visit.look().errors == ["Stopped: what has arrived is kept, and the next try goes on from there."]
    assert "data-fetch-it" in [button.key for button in visit.at.button]


def test_a_download_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(_: Callable[[str], None]) -> None:
        raise DataMissing("CIFAR-10 could not be fetched (ConnectionError): put it there.")

    ensured(monkeypatch, work)
    visit = by_link("data", "data.name=cifar10").press("data-fetch-it")
    going = data_fetching.known("cifar10")
    assert going is not None
    until(lambda: going.ended)
    assert visit.look().errors == ["CIFAR-10 could not be fetched (ConnectionError): put it there."]


def test_what_cannot_be_kept_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_UPLOAD_SETS", "0")
    visit = upload(GOOD).press("data-keep")
    assert visit.errors == [
        "data set must be one of at most 0 on this machine, got one more; whose machine it is can remove some."
    ]
    assert owndata.names() == ()


def test_a_machine_with_an_odd_limit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_UPLOAD_SAMPLES", "many")
    assert by_link("data", "show.view=own").errors == ["SNNVIZ_UPLOAD_SAMPLES must be a whole number, got 'many'."]
