"""The Data page: every data set can be opened, its settings are the design's, and a link brings all of it back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.design.links import from_query
from snnviz.errors import DataMissing, InputError
from snnviz.ui.data import downloads
from snnviz.ui.data.setting import SampleChoice, from_link, to_link
from snnviz.ui.kit.words import as_sentence
from tests.designs import DESIGNS, attempt, broken_links
from tests.pages.visit import Visit, by_link, cards
from tests.strangers import TEXTS

INSTEAD = "The default design's data are shown instead."


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


def test_the_page_shows_the_designs_data_set_and_a_card_for_each() -> None:
    visit = by_link("data", "")
    assert visit.errors == []
    found = cards(visit)
    assert set(found) == set(datasets.dataset_names())
    assert [name for name, item in found.items() if item["marked"]] == ["digits"]
    assert found["nmnist"]["badges"] == [["absent", "to be downloaded"]]
    assert not found["nmnist"]["waits"]
    assert found["fashion-mnist"]["waits"] == datasets.is_available("fashion-mnist")
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
@given(DESIGNS, st.builds(SampleChoice, part=st.sampled_from(["train", "test"]), number=st.integers(0, 99)))
def test_every_setting_is_its_link(design: Design, look: SampleChoice) -> None:
    query = to_link(design, look)
    assert from_link(dict(parse_qsl(query))) == (design, look)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(broken_links())
def test_a_broken_design_in_the_link_is_one_sentence(case: tuple[str, dict[str, str]]) -> None:
    visit = by_link("data", case[1])
    wrong = attempt(from_query, case[1])
    assert visit.errors == ([f"{as_sentence(wrong)} {INSTEAD}"] if isinstance(wrong, InputError) else [])


@pytest.mark.parametrize("text", TEXTS)
def test_a_strangers_text_in_the_link_is_shown_as_it_is(text: str) -> None:
    visit = by_link("data", {"show.part": text})
    assert len(visit.errors) == 1
    assert visit.errors[0].startswith("show.part must be one of train, test, got ")
    assert len(visit.errors[0]) < 300


# -- fetching ----------------------------------------------------------------------------------------------------------


def ensured(monkeypatch: pytest.MonkeyPatch, work: Callable[[Callable[[str], None]], None]) -> None:
    monkeypatch.setattr(datasets, "ensure_downloaded", lambda _, watch, **__: work(watch))


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
    going = downloads.download_of("cifar10")
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
    going = downloads.download_of("cifar10")
    assert going is not None
    until(lambda: going.ended)
    assert visit.look().errors == ["CIFAR-10 could not be fetched (ConnectionError): put it there."]


def test_a_machine_with_an_odd_limit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVIZ_UPLOAD_SAMPLES", "many")
    assert by_link("data", "show.view=own").errors == ["SNNVIZ_UPLOAD_SAMPLES must be a whole number, got 'many'."]
