"""Data augmentation of training samples: mirroring, shifting, and dropping events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnviz.design.binning import Augment

Counts = NDArray[np.uint8]


def augment(samples: Counts, augmentation: Augment, rng: np.random.Generator) -> Counts:
    """Returns augmented copies of images (B, C, H, W) or frames of event counts (B, T, P, H, W), each changed at
    random.

    Mirroring and shifting are exact: pixels leave at one border and zeros enter at the other. Each event is dropped
    with probability `drop`, so that counts are thinned binomially; a count of 255 is treated as 255 events, a binary
    frame's 1 as one.
    """
    found = samples.copy()
    if augmentation.flip == "on":
        mirrored = rng.random(len(found)) < 0.5
        found[mirrored] = found[mirrored][..., ::-1]
    if augmentation.shift:
        for sample, (dy, dx) in zip(
            found, rng.integers(-augmentation.shift, augmentation.shift + 1, (len(found), 2)), strict=True
        ):
            _move(sample, int(dy), int(dx))
    if augmentation.drop:
        _thin(found, augmentation.drop, rng)
    return found


def _thin(found: Counts, drop: float, rng: np.random.Generator) -> None:
    """In place: one draw an event, which takes a third of the time of one binomial draw a pixel."""
    flat = found.reshape(-1)
    places = np.flatnonzero(flat)
    counts = flat[places]
    ends = np.cumsum(counts, dtype=np.int64)
    kept = np.zeros(ends[-1] + 1 if len(ends) else 1, np.int32)
    np.cumsum(rng.random(len(kept) - 1, dtype=np.float32) >= drop, out=kept[1:])
    flat[places] = kept[ends] - kept[ends - counts]


def _move(sample: Counts, dy: int, dx: int) -> None:
    """In place, (..., H, W)."""
    height, width = sample.shape[-2:]
    moved = np.zeros_like(sample)
    if abs(dy) < height and abs(dx) < width:
        to_y, from_y = slice(max(dy, 0), height + min(dy, 0)), slice(max(-dy, 0), height + min(-dy, 0))
        to_x, from_x = slice(max(dx, 0), width + min(dx, 0)), slice(max(-dx, 0), width + min(-dx, 0))
        moved[..., to_y, to_x] = sample[..., from_y, from_x]
    sample[:] = moved
