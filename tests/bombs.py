"""Small files that say, or unpack to, much: of each format, and packed in each way."""

from __future__ import annotations

import gzip
import io
import json
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

from snnviz.data import sandbox
from snnviz.errors import InputError
from tests.data.aedat import MAGIC, flat
from tests.packed import zipped

MUCH = 100_000_000


def zeros(count: int) -> bytes:
    return bytes(count)


def npy_header(shape: str, dtype: str = "|u1") -> bytes:
    """The beginning of a .npy of any shape."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def streamed(name: str, head: bytes, count: int, level: int = 9) -> bytes:
    """A zip of `head` and so many zeros, which are never in memory all at once."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        with archive.open(name, "w", force_zip64=True) as inner:
            inner.write(head)
            for _ in range(count // 10**6):
                inner.write(bytes(10**6))
        if name.endswith("images.npy"):
            array = io.BytesIO()
            np.save(array, np.arange(10) % 2)
            archive.writestr("labels.npy", array.getvalue())
    return file.getvalue()


def gzipped(head: bytes, count: int) -> bytes:
    """gzip of the same."""
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(head)
        for _ in range(count // 10**6):
            packed.write(bytes(10**6))
    return file.getvalue()


def h5(count: int, group: str = "/", dtype: str = "i1", **how: Any) -> bytes:
    """Four columns of so many numbers, which may never have been written."""
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        for name in "xytp":
            made.require_group(group).create_dataset(name, (count,), dtype, **how)
    return file.getvalue()


def packed_h5(count: int, chunk: int) -> bytes:
    """Four columns of zeros in parts that deflate has made small."""
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        for name in "xytp":
            column = made.create_dataset(name, (count,), "i1", chunks=(chunk,), compression="gzip", compression_opts=9)
            part = zlib.compress(bytes(chunk), 9)
            for first in range(0, count, chunk):
                column.id.write_direct_chunk((first,), part)
    return file.getvalue()


def lz4(megabytes: int, packets: int = 1) -> bytes:
    """An AEDAT 4 of packets that repeat one byte: 255 of them for each byte of the file."""
    length = megabytes * 10**6 // packets // 4_000_000
    block = bytes([0x1F, 0, 1, 0]) + b"\xff" * 15_600 + b"\x00" + bytes([0x10, 0])
    frame = struct.pack("<IBBB", 0x184D2204, 0x60, 0x40, 0)
    frame += (struct.pack("<I", len(block)) + block) * max(length, 1) + bytes(4)
    made = MAGIC + flat(b"IOHE", [(0, struct.pack("<i", 1)), (0, struct.pack("<q", -1))])
    return made + (struct.pack("<ii", 0, len(frame)) + frame) * packets


def png(width: int, height: int, lines: int) -> bytes:
    """A picture that says its size and holds so many lines of it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes((width + 1) * lines), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def text_png() -> bytes:
    """A small picture with a note of 200 MB."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    note = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 9))
    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + note + chunk(b"IDAT", zlib.compress(bytes(72))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def bmp(side: int) -> bytes:
    head = struct.pack("<2sIHHI", b"BM", 54, 0, 0, 54)
    return head + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)


def gif(side: int) -> bytes:
    screen = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    return screen + b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02L\x01\x00;"


def idx(count: int) -> bytes:
    return bytes([0, 0, 8, 3]) + struct.pack(">III", count // 10_000, 100, 100)


IMAGES = npy_header("(10000, 100, 100)")
EVENTS = npy_header("(3125000, 4)", "<i8")

BOMBS: dict[str, Callable[[], dict[str, bytes]]] = {
    "h5 of 100 million that were never written": lambda: {"a/x.h5": h5(100_000_000)},
    "h5 of 40 million that were never written": lambda: {"a/x.h5": h5(40_000_000)},
    "h5 of 2^30 that were never written": lambda: {"a/x.h5": h5(2**30)},
    "h5 of parts that were never written": lambda: {"a/x.h5": h5(40_000_000, chunks=(1000,))},
    "h5 of parts packed by deflate": lambda: {"a/x.h5": packed_h5(40_000_000, 10**6)},
    "h5 of one part packed by deflate": lambda: {"a/x.h5": packed_h5(40_000_000, 40_000_000)},
    "two h5": lambda: {f"{name}/x.h5": packed_h5(40_000_000, 10**6) for name in "ab"},
    "npz of zeros": lambda: {"x.npz": streamed("images.npy", IMAGES, MUCH)},
    "npz in a zip": lambda: {"x.zip": zipped({"x.npz": streamed("images.npy", IMAGES, MUCH)})},
    "npz in a zip in a zip": lambda: {
        "x.zip": zipped({"x.zip": zipped({"x.npz": streamed("images.npy", IMAGES, MUCH)})})
    },
    "npz of floats": lambda: {"x.npz": streamed("images.npy", npy_header("(1250, 100, 100)", "<f8"), MUCH)},
    "events zipped": lambda: {"x.zip": streamed("a/x.npy", EVENTS, MUCH)},
    "events zipped twice": lambda: {"x.zip": zipped({"y.zip": streamed("a/x.npy", EVENTS, MUCH)})},
    "bin zipped": lambda: {"x.zip": streamed("a/x.bin", b"", MUCH)},
    "h5 zipped": lambda: {"x.zip": zipped({"a/x.h5": h5(40_000_000)})},
    "aedat4 zipped": lambda: {"x.zip": zipped({"a/x.aedat4": lz4(400)})},
    "lz4 of one packet": lambda: {"a/x.aedat4": lz4(1000)},
    "lz4 of many packets": lambda: {"a/x.aedat4": lz4(1000, 50)},
    "lz4 of 4 MB": lambda: {"a/x.aedat4": lz4(1000) + bytes(3_900_000)},
    "npy that says much": lambda: {"a/x.npy": npy_header("(1000000000, 4)", "<i8")},
    "npy of nothing, and large": lambda: {"a/x.npy": npy_header(f"(0, {2**62}, {2**62})")},
    "npy of truth": lambda: {"x.npz": zipped({"images.npy": npy_header("(True, 8, 8)"), "labels.npy": b""})},
    "npy of no bytes": lambda: {"a/x.npy": npy_header("(1000000000, 4)", "|S0")},
    "idx packed by gzip": lambda: idx_files(gzipped(idx(MUCH), MUCH)),
    "idx packed by gzip and zipped": lambda: {"x.zip": zipped(idx_files(gzipped(idx(MUCH), MUCH)))},
    "idx that says much": lambda: idx_files(gzipped(idx(2**31), 0)),
    "gzip of zeros": lambda: idx_files(gzipped(b"", MUCH)),
    "png of 30,000 a side": lambda: pictures(png(30_000, 30_000, 1), "png"),
    "png of 7,000 a side": lambda: pictures(png(7_000, 7_000, 7_000), "png"),
    "png with a note": lambda: pictures(text_png(), "png"),
    "bmp of 60,000 a side": lambda: pictures(bmp(60_000), "bmp"),
    "gif of 65,000 a side": lambda: pictures(gif(65_000), "gif"),
    "h5 with a filler": lambda: {"a/x.h5": h5(40_000_000, fillvalue=3)},
    "h5 of a group's columns": lambda: {"a/x.h5": h5(40_000_000, group="events")},
    "h5 of floats": lambda: {"a/x.h5": h5(40_000_000, dtype="f8")},
    "h5 of many small parts": lambda: {"a/x.h5": h5(40_000_000, chunks=(64,), compression="gzip")},
    "h5 of a table": lambda: {"a/x.h5": table_h5(40_000_000)},
    "h5 whose columns are one": lambda: {"a/x.h5": linked_h5(40_000_000)},
    "ten h5 zipped": lambda: {"x.zip": zipped({f"{name}/x.h5": h5(20_000_000) for name in "abcdefghij"})},
    "h5 packed by deflate and zipped": lambda: {"x.zip": zipped({"a/x.h5": packed_h5(40_000_000, 10**6)})},
    "npz of complex numbers": lambda: {"x.npz": streamed("images.npy", npy_header("(625, 100, 100)", "<c16"), MUCH)},
    "npz of texts": lambda: {"x.npz": streamed("images.npy", npy_header("(1000000,)", "<U25"), MUCH)},
    "npz of truths": lambda: {"x.npz": streamed("images.npy", npy_header("(10000, 100, 100)", "|b1"), MUCH)},
    "npz of one image": lambda: {"x.npz": streamed("images.npy", npy_header("(1, 10000, 10000)"), MUCH)},
    "npz that says less than it holds": lambda: {"x.npz": streamed("images.npy", npy_header("(10, 8, 8)"), MUCH)},
    "npz by columns": lambda: {"x.npz": streamed("images.npy", by_columns(IMAGES), MUCH)},
    "npz three times in zips": lambda: {
        "x.zip": zipped({"x.zip": zipped({"x.zip": zipped({"x.npz": streamed("images.npy", IMAGES, MUCH)})})})
    },
    "fifty npz in a zip": lambda: {
        "x.zip": zipped({f"{n}/x.npz": streamed("images.npy", IMAGES, 20 * 10**6) for n in range(50)})
    },
    "npy of a long header": lambda: {"a/x.npy": long_header(50_000_000)},
    "npz of a long header": lambda: {"x.npz": zipped({"images.npy": long_header(50_000_000)})},
    "fifty thousand names": lambda: {"x.zip": zipped({f"a/{number}.npy": b"" for number in range(50_000)})},
    "a name as long as a zip's may be": lambda: {"x.zip": zipped({"a/" + 60_000 * "x" + ".npy": b""})},
    "folders in folders": lambda: {"x.zip": zipped({30_000 * "a/" + "x.npy": b""})},
    "a zip whose parts lie on each other": lambda: overlapping(),
    "events packed by bzip2": lambda: {"x.zip": other_packing(zipfile.ZIP_BZIP2)},
    "events packed by lzma": lambda: {"x.zip": other_packing(zipfile.ZIP_LZMA)},
    "aedat4 whose packet says 2 GB": lambda: {"a/x.aedat4": says(2**31 - 1)},
    "aedat4 whose packet says less than nothing": lambda: {"a/x.aedat4": says(-5)},
    "aedat4 of a million empty packets": lambda: {"a/x.aedat4": lz4(0) + bytes(8) * 10**6},
    "two aedat4": lambda: {f"{name}/x.aedat4": lz4(400) for name in "ab"},
    "gzip in gzip": lambda: idx_files(gzip.compress(gzipped(idx(MUCH), MUCH), mtime=0)),
    "gzip of many parts": lambda: idx_files(gzipped(idx(0), 0) + gzip.compress(b"", mtime=0) * 10**5),
    "idx of 255 sides": lambda: idx_files(bytes([0, 0, 8, 255]) + 255 * struct.pack(">I", 2)),
    "thousand pngs of 7,000 a side": lambda: {
        f"{name}/{number}.png": png(7_000, 7_000, 1) for name in "ab" for number in range(500)
    },
    "tiff of 60,000 a side": lambda: pictures(tiff(60_000), "tif"),
    "jpg of 65,000 a side": lambda: pictures(jpg(65_000), "jpg"),
}


def table_h5(count: int) -> bytes:
    """One table of events, never written."""
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        made.create_dataset("events", (count,), [("x", "i2"), ("y", "i2"), ("t", "i8"), ("p", "i1")])
    return file.getvalue()


def linked_h5(count: int) -> bytes:
    """Four names of one packed column."""
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        column = made.create_dataset("x", (count,), "i1", chunks=(10**6,), compression="gzip")
        part = zlib.compress(bytes(10**6), 9)
        for first in range(0, count, 10**6):
            column.id.write_direct_chunk((first,), part)
        for name in "ytp":
            made[name] = column
    return file.getvalue()


def by_columns(head: bytes) -> bytes:
    return head.replace(b"'fortran_order': False", b"'fortran_order': True ")


def long_header(count: int) -> bytes:
    """A .npy (version 2) whose header alone is so long."""
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", count) + b"{" + b" " * (count - 1)


def overlapping() -> dict[str, bytes]:
    """A zip of ten names that all mean the same packed million, so its directory promises ten times as
    much as it holds."""
    one = zipped({"a/0.bin": bytes(10**6)})
    start = one.index(b"PK\x01\x02")
    entry, end = one[start : one.index(b"PK\x05\x06")], one[one.index(b"PK\x05\x06") :]
    entries = b"".join(entry.replace(b"a/0.bin", f"a/{n}.bin".encode()) for n in range(10))
    return {"x.zip": one[:start] + entries + end[:8] + struct.pack("<HHII", 10, 10, len(entries), start) + end[20:]}


def other_packing(packing: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive, archive.open("a/x.npy", "w", force_zip64=True) as inner:
        inner.write(EVENTS)
        for _ in range(100):
            inner.write(bytes(10**6))
    return file.getvalue()


def says(size: int) -> bytes:
    head = MAGIC + flat(b"IOHE", [(0, struct.pack("<i", 1)), (0, struct.pack("<q", -1))])
    return head + struct.pack("<ii", 0, size) + bytes(100)


def tiff(side: int) -> bytes:
    """One strip of nothing, said to be a picture of so many pixels a side."""
    tags = [(256, 4, side), (257, 4, side), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1)]
    tags += [(278, 4, side), (279, 4, 10)]
    rows = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + rows + bytes(4)


def jpg(side: int) -> bytes:
    """A small JPEG whose header says so many pixels a side."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG")
    raw = bytearray(file.getvalue())
    place = raw.index(b"\xff\xc0")
    raw[place + 5 : place + 9] = struct.pack(">HH", side, side)
    return bytes(raw)


def idx_files(images: bytes) -> dict[str, bytes]:
    return {"train-images-idx3-ubyte.gz": images, "train-labels-idx1-ubyte": bytes([0, 0, 8, 1, 0, 0, 0, 1, 0])}


def pictures(raw: bytes, ending: str) -> dict[str, bytes]:
    return {f"{name}/x.{ending}": raw for name in "ab"}


def main(names: list[str]) -> None:
    """For each bomb a line: what was said of it, seconds of the processor, and the largest process so far, in MB."""
    for name in names or BOMBS:
        files = BOMBS[name]()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            said = f"kept {sandbox.check_in_subprocess(files).count}"
        except InputError as error:
            said = str(error)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(json.dumps([name, said, after.ru_utime - before.ru_utime, after.ru_maxrss / 1024]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
