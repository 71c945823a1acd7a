"""Small AEDAT 4 files, written by hand, and LZ4 frames of literals and of one match."""

from __future__ import annotations

import struct
from typing import Literal

import numpy as np
from numpy.typing import NDArray

MAGIC = b"#!AER-DAT4.0\r\n"

Packing = Literal["none", "lz4", "zstd"]


def flat(identifier: bytes, fields: list[tuple[int, bytes] | None], body: bytes = b"") -> bytes:
    """A FlatBuffer behind its size: one table of `fields` (each offset aligned to 8, its bytes), and what follows."""
    vtable = struct.pack("<HH", 4 + 2 * len(fields), 4 + 8 * len(fields))
    inline = b""
    for place, given in enumerate(fields):
        vtable += struct.pack("<H", 0 if given is None else 4 + 8 * place)
        inline += (b"" if given is None else given[1]).ljust(8, b"\0")
    root = 8 + len(vtable)
    table = struct.pack("<i", len(vtable)) + inline
    content = struct.pack("<I", root) + identifier + vtable + table + body
    return struct.pack("<I", len(content)) + content


def packet(events: NDArray[np.int64]) -> bytes:
    """(n, 4): x, y, t, p as a packet of events."""
    rows = b"".join(struct.pack("<qhhB3x", t, x, y, p) for x, y, t, p in events.tolist())
    vector = struct.pack("<I", len(events)) + rows
    return flat(b"EVTS", [(0, struct.pack("<I", 8))], vector)  # the vector is 8 bytes behind its field


def lz4(raw: bytes) -> bytes:
    """A frame of one block of literals, and a plain one."""
    half = len(raw) // 2
    first, second = raw[:half], raw[half:]
    length = len(first)
    token = bytes([min(length, 15) << 4])
    if length >= 15:
        rest = length - 15
        token += b"\xff" * (rest // 255) + bytes([rest % 255])
    block = token + first
    return (
        struct.pack("<IBBB", 0x184D2204, 0x60, 0x40, 0)
        + struct.pack("<I", len(block))
        + block
        + struct.pack("<I", len(second) | 1 << 31)
        + second
        + b"\0\0\0\0"
    )


def aedat4(events: NDArray[np.int64], packing: Packing = "none", packets: int = 2) -> bytes:
    """A recording in some packets, between them one of another kind."""
    number = {"none": 0, "lz4": 1, "zstd": 3}[packing]
    header = flat(b"IOHE", [(0, struct.pack("<i", number)), (0, struct.pack("<q", -1))])
    made = MAGIC + header
    for part in [*np.array_split(events, packets), None]:
        raw = flat(b"IMUS", [None]) if part is None else packet(part)
        raw = lz4(raw) if packing == "lz4" else raw
        made += struct.pack("<ii", 0, len(raw)) + raw
    return made
