r"""Reader of AEDAT 4, the format of iniVation's cameras and of CIFAR10-DVS, safe for untrusted files.

    "#!AER-DAT4.0\\r\\n", a header (compression, where the table of contents is, an XML text), then packets of
    (stream, size) and a FlatBuffer, each compressed on its own; those of events are called EVTS.

The format: https://docs.inivation.com/software/software-advanced-usage/file-formats/aedat-4.0.html. LZ4 blocks are
decoded here, as no other dependency needs an LZ4 package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data.files.limits import FLOOR, RATIO
from snnviz.errors import InputError, Unquoted

MAGIC = b"#!AER-DAT4.0\r\n"
PLAIN, LZ4, LZ4_HIGH = 0, 1, 2
LZ4_MAGIC = 0x184D2204

EVENTS = np.dtype(
    {
        "names": ["t", "x", "y", "on"],
        "formats": ["<i8", "<i2", "<i2", "u1"],
        "offsets": [0, 8, 10, 12],
        "itemsize": 16,
    }
)

MAX_BYTES = 2**30
"""Largest size of a recording's uncompressed events, in bytes."""


def iterate_events(raw: bytes, stream: int | None = None, most: int = MAX_BYTES) -> Iterator[NDArray[Any]]:
    """Yields the event packets of a file as arrays (n,) of dtype `EVENTS`, of one `stream` only if it is given.

    Raises `InputError` if the bytes are not a valid file or unpack to more than `most` bytes.
    """
    for number, packet in _packets(raw, most):
        if packet[8:12] == b"EVTS" and stream in (None, number):
            yield _elements(packet)


def stream_packet_counts(raw: bytes) -> dict[int, int]:
    """Returns the number of event packets of each stream of a file. Raises `InputError`."""
    found: dict[int, int] = {}
    for number, packet in _packets(raw, MAX_BYTES):
        if packet[8:12] == b"EVTS":
            found[number] = found.get(number, 0) + 1
    return found


def stream_resolutions(raw: bytes) -> dict[int, tuple[int, int]]:
    """Returns (height, width) in pixels of the camera of each stream, as the file's XML header says."""
    text = raw[:65_536].decode("latin-1").split("</dv>")[0]
    found = {}
    for part in re.split(r'<node name="(?=\d{1,3}")', text)[1:]:
        sizes = [re.search(rf'key="size{axis}"[^>]*>(\d{{1,4}})<', part) for axis in "YX"]
        if all(sizes):
            height, width = (int(size[1]) for size in sizes if size)
            found[int(part.split('"')[0])] = height, width
    return found


def _packets(raw: bytes, most: int) -> Iterator[tuple[int, bytes]]:
    if not raw.startswith(MAGIC):
        raise InputError("recording", "begin as AEDAT 4 does", raw[:14])
    at = len(MAGIC)
    size = _number(raw, at, 4)
    header = raw[at : at + 4 + size]
    table = _table(header)
    compression = _field(header, table, 0, 4)
    end = _field(header, table, 1, 8)
    if compression not in (PLAIN, LZ4, LZ4_HIGH):
        raise InputError("recording", "be compressed by LZ4 or not at all", Unquoted(f"compression {compression}"))
    at += 4 + size
    end = end if at <= end <= len(raw) else len(raw)
    most, total = min(most, FLOOR + RATIO * len(raw)), 0
    while at < end:
        size = _number(raw, at + 4, 4)
        if at + 8 + size > len(raw):
            raise _truncated(raw)
        packet = raw[at + 8 : at + 8 + size]
        packet = _unpacked(packet, most) if compression else packet
        total += len(packet)
        if total > most:
            raise InputError("recording", f"unpack to at most {most / 1e6:,.0f} MB", Unquoted("more"))
        yield _number(raw, at, 4), packet
        at += 8 + size


def _elements(packet: bytes) -> NDArray[Any]:
    table = _table(packet)
    place = _offset(packet, table, 0)
    if place is None:
        return np.zeros(0, EVENTS)
    start = place + _number(packet, place, 4)
    count = _number(packet, start, 4)
    if start + 4 + count * EVENTS.itemsize > len(packet):
        raise _truncated(packet)
    return np.frombuffer(packet, EVENTS, count, start + 4)


