"""Pictures and streams of samples: what is sent is what was there, or says by how much it was thinned."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from snnviz.data import frames as events
from snnviz.data.frames import EVENT
from snnviz.design.binning import Augment, Events
from snnviz.views import pictures, samples, streams
from snnviz.views.streams import FRAMES_SHOWN, PLAYED, SCATTERED, SIDE_SHOWN, Stream


def recording(count: int, side: int = 16) -> Any:
    rng = np.random.default_rng(0)
    found = np.zeros(count, EVENT)
    found["x"], found["y"] = rng.integers(0, side, (2, count))
    found["t"] = np.sort(rng.integers(500, 300_500, count))
    found["p"] = rng.integers(0, 2, count)
    return found


def sent(count: int, steps: int = 4, side: int = 16, how: Events | None = None) -> dict[str, Any]:
    one, how = recording(count, side), how or Events()
    frames = events.events_to_frames(one, steps, (2, side, side), how)
    made = streams.payload([Stream("As recorded", one, side, side)], frames, streams.bounds(one, steps, how.window_ms))
    found: dict[str, Any] = json.loads(made)
    return found


def column(stream: dict[str, Any], axis: str) -> Any:
    kind = {"x": np.uint16, "y": np.uint16, "t": np.uint32, "p": np.uint8}[axis]
    return np.frombuffer(base64.b64decode(stream[axis]), kind)


def test_a_short_recording_is_sent_as_it_is() -> None:
    one, (stream,) = recording(1000), sent(1000)["streams"]
    for axis in ("x", "y", "p"):
        np.testing.assert_array_equal(column(stream, axis), one[axis])
    np.testing.assert_array_equal(column(stream, "t"), one["t"] - one["t"][0])
    assert stream["note"] == "1,000 events, 16x16"


def test_a_long_recording_is_thinned_and_says_so() -> None:
    count = 2 * PLAYED + 1
    told = sent(count)
    assert len(column(told["streams"][0], "x")) == -(-count // 3) <= PLAYED
    assert told["streams"][0]["note"] == f"{-(-count // 3):,} events of {count:,} events (1 in 3), 16x16"
    assert len(column(told["cloud"], "x")) <= SCATTERED
    assert "(1 in 21)" in told["cloud"]["note"]


def test_frames_begin_and_end_where_events_are_counted() -> None:
    one = recording(3000)
    for how in (Events(), Events(window_ms=20)):
        frames = events.events_to_frames(one, 4, (2, 16, 16), how)
        edges = streams.bounds(one, 4, how.window_ms)
        counted = np.histogram(one["t"] - one["t"][0], edges)[0]
        np.testing.assert_allclose(frames.sum((1, 2, 3)), counted, atol=2)  # whole microseconds, and the last event


def test_large_frames_are_drawn_smaller_and_long_ones_in_part() -> None:
    frames = sent(5000, steps=50, side=240)["frames"]
    assert len(frames["items"]) == FRAMES_SHOWN
    picture = frames["items"][0]["picture"]
    assert (picture["height"], picture["width"]) == (SIDE_SHOWN, SIDE_SHOWN)
    assert "T = 50 frames of 240x240 pixels in 2 polarities" in frames["note"]
    assert "the first 20 are shown, drawn with 3x3 pixels as one" in frames["note"]
    drawn = np.frombuffer(base64.b64decode(picture["data"]), np.uint8)
    assert drawn.sum() == int(frames["items"][0]["label"].split(": ")[1])


def test_an_empty_recording_is_shown_too() -> None:
    nothing = recording(0)
    frames = events.events_to_frames(nothing, 3, (2, 8, 8), Events())
    told = json.loads(streams.payload([Stream("", nothing, 8, 8)], frames, streams.bounds(nothing, 3, 0)))
    assert told["duration"] == 1
    assert len(told["frames"]["items"]) == 3


@pytest.mark.parametrize(("channels", "kind"), [(1, "grey"), (2, "grey"), (3, "rgb"), (5, "grey")])
def test_an_image_of_any_channels_is_a_picture(channels: int, kind: str) -> None:
    image = np.random.default_rng(0).random((channels, 4, 6))
    found = pictures.image(image)
    assert (found["kind"], found["height"], found["width"]) == (kind, 4, 6)
    drawn = np.frombuffer(base64.b64decode(found["data"]), np.uint8)
    shown = image if kind == "rgb" else image.mean(0)
    np.testing.assert_allclose(drawn, shown.ravel() * 255, atol=0.5)


def test_draws_are_what_training_does() -> None:
    image = np.random.default_rng(0).random((1, 8, 8))
    as_it_is, *drawn = samples.augmentation_group(image, Augment(flip="on"), 0, recorded=False).items
    before = np.frombuffer(base64.b64decode(as_it_is.data["data"]), np.uint8).reshape(8, 8)  # type: ignore[index]
    for one in drawn:
        after = np.frombuffer(base64.b64decode(one.data["data"]), np.uint8).reshape(8, 8)  # type: ignore[index]
        assert np.array_equal(after, before) or np.array_equal(after, before[:, ::-1])
    assert len({one.data["data"] for one in drawn}) == 2  # type: ignore[index]
    assert len(samples.augmentation_group(image, Augment(), 0, recorded=False).items) == 1


def test_a_spike_train_is_drawn_spike_by_spike() -> None:
    spikes = np.zeros((3, 1, 2, 2))
    spikes[0, 0, 0, 1] = spikes[2, 0, 1, 1] = 1
    trace = streams.raster_chart(spikes).figure["data"][0]
    assert list(zip(trace["x"], trace["y"], strict=True)) == [(1, 1), (3, 3)]
    assert streams.spikes_chart(spikes).figure["data"][0]["y"] == [0.25, 0, 0.25]
