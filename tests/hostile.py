"""Files that somebody has spoiled: each of a form that is read, with bytes changed, cut, doubled, or said to be more.

    python -m tests.hostile [NUMBER ...]

says of each (all 500 where none is named) what becomes of it.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import sys
import traceback
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from snnviz.data import uploads
from snnviz.errors import InputError
from tests.bombs import h5, idx_files
from tests.data.aedat import aedat4
from tests.data.idx import idx
from tests.packed import npz, zipped
from tests.recorded import packed, some

COUNT = 500
IMAGES = np.random.default_rng(3).integers(0, 256, (12, 8, 8), np.uint8)
LABELS = np.arange(12) % 3

Files = dict[str, bytes]


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


def picture(form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(IMAGES[0]).save(file, form)
    return file.getvalue()


def twice(raw: bytes, ending: str) -> Files:
    return {f"{name}/{number}.{ending}": raw for name in "ab" for number in range(2)}


@cache
def sound() -> tuple[Files, ...]:
    """One of each form, as somebody who means well brings it."""
    recorded = some(1, 3, 60)
    files: list[Files] = [
        {"x.npz": npz(images=IMAGES, labels=LABELS)},
        {"images.npy": npy(IMAGES), "labels.npy": npy(LABELS)},
        {"x.npz": npz(X_train=IMAGES, y_train=LABELS, X_test=IMAGES, y_test=LABELS)},
        idx_files(gzip.compress(idx(IMAGES), mtime=0)) | {"train-labels-idx1-ubyte": idx(LABELS.astype(np.uint8))},
        *(twice(picture(form), ending) for form, ending in FORMS),
        twice(packed(recorded), "bin"),
        twice(npy(recorded), "npy"),
        twice(h5(20), "h5"),
        twice(aedat4(recorded), "aedat4"),
        twice(aedat4(recorded, "lz4"), "aedat4"),
    ]
    return (*files, *({"x.zip": zipped(each)} for each in files))


FORMS = [("PNG", "png"), ("JPEG", "jpg"), ("BMP", "bmp"), ("GIF", "gif"), ("TIFF", "tif")]

Spoil = Callable[[random.Random, bytes], bytes]


def flipped(draw: random.Random, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(draw.choice((1, 4, 30))):
        if changed:
            changed[draw.randrange(len(changed))] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
    return bytes(changed)


def early(draw: random.Random, raw: bytes) -> bytes:
    """Changed where headers are."""
    return flipped(draw, raw[:64]) + raw[64:]


def cut(draw: random.Random, raw: bytes) -> bytes:
    return raw[: draw.randrange(len(raw) + 1)]


def longer(draw: random.Random, raw: bytes) -> bytes:
    return raw + draw.choice((b"\0" * 1000, draw.randbytes(100), raw))


def numbered(draw: random.Random, raw: bytes) -> bytes:
    """Some number in it becomes the largest, the smallest or nothing."""
    form = draw.choice(("<I", ">I", "<H", ">H", "<Q"))
    number = draw.choice((0, 2 ** (8 * struct.calcsize(form)) - 1, 2 ** (8 * struct.calcsize(form) - 1)))
    place = draw.randrange(max(len(raw) - 8, 1))
    return raw[:place] + struct.pack(form, number) + raw[place + struct.calcsize(form) :]


def moved(draw: random.Random, raw: bytes) -> bytes:
    one, other = sorted(draw.randrange(len(raw) + 1) for _ in range(2))
    return raw[one:other] + raw[:one] + raw[other:]


def said(draw: random.Random, raw: bytes) -> bytes:
    """A header of NumPy that says something else."""
    old, new = draw.choice(
        [
            (b"(12, 8, 8)", b"(-1, 8, 8)"), (b"(12, 8, 8)", b"(1e9,8, 8)"), (b"'|u1'", b"'|O1'"),
            (b"'|u1'", b"'|V1'"), (b"'<i8'", b"'<M8'"), (b"'<i8'", b"'<m8'"), (b"'<i8'", b"'|O8'"),
            (b"False", b"exit("), (b"'descr'", b"'evils'"), (b"(12,)", b"('a')"), (b"(60, 4)", b"(4, 60)"),
            (b"(12, 8, 8)", b"(12, 8  8)"), (b"(12, 8, 8)", b"__import__"),
        ]
    )  # fmt: skip
    return raw.replace(old, new)


SPOILS: tuple[Spoil, ...] = (flipped, early, cut, longer, numbered, moved, said)

NAMES = [
    "../../x", "/etc/passwd", "a/../../b", "..\\..\\x", "C:\\x", "con", "nul.npy", "x\0y", "\u202egnp", "a" * 300, "",
    ".", "a/./b", "~/.ssh/id", "%2e%2e/x", "$(id)", "<b>x</b>", "a\nb", "e\u0301", "\ud800", "labels", "-rf",
    "__MACOSX/x",
]  # fmt: skip


def hostile(number: int) -> Files:
    """The file, or files, of this number: 0 to `COUNT` - 1, always the same."""
    draw = random.Random(number)
    files = dict(sound()[number % len(sound())])
    for _ in range(draw.choice((1, 1, 2, 3))):
        name = draw.choice(list(files))
        if draw.random() < 0.2:
            raw, ending = files.pop(name), "." + name.rpartition(".")[2]
            files[draw.choice(NAMES) + draw.choice((ending, ending, "", ".npy", ".zip"))] = raw
        else:
            files[name] = draw.choice(SPOILS)(draw, files[name])
    if draw.random() < 0.3 and all("\ud800" not in name for name in files):
        files = {draw.choice(("x.zip", "x.npz")): zipped(files)}
    return files


def outcome(check: Callable[[Files], uploads.CheckedDataset], files: Files) -> tuple[str, str]:
    """`kept`, `refused` or `traceback`, and its words."""
    try:
        return "kept", f"{check(files).count} samples"
    except InputError as error:
        return "refused", str(error)
    except Exception:
        return "traceback", traceback.format_exc()


def main(numbers: list[int]) -> None:
    """For each a line: its number, what became of it and in which words."""
    from snnviz.data import sandbox

    for number in numbers or range(COUNT):
        print(json.dumps([number, *outcome(sandbox.check_in_subprocess, hostile(number))]), flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
