"""Pictures that people bring: which are kept as they are, and what is done to the others."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from snnviz.data import sandbox, uploads
from snnviz.data.files.archives import InMemoryFile
from snnviz.data.files.pictures import PICTURE_SIDE, read_picture
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


def one(raw: bytes) -> np.ndarray:
    return read_picture(InMemoryFile(raw))


def test_one_picture_is_read_as_it_is_and_a_large_one_made_smaller() -> None:
    colours = RNG.integers(0, 256, (30, 20, 3), np.uint8)
    assert one(png(colours)).tolist() == colours.transpose(2, 0, 1).tolist()
    assert one(png(IMAGES[3])).tolist() == IMAGES[3][None].tolist()
    wide = np.zeros((600, 3 * PICTURE_SIDE, 3), np.uint8)
    wide[:300] = 255
    found = one(png(wide))
    assert found.shape == (3, 200, PICTURE_SIDE)
    assert (found[:, :99] == 255).all()
    assert (found[:, 101:] == 0).all()


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"no picture", "be a whole picture"),
        (b"", "be a whole picture"),
        (png(np.zeros((40, 40, 3), np.uint8))[:-30], "be a whole picture"),
        (b"\0" * 40_000_000, "be at most 12 MB, got 40 MB"),
    ],
)
def test_what_is_no_picture_or_too_large_is_one_sentence(raw: bytes, rule: str) -> None:
    with pytest.raises(InputError, match=rf"^picture must {rule}"):
        one(raw)


def test_one_picture_is_read_by_a_process_of_its_own() -> None:
    colours = RNG.integers(0, 256, (9, 12, 3), np.uint8)
    assert sandbox.read_picture_in_subprocess(png(colours)).tolist() == colours.transpose(2, 0, 1).tolist()
    with pytest.raises(InputError, match=r"^picture must be a whole picture"):
        sandbox.read_picture_in_subprocess(b"no picture")
