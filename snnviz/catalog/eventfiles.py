"""Files of one recording: N-MNIST's .bin, arrays (.npy), HDF5 (.h5) and AEDAT 4 (.aedat4), read with bounds.

Whatever the file, its events are (n,) of `EVENT`, checked: some, in the order of time, on pixels of the sensor. Nothing
is unpickled.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog import aedat4
from snnviz.catalog.layers import Shape
from snnviz.errors import DataMissing, Described, InputError

Array = NDArray[Any]

MOST_BYTES = aedat4.MOST_BYTES

EVENT = np.dtype([("x", np.int64), ("y", np.int64), ("t", np.int64), ("p", np.int64)])

BYTES = 5
"""Of one event in a .bin: x, y, one bit of polarity and 23 of the time in microseconds, big-endian."""

OVERFLOW, LATER = 240, 2**13
"""A .bin's row that is no row: all that follows is so many microseconds later."""

MOST_SIDE = 4096
"""Pixels of a sensor's side."""

ORDER = ("x", "y", "t", "p")
"""Of the columns of an array without names. Times are in microseconds."""


def read(path: Path, shape: Shape) -> Array:
    """The events of a file by its ending, at least one. Raises `DataMissing` naming a damaged file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataMissing(f"The recording {path} must be readable, got {type(error).__name__}: replace it.") from None
    try:
        found = parse(raw, path.suffix)
    except InputError as error:
        raise DataMissing(f"The recording {path} {str(error).removeprefix('recording ')}: replace it.") from None
    polarities, height, width = shape
    fits = len(found) and found["x"].max() < width and found["y"].max() < height and found["p"].max() < polarities
    if not fits:
        raise DataMissing(f"The recording {path} must hold events of {width}x{height} pixels: replace it.")
    return found


def read_gesture(path: Path, shape: Shape) -> Array:
    """As `read`, of tonic's files of DVS Gesture: columns x, y, p and t in milliseconds."""
    found = read(path, (1 << 62, *shape[1:]))  # what is read as p is the time
    if found["t"].max() >= shape[0]:
        raise DataMissing(f"The recording {path} must hold polarities of 0 and 1, got {found['t'].max()}: replace it.")
    found["t"], found["p"] = found["p"] * 1000, found["t"].copy()
    return found


def parse(raw: bytes, ending: str) -> Array:
    """The events in the bytes of a file: .bin, .npy, .h5 or .aedat4. Raises `InputError`.

    Coordinates are from 0 to below `MOST_SIDE`, polarities from 0.
    """
    found = PARSERS[ending](raw)
    for axis in "xy":
        if len(found) and not 0 <= found[axis].min() <= found[axis].max() < MOST_SIDE:
            rule = f"hold {axis} from 0 to {MOST_SIDE - 1}"
            outside = found[axis].min() if found[axis].min() < 0 else found[axis].max()
            raise InputError("recording", rule, int(outside))
    if len(found) and found["p"].min() < 0:
        raise InputError("recording", "hold polarities of 0 and 1", int(found["p"].min()))
    return found


def parse_bin(raw: bytes) -> Array:
    """N-MNIST's form, as `tonic.io.read_mnist_file` reads it."""
    if not raw or len(raw) % BYTES:
        raise InputError("recording", "hold whole events", Described(f"{len(raw):,} bytes"))
    table = np.frombuffer(raw, np.uint8).reshape(-1, BYTES).astype(np.int64)
    later = np.cumsum(table[:, 1] == OVERFLOW) * LATER
    events = np.zeros(len(table), EVENT)
    events["x"], events["y"], events["p"] = table[:, 0], table[:, 1], table[:, 2] >> 7
    events["t"] = ((table[:, 2] & 127) << 16 | table[:, 3] << 8 | table[:, 4]) + later
    found: Array = events[table[:, 1] != OVERFLOW]
    return found


def parse_npy(raw: bytes) -> Array:
    """An array with the fields x, y, t and p, or of four columns in that order. Its header is read before it is."""
    return structured(array(raw, "recording"))


def structured(found: NDArray[Any]) -> Array:
    """Whole numbers with the fields x, y, t and p, or in four columns, as events. Raises `InputError`."""
    names = found.dtype.names
    if names is not None and found.ndim == 1 and set(ORDER) <= set(names):
        columns = [found[name] for name in ORDER]
    elif names is None and found.ndim == 2 and found.shape[1] == 4:
        columns = list(found.T)
    else:
        rule = "be an array with fields x, y, t and p, or of four columns"
        raise InputError("recording", rule, Described(f"shape {found.shape} of {found.dtype}"))
    events = np.zeros(len(found), EVENT)
    for name, column in zip(ORDER, columns, strict=True):
        events[name] = whole(column, name)
    if len(events) and events["p"].min() == -1 and not np.any(events["p"] == 0):
        events["p"] = (events["p"] + 1) // 2  # -1 and 1, another custom
    return events


