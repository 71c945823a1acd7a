"""Reading .npy arrays in pieces, the header first, without unpickling."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files.archives import Source, short_error
from snnviz.errors import InputError, Unquoted

CHUNK_BYTES = 2**22
"""Number of bytes of an array that are read at once."""

HEADER_BYTES = 2**16


def read_npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Returns shape, whether the order is Fortran's, and dtype from the header of a .npy file.

    Raises `ValueError` and other exceptions of numpy's parser.
    """
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format")
    reading = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, order, dtype = reading(file)
    if any(type(side) is not int or side < 0 for side in shape):  # True is an int, and no length
        raise ValueError(f"shape {shape}")
    if math.prod(max(side, 1) for side in shape) * max(dtype.itemsize, 1) >= 2**48:
        raise ValueError(f"shape {shape}")
    if not dtype.itemsize and not dtype.hasobject:
        raise ValueError(f"numbers of no bytes ({dtype})")
    return shape, order, dtype


@dataclass(frozen=True, slots=True)
class LazyArray:
    """An array in a .npy file that is read on demand; `field` names it in error messages, `start` is the byte
    offset.
    """

    field: str
    source: Source
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    start: int

    @property
    def nbytes(self) -> int:
        """Size of the whole array in bytes, as the header says."""
        return math.prod(self.shape) * self.dtype.itemsize

    def whole(self) -> NDArray[Any]:
        """Returns the whole array. Raises `InputError` if the file is too short."""
        raw = self.source()
        have = len(raw) - self.start
        if self.nbytes > have:
            raise InputError(self.field, f"be whole ({self.nbytes:,} bytes by its header)", Unquoted(f"{have:,} bytes"))
        flat = np.frombuffer(raw, self.dtype, math.prod(self.shape), self.start)
        return flat.reshape(self.shape, order="F" if self.fortran else "C")

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Yields the array in consecutive pieces along the first axis. Raises `InputError` if the file is too short."""
        if not math.prod(self.shape):
            return
        if self.fortran and len(self.shape) > 1:
            yield self.whole()
            return
        row = self.nbytes // self.shape[0]
        rows = max(1, CHUNK_BYTES // row)
        with self.source.open() as file:
            self._read(file, self.start)
            for first in range(0, self.shape[0], rows):
                count = min(rows, self.shape[0] - first)
                raw = self._read(file, count * row)
                yield np.frombuffer(raw, self.dtype).reshape(count, *self.shape[1:])

    def _read(self, file: IO[bytes], size: int) -> bytes:
        try:
            raw = file.read(size)
        except MemoryError:
            raise
        except Exception as error:  # as in `archives.ArchiveMember`
            raise InputError(self.field, "be a whole array", Unquoted(short_error(error))) from None
        if len(raw) < size:
            rule = f"be whole ({self.nbytes:,} bytes by its header)"
            raise InputError(self.field, rule, Unquoted(f"{max(self.source.size - self.start, 0):,} bytes"))
        return raw


def open_npy(source: Source, field: str) -> LazyArray:
    """Returns the array of a .npy file as a `LazyArray`, after reading its header. Raises `InputError` naming
    `field`.
    """
    file = io.BytesIO(source(HEADER_BYTES))
    try:
        shape, order, dtype = read_npy_header(file)
    except MemoryError:
        raise
    except Exception as error:  # numpy hands the header to Python's parser, which raises what it likes
        raise InputError(field, "be an array of numbers (.npy)", Unquoted(short_error(error))) from None
    if dtype.hasobject:
        raise InputError(field, "be an array of numbers", Unquoted("pickled objects, which are never opened"))
    found = LazyArray(field, source, shape, order, dtype, file.tell())
    if found.nbytes > source.size - found.start:
        have = Unquoted(f"{max(source.size - found.start, 0):,} bytes")
        raise InputError(field, f"be whole ({found.nbytes:,} bytes by its header)", have)
    return found
