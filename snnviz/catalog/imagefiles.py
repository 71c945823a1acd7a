"""Images and labels of one's own: an .npz, or IDX files as MNIST's. Sizes are read before anything is unpacked."""

from __future__ import annotations

import gzip
import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog import eventfiles, owndata
from snnviz.catalog.checked import Checked, Files, Limits, Source, unseen
from snnviz.catalog.eventfiles import header
from snnviz.errors import Described, InputError

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

PAIRS = (("images", "labels"), ("x_train", "y_train"))
TESTS = (("test_images", "test_labels"), ("x_test", "y_test"))
"""What arrays of an .npz may be called."""

ROLES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

CIFAR = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
RECORD = 3073

HEADER_BYTES = 4096
COLOURS = (1, 3)


def zipped(raw: bytes, limits: Limits) -> Files:
    """The files of an archive, none of which is unpacked yet. Raises `InputError`, also for a zip bomb."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        inner = [entry for entry in archive.infolist() if not entry.is_dir()]
    except Exception as error:  # zipfile has no one kind of error for a damaged archive
        raise InputError("upload", "be a whole zip or .npz", Described(_words(error))) from None
    limits.fit_samples(len(inner))
    limits.fit(sum(entry.file_size for entry in inner))
    found: Files = {}
    for entry in inner:
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError("upload", "be packed by deflate, without a password", entry.filename[:60])
        found[places(entry.filename)] = _Entry(archive, entry)
    return found


def places(name: str) -> tuple[str, ...]:
    """The last three parts of a name that a stranger wrote."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return tuple(part[:80] for part in parts[-3:]) or ("upload",)


class _Entry:
    """Reads a file of an archive: no more than its directory declares, whatever it unpacks to."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        self.archive, self.entry = archive, entry

    def __call__(self, most: int | None = None) -> bytes:
        size = self.entry.file_size
        try:
            with self.archive.open(self.entry) as file:
                raw = file.read(size + 1 if most is None else most)
        except Exception as error:
            raise InputError("upload", "be a whole zip or .npz", Described(_words(error))) from None
        if most is None and len(raw) != size:
            rule = f"unpack to the {size:,} bytes that it declares"
            raise InputError("upload", rule, Described(f"{'more' if len(raw) > size else f'{len(raw):,}'}"))
        return raw


def arrays(files: Files) -> Files | None:
    """The arrays of an .npz by name, or None for another archive."""
    if not all(len(place) == 1 and place[0].endswith(".npy") for place in files):
        return None
    found: Files = {(place[0].removesuffix(".npy"),): source for place, source in files.items()}
    return found if any((pair[0],) in found for pair in PAIRS) else None


def npz(files: Files, limits: Limits) -> Checked:
    """Images and labels of an .npz. Raises `InputError`."""
    pair = next((pair for pair in PAIRS if all((name,) in files for name in pair)), None)
    if pair is None:
        raise InputError("upload", "hold the arrays images and labels", Described(_listed(files)))
    tested = next((pair for pair in TESTS if all((name,) in files for name in pair)), None)
    parts = [_pair(files, pair, limits)]
    if tested:
        parts.append(_pair(files, tested, limits))
    return _checked("an .npz of images", parts, limits)


def _pair(files: Files, names: tuple[str, str], limits: Limits) -> tuple[NDArray[Any], Labels]:
    shape, _, dtype = _header(files, names[0])
    if dtype.hasobject:
        raise InputError(names[0], "be an array of numbers", Described("pickled objects, which are never opened"))
    if dtype.kind not in "uifb" or dtype.itemsize > 8 or len(shape) not in (3, 4):
        rule = "be numbers of shape (N, height, width), or with 1 or 3 colours"
        raise InputError(names[0], rule, Described(f"{dtype} of shape {shape}"))
    limits.fit_samples(shape[0])
    limits.fit(math.prod(shape) * dtype.itemsize)
    images = channelled(eventfiles.array(files[(names[0],)](), names[0]), names[0])
    labels = _labels(eventfiles.array(files[(names[1],)](), names[1]), names[1], limits)
    return images, labels


def _header(files: Files, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    source = files[(name,)]
    raw = source(HEADER_BYTES) if isinstance(source, _Entry) else source()
    file: IO[bytes] = io.BytesIO(raw[:HEADER_BYTES])
    try:
        return header(file)
    except Exception as error:  # as in `eventfiles.array`
        raise InputError(name, "be an array of numbers (.npy)", Described(_words(error))) from None


def channelled(images: NDArray[Any], field: str) -> NDArray[Any]:
    """(N, C, H, W) from images with the colours first, last or none. Raises `InputError`."""
    if images.ndim == 3:
        return images[:, None]
    if images.shape[3] in COLOURS:
        return images.transpose(0, 3, 1, 2)
    if images.shape[1] in COLOURS:
        return images
    raise InputError(field, "have 1 or 3 colours", Described(f"shape {images.shape}"))


def _labels(found: NDArray[Any], field: str, limits: Limits) -> Labels:
    if found.ndim != 1 or found.dtype.kind not in "uif":
        rule = "be whole numbers from 0, one for each sample"
        raise InputError(field, rule, Described(f"{found.dtype} of shape {found.shape}"))
    labels = eventfiles.whole(found, field, field)
    for wrong in (labels.min(initial=0), labels.max(initial=0)):
        if not 0 <= wrong < limits.classes:
            raise InputError(field, f"be whole numbers from 0 to {limits.classes - 1}", int(wrong))
    return labels


def idx_roles(files: Files) -> dict[str, Files]:
    """The files that are called as MNIST's, by role; none where the training images or labels are not there."""
    found = {place[-1].removesuffix(".gz"): {place: source} for place, source in files.items()}
    return {role: found[role] for role in ROLES if role in found} if set(ROLES[:2]) <= set(found) else {}