def whole(column: NDArray[Any], name: str, field: str = "recording") -> NDArray[np.int64]:
    """A column of whole numbers that an int64 holds. Raises `InputError`, which calls it `name` of `field`."""
    if column.dtype.kind not in "iubf" or column.ndim != 1:
        raise InputError(field, f"hold whole numbers as {name}", Described(f"{column.dtype} {column.shape}"))
    if column.dtype.kind == "f" and not (np.isfinite(column).all() and (column == np.floor(column)).all()):
        raise InputError(field, f"hold whole numbers as {name}", Described("fractions"))
    if len(column) and not -(2**62) <= column.min() <= column.max() <= 2**62:
        raise InputError(field, f"hold numbers that 63 bits hold as {name}", Described("larger ones"))
    return column.astype(np.int64)


def array(raw: bytes, field: str) -> NDArray[Any]:
    """An array of numbers from the bytes of a .npy, none of which is unpickled. Raises `InputError`."""
    file = io.BytesIO(raw)
    try:
        shape, order, dtype = header(file)
    except Exception as error:  # numpy hands the header to Python's parser, which raises what it likes
        raise InputError(field, "be an array of numbers (.npy)", Described(" ".join(str(error).split())[:60])) from None
    if dtype.hasobject:
        raise InputError(field, "be an array of numbers", Described("pickled objects, which are never opened"))
    size, have = math.prod(shape) * dtype.itemsize, len(raw) - file.tell()
    if size > have:
        raise InputError(field, f"be whole ({size:,} bytes by its header)", Described(f"{have:,} bytes"))
    flat = np.frombuffer(raw, dtype, math.prod(shape), file.tell())
    return flat.reshape(shape, order="F" if order else "C")


def header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of the array that follows in a .npy. Raises `ValueError` and its like."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format")
    reading = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, order, dtype = reading(file)
    if any(not isinstance(side, int) or side < 0 for side in shape):
        raise ValueError(f"shape {shape}")
    return shape, order, dtype


def parse_h5(raw: bytes) -> Array:
    """HDF5 with data sets x, y, t and p at its root, or in a group "events". Nothing outside the file is opened."""
    try:
        import h5py
    except ImportError:
        raise InputError("recording", "be .npy where h5py is not installed", Described("HDF5")) from None
    try:
        with h5py.File(io.BytesIO(raw), "r") as file:
            place = file["events"] if _is_own(file, "events") and isinstance(file["events"], h5py.Group) else file
            columns = []
            for name in ORDER:
                inner = place[name] if _is_own(place, name) else None
                if not isinstance(inner, h5py.Dataset) or inner.is_virtual or inner.external or inner.ndim != 1:
                    raise InputError("recording", f"hold a data set {name} of one dimension", Described("none"))
                if inner.dtype.kind not in "iubf" or len(inner) * inner.dtype.itemsize > MOST_BYTES:
                    raise InputError("recording", f"hold whole numbers as {name}", Described(str(inner.dtype)))
                columns.append(inner)
            if len({len(column) for column in columns}) > 1:
                raise InputError("recording", "hold as many x as y, t and p", Described("different numbers"))
            events = np.zeros(len(columns[0]), EVENT)
            for name, column in zip(ORDER, columns, strict=True):
                events[name] = whole(column[:], name)
            return events
    except InputError:
        raise
    except Exception as error:  # h5py has no one kind of error for a damaged file
        raise InputError("recording", "be an HDF5 file", Described(" ".join(str(error).split())[:60])) from None


def _is_own(place: Any, name: str) -> bool:
    """Whether it lies in the file itself: a link may name any file of this machine."""
    import h5py

    return name in place and isinstance(place.get(name, getlink=True), h5py.HardLink)


def parse_aedat4(raw: bytes) -> Array:
    """AEDAT 4, whose times are since 1970."""
    found = aedat4.events(raw)
    events = np.zeros(len(found), EVENT)
    for name, column in zip(ORDER, ("x", "y", "t", "on"), strict=True):
        events[name] = found[column]
    return events


PARSERS: dict[str, Callable[[bytes], Array]] = {
    ".bin": parse_bin,
    ".npy": parse_npy,
    ".h5": parse_h5,
    ".hdf5": parse_h5,
    ".aedat4": parse_aedat4,
}
