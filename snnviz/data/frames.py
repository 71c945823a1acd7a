"""Events of event cameras: conversion to frames, preprocessing, and simulation of events from a still image.

An event is x, y, a time t in microseconds and a polarity p, 1 where a pixel became brighter. Frames equal those of
`tonic.transforms.ToFrame`, and cropping, downsampling and denoising equal tonic's, as tests check.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.eventsets import MARGIN as MARGIN
from snnviz.data.files.eventfiles import EVENT as EVENT
from snnviz.design.binning import Events, resulting_side
from snnviz.design.networks import Shape

Array = NDArray[Any]
"""(n,) of `EVENT`, ordered by time."""

Frames = NDArray[np.uint8]
"""(T, P, H, W)."""

Floats = NDArray[np.float64]


def events_to_frames(events: Array, steps: int, sensor: Shape, preprocessing: Events | None = None) -> Frames:
    """Returns a recording as frames (T, P, H, W) of event counts, at most 255, or of 0 and 1 for binary frames.

    `sensor`: (P, H, W). Without a window length the recording is cut into T equal parts of whole microseconds; the last
    frame also counts the last events, which tonic drops. Windows start at the first event, and events after the last
    window are ignored.
    """
    preprocessing = preprocessing or Events()
    polarities, height, width = sensor
    shape = (polarities, resulting_side(height, preprocessing), resulting_side(width, preprocessing))
    if not len(events):
        return np.zeros((steps, *shape), np.uint8)
    first, last = int(events["t"].min()), int(events["t"].max())
    events = preprocess_events(events, sensor, preprocessing)
    passed = events["t"].astype(np.int64) - first
    if preprocessing.window_ms:
        step = passed // max(round(preprocessing.window_ms * 1000), 1)
        events, step = events[step < steps], step[step < steps]
    else:
        step = np.minimum(passed // max((last - first) // steps, 1), steps - 1)
    place = ((step * polarities + events["p"]) * shape[1] + events["y"]) * shape[2] + events["x"]
    counts = np.bincount(place, minlength=steps * int(np.prod(shape)))
    return np.minimum(counts, 1 if preprocessing.bins == "binary" else 255).astype(np.uint8).reshape(steps, *shape)


def preprocess_events(events: Array, sensor: Shape, how: Events) -> Array:
    """Returns denoised, cropped and downsampled events, with their new coordinates."""
    if how.denoise_ms:
        events = events[has_recent_neighbour(events, round(how.denoise_ms * 1000))]
    if how.crop:
        events = center_crop(events, sensor, how.crop)
    if how.downsample > 1:
        events = events.copy()
        events["x"] //= how.downsample
        events["y"] //= how.downsample
    return events


def center_crop(events: Array, sensor: Shape, side: int) -> Array:
    """Returns the events of the central square of `side` pixels, with new coordinates, as
    `tonic.transforms.CenterCrop`.
    """
    top, left = (sensor[1] - side) // 2, (sensor[2] - side) // 2
    x, y = events["x"] - left, events["y"] - top
    kept = (x >= 0) & (x < side) & (y >= 0) & (y < side)
    found = events[kept].copy()
    found["x"], found["y"] = x[kept], y[kept]
    return found


def has_recent_neighbour(events: Array, microseconds: int) -> NDArray[np.bool_]:
    """Returns for each event, (n,) bool, whether one of the four neighbouring pixels had an event (of either polarity)
    less than `microseconds` before; others count as noise.

    As `tonic.transforms.Denoise`, which also keeps all events with a time below its `filter_time`.
    """
    count = len(events)
    if not count:
        return np.zeros(0, bool)
    width = int(events["x"].max()) + 3  # a column on either side keeps neighbours in one row
    pixel = (events["y"].astype(np.int64) + 1) * width + events["x"] + 1
    number, times = np.arange(count), events["t"].astype(np.int64)
    keys = np.sort(pixel * count + number)  # by pixel, then in the order of time
    found = np.zeros(count, bool)
    for offset in (-1, 1, -width, width):
        beside = pixel + offset
        place = np.searchsorted(keys, beside * count + number) - 1  # the last event there before this one
        last = keys[np.maximum(place, 0)]
        there = (place >= 0) & (last // count == beside)
        found |= there & (times[last % count] + microseconds > times)
    return found


def events_per_step(found: Frames) -> NDArray[np.int64]:
    """Returns the number of events of each polarity at each time step, an array (T, P)."""
    sums: NDArray[np.int64] = found.sum((2, 3), dtype=np.int64)
    return sums


SACCADE_PATH = ((-0.5, 0.5), (0.0, -0.5), (0.5, 0.5), (-0.5, 0.5))
"""Corners of the triangle along which the camera of N-MNIST moves, (x, y), in units of twice `MARGIN` pixels."""

SACCADE_US = 100_000
PARTS = 20
"""Number of parts of a saccade; the image is sampled once per part and intensities are interpolated linearly."""

DARK_INTENSITY = 0.1
"""Added to intensities from 0 to 1 before their logarithm is taken."""

THRESHOLD = 0.45
"""Change of the logarithm of the intensity that causes an event."""

ALMOST = 0.999
"""Share of the threshold that suffices, so that rounding errors do not change the number of events."""


def simulate_saccades(image: NDArray[Any]) -> Array:
    """Returns the simulated events of an ideal event camera for an image (H, W) or (C, H, W) with intensities in [0,
    1].

    After Orchard et al. 2015: three moves of 100 ms along a triangle, slow at the corners, by a sensor with `MARGIN`
    pixels more on each side. A pixel emits an event whenever the logarithm of its intensity, the mean of the colours,
    has changed by `THRESHOLD` since its last event. There is no noise: the same image gives the same events.
    """
    return simulate_saccades_batch(np.asarray(image, np.float32)[None])[0]


def simulate_saccades_batch(images: NDArray[np.floating[Any]]) -> list[Array]:
    """Returns the events that `simulate_saccades` gives for each of several images (B, H, W) or (B, C, H, W)."""
    images = images.mean(1, dtype=np.float32) if images.ndim == 4 else images.astype(np.float32)
    count, height, width = images.shape
    reach = MARGIN + 1
    dark = np.pad(images, ((0, 0), (2 * reach, 2 * reach), (2 * reach, 2 * reach)))
    rows, columns = height + 2 * MARGIN, width + 2 * MARGIN
    found: list[tuple[NDArray[Any], ...]] = []
    reference = None
    for part, (dx, dy) in enumerate(_path()):
        x, y = dx + reach + 1, dy + reach + 1
        left, top = int(np.floor(x)), int(np.floor(y))
        a, b = np.float32(x - left), np.float32(y - top)
        view = dark[:, top : top + rows + 1, left : left + columns + 1]
        across = (1 - a) * view[:, :, :-1] + a * view[:, :, 1:]
        level = np.log((1 - b) * across[:, :-1] + b * across[:, 1:] + np.float32(DARK_INTENSITY))
        if reference is None:
            reference = level
            continue
        change = (level - reference) / np.float32(THRESHOLD * ALMOST)
        crossed = np.trunc(change).astype(np.int8)
        where = np.nonzero(crossed)
        number = crossed[where]
        found.append((np.full(len(number), part), *where, number, np.abs(change[where])))
        reference = reference + crossed * np.float32(THRESHOLD)
    return _split(found, count)


def _path() -> Floats:
    """Where the camera looks, in pixels, at the ends of all parts, (3 PARTS + 1, 2)."""
    eased = (1 - np.cos(np.pi * np.arange(PARTS) / PARTS)) / 2
    corners = np.array(SACCADE_PATH) * 2 * MARGIN
    moves = [start + eased[:, None] * (end - start) for start, end in pairwise(corners)]
    return np.concatenate([*moves, corners[-1:]])


def _split(found: list[tuple[NDArray[Any], ...]], count: int) -> list[Array]:
    """Events of each image in the order of time; several of a pixel in a part are spread over it."""
    part, image, y, x, number, reached = (np.concatenate(column) for column in zip(*found, strict=True))
    times = np.abs(number).astype(np.int32)
    each = np.repeat(np.arange(len(number), dtype=np.int32), times)
    nth = np.arange(1, len(each) + 1, dtype=np.int32) - np.repeat(np.cumsum(times, dtype=np.int32) - times, times)
    span = np.float32(SACCADE_US / PARTS)
    t = ((part[each] - 1) * int(span) + np.minimum(nth / reached[each], 1) * span).astype(np.int64)
    order = np.argsort(image[each] * (3 * SACCADE_US + 1) + t, kind="stable")  # ties: by row, then by column
    each = each[order]
    events = np.zeros(len(each), EVENT)
    events["x"], events["y"], events["t"], events["p"] = x[each], y[each], t[order], number[each] > 0
    ends = np.searchsorted(image[each], np.arange(count + 1))
    return [events[start:end] for start, end in pairwise(ends)]
