"""Frames, cropping, joining and denoising are tonic's; simulated recordings are what an ideal camera would see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.data import frames as events
from snnviz.data.frames import EVENT, events_to_frames, preprocess_events
from snnviz.design.binning import Events
from tests.oracles import transforms

SENSOR = (2, 34, 34)


def structured(rows: list[tuple[int, int, int, int]]) -> Any:
    found = np.zeros(len(rows), EVENT)
    for name, column in zip(("x", "y", "t", "p"), np.array(rows).T, strict=True):
        found[name] = column
    return found


SOME = st.lists(
    st.tuples(st.integers(0, 33), st.integers(0, 33), st.integers(0, 300_000), st.integers(0, 1)),
    min_size=1,
    max_size=80,
).map(lambda rows: structured(sorted(rows, key=lambda row: row[2])))

CROWDED = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 400), st.integers(0, 1)), min_size=1, max_size=80
).map(lambda rows: structured(sorted(rows, key=lambda row: row[2])))


@settings(max_examples=25)
@given(SOME, st.integers(1, 8), st.integers(1, 400))
def test_windows_are_tonics_and_empty_or_left_out_beyond_them(some: Any, steps: int, window: int) -> None:
    found = events_to_frames(some, steps, SENSOR, Events(window_ms=window))
    by_tonic = transforms.ToFrame(sensor_size=(34, 34, 2), time_window=window * 1000, include_incomplete=True)(some)
    expected = np.zeros_like(found)
    kept = by_tonic[:steps]
    expected[: len(kept)] = kept
    whole = max(int(some["t"][-1] - some["t"][0]) // (window * 1000), 0)  # tonic's last slice may end at the last event
    np.testing.assert_array_equal(found[: min(whole, steps)], expected[: min(whole, steps)])
    inside = some["t"] - some["t"][0] < steps * window * 1000
    assert found.sum() == inside.sum()


@settings(max_examples=25)
@given(SOME, st.integers(4, 34))
def test_the_middle_is_tonics(some: Any, side: int) -> None:
    expected = transforms.CenterCrop(sensor_size=(34, 34, 2), size=(side, side))(some.copy())
    np.testing.assert_array_equal(preprocess_events(some, SENSOR, Events(crop=side)), expected)


@settings(max_examples=25)
@given(SOME, st.integers(2, 8))
def test_pixels_are_joined_as_tonic_does(some: Any, factor: int) -> None:
    found = preprocess_events(some, SENSOR, Events(downsample=factor))
    expected = transforms.Downsample(spatial_factor=1 / factor)(some)
    if factor in (2, 4, 8):  # others are not exact in tonic: 3 * (1 / 3) is below 1 for some numbers
        np.testing.assert_array_equal(found["x"], expected["x"])
        np.testing.assert_array_equal(found["y"], expected["y"])
    side = -(-34 // factor)
    shown = events_to_frames(some, 3, SENSOR, Events(downsample=factor))
    assert shown.shape == (3, 2, side, side)
    assert shown.sum() == len(some)


@settings(max_examples=40)
@given(CROWDED, st.integers(1, 60))
def test_what_stands_alone_is_what_tonic_leaves_out(some: Any, within: int) -> None:
    later = some.copy()
    later["t"] += within  # tonic keeps whatever happens before `within`
    expected = transforms.Denoise(filter_time=within)(later)
    found = later[events.has_recent_neighbour(later, within)]
    np.testing.assert_array_equal(found, expected)


def test_the_order_is_denoise_crop_join_count_clip() -> None:
    some = structured([(10, 10, 0, 1), (11, 10, 5, 1), (10, 10, 9, 1), (30, 30, 9, 1), (33, 33, 20, 0)])
    how = Events(denoise_ms=1, crop=16, downsample=4, bins="binary")
    found = events_to_frames(some, 1, SENSOR, how)
    assert found.shape == (1, 2, 4, 4)
    assert np.argwhere(found).tolist() == [[0, 1, 0, 0]]
    assert found.max() == 1
    assert events_to_frames(some, 1, SENSOR, how.model_copy(update={"bins": "count"}))[0, 1, 0, 0] == 2


def test_no_events_are_empty_frames() -> None:
    assert not events_to_frames(structured([(0, 0, 0, 0)])[:0], 4, SENSOR).any()
    assert events.has_recent_neighbour(structured([(0, 0, 0, 0)])[:0], 5).shape == (0,)


def test_events_of_each_step_and_polarity_are_counted() -> None:
    some = structured([(1, 1, 0, 1), (2, 2, 10, 0), (2, 2, 60, 0), (3, 3, 100, 0)])
    assert events.events_per_step(events_to_frames(some, 2, SENSOR)).tolist() == [[1, 1], [2, 0]]


@pytest.fixture(scope="module")
def square() -> Any:
    image = np.zeros((28, 28))
    image[10:18, 10:18] = 1
    return events.simulate_saccades(image)


def test_a_square_makes_events_at_its_edges_in_three_moves(square: Any) -> None:
    assert len(square) > 500
    assert (np.diff(square["t"]) >= 0).all()
    assert square["x"].min() >= 10 - 1
    assert square["x"].max() <= 17 + 2 * 3 + 1
    assert set(square["p"]) == {0, 1}
    course = np.bincount(np.minimum(square["t"] // 10_000, 29), minlength=30).reshape(3, 10)
    assert (course.sum(1) > 0.15 * len(square)).all()
    assert (course[:, [0, 9]].sum(1) < 0.25 * course.sum(1)).all()  # slow at the corners


def test_what_becomes_brighter_at_one_edge_becomes_darker_at_the_other(square: Any) -> None:
    """In the third move the camera goes from right to left, so that the square goes from left to right."""
    third = square[square["t"] >= 200_000]
    rows = third[(third["y"] > 12) & (third["y"] < 20)]
    assert rows["x"][rows["p"] == 1].mean() > rows["x"][rows["p"] == 0].mean() + 5


def test_on_the_way_back_to_the_start_everything_cancels(square: Any) -> None:
    """The triangle is closed: each pixel has as many thresholds crossed upwards as downwards, but for one."""
    sums = np.zeros((34, 34), int)
    np.add.at(sums, (square["y"], square["x"]), 2 * square["p"] - 1)
    assert np.abs(sums).max() <= 1


def test_an_image_without_edges_has_no_events_and_brightness_no_say() -> None:
    assert len(events.simulate_saccades(np.zeros((8, 8)))) == 0
    faint = np.zeros((8, 8))
    faint[3:5, 3:5] = 0.03  # ln(1.3) is below the threshold
    assert len(events.simulate_saccades(faint)) == 0


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_an_image_has_the_same_events_in_any_company(seed: int) -> None:
    images = np.random.default_rng(seed).random((3, 8, 6)).astype(np.float32)
    together = events.simulate_saccades_batch(images)
    for image, found in zip(images, together, strict=True):
        np.testing.assert_array_equal(found, events.simulate_saccades(image))
        assert found["x"].max() < 6 + 6
        assert found["y"].max() < 8 + 6
        assert 0 <= found["t"].min() <= found["t"].max() <= 300_000


def test_colours_are_seen_by_their_mean() -> None:
    image = np.random.default_rng(0).random((3, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(
        events.simulate_saccades(image), events.simulate_saccades(image.mean(0, dtype=np.float32))
    )


def test_a_slow_camera_counts_what_a_literal_one_does() -> None:
    """Against a loop over pixels that follows each one's logarithm and remembers where it last made an event."""
    image = np.random.default_rng(1).random((6, 6)).astype(np.float32)
    found = events.simulate_saccades(image)
    counts = np.zeros((12, 12, 2), int)
    padded = np.pad(image, 8)
    path = events._path()
    for y in range(12):
        for x in range(12):
            reference = None
            for dx, dy in path:
                px, py = x + 5 + dx, y + 5 + dy
                left, top = int(np.floor(px)), int(np.floor(py))
                a, b = px - left, py - top
                value = (1 - b) * ((1 - a) * padded[top, left] + a * padded[top, left + 1]) + b * (
                    (1 - a) * padded[top + 1, left] + a * padded[top + 1, left + 1]
                )
                level = np.log(value + events.DARK_INTENSITY)
                reference = level if reference is None else reference
                while abs(level - reference) >= events.THRESHOLD * events.ALMOST:
                    up = level > reference
                    counts[y, x, int(up)] += 1
                    reference += events.THRESHOLD if up else -events.THRESHOLD
    ours = np.zeros_like(counts)
    np.add.at(ours, (found["y"], found["x"], found["p"]), 1)
    assert np.abs(ours - counts).sum() <= 2  # single precision
    assert counts.sum() > 1000