def _table(buffer: bytes) -> int:
    """Where the root of a FlatBuffer that begins with its size is."""
    return 4 + _number(buffer, 4, 4)


def _offset(buffer: bytes, table: int, field: int) -> int | None:
    """Where a field of a table is, or None where it is left out."""
    vtable = table - int.from_bytes(_slice(buffer, table, 4), "little", signed=True)
    if 4 + 2 * field + 2 > _number(buffer, vtable, 2):
        return None
    offset = _number(buffer, vtable + 4 + 2 * field, 2)
    return table + offset if offset else None


def _field(buffer: bytes, table: int, field: int, size: int) -> int:
    place = _offset(buffer, table, field)
    return 0 if place is None else int.from_bytes(_slice(buffer, place, size), "little", signed=True)


def _number(buffer: bytes, at: int, size: int) -> int:
    return int.from_bytes(_slice(buffer, at, size), "little")


def _slice(buffer: bytes, at: int, size: int) -> bytes:
    if at < 0 or at + size > len(buffer):
        raise _truncated(buffer)
    return buffer[at : at + size]


def _truncated(buffer: bytes) -> InputError:
    return InputError("recording", "be whole", Unquoted(f"one that breaks off within {len(buffer):,} bytes"))


def _unpacked(packet: bytes, most: int) -> bytes:
    """The content of an LZ4 frame. Raises `InputError`."""
    if _number(packet, 0, 4) != LZ4_MAGIC:
        raise InputError("recording", "hold packets of LZ4", packet[:4])
    flags = _number(packet, 4, 1)
    sized, summed, named = flags & 8, flags & 16, flags & 1
    at = 7 + (8 if sized else 0) + (4 if named else 0)
    out = bytearray()
    while size := _number(packet, at, 4):
        plain, size = size >> 31, size & 0x7FFFFFFF
        block = _slice(packet, at + 4, size)
        if plain:
            out += block
        else:
            room = np.empty(2**22, np.uint8)  # no block of LZ4 is larger
            room_used = _decoder()(np.frombuffer(block, np.uint8), np.frombuffer(out, np.uint8)[-65_536:], room)
            if room_used < 0:
                raise InputError("recording", "hold whole blocks of LZ4", Unquoted("a damaged one"))
            out += room[:room_used].tobytes()
        if len(out) > most:
            raise InputError("recording", f"unpack to at most {most / 1e6:,.0f} MB", Unquoted("more"))
        at += 4 + size + (4 if summed else 0)
    return bytes(out)


@cache
def _decoder() -> Any:
    """`_block`, compiled."""
    import numba

    try:
        return numba.njit(cache=True, nogil=True)(_block)
    except RuntimeError:  # there is no folder that a cache can be written to
        return numba.njit(nogil=True)(_block)


def _block(source: NDArray[np.uint8], before: NDArray[np.uint8], out: NDArray[np.uint8]) -> int:
    """Decodes one LZ4 block into `out`, whose matches may reach back into `before`: bytes written, or -1."""
    i, n, size, known = 0, 0, len(source), len(before)
    while i < size:
        token = source[i]
        i += 1
        length = int(token >> 4)
        if length == 15:
            while True:
                if i >= size:
                    return -1
                more = source[i]
                i += 1
                length += int(more)
                if more != 255:
                    break
        if i + length > size or n + length > len(out):
            return -1
        for _ in range(length):
            out[n] = source[i]
            n += 1
            i += 1
        if i >= size:
            return n  # the last sequence has no match
        if i + 2 > size:
            return -1
        offset = int(source[i]) | int(source[i + 1]) << 8
        i += 2
        length = int(token & 15)
        if length == 15:
            while True:
                if i >= size:
                    return -1
                more = source[i]
                i += 1
                length += int(more)
                if more != 255:
                    break
        length += 4
        if offset == 0 or offset > n + known or n + length > len(out):
            return -1
        for _ in range(length):
            place = n - offset
            out[n] = out[place] if place >= 0 else before[known + place]
            n += 1
    return n
