"""A picture of one's own as an image of a data set."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.data import datasets
from snnviz.errors import InputError
from snnviz.studies.inside.own_image import looks_inverted, prepare, typical_image

DIGITS = datasets.load_images("digits", 0)
IMAGES = DIGITS.test_images.reshape(-1, 1, 8, 8)
SHAPE = (1, 8, 8)


def photographed(image: np.ndarray, dark: bool, place: tuple[int, int], size: int = 9) -> np.ndarray:
    """An image as somebody would bring it: large, anywhere on a larger ground, dark on light perhaps."""
    whole = np.full((200, 240), 0.1)
    large = np.kron(image / DIGITS.white, np.ones((size, size)))
    whole[place[0] : place[0] + len(large), place[1] : place[1] + len(large)] += 0.8 * large
    return np.round(255 * (1 - whole if dark else whole)).astype(np.uint8)[None]


@pytest.mark.parametrize("dark", [True, False])
def test_an_image_that_is_photographed_comes_back(dark: bool) -> None:
    usual, alike = typical_image(IMAGES, DIGITS.white), []
    assert usual.frame == "ink"
    assert 7 <= usual.extent <= 8
    for k, image in enumerate(IMAGES[:40, 0]):
        picture = photographed(image, dark, (7 * k % 100, 11 * k % 150))
        assert looks_inverted(picture) == dark
        found, words = prepare(picture, SHAPE, usual, "inverted" if dark else "as it is", usual.frame)
        assert found.shape == SHAPE
        assert set(np.unique(found)) <= {17 * level for level in range(16)}
        assert found.max() == 255
        assert ("inverted" in words) == dark
        alike.append(np.corrcoef(found.ravel(), image.ravel())[0, 1])
    assert np.median(alike) > 0.85, "a digit less tall than the median is made larger, and others are as they were"


def test_where_and_how_large_it_is_on_the_picture_makes_no_difference() -> None:
    usual = typical_image(IMAGES, DIGITS.white)
    for image in IMAGES[:10, 0]:
        first = prepare(photographed(image, False, (0, 0), 16), SHAPE, usual, "as it is", "ink")[0].astype(int)
        other = prepare(photographed(image, True, (60, 90), 8), SHAPE, usual, "inverted", "ink")[0].astype(int)
        assert np.abs(first - other).max() <= 17


def test_the_square_in_the_middle_is_a_mean_over_areas() -> None:
    picture = np.arange(3 * 8 * 12).reshape(3, 8, 12).astype(np.uint8)
    usual = typical_image(np.full((4, 3, 4, 4), 200, np.uint8), 255)
    assert usual.frame == "square"
    found, words = prepare(picture, (3, 4, 4), usual, "as it is", "square")
    literal = picture[:, :, 2:10].reshape(3, 4, 2, 4, 2).mean((2, 4))
    assert found.tolist() == (np.round(literal / 255 * 15) * 17).astype(int).tolist()
    assert "the square in the middle" in words
    grey, _ = prepare(picture, (1, 4, 4), usual, "inverted", "square")
    assert grey.tolist() == (np.round((1 - literal.mean(0, keepdims=True) / 255) * 15) * 17).astype(int).tolist()
    assert prepare(picture[:1], (3, 4, 4), usual, "as it is", "square")[0].shape == (3, 4, 4)


@pytest.mark.parametrize("frame", ["ink", "square"])
def test_an_empty_picture_is_one_sentence(frame: str) -> None:
    usual = typical_image(IMAGES, DIGITS.white)
    with pytest.raises(InputError, match=r"^picture must have "):
        prepare(np.zeros((1, 40, 40), np.uint8), SHAPE, usual, "as it is", frame)  # type: ignore[arg-type]
