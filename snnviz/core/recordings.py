"""Converts event recordings to frames of event counts, cached in a file that later runs map into memory."""

from __future__ import annotations

import hashlib
import math
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnviz.core import frame_cache
from snnviz.data.frames import events_to_frames as binned
from snnviz.data.samples import RecordingSet
from snnviz.design.binning import Events
from snnviz.design.networks import Shape
from snnviz.errors import DataMissing
from snnviz.places import cache_dir

Frames = NDArray[np.uint8]

BATCH_RECORDINGS = 64
"""Number of recordings that are held in memory at a time."""

ABANDONED_SECONDS = 3600.0

STATISTICS = np.dtype([("mean", "<f8"), ("std", "<f8")])
"""Dtype of the statistics at the end of a file of frames, behind the array."""

VERSION = 2
"""Version of the file format and of the way of counting, part of the file's name."""


@dataclass(frozen=True, slots=True)
class FrameFile:
    """Frames (N, T, P, H, W), memory-mapped, and mean and standard deviation of all their counts."""

    frames: Frames
    mean: float
    std: float


def frames_path(part: RecordingSet, steps: int, events: Events) -> Path:
    """Returns the path of the cached frames, named by a hash of the settings and of each recording (path, size and
    time).
    """
    digest = hashlib.sha256(f"{VERSION}:{steps}:{events.model_dump_json()}".encode())
    for number in range(len(part)):
        digest.update(f"\n{part.fingerprint(number)}".encode())
    return cache_dir() / "datasets" / part.folder / f"frames-{digest.hexdigest()[:16]}.npy"


def open_frames(path: Path, count: int, steps: int, shape: Shape) -> FrameFile | None:
    """Returns the frames in a cache file, or None if it is missing or incomplete."""
    try:
        found = np.load(path, mmap_mode="c", allow_pickle=False)  # torch wants to be allowed to write; nothing does
        if found.dtype != np.uint8 or found.shape != (count, steps, *shape):
            return None
        with path.open("rb") as file:
            file.seek(-STATISTICS.itemsize, os.SEEK_END)
            if file.tell() != found.offset + found.nbytes:
                return None
            mean, std = np.frombuffer(file.read(), STATISTICS)[0].tolist()
    except (OSError, ValueError, EOFError):
        return None
    frame_cache.mark_used(path)
    return FrameFile(found, mean, std)


def write_frames(path: Path, part: RecordingSet, steps: int, how: Events, shape: Shape) -> Iterator[int]:
    """Writes the frames of `part` to `path`, atomically; yields the number of recordings done so far. Raises
    `DataMissing`.
    """
    new: Path | None = None
    levels = np.zeros(256, np.int64)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _tidy(path.parent)
        frame_cache.free_space(len(part) * steps * math.prod(shape))
        new = path.parent / f"frames-{uuid.uuid4().hex}.tmp"
        with new.open("xb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (len(part), steps, *shape)}
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(part), BATCH_RECORDINGS):
                some = range(start, min(start + BATCH_RECORDINGS, len(part)))
                found = np.stack([binned(events, steps, part.sensor, how) for events in part.read(some)])
                levels += np.bincount(found.ravel(), minlength=256)
                file.write(found.tobytes())
                yield some.stop
            file.write(_scale(levels))
        os.replace(new, path)
    except OSError as error:
        size = len(part) * steps * int(np.prod(shape)) / 1e6
        reason = error.strerror or type(error).__name__
        raise DataMissing(
            f"The frames of {len(part):,} recordings need {size:,.0f} MB in {path.parent}, which could not be "
            f"written ({reason}): make room there or ask for fewer of them."
        ) from None
    finally:
        if new is not None:
            new.unlink(missing_ok=True)


def _scale(levels: NDArray[np.int64]) -> bytes:
    shares, level = levels / max(levels.sum(), 1), np.arange(256)
    mean = float(shares @ level)
    return np.array([(mean, max(float(shares @ level**2) - mean**2, 0) ** 0.5)], STATISTICS).tobytes()


def _tidy(folder: Path) -> None:
    """What a process left that was killed while it wrote."""
    for left in folder.glob("frames-*.tmp"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                left.unlink()
