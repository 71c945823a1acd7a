"""Readers of files with one event recording: N-MNIST's .bin, arrays (.npy), HDF5 (.h5) and AEDAT 4 (.aedat4).

Events are returned as arrays (n,) of dtype `EVENT` and checked: at least one, ordered by time, within the sensor.
Nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files import aedat4, arrays
from snnviz.data.files.archives import InMemoryFile, Source
from snnviz.data.files.limits import RATIO
from snnviz.design.networks import Shape
from snnviz.errors import DataMissing, InputError, Unquoted

Array = NDArray[Any]

PIECE = 2**18
"""Number of events that are read at once."""

MAX_CHUNK_BYTES = 2**26
"""Largest chunk of an HDF5 data set, in bytes; a chunk is unpacked as a whole."""

EVENT = np.dtype([("x", np.int64), ("y", np.int64), ("t", np.int64), ("p", np.int64)])

EVENT_BYTES = 5
"""Bytes per event in a .bin: x, y, one bit of polarity and 23 bits of time in microseconds, big-endian."""

OVERFLOW, LATER = 240, 2**13
"""A .bin's row that is no row: all that follows is so many microseconds later."""

MAX_SIDE = 4096
"""Largest height and width of a sensor, in pixels."""

ORDER = ("x", "y", "t", "p")
"""Names of the columns of events. Times are in microseconds."""


FIELD_ALIASES = {
    "x": ("x", "xs"),
    "y": ("y", "ys"),
    "t": ("t", "ts", "time", "timestamp", "timestamps"),
    "p": ("p", "ps", "pol", "polarity", "on"),
}
"""Accepted names of each field in a structured array."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options for reading recordings: the order of unnamed columns, and the stream of an AEDAT 4 file.

    `count`: called with the number of events before they are read.
    """

    columns: str = "xytp"
    stream: int | None = None
    count: Callable[[int], None] = lambda _: None


