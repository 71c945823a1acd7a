"""Stacks of images in any layout, and their conversion to the layout that is stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files import folders, scales
from snnviz.data.files.arrays import LazyArray
from snnviz.data.files.checked import CheckedDataset, missing_classes_remark
from snnviz.data.files.cifar import PIXELS
from snnviz.data.files.folders import TEST, TRAIN, VALID
from snnviz.data.files.limits import test_sample_count
from snnviz.data.files.reading import UploadReader, count_with_noun
from snnviz.errors import InputError, Unquoted

Labels = NDArray[np.int64]

COLOURS = (1, 3)


@dataclass(frozen=True, slots=True)
class ImageStack:
    """Images (N, C, H, W), which `pieces()` reads in consecutive pieces, as often as it is called.

    `order`: the order of the axes in the file, in words.
    """

    name: str
    shape: tuple[int, int, int, int]
    dtype: np.dtype[Any]
    pieces: Callable[[], Iterator[NDArray[Any]]]
    order: str = ""

    @classmethod
    def from_array(cls, images: LazyArray) -> ImageStack:
        """Returns the stack of images in an array (N, H, W), (N, C, H, W) or (N, H, W, C). Raises `InputError`."""
        shape = images.shape
        if len(shape) == 3:
            return cls(images.field, (shape[0], 1, *shape[1:]), images.dtype, lambda: _gray(images), "no colours")
        if shape[3] in COLOURS:
            wanted = (shape[0], shape[3], shape[1], shape[2])
            return cls(images.field, wanted, images.dtype, lambda: _last(images), "colours last")
        if shape[1] in COLOURS:
            same = shape[0], shape[1], shape[2], shape[3]
            return cls(images.field, same, images.dtype, images.pieces, "colours first")
        raise InputError(images.field, "have 1 or 3 colours", Unquoted(f"shape {shape}"))

    @classmethod
    def from_cifar_records(cls, name: str, tables: Sequence[LazyArray]) -> ImageStack:
        """Returns the stack of images in tables of CIFAR records, rows of bytes that end with the pixels."""

        def pieces() -> Iterator[NDArray[Any]]:
            for table in tables:
                for piece in table.pieces():
                    yield piece[:, -PIXELS:].reshape(-1, 3, 32, 32)

        return cls(name, (sum(table.shape[0] for table in tables), 3, 32, 32), tables[0].dtype, pieces, "colours first")


def _gray(images: LazyArray) -> Iterator[NDArray[Any]]:
    return (piece[:, None] for piece in images.pieces())


def _last(images: LazyArray) -> Iterator[NDArray[Any]]:
    return (piece.transpose(0, 3, 1, 2) for piece in images.pieces())


@dataclass(frozen=True, slots=True)
class LabelledImages:
    """Images with their labels, of one split: training, test or validation."""

    images: ImageStack
    labels: Labels


def join_splits(form: str, parts: Mapping[int, LabelledImages], reading: UploadReader, order: str) -> CheckedDataset:
    """Joins the images of the training, test and validation set (`parts`, by split number) into one checked data set,
    converted to bytes; `form` is the file format, in words.

    Raises `InputError`, and `ChoiceNeeded` where several readings are possible.
    """
    used, drawn = _split(parts, reading)
    for part in used:
        if part.images.shape[0] != len(part.labels):
            rule = f"be as many as the {part.images.shape[0]:,} images"
            raise InputError("labels", rule, Unquoted(f"{len(part.labels):,}"))
        reading.limits.check_sides(*part.images.shape[2:])
    shapes = sorted({part.images.shape[1:] for part in used})
    if len(shapes) > 1:
        raise InputError("images", "be alike for training and testing", Unquoted(" and ".join(map(str, shapes))))
    labels = np.concatenate([part.labels for part in used])
    reading.limits.check_sample_count(len(labels))
    if not len(labels):
        raise InputError("images", "be at least one", Unquoted("none"))
    reading.limits.check_size(len(labels) * math.prod(shapes[0]))
    images, white, scale = _bytes([part.images for part in used], reading)
    classes = int(labels.max()) + 1
    test = test_sample_count(len(labels)) if drawn else len(used[1].labels)
    axes = " and ".join(dict.fromkeys(part.images.order for part in used if part.images.order))
    return CheckedDataset(
        kind="images",
        form=form,
        shape=shapes[0],
        classes=classes,
        train=len(labels) - test,
        test=test,
        drawn=drawn,
        arrays={"images": images, "labels": labels},
        labels=tuple(map(str, range(classes))),
        white=white,
        scale=scale,
        order=", ".join(filter(None, (order, axes))),
        done=tuple(reading.done),
        remarks=missing_classes_remark(labels, classes),
    )


def _split(parts: Mapping[int, LabelledImages], reading: UploadReader) -> tuple[list[LabelledImages], bool]:
    """The parts in their order, and whether a design's seed draws those for testing."""
    count = {part: len(one.labels) for part, one in parts.items()}
    how = folders.choose_split(count, reading, "image")
    if how == "seed":
        return [parts[part] for part in (TRAIN, TEST) if part in parts], True
    return [parts[TRAIN], parts[TEST] if TEST in parts else parts[VALID]], False


def _bytes(several: Sequence[ImageStack], reading: UploadReader) -> tuple[NDArray[np.uint8], int, str]:
    """All as bytes, the value of white, and what there is to say of the scale."""
    spans = [scales.value_range(one.name, one.dtype, one.pieces()) for one in several]
    scale = scales.choose_scaling(spans, reading)
    images = reading.allocate("images", (sum(one.shape[0] for one in several), *several[0].shape[1:]), np.uint8)
    at = outside = 0
    for number, one in enumerate(several):
        for piece in one.pieces():
            images[at : at + len(piece)], out = scale.bytes(piece, number)
            at, outside = at + len(piece), outside + out
    if at != len(images):
        raise InputError("images", f"be {len(images):,} as their headers say", Unquoted(f"{at:,}"))
    words = f"{count_with_noun(outside, 'value')} of {images.size:,} outside of the range became black or white."
    reading.record_conversion("clipped", outside, words)
    fractions = sum(math.prod(one.shape) for one, span in zip(several, spans, strict=True) if not span.whole)
    reading.record_conversion(
        "levels", fractions, f"{count_with_noun(fractions, 'value')} with fractions rounded to 256 levels."
    )
    return images, scale.white, scale.words
