"""Converts a visitor's own picture to an image like those of a data set: gray or in colours, light ink on dark ground,
scaled, centred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from snnviz.errors import InputError, Unquoted

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

Brightness = Literal["as it is", "inverted"]
Frame = Literal["ink", "square"]

FAINT = 0.2
"""Of the difference between ground and the strongest ink: what differs less from the ground is ground."""

MOST_VALUES = 4096
"""Values of a picture, which are all in the look's link."""

SAMPLED = 200
"""Test images by which the size of the ink is chosen."""


@dataclass(frozen=True, slots=True)
class TypicalImage:
    """What typical images of a data set look like. frame: "ink" if they are light ink on an empty dark ground, as
    MNIST's, else "square".

    extent: the longer side of the ink's box in pixels; middle: row and column of its centre of mass, from 0; both are
    medians over images.
    """

    frame: Frame
    extent: int
    middle: tuple[float, float]


def typical_image(images: Pixels, white: int) -> TypicalImage:
    """Returns what typical images of a data set look like, from images (N, C, H, W); `white`: the value of a white
    pixel.
    """
    light = images.mean(1) / white  # (N, H, W)
    edge = np.concatenate([light[:, 0], light[:, -1], light[:, :, 0], light[:, :, -1]], 1)
    inked = [one for one in light if one.any()]
    if images.shape[1] > 1 or float(np.median(edge)) > FAINT or not inked:
        height, width = images.shape[2:]
        return TypicalImage("square", max(height, width), ((height - 1) / 2, (width - 1) / 2))
    extents = [max(_box(one > FAINT * float(one.max()))[2:]) for one in inked]
    row, column = np.median([_centre(one) for one in inked], 0)
    return TypicalImage("ink", round(float(np.median(extents))), (float(row), float(column)))


def looks_inverted(picture: Pixels) -> bool:
    """Returns whether a picture (C, H, W) is dark ink on a light ground: whether most of its edge is light."""
    light = picture.mean(0) / 255
    return float(np.median(np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]]))) > 0.5


def prepare(
    picture: Pixels, shape: Sequence[int], usual: TypicalImage, brightness: Brightness, frame: Frame
) -> tuple[Pixels, str]:
    """Converts a picture (C, H, W) to an image of `shape` (values 0 to 255) like those of the data set; returns it, and
    a text on what was done.

    frame "ink": the ground is set to 0 and the ink stretched to 255, cut to the ink's box, scaled so that its longer
    side is that of the data set's median image, and put with its centre of mass where that of these is, as MNIST's
    images were made (LeCun et al. 1998). frame "square": the square in the middle, scaled. Raises `InputError` for an
    empty picture.
    """
    channels, height, width = shape
    light = picture.astype(np.float64) / 255
    done = []
    if channels == 1 and len(light) > 1:
        light = light.mean(0, keepdims=True)
        done.append("made gray")
    elif channels != len(light):
        light = np.repeat(light.mean(0, keepdims=True), channels, 0)
    if brightness == "inverted":
        light = 1 - light
        done.append("inverted, so that dark ink on a light ground is light on dark")
    if frame == "ink":
        light = _inked(light, height, width, usual)
        done.append(
            f"cut to its ink, whose longer side became {usual.extent} of {max(height, width)} pixels as that of the "
            "median test image, and put with its centre of mass where theirs is, as MNIST's images were"
        )
    else:
        least = min(light.shape[1:])
        top, left = ((side - least) // 2 for side in light.shape[1:])
        light = _resized(light[:, top : top + least, left : left + least], height, width)
        done.append(f"cut to the square in the middle and scaled to {height}x{width} pixels")
    found = np.round(light * 15).astype(np.uint8) * 17
    if not found.any():
        raise InputError("picture", "have something on it", Unquoted("one that is empty"))
    done.append("rounded to 16 levels")
    return found, f"It was {'; '.join(done)}."


def _inked(light: Floats, height: int, width: int, usual: TypicalImage) -> Floats:
    edge = np.concatenate([light[:, 0], light[:, -1], light[:, :, 0], light[:, :, -1]], 1)
    ground = np.median(edge, 1)[:, None, None]
    strongest = float((light - ground).max())
    if strongest < 1 / 16:
        raise InputError("picture", "have ink that is lighter than its ground", Unquoted("one without"))
    ink = np.clip((light - ground) / strongest, 0, 1)
    ink[ink < FAINT] = 0
    once = max(_box(ink.max(0) > 0)[2:]) / usual.extent  # pixels of the picture in one of the image
    down, across = (
        _overlaps(many, at + 0.5 - once * (middle + 0.5), once, few)
        for many, few, at, middle in zip(ink.shape[1:], (height, width), _centre(ink.sum(0)), usual.middle, strict=True)
    )
    image = down @ ink @ across.T
    found: Floats = np.clip(image / image.max(), 0, 1)
    return found


def _centre(light: Floats) -> tuple[float, float]:
    """Row and column of the centre of mass of (H, W), from 0."""
    rows, columns = light.sum(1), light.sum(0)
    return tuple(float((line * np.arange(len(line))).sum() / line.sum()) for line in (rows, columns))  # type: ignore[return-value]


def _box(inside: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the smallest box around what is True."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    return int(rows[0]), int(columns[0]), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def _resized(light: Floats, height: int, width: int) -> Floats:
    """Means over areas: pixels (C, H, W) as (C, height, width)."""
    tall, wide = light.shape[1:]
    found: Floats = _overlaps(tall, 0, tall / height, height) @ light @ _overlaps(wide, 0, wide / width, width).T
    return found


def _overlaps(many: int, begin: float, length: float, few: int) -> Floats:
    """Shares (few, many) that each of `few` parts of a line, `length` long, the first from `begin`, has in its `many`
    pixels.
    """
    low = begin + length * np.arange(few)[:, None]
    places = np.arange(many)
    found: Floats = np.clip(np.minimum(low + length, places + 1) - np.maximum(low, places), 0, None) / length
    return found
