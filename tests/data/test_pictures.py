"""Pictures that people bring: which are kept as they are, and what is done to the others."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from snnviz.data import uploads
from snnviz.data.uploads import UploadChoices
from snnviz.errors import InputError
from tests.data.test_brought import IMAGES, RNG, asked, done, png, recordings
from tests.packed import zipped


@pytest.mark.parametrize("side", [4, 512])
def test_pictures_of_the_smallest_and_of_the_largest_side_are_kept_as_they_are(side: int) -> None:
    flat = png(np.full((side, side, 3), 9, np.uint8))
    found = uploads.check_upload({f"{name}/{n}.png": flat for name in "ab" for n in range(2)})
    assert (found.shape, done(found)) == ((3, side, side), {})
    beyond = png(np.full((side, 513 if side == 512 else 3, 3), 9, np.uint8))
    assert asked({f"{name}/{n}.png": beyond for name in "ab" for n in range(2)}).option == "size"


@pytest.mark.parametrize("tall", [False, True])
def test_of_a_picture_that_is_not_a_square_the_middle_is_taken(tall: bool) -> None:
    """White between black sides, three times as long as it is wide; some are squares, so that a size is asked for."""
    row = np.zeros((40, 120, 3), np.uint8)
    row[:, 36:84] = 255
    long = row.swapaxes(0, 1) if tall else row
    files = {
        f"{name}/{n}.png": png(long if n else np.full((50, 50, 3), 255, np.uint8)) for name in "ab" for n in range(2)
    }
    found = uploads.check_upload(files, choices=UploadChoices(size="32"))
    assert found.shape == (3, 32, 32)
    assert (found.arrays["images"] == 255).all()


def test_pictures_in_folders_by_class() -> None:
    colours = RNG.integers(0, 256, (12, 8, 6, 3), np.uint8)
    files = {
        f"{part}/{name}/{n}.png": png(colours[n + 4 * (part == "test") + 2 * (name == "dog")])
        for part in ("train", "test")
        for name in ("cat", "dog")
        for n in range(2)
    }
    found = uploads.check_upload(zipped(files))
    assert (found.kind, found.shape, found.labels, found.train, found.test) == (
        "images",
        (3, 8, 6),
        ("cat", "dog"),
        4,
        4,
    )
    np.testing.assert_array_equal(found.arrays["images"], colours[:8].transpose(0, 3, 1, 2))


def test_gray_pictures_are_of_one_channel_in_every_format() -> None:
    forms = {"png": "PNG", "bmp": "BMP", "gif": "GIF", "tif": "TIFF", "jpg": "JPEG"}
    files = {f"{name}/{n}.{end}": png(IMAGES[3], form) for name in "ab" for n, (end, form) in enumerate(forms.items())}
    found = uploads.check_upload(files)
    assert found.shape == (1, 8, 6)
    exact = [image for n, image in enumerate(found.arrays["images"]) if n % 5 != 2]  # a, by name: bmp gif jpg png tif
    assert len(exact) == 8


def test_what_is_done_to_pictures_is_said() -> None:
    clear = np.dstack([np.zeros((8, 6, 3), np.uint8), np.zeros((8, 6), np.uint8)])
    turned = Image.Exif()
    turned[274] = 6
    files = {
        "a/0.png": png(IMAGES[0]),
        "a/1.png": png(clear),
        "b/0.png": png(np.zeros((8, 6, 3), np.uint8)),
        "b/1.png": png(np.zeros((6, 8, 3), np.uint8), exif=turned),
    }
    found = uploads.check_upload(files)
    assert done(found) == {"coloured": 1, "clear": 1, "turned": 1}
    assert (found.arrays["images"][1] == 255).all()


def test_pictures_of_several_sizes_are_asked_for() -> None:
    files = {f"{name}/{n}.png": png(np.full((40 + n, 60, 3), 9, np.uint8)) for name in "ab" for n in range(2)}
    assert asked(files).option == "size"
    found = uploads.check_upload(files, choices=UploadChoices(size="32"))
    assert (found.shape, done(found)) == ((3, 32, 32), {"resized": 4})
    assert (found.arrays["images"] == 9).all()


def test_a_damaged_picture_is_named() -> None:
    with pytest.raises(InputError, match=r"^picture b/0.png must be a whole picture"):
        uploads.check_upload({"a/0.png": png(IMAGES[0]), "b/0.png": png(IMAGES[0])[:60]})


def test_pictures_beside_recordings_are_asked_for() -> None:
    files = {**recordings("a", "b"), "a/0.png": png(IMAGES[0]), "b/0.png": png(IMAGES[1])}
    assert asked(files).option == "kind"
    assert uploads.check_upload(files, choices=UploadChoices(kind="recordings")).kind == "events"
    assert uploads.check_upload(files, choices=UploadChoices(kind="images")).kind == "images"
