"""Conversion of pixel values to bytes: which range of values is black to white.

The range is clear if values are whole numbers from 0 to 255; or fractions from 0 to 1, or from 0 to about 255, that
exceed their range by less than 1 %, as bicubic resizing makes them. Otherwise, or if arrays differ, the user is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files.reading import UploadReader
from snnviz.errors import InputError, Unquoted

TOLERANCE = 0.01
"""Share of the range by which values may exceed it; such values become black or white."""

NEAR = 100
"""Fractions are on the scale of bytes if the largest is at least this."""

APART = 8
"""Largest ratio between the maxima of two arrays on the same scale."""


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The smallest and largest value of an array, its dtype, and whether all values are whole numbers."""

    name: str
    dtype: str
    low: float
    high: float
    whole: bool

    @property
    def kind(self) -> str:
        """ "unit" for values in [0, 1], "bytes" for values in [0, 255], "" if the range is not clear."""
        if self.is_float and self.low > -TOLERANCE and self.high < 1 + TOLERANCE:
            return "unit"
        if self.whole:
            return "bytes" if self.low >= 0 and self.high <= 255 else ""
        near = self.low > -TOLERANCE * 255 and NEAR <= self.high < (1 + TOLERANCE) * 255
        return "bytes" if near else ""

    @property
    def is_float(self) -> bool:
        """Whether the dtype is a floating-point type."""
        return self.dtype.startswith("float")

    @property
    def white(self) -> float:
        """The value that counts as white if only this array is known: 1 for values in [0, 1], 255 for bytes that use
        more than half of their range, else the largest value.
        """
        kind = self.kind
        return 1.0 if kind == "unit" else 255.0 if kind == "bytes" and self.high > 127 else max(self.high, 1e-30)

    def __str__(self) -> str:
        return f"{self.name} from {self.low:.7g} to {self.high:.7g} ({self.dtype})"


@dataclass(frozen=True, slots=True)
class PixelScaling:
    """How pixel values become bytes: per array the values that map to 0 and 255, the byte that is white, and a
    description.
    """

    ranges: tuple[tuple[float, float], ...]
    white: int
    words: str

    def bytes(self, images: NDArray[Any], array: int) -> tuple[NDArray[np.uint8], int]:
        """Returns pixel values of array number `array` as bytes, and how many values were clipped."""
        low, high = self.ranges[array]
        outside = int(np.count_nonzero((images < low) | (images > high)))
        if outside:
            images = np.clip(images, low, high)
        if (low, high) == (0, 1):
            return np.round(images * 255).astype(np.uint8), outside
        if (low, high) == (0, 255):
            return (np.round(images) if images.dtype.kind == "f" else images).astype(np.uint8), outside
        return np.round((images - np.float64(low)) * (255 / (high - low))).astype(np.uint8), outside


def value_range(name: str, dtype: np.dtype[Any], pieces: Iterable[NDArray[Any]]) -> ValueRange:
    """Returns the range of values of an array that is read in pieces. Raises `InputError` for values that are not
    finite.
    """
    low, high, whole = np.inf, -np.inf, True
    for piece in pieces:
        if not piece.size:
            continue
        if dtype.kind == "f":
            if not np.isfinite(piece).all():
                raise InputError(name, "hold finite numbers", Unquoted("NaN or infinity"))
            whole = whole and bool((piece == np.floor(piece)).all())
        low, high = min(low, float(piece.min())), max(high, float(piece.max()))
    if low > high:
        low = high = 0.0
    return ValueRange(name, dtype.name, low, high, whole)


def choose_scaling(spans: Sequence[ValueRange], reading: UploadReader) -> PixelScaling:
    """Returns how the pixel values of the arrays become bytes. Raises `InputError`, or `ChoiceNeeded` if it is not
    clear.
    """
    low, high = min(one.low for one in spans), max(one.high for one in spans)
    kinds = {one.kind for one in spans}
    if "unit" in kinds and all(one.kind == "unit" or (one.whole and one.high <= 1) for one in spans):
        kinds = {"unit"}
    usual = next(iter(kinds)) if len(kinds) == 1 else ""
    if len(spans) > 1 and high > APART * min(max(one.high, 0) for one in spans):
        usual = ""
    choices = {}
    if high > 0 and any(one.is_float for one in spans):
        choices["unit"] = "0 is black and 1 is white"
    is_fraction = high < 1 + TOLERANCE and any(one.is_float for one in spans)
    if low > -TOLERANCE * 255 and high < (1 + TOLERANCE) * 255 and not is_fraction:
        choices["bytes"] = "0 is black and 255 is white, rounded"
    if low > -TOLERANCE and high > 0:
        choices["max"] = f"0 is black and {high:.4g} is white"
    elif low < high:
        choices["range"] = f"{low:.4g} is black and {high:.4g} is white"
    if len(spans) > 1 and low > -TOLERANCE:
        choices["each"] = "white is " + " and ".join(f"{one.white:.4g} in {one.name}" for one in spans)
    if low == high == 0:
        usual = usual or "bytes"
        choices = {usual: "all is black"}
    found = reading.choose("scale", " and ".join(map(str, spans)), choices, usual if usual in choices else "")
    ranges = {
        "unit": [(0.0, 1.0)] * len(spans),
        "bytes": [(0.0, 255.0)] * len(spans),
        "max": [(0.0, high)] * len(spans),
        "range": [(low, high)] * len(spans),
        "each": [(0.0, one.white) for one in spans],
    }[found]
    white = min(255, max(1, round(high))) if found == "bytes" else 255
    told = [
        f"{span}: {f'{white} is white' if found == 'bytes' else f'{black:.4g} is black and {top:.4g} white'}"
        for span, (black, top) in zip(spans, ranges, strict=True)
    ]
    return PixelScaling(tuple(ranges), white, "; ".join(told))
