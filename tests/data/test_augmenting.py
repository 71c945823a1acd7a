"""Augmentation: exact where it moves pixels, binomial where it leaves out events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.data.augmenting import augment
from snnviz.design.binning import Augment


def samples(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 6, shape, np.uint8)


def test_without_options_nothing_changes_and_the_original_never_does() -> None:
    given = samples(5, 3, 2, 6, 7)
    before = given.copy()
    np.testing.assert_array_equal(augment(given, Augment(), np.random.default_rng(0)), given)
    augment(given, Augment(flip="on", shift=3, drop=0.5), np.random.default_rng(0))
    np.testing.assert_array_equal(given, before)


def test_half_are_mirrored_left_for_right_in_all_their_frames() -> None:
    given = samples(400, 2, 2, 5, 6)
    found = augment(given, Augment(flip="on"), np.random.default_rng(0))
    mirrored = [np.array_equal(one, other[..., ::-1]) for one, other in zip(found, given, strict=True)]
    same = [np.array_equal(one, other) for one, other in zip(found, given, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 150 < sum(mirrored) < 250


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(0, 100))
def test_each_is_moved_as_a_whole_and_zeros_move_in(shift: int, seed: int) -> None:
    given = samples(6, 3, 2, 5, 6) + 1
    found = augment(given, Augment(shift=shift), np.random.default_rng(seed))
    for one, other in zip(found, given, strict=True):
        places = [(dy, dx) for dy in range(-shift, shift + 1) for dx in range(-shift, shift + 1)]
        assert any(np.array_equal(one, moved(other, dy, dx)) for dy, dx in places)


def moved(sample: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """Pixel by pixel."""
    out = np.zeros_like(sample)
    height, width = sample.shape[-2:]
    for y in range(height):
        for x in range(width):
            if 0 <= y - dy < height and 0 <= x - dx < width:
                out[..., y, x] = sample[..., y - dy, x - dx]
    return out


def test_every_place_within_reach_is_taken() -> None:
    given = np.zeros((500, 1, 5, 5), np.uint8)
    given[:, :, 2, 2] = 1
    found = augment(given, Augment(shift=1), np.random.default_rng(0))
    assert {tuple(place[2:]) for place in np.argwhere(found).tolist()} == {(y, x) for y in (1, 2, 3) for x in (1, 2, 3)}


@pytest.mark.parametrize("drop", [0.1, 0.5, 0.9])
def test_events_are_left_out_one_by_one(drop: float) -> None:
    given = np.full((200, 1, 1, 10, 10), 6, np.uint8)
    found = augment(given, Augment(drop=drop), np.random.default_rng(0))
    assert found.max() <= 6
    assert found.mean() == pytest.approx(6 * (1 - drop), rel=0.03)
    assert found.var() == pytest.approx(6 * drop * (1 - drop), rel=0.06)  # binomial
    assert not augment(np.zeros((2, 1, 1, 3, 3), np.uint8), Augment(drop=drop), np.random.default_rng(0)).any()


def test_the_same_stream_augments_alike() -> None:
    given, how = samples(8, 2, 2, 6, 6), Augment(flip="on", shift=2, drop=0.3)
    first, again, other = (augment(given, how, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
