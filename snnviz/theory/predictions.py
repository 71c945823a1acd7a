"""Predicted classes of all test images, packed into a stored row, and the difference of two runs computed from them."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from snnviz.events import Predictions
from snnviz.theory.mcnemar import Disagreement, disagreement

Key = TypeVar("Key")
"""What a pair of runs is found by: its seed, or its combination and seed."""


def pack_predictions(epoch: int, data: str, predicted: NDArray[np.int64], labels: NDArray[np.int64]) -> Predictions:
    """Returns the row of the classes (images,) that a network predicts for test images of the data set `data`.

    The test set is named by a digest of the data set's name and its labels in order, which changes with the images that
    are drawn.
    """
    name = hashlib.sha256(data.encode() + b"\0" + labels.astype("<i8").tobytes()).hexdigest()[:16]
    small = predicted.astype("<u1" if predicted.max(initial=0) < 256 else "<u2")
    return Predictions(
        epoch, len(labels), name, _packed(small.tobytes()), _packed(np.packbits(predicted == labels).tobytes())
    )


def predicted_classes(row: Predictions) -> NDArray[np.int64]:
    """Returns the predicted class of each test image (images,), in the order of the test set."""
    said = _unpacked(row.predicted, 2 * row.images)
    return np.frombuffer(said, "<u1" if len(said) == row.images else "<u2").astype(np.int64)


def correct_images(row: Predictions) -> NDArray[np.bool_]:
    """Returns which test images (images,) are classified correctly."""
    bits = np.frombuffer(_unpacked(row.correct, row.images // 8 + 1), np.uint8)
    return np.unpackbits(bits, count=row.images).astype(bool)


def disagreement_of_runs(a: Mapping[Key, Predictions], b: Mapping[Key, Predictions]) -> Disagreement | None:
    """Returns the difference in accuracy of B and A on the test images, given the predictions of both by seed, or by
    whatever else names a pair of runs.

    None if there is no pair in which both have predictions for the same test set.
    """
    keys = [key for key in a if key in b and a[key].test_set == b[key].test_set]
    if not keys:
        return None
    right = [[correct_images(rows[key]) for key in keys] for rows in (a, b)]
    return disagreement(*right, test_sets=[a[key].test_set for key in keys])


def _packed(said: bytes) -> str:
    return base64.b64encode(zlib.compress(said, 9)).decode("ascii")


def _unpacked(text: str, most: int) -> bytes:
    return zlib.decompressobj().decompress(base64.b64decode(text), most)
