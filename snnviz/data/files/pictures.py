"""Reading uploaded pictures (PNG, JPEG and others that Pillow reads) in folders named after classes.

Sizes are read from headers before anything is decoded. Pictures of one size keep it; for several sizes, or sizes above
the limit, the user is asked to which width they are resized.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files import folders
from snnviz.data.files.archives import Files, PathParts, Source, short_error, short_path
from snnviz.data.files.checked import CheckedDataset, missing_classes_remark
from snnviz.data.files.eventfolders import file_suffix
from snnviz.data.files.limits import FEWEST_SIDE
from snnviz.data.files.reading import UploadReader, count_with_noun, join_names
from snnviz.errors import InputError, Unquoted

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff")

MAX_PIXELS = 40_000_000
"""Largest number of pixels of a picture that is resized: those of telephones have 12 to 48 million."""

GRAY_MODES = ("1", "L", "LA", "I;16")
CONVERTED_MODES = ("CMYK", "YCbCr")
COLOUR_MODES = ("RGB", "RGBA", "P", "PA", *CONVERTED_MODES, "RGBX", "La", "RGBa")
SIZES = (28, 32, 64, 128)
ORIENTATION_TAG = 274
"""EXIF tag that says how a picture must be rotated for display."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a picture's header says: `size` is (height, width) in pixels after rotation.

    `gray`: it has no colours; `mode`: Pillow's; `turned`: it must be rotated; `several`: it has several frames.
    """

    size: tuple[int, int]
    gray: bool
    mode: str
    turned: bool
    several: bool


def read_image_folders(files: Files, reading: UploadReader) -> CheckedDataset:
    """Returns the pictures in class folders, with or without Train and Test folders, as a checked data set.

    Raises `InputError`, which names the file, and `ChoiceNeeded`.
    """
    known = {place: source for place, source in files.items() if file_suffix(place[-1]) in ENDINGS}
    reading.limits.check_sample_count(len(known))
    found = folders.folder_layout(known, reading, "picture")
    headers = {place: _header(known[place], place) for place in found.order}
    side = _side(headers, reading)
    height, width = (side, side) if side else next(iter(headers.values())).size
    reading.limits.check_sides(height, width)
    channels = 1 if all(one.gray for one in headers.values()) else 3
    reading.limits.check_size(len(headers) * channels * height * width)
    images = reading.allocate("images", (len(headers), channels, height, width), np.uint8)
    clear = 0
    for number, place in enumerate(found.order):
        images[number], has_clear = _pixels(known[place], place, headers[place], channels, side)
        clear += has_clear
    _say(headers, channels, clear, reading)
    left = len(files) - len(known)
    reading.record_conversion("others", left, f"{count_with_noun(left, 'other file')} left out.")
    classes, test = int(found.labels.max()) + 1, folders.test_count(found)
    return CheckedDataset(
        kind="images",
        form=f"pictures ({', '.join(sorted({file_suffix(place[-1]) for place in found.order}))})",
        shape=(channels, height, width),
        classes=classes,
        train=len(found.order) - test,
        test=test,
        drawn=found.drawn,
        arrays={"images": images, "labels": found.labels},
        labels=found.names,
        white=255,
        scale="0 is black and 255 white",
        order="by the names of files",
        done=tuple(reading.done),
        remarks=missing_classes_remark(found.labels, classes),
    )


def _say(headers: Mapping[PathParts, ImageHeader], channels: int, clear: int, reading: UploadReader) -> None:
    several = list(headers.values())
    count = sum(one.gray for one in several) if channels == 3 else 0
    reading.record_conversion(
        "coloured", count, f"{count_with_noun(count, 'gray picture')} among coloured ones: three equal channels."
    )
    count = sum(one.mode in CONVERTED_MODES for one in several)
    reading.record_conversion(
        "colours",
        count,
        f"{count_with_noun(count, 'picture')} of other colours (CMYK and such) became red, green and blue.",
    )
    count = sum(one.mode == "I;16" for one in several)
    reading.record_conversion("depth", count, f"{count_with_noun(count, 'picture')} of 16 bits rounded to 8.")
    reading.record_conversion(
        "clear", clear, f"{count_with_noun(clear, 'picture')} with transparent pixels put on white."
    )
    count = sum(one.turned for one in several)
    reading.record_conversion("turned", count, f"{count_with_noun(count, 'picture')} turned as the camera says (EXIF).")
    count = sum(one.several for one in several)
    reading.record_conversion(
        "frames", count, f"{count_with_noun(count, 'file')} of several pictures: the first is read."
    )


def _side(headers: Mapping[PathParts, ImageHeader], reading: UploadReader) -> int:
    """How wide all are made, 0 where they are kept as they are. Raises `ChoiceNeeded`."""
    sizes = Counter(one.size for one in headers.values())
    limits, given = reading.limits, reading.choices.size
    fits = len(sizes) == 1 and FEWEST_SIDE <= min(min(sizes)) <= max(max(sizes)) <= limits.side
    wanted = {str(side): f"{side}x{side}, the square in the middle" for side in SIZES if side <= limits.side}
    if given.isascii() and given.isdecimal() and len(given) < 5 and FEWEST_SIDE <= int(given) <= limits.side:
        wanted[given] = ""
    why = join_names(f"{height}x{width} ({count:,})" for (height, width), count in sizes.most_common())
    chosen = reading.choose("size", f"pictures of {why}", wanted, "as they are" if fits else "")
    if chosen == "as they are":
        return 0
    largest = max(math.prod(size) for size in sizes)
    if largest > MAX_PIXELS:
        raise InputError("pictures", f"be of at most {MAX_PIXELS:,} pixels", largest)
    cut = f"{count_with_noun(len(headers), 'picture')} cut to the square in the middle"
    reading.record_conversion("resized", len(headers), f"{cut} and made {chosen}x{chosen} pixels; they were {why}.")
    return int(chosen)


def _field(place: PathParts) -> str:
    return f"picture {short_path(place)}".strip()


@contextmanager
def _opened(source: Source, place: PathParts) -> Iterator[Any]:
    from PIL import Image

    try:
        with warnings.catch_warnings(), source.open() as file:
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                yield image
    except (InputError, MemoryError):
        raise
    except Exception as error:  # Pillow has no one kind of error for a damaged picture
        got = Unquoted(short_error(error) if "cannot identify" not in str(error) else "something else")
        raise InputError(_field(place), f"be a whole picture ({', '.join(FORMATS)})", got) from None


def _header(source: Source, place: PathParts) -> ImageHeader:
    with _opened(source, place) as image:
        width, height = image.size
        if image.mode not in GRAY_MODES + COLOUR_MODES:
            rule = "be gray or in colours of 8 bits, or gray of 16"
            raise InputError(_field(place), rule, Unquoted(f"mode {image.mode}"))
        turned = image.getexif().get(ORIENTATION_TAG, 1)
        size = (width, height) if turned in (5, 6, 7, 8) else (height, width)
        gray = image.mode in GRAY_MODES or (image.mode == "P" and _is_gray(image.getpalette("RGB") or []))
        return ImageHeader(size, gray, image.mode, turned in range(2, 9), bool(getattr(image, "is_animated", False)))


def _is_gray(palette: list[int]) -> bool:
    return palette[::3] == palette[1::3] == palette[2::3]


def _pixels(
    source: Source, place: PathParts, header: ImageHeader, channels: int, side: int
) -> tuple[NDArray[np.uint8], bool]:
    """(C, H, W), and whether pixels were transparent."""
    from PIL import Image

    with _opened(source, place) as image:
        if side and image.format == "JPEG":
            image.draft(None, (2 * side, 2 * side))
        image, clear = _upright(image, header)
        if side:
            least = min(image.size)
            left, top = (image.width - least) / 2, (image.height - least) / 2
            box = (left, top, left + least, top + least)
            image = image.resize((side, side), Image.Resampling.BILINEAR, box)
        pixels = np.asarray(image, np.uint8).transpose(2, 0, 1)
        if not side and pixels.shape[1:] != header.size:
            raise InputError(_field(place), "be as large as its header says", Unquoted(str(pixels.shape)))
        return pixels[:channels], clear


def _upright(image: Any, header: ImageHeader) -> tuple[Any, bool]:
    """Pillow's image in red, green and blue, turned as the camera says and on white, and whether pixels were
    transparent.
    """
    from PIL import Image, ImageOps

    if header.turned:
        image = ImageOps.exif_transpose(image)
    if image.mode == "I;16":
        sixteen = np.asarray(image, np.uint16)
        image = Image.fromarray(np.round(sixteen / 257).astype(np.uint8))
    clear = False
    if image.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        clear = image.getchannel("A").getextrema()[0] < 255
        if clear:
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB"), clear


PICTURE_MEGABYTES = 12
"""Largest size in MB of a single picture that a network is to look at."""

PICTURE_SIDE = 512
"""Pixels to which the longer side of a single picture is reduced."""


def read_picture(source: Source) -> NDArray[np.uint8]:
    """Returns one picture as uint8 (C, H, W), C = 1 for a gray one and else 3, its longer side at most `PICTURE_SIDE`
    pixels.

    It is turned as the camera says, and transparent pixels are put on white. Raises `InputError` of one sentence.
    """
    from PIL import Image

    check_picture_size(source.size)
    place = ("",)
    header = _header(source, place)
    if math.prod(header.size) > MAX_PIXELS:
        raise InputError("picture", f"be of at most {MAX_PIXELS:,} pixels", math.prod(header.size))
    with _opened(source, place) as image:
        if image.format == "JPEG":
            image.draft(None, (2 * PICTURE_SIDE, 2 * PICTURE_SIDE))
        image, _ = _upright(image, header)
        image.thumbnail((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BOX)
        pixels = np.asarray(image, np.uint8).transpose(2, 0, 1)
        return pixels[: 1 if header.gray else 3]


def check_picture_size(size: int) -> None:
    """Raises `InputError` if a picture of `size` bytes is larger than one may be."""
    if size > PICTURE_MEGABYTES * 10**6:
        raise InputError("picture", f"be at most {PICTURE_MEGABYTES} MB", Unquoted(f"{size / 1e6:,.0f} MB"))
