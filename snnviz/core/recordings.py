"""Recordings of events as frames of counts, made once and kept in a file that later runs map into memory."""

from __future__ import annotations

import hashlib
import io
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.architectures import Shape
from snnviz.errors import DataMissing
from snnviz.places import cache_dir

Frames = NDArray[np.uint8]

EVENT = np.dtype([("x", np.int64), ("y", np.int64), ("t", np.int64), ("p", np.int64)])
BYTES = 5
"""Of one event: x, y, one bit of polarity and 23 of the time in microseconds, big-endian."""

AT_ONCE = 64
"""Recordings that are in memory together."""

ABANDONED_SECONDS = 3600.0


def read(path: Path, shape: Shape) -> NDArray[Any]:
    """The events of a file, (n,) of `EVENT`, n > 0, by tonic's reader. Raises `DataMissing` naming a damaged file."""
    from tonic.io import read_mnist_file  # takes a second, and most runs find their frames

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataMissing(f"The recording {path} must be readable, got {type(error).__name__}: replace it.") from None
    if not raw or len(raw) % BYTES:
        raise DataMissing(f"The recording {path} must hold whole events, got {len(raw):,} bytes: replace it.")
    events: NDArray[Any] = read_mnist_file(io.BytesIO(raw), dtype=EVENT, is_stream=True)
    _, height, width = shape
    if not len(events) or events["x"].max() >= width or events["y"].max() >= height:
        raise DataMissing(f"The recording {path} must hold events of {width}x{height} pixels: replace it.")
    return events


def binned(events: NDArray[Any], steps: int, shape: Shape) -> Frames:
    """Events of each polarity and pixel in each of T equal parts of their duration, (T, P, H, W), at most 255.

    `tonic.transforms.ToFrame` with n_time_bins=T, whose bins are whole microseconds, but for what is behind its last
    bin: the last event, and up to T - 1 microseconds before it, which tonic drops, are counted in the last frame.
    """
    passed = events["t"] - events["t"].min()
    step = np.minimum(passed // max(int(passed.max()) // steps, 1), steps - 1)
    polarities, height, width = shape
    place = ((step * polarities + events["p"]) * height + events["y"]) * width + events["x"]
    counts = np.bincount(place, minlength=steps * polarities * height * width)
    return np.minimum(counts, 255).astype(np.uint8).reshape(steps, *shape)


def place_of(name: str, files: Sequence[Path], steps: int) -> Path:
    """Where the frames of `files` are kept: named after T and each file's path, size and time of change."""
    digest = hashlib.sha256(f"1:{steps}".encode())
    for path in files:
        with suppress(OSError):  # an unreadable file is a sentence when it is read
            about = path.stat()
            digest.update(f"\n{path}:{about.st_size}:{about.st_mtime_ns}".encode())
    return cache_dir() / "datasets" / name / f"frames-{digest.hexdigest()[:16]}.npy"


def kept(place: Path, count: int, steps: int, shape: Shape) -> Frames | None:
    """The frames (N, T, P, H, W) in a file, mapped into memory, or None where it is not there or not whole."""
    try:
        found = np.load(place, mmap_mode="c")  # torch wants to be allowed to write; nothing reaches the file
    except (OSError, ValueError, EOFError):
        return None
    return found if found.dtype == np.uint8 and found.shape == (count, steps, *shape) else None


def make(place: Path, files: Sequence[Path], steps: int, shape: Shape) -> Iterator[int]:
    """Writes the frames of `files` to `place`, whole or not at all; yields how many are done. Raises `DataMissing`."""
    new: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _tidy(place.parent)
        new = place.parent / f"frames-{uuid.uuid4().hex}.tmp"
        with new.open("xb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (len(files), steps, *shape)}
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(files), AT_ONCE):
                some = files[start : start + AT_ONCE]
                file.write(np.stack([binned(read(path, shape), steps, shape) for path in some]).tobytes())
                yield start + len(some)
        os.replace(new, place)
    except OSError as error:
        size = len(files) * steps * int(np.prod(shape)) / 1e6
        reason = error.strerror or type(error).__name__
        raise DataMissing(
            f"The frames of {len(files):,} recordings need {size:,.0f} MB in {place.parent}, which could not be "
            f"written ({reason}): make room there or ask for fewer of them."
        ) from None
    finally:
        if new is not None:
            new.unlink(missing_ok=True)


def _tidy(folder: Path) -> None:
    """What a process left that was killed while it wrote."""
    for left in folder.glob("frames-*.tmp"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                left.unlink()
