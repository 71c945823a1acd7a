"""The setting of a scoring, and its images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from snnviz.design.cells import PUBLISHED_CELLS, Cell, to_text
from snnviz.errors import InputError
from snnviz.studies.cells.scoring import Scoring, resize_images
from tests.design.test_cells import any_cells
from tests.designs import is_a_sentence


@given(any_cells())
def test_a_setting_is_json_with_the_cell_as_people_write_it(cell: Cell) -> None:
    setting = Scoring.check({"cell": to_text(cell), "batch": 12})
    document = setting.model_dump(mode="json")
    assert document["cell"] == to_text(cell)
    assert Scoring.check(document) == setting


def test_the_default_cell_is_a_published_one() -> None:
    assert Scoring().cell in PUBLISHED_CELLS.values()


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"cell": "0303"}, "cell must have 4 rows of 4 operations"),
        ({"cell": "0303 0030 2002 0900"}, "cell[3][1] must be one of 0 (zeroize)"),
        (
            {"data": "digit"},
            "data must be one of digits, mnist, fashion-mnist, ",
        ),
        ({"data": "nmnist"}, "data must be a data set of images, not of recordings, got 'nmnist'"),
        ({"size": 4}, "size must be 0, or a multiple of 4 from 8 to 64, got 4"),
        ({"size": 18}, "size must be 0, or a multiple of 4 from 8 to 64, got 18"),
        ({"data": "mnist", "size": 16}, "size must be 0, or a multiple of 4 from 28 to 64, got 16"),
        ({"batch": 1}, "batch must be a whole number from 2 to 512, got 1"),
        ({"metric": "sad"}, "metric must be one of sahd, hd, got 'sad'"),
        ({"channel": 3}, "channel must be a field of a scoring, got 3; did you mean 'channels'?"),
        ("x", "scoring must be a JSON object, got 'x'"),
    ],
)
def test_bad_settings_get_a_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Scoring.check(document)
    assert str(caught.value).startswith(sentence)
    assert is_a_sentence(caught.value)


@pytest.mark.parametrize(("data", "side"), [("digits", 16), ("mnist", 32), ("fashion-mnist", 32)])
def test_images_have_a_side_that_can_be_halved_twice(data: str, side: int) -> None:
    assert Scoring.check({"data": data}).image_side == side
    assert Scoring.check({"data": data, "size": 40}).image_side == 40


@pytest.mark.parametrize(("length", "side", "times"), [(8, 16, 2), (8, 8, 1), (8, 28, 3), (28, 32, 1), (28, 56, 2)])
def test_a_resized_image_is_the_image_enlarged_and_framed(length: int, side: int, times: int) -> None:
    images = np.random.default_rng(0).integers(1, 256, (3, length, length), dtype=np.uint8)
    large = resize_images(images, side)
    assert large.shape == (3, side, side)
    edge = (side - times * length) // 2
    inner = large[:, edge : edge + times * length, edge : edge + times * length]
    np.testing.assert_array_equal(inner, np.kron(images, np.ones((1, times, times), np.uint8)))
    assert (large > 0).sum() == images.size * times**2