def idx(files: Mapping[str, Files], limits: Limits) -> Checked:
    """Images and labels of IDX files, packed by gzip or not. Raises `InputError`."""
    found = {role: idx_array(next(iter(source.values()))(), role, limits) for role, source in files.items()}
    parts = []
    for images, labels in (ROLES[:2], ROLES[2:]):
        if images in found and labels in found:
            if found[images].ndim not in (3, 4):
                raise InputError(images, "be of three dimensions", Described(f"shape {found[images].shape}"))
            parts.append((channelled(found[images], images), _labels(found[labels], labels, limits)))
    return _checked("IDX files", parts, limits)


def idx_array(raw: bytes, field: str, limits: Limits) -> NDArray[np.uint8]:
    """LeCun's format: two zeros, 8 for bytes, the number of dimensions, each size as big-endian uint32, the bytes."""
    if raw[:2] == b"\x1f\x8b":
        raw = _unzipped(raw, field, limits)
    if len(raw) < 8 or raw[:3] != b"\0\0\x08" or not 1 <= raw[3] <= 4 or len(raw) < 4 + 4 * raw[3]:
        raise InputError(field, "be an IDX file of bytes", raw[:4])
    sizes = np.frombuffer(raw, ">u4", raw[3], 4).tolist()
    limits.fit_samples(sizes[0])
    have = len(raw) - 4 - 4 * raw[3]
    if math.prod(sizes) != have:
        raise InputError(field, f"hold {math.prod(sizes):,} bytes as its header says", Described(f"{have:,}"))
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(sizes)


def cifar_batches(files: Files) -> dict[str, Source]:
    """The files that are called as CIFAR-10's, by name; none where one is not there."""
    found = {place[-1]: source for place, source in files.items()}
    return {name: found[name] for name in CIFAR} if set(CIFAR) <= set(found) else {}


def cifar(files: Mapping[str, Source], limits: Limits) -> Checked:
    """Images and labels of CIFAR-10's binary files. Raises `InputError`."""
    parts = []
    for names in (CIFAR[:-1], CIFAR[-1:]):
        raw = np.frombuffer(b"".join(files[name]() for name in names), np.uint8)
        if not len(raw) or len(raw) % RECORD:
            raise InputError(names[0], f"hold records of {RECORD:,} bytes", Described(f"{len(raw):,} bytes"))
        records = raw.reshape(-1, RECORD)
        labels = _labels(records[:, 0], names[0], limits)
        parts.append((records[:, 1:].reshape(-1, 3, 32, 32), labels))
    return _checked("CIFAR-10's binary files", parts, limits)


def _unzipped(raw: bytes, field: str, limits: Limits) -> bytes:
    most = limits.megabytes * 10**6
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            found = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(field, "be whole", Described(_words(error))) from None
    limits.fit(len(found))
    return found


def _checked(form: str, parts: list[tuple[NDArray[Any], Labels]], limits: Limits) -> Checked:
    for images, labels in parts:
        if len(images) != len(labels):
            raise InputError("labels", f"be as many as the {len(images):,} images", Described(f"{len(labels):,}"))
        limits.fit_sides(*images.shape[2:])
    shapes = {images.shape[1:] for images, _ in parts}
    if len(shapes) > 1:
        raise InputError("images", "be alike for training and testing", Described(" and ".join(map(str, shapes))))
    images, white = _bytes([images for images, _ in parts])
    labels = np.concatenate([labels for _, labels in parts])
    limits.fit_samples(len(labels))
    if not len(labels):
        raise InputError("images", "be at least one", Described("none"))
    classes, drawn = int(labels.max()) + 1, len(parts) == 1
    test = owndata.tested(len(labels)) if drawn else len(parts[1][1])
    shape = (images.shape[1], images.shape[2], images.shape[3])
    return Checked(
        kind="images",
        form=form,
        shape=shape,
        classes=classes,
        train=len(labels) - test,
        test=test,
        drawn=drawn,
        arrays={"images": images, "labels": labels},
        labels=tuple(map(str, range(classes))),
        white=white,
        remarks=unseen(labels, classes),
    )


def _bytes(several: list[NDArray[Any]]) -> tuple[Images, int]:
    """All as uint8, and the value of white: from 0 to 255, or intensities from 0 to 1."""
    low, high = 0.0, 0.0
    for images in several:
        if images.dtype.kind == "f" and not np.isfinite(images).all():
            raise InputError("images", "hold finite numbers", Described("NaN or infinity"))
        low, high = min(low, float(images.min(initial=0))), max(high, float(images.max(initial=0)))
    if low < 0 or high > 255:
        raise InputError("images", "hold values from 0 to 255, or from 0 to 1", Described(f"{low:g} to {high:g}"))
    if any(images.dtype.kind == "f" for images in several) and high <= 1:
        return np.concatenate([np.round(images * 255).astype(np.uint8) for images in several]), 255
    return np.concatenate([np.round(images).astype(np.uint8) for images in several]), max(1, round(high))


def _listed(files: Files) -> str:
    return ", ".join(place[-1][:20] for place in list(files)[:5]) or "none"


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:60] or type(error).__name__