def read_recording(path: Path, shape: Shape) -> Array:
    """Returns the events of a file, whose suffix tells the format; at least one. Raises `DataMissing` for a damaged
    file.

    `shape`: (polarities, height, width) of the sensor.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataMissing(f"The recording {path} must be readable, got {type(error).__name__}: replace it.") from None
    try:
        found = parse_recording(raw, path.suffix)
    except InputError as error:
        raise DataMissing(f"The recording {path} {str(error).removeprefix('recording ')}: replace it.") from None
    polarities, height, width = shape
    fits = len(found) and found["x"].max() < width and found["y"].max() < height and found["p"].max() < polarities
    if not fits:
        raise DataMissing(f"The recording {path} must hold events of {width}x{height} pixels: replace it.")
    return found


def read_gesture_recording(path: Path, shape: Shape) -> Array:
    """Returns the events of a file of tonic's DVS Gesture, whose columns are x, y, p and t in milliseconds.

    Raises `DataMissing` for a damaged file.
    """
    found = read_recording(path, (1 << 62, *shape[1:]))  # what is read as p is the time
    if found["t"].max() >= shape[0]:
        raise DataMissing(f"The recording {path} must hold polarities of 0 and 1, got {found['t'].max()}: replace it.")
    found["t"], found["p"] = found["p"] * 1000, found["t"].copy()
    return found


def parse_recording(raw: bytes, ending: str) -> Array:
    """Returns the events in the bytes of a file with the suffix `ending`: .bin, .npy, .h5 or .aedat4. Raises
    `InputError`.

    Coordinates are at least 0 and below `MAX_SIDE`, polarities at least 0.
    """
    several = list(recording_chunks(InMemoryFile(raw), ending))
    found = np.concatenate(several) if several else np.zeros(0, EVENT)
    if len(found) and found["p"].min() == -1 and not np.any(found["p"] == 0):
        found["p"] = (found["p"] + 1) // 2  # -1 and 1, another custom
    if len(found) and found["p"].min() < 0:
        raise InputError("recording", "hold polarities of 0 and 1", int(found["p"].min()))
    return found


def recording_chunks(source: Source, ending: str, how: ReadOptions | None = None) -> Iterator[Array]:
    """Yields the events of a file in chunks, by its suffix `ending`; polarities may be -1 and 1. Raises
    `InputError`.
    """
    for piece in PARSERS[ending](source, how or ReadOptions()):
        for axis in "xy":
            if len(piece) and not 0 <= piece[axis].min() <= piece[axis].max() < MAX_SIDE:
                rule = f"hold {axis} from 0 to {MAX_SIDE - 1}"
                outside = piece[axis].min() if piece[axis].min() < 0 else piece[axis].max()
                raise InputError("recording", rule, int(outside))
        yield piece


def bin_chunks(source: Source, _: ReadOptions) -> Iterator[Array]:
    """Yields the events of an N-MNIST .bin file in chunks, as `tonic.io.read_mnist_file` reads them. Raises
    `InputError`.
    """
    if not source.size or source.size % EVENT_BYTES:
        raise InputError("recording", "hold whole events", Unquoted(f"{source.size:,} bytes"))
    later = 0
    with source.open() as file:
        while raw := file.read(EVENT_BYTES * PIECE):
            table = np.frombuffer(raw, np.uint8).reshape(-1, EVENT_BYTES).astype(np.int64)
            over = later + np.cumsum(table[:, 1] == OVERFLOW) * LATER
            events = np.zeros(len(table), EVENT)
            events["x"], events["y"], events["p"] = table[:, 0], table[:, 1], table[:, 2] >> 7
            events["t"] = ((table[:, 2] & 127) << 16 | table[:, 3] << 8 | table[:, 4]) + over
            later = int(over[-1])
            yield events[table[:, 1] != OVERFLOW]


def npy_chunks(source: Source, how: ReadOptions) -> Iterator[Array]:
    """Yields the events of a .npy file in chunks: an array with the fields x, y, t and p, or with four columns.

    Raises `InputError`.
    """
    found = arrays.open_npy(source, "recording")
    how.count(found.shape[0] if found.shape else 0)
    kind = np.zeros((0, *found.shape[1:]), found.dtype)
    event_columns(kind if found.shape else np.zeros((), found.dtype), how.columns)
    for piece in found.pieces():
        yield structured_events(piece, how.columns)


def event_columns(found: NDArray[Any], order: str = "xytp") -> list[NDArray[Any]]:
    """Returns the columns x, y, t and p of an array, by field name or, for a plain array, in the given order.

    Raises `InputError`.
    """
    names = found.dtype.names
    if names is not None and found.ndim == 1:
        known = {axis: [name for name in names if name.lower() in also] for axis, also in FIELD_ALIASES.items()}
        if all(len(several) == 1 for several in known.values()):
            return [found[known[axis][0]] for axis in ORDER]
    elif names is None and found.ndim == 2 and found.shape[1] == 4:
        return [found[:, order.index(axis)] for axis in ORDER]
    rule = "be an array with fields x, y, t and p, or of four columns"
    raise InputError("recording", rule, Unquoted(f"shape {found.shape} of {found.dtype}"))


def structured_events(found: NDArray[Any], order: str = "xytp") -> Array:
    """Returns events of dtype `EVENT` from an array of integers with fields, or columns in the given order, x, y, t and
    p. Raises `InputError`.
    """
    events = np.zeros(len(found), EVENT)
    for name, column in zip(ORDER, event_columns(found, order), strict=True):
        events[name] = integer_column(column, name)
    return events


def integer_column(column: NDArray[Any], name: str, field: str = "recording") -> NDArray[np.int64]:
    """Returns a column of whole numbers as int64. Raises `InputError`, which calls it `name` of `field`."""
    if column.dtype.kind not in "iubf" or column.ndim != 1:
        raise InputError(field, f"hold whole numbers as {name}", Unquoted(f"{column.dtype} {column.shape}"))
    if column.dtype.kind == "f" and not (np.isfinite(column).all() and (column == np.floor(column)).all()):
        raise InputError(field, f"hold whole numbers as {name}", Unquoted("fractions"))
    if len(column) and not -(2**62) <= column.min() <= column.max() <= 2**62:
        raise InputError(field, f"hold numbers that 63 bits hold as {name}", Unquoted("larger ones"))
    return column.astype(np.int64)


def h5_chunks(source: Source, how: ReadOptions) -> Iterator[Array]:
    """Yields the events of an HDF5 file in chunks, arrays (n,) with the fields x, y, t and p (`EVENT`).

    source: the file, with data sets x, y, t and p at its root or in a group "events". how: only its
    `count` is used, which is told the number of events. External links are not followed. Raises `InputError`.
    """
    try:
        import h5py
    except ImportError:
        raise InputError("recording", "be .npy where h5py is not installed", Unquoted("HDF5")) from None
    try:
        with source.open() as raw, h5py.File(raw, "r") as file:
            place = file["events"] if _is_own(file, "events") and isinstance(file["events"], h5py.Group) else file
            several = []
            for name in ORDER:
                inner = place[name] if _is_own(place, name) else None
                if not isinstance(inner, h5py.Dataset) or inner.is_virtual or inner.external or inner.ndim != 1:
                    raise InputError("recording", f"hold a data set {name} of one dimension", Unquoted("none"))
                if inner.dtype.kind not in "iubf":
                    raise InputError("recording", f"hold whole numbers as {name}", Unquoted(str(inner.dtype)))
                how.count(len(inner))
                if len(inner) * inner.dtype.itemsize > RATIO * (2**12 + inner.id.get_storage_size()):
                    raise InputError("recording", f"hold the numbers of {name}", Unquoted("a length without them"))
                if inner.chunks and inner.chunks[0] * inner.dtype.itemsize > MAX_CHUNK_BYTES:
                    raise InputError("recording", f"hold {name} in parts of at most 64 MB", Unquoted("larger ones"))
                several.append(inner)
            if len({len(column) for column in several}) > 1:
                raise InputError("recording", "hold as many x as y, t and p", Unquoted("different numbers"))
            step = max(PIECE, *(column.chunks[0] for column in several if column.chunks), 0)  # a part is unpacked whole
            for first in range(0, len(several[0]), step):
                events = np.zeros(min(step, len(several[0]) - first), EVENT)
                for name, column in zip(ORDER, several, strict=True):
                    events[name] = integer_column(column[first : first + step], name)
                yield events
    except (InputError, MemoryError):
        raise
    except Exception as error:  # h5py has no one kind of error for a damaged file
        raise InputError("recording", "be an HDF5 file", Unquoted(" ".join(str(error).split())[:60])) from None


def _is_own(place: Any, name: str) -> bool:
    """Whether it lies in the file itself: a link may name any file of this machine."""
    import h5py

    return name in place and isinstance(place.get(name, getlink=True), h5py.HardLink)


def aedat4_chunks(source: Source, how: ReadOptions) -> Iterator[Array]:
    """Yields the events of an AEDAT 4 file in chunks; times are microseconds since 1970. Raises `InputError`."""
    for found in aedat4.iterate_events(source(), how.stream):
        events = np.zeros(len(found), EVENT)
        for name, column in zip(ORDER, ("x", "y", "t", "on"), strict=True):
            events[name] = found[column]
        how.count(len(found))
        yield events


PARSERS: dict[str, Callable[[Source, ReadOptions], Iterator[Array]]] = {
    ".bin": bin_chunks,
    ".npy": npy_chunks,
    ".h5": h5_chunks,
    ".hdf5": h5_chunks,
    ".aedat4": aedat4_chunks,
}
