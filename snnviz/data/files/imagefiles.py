"""Reading uploaded images and labels: an .npz, IDX files as MNIST's, or CIFAR's binary files.

Headers are read first; then each array is read twice, in pieces: for its range of values, and to convert it.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from collections.abc import Mapping

import numpy as np

from snnviz.data.files import arrays, cifar
from snnviz.data.files.archives import Files, InMemoryFile, PathParts, Source, short_error, short_path
from snnviz.data.files.arrays import LazyArray
from snnviz.data.files.checked import CheckedDataset
from snnviz.data.files.eventfiles import integer_column
from snnviz.data.files.folders import TEST, TRAIN, VALID, split_of_folder
from snnviz.data.files.limits import FLOOR, RATIO
from snnviz.data.files.reading import UploadReader, count_with_noun, join_names
from snnviz.data.files.stacks import ImageStack, LabelledImages, Labels, join_splits
from snnviz.errors import InputError, Unquoted

LABELS = ("labels", "label", "y", "targets", "target", "classes")
IMAGES = ("images", "image", "x", "data", "pixels", "pictures", "imgs")
"""Accepted names of arrays in an .npz, with or without a word for their split, such as x_train or test_images."""

ROLES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
IDX = re.compile(r"(?:.*-)?(train|t10k|test)-(images|labels)(?:-idx[134]-ubyte)?")


def read_npz(files: Files, reading: UploadReader) -> CheckedDataset | None:
    """Returns the images and labels in the arrays of an .npz as a checked data set, or None if no array holds images.

    Raises `InputError`, and `ChoiceNeeded` where several readings are possible.
    """
    if not all(len(place) == 1 and place[0].lower().endswith(".npy") for place in files):
        return None
    found: dict[str, LazyArray] = {}
    for place, source in files.items():
        name = place[0][:-4]
        try:
            found[name] = arrays.open_npy(source, name)
        except InputError:
            if _word(name) in (*IMAGES, *LABELS):
                raise
    words_ = {_word(name) for name in found}
    if {"x", "y", "t", "p"} <= words_:
        rule = "be images and labels where it is an .npz, or a recording as an .npy of x, y, t and p"
        raise InputError("upload", rule, Unquoted(f"an .npz of {join_names(found)}"))
    shapes = [one.shape for one in found.values() if not one.dtype.names]
    named = words_ & {*IMAGES, *LABELS} or any(len(shape) in (3, 4) for shape in shapes)
    recorded = len(shapes) < len(found) or not found or any(len(shape) == 2 and shape[1] == 4 for shape in shapes)
    if recorded and not named:
        return None
    pairs = {part: pair for part in (None, TRAIN, TEST, VALID) if (pair := _pair(found, part))}
    first = pairs.get(TRAIN, pairs.get(None))
    if first is None or (TRAIN in pairs and None in pairs):
        rule = "hold images and labels once" if first else "hold the arrays images and labels"
        also = "" if len(found) < 2 else ", or x_train, y_train, x_test and y_test"
        names = join_names((place[0].removesuffix(".npy") for place in files), 4) or "none"
        raise InputError("upload", rule + also, Unquoted(names))
    chosen = {TRAIN: first, **{part: pairs[part] for part in (TEST, VALID) if part in pairs}}
    used = {name for pair in chosen.values() for name in pair}
    left = [place[0].removesuffix(".npy") for place in files if place[0][:-4] not in used]
    reading.record_conversion(
        "arrays", len(left), f"{count_with_noun(len(left), 'array')} left out: {join_names(left)}."
    )
    parts = {part: _part(found[images], found[labels], reading) for part, (images, labels) in chosen.items()}
    order = "; ".join(f"{images} with {labels}" for images, labels in chosen.values())
    return join_splits("an .npz of images", parts, reading, order)


def _tokens(name: str) -> list[str]:
    return [token.lower() for token in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _named_part(name: str) -> int | None:
    """Of x_train, trainX, test_images and so on.

    >>> _named_part("x_train"), _named_part("testLabels"), _named_part("xval"), _named_part("images")
    (0, 1, 2, None)
    """
    tokens = _tokens(name)
    for token in tokens:
        for word in (token, token.removeprefix("x"), token.removeprefix("y")):
            if (part := split_of_folder(word)) is not None:
                return part
    return None


def _word(name: str) -> str:
    """What of a name does not say the part: x of x_train."""
    left = [token for token in _tokens(name) if split_of_folder(token) is None]
    if len(left) == 1 and left[0][:1] in ("x", "y") and split_of_folder(left[0][1:]) is not None:
        return left[0][0]
    return "_".join(left)


def _pair(found: Mapping[str, LazyArray], part: int | None) -> tuple[str, str] | None:
    """The names of the images and of the labels of a part. Raises `InputError` where there are several."""
    mine = {name: one for name, one in found.items() if _named_part(name) == part}
    images = _one([name for name in mine if _word(name) in IMAGES], IMAGES) or _one(
        [name for name, one in mine.items() if len(one.shape) in (3, 4) and _word(name) not in LABELS], ()
    )
    if images is None:
        return None
    others = {name: one for name, one in mine.items() if name != images}
    labels = _one([name for name in others if _word(name) in LABELS], LABELS) or _one(
        [name for name, one in others.items() if one.shape[:1] == mine[images].shape[:1] and _is_flat(one.shape)], ()
    )
    return None if labels is None else (images, labels)


def _is_flat(shape: tuple[int, ...]) -> bool:
    return len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)


def _one(names: list[str], known: tuple[str, ...]) -> str | None:
    """The only one, or the one whose word comes first in `known`. Raises `InputError` where neither tells."""
    best = min((known.index(_word(name)) for name in names if _word(name) in known), default=None)
    if best is not None:
        names = [name for name in names if _word(name) == known[best]]
    if len(names) > 1:
        raise InputError("upload", "hold images and labels once for each part", Unquoted(join_names(names)))
    return names[0] if names else None


def _part(images: LazyArray, labels: LazyArray, reading: UploadReader) -> LabelledImages:
    if images.dtype.kind not in "uifb" or images.dtype.itemsize > 8 or len(images.shape) not in (3, 4):
        rule = "be numbers of shape (N, height, width), or with 1 or 3 colours"
        raise InputError(images.field, rule, Unquoted(f"{images.dtype} of shape {images.shape}"))
    if labels.nbytes > 64 * max(images.shape[0], 1) or not _is_flat(labels.shape) or labels.dtype.kind not in "uif":
        rule = "be whole numbers from 0, one for each sample"
        raise InputError(labels.field, rule, Unquoted(f"{labels.dtype} of shape {labels.shape}"))
    reading.limits.check_sample_count(images.shape[0])
    reading.limits.check_size(images.nbytes)
    column = labels.whole().reshape(-1)
    return LabelledImages(
        ImageStack.from_array(images),
        _labels(integer_column(column, labels.field, labels.field), labels.field, reading),
    )


def _labels(labels: Labels, field: str, reading: UploadReader) -> Labels:
    for wrong in (labels.min(initial=0), labels.max(initial=0)):
        if not 0 <= wrong < reading.limits.classes:
            raise InputError(field, f"be whole numbers from 0 to {reading.limits.classes - 1}", int(wrong))
    return labels


def idx_roles(files: Files, reading: UploadReader) -> dict[str, Source]:
    """Returns the files named like MNIST's, by the role that their name says.

    Separators and prefixes in names are ignored. Raises `InputError` where two different files have the same role.
    """
    found: dict[str, tuple[PathParts, Source]] = {}
    for place, source in files.items():
        match = IDX.fullmatch(re.sub(r"[._ ]", "-", place[-1].lower().removesuffix(".gz")))
        if match is None:
            continue
        role = ROLES[2 * (match[1] != "train") + (match[2] == "labels")]
        if role in found:
            before, other = found[role]
            if _plain(source, role, reading) != _plain(other, role, reading):
                raise InputError(
                    "upload", f"hold one {role}", Unquoted(f"{short_path(before)} and {short_path(place)}")
                )
            reading.record_conversion("twice", 1, f"{short_path(place)} left out: it is what {short_path(before)} is.")
            continue
        found[role] = place, source
    return {role: source for role, (_, source) in found.items()}


def read_idx(files: Files, found: Mapping[str, Source], reading: UploadReader) -> CheckedDataset:
    """Returns the images and labels of IDX files, gzipped or not, as a checked data set.

    files: all files of the upload, which are counted. found: those with a role, from `idx_roles`. reading: limits and
    choices of the upload; what was converted or left out is recorded in it. Raises `InputError`, and `ChoiceNeeded`.
    """
    parts = {}
    for part, images, labels in ((TRAIN, *ROLES[:2]), (TEST, *ROLES[2:])):
        if images in found and labels in found:
            pictures, numbers = (_idx(found[role], role, reading) for role in (images, labels))
            if len(pictures.shape) not in (3, 4):
                raise InputError(images, "be of three dimensions", Unquoted(f"shape {pictures.shape}"))
            parts[part] = _part(pictures, numbers, reading)
    left = len(files) - 2 * len(parts) - sum(done.what == "twice" for done in reading.done)
    reading.record_conversion("others", left, f"{count_with_noun(left, 'other file')} left out.")
    return join_splits("IDX files", parts, reading, "images by the order of their file")


def _idx(source: Source, field: str, reading: UploadReader) -> LazyArray:
    """LeCun's format: two zeros, 8 for bytes, the number of dimensions, each size as big-endian uint32, the bytes."""
    raw = _plain(source, field, reading, 20)
    if len(raw) < 8 or raw[:3] != b"\0\0\x08" or not 1 <= raw[3] <= 4 or len(raw) < 4 + 4 * raw[3]:
        raise InputError(field, "be an IDX file of bytes", raw[:4])
    sizes = tuple(np.frombuffer(raw, ">u4", raw[3], 4).tolist())
    start = 4 + 4 * raw[3]
    reading.limits.check_sample_count(sizes[0])
    reading.limits.check_size(math.prod(sizes))
    if source(2) == b"\x1f\x8b":
        reading.limits.check_unpacked_size(math.prod(sizes), source.size)
        source = InMemoryFile(_plain(source, field, reading, start + math.prod(sizes) + 1))
    if source.size - start != math.prod(sizes):
        have = f"{source.size - start:,}" if source.size - start < math.prod(sizes) else "more"
        raise InputError(field, f"hold {math.prod(sizes):,} bytes as its header says", Unquoted(have))
    return LazyArray(field, source, sizes, False, np.dtype(np.uint8), start)


def _plain(source: Source, field: str, reading: UploadReader, most: int | None = None) -> bytes:
    """The first bytes of a file, or all, unpacked where it is packed by gzip."""
    if source(2) != b"\x1f\x8b":
        return source(most)
    bound = min(reading.limits.megabytes * 10**6, FLOOR + RATIO * source.size)
    try:
        with source.open() as packed, gzip.GzipFile(fileobj=packed) as file:
            found = file.read(min(most or bound, bound) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(field, "be whole", Unquoted(short_error(error))) from None
    if most is None:
        reading.limits.check_size(len(found))
    return found if most is None else found[:most]


def read_cifar_binary(files: Files, reading: UploadReader) -> CheckedDataset | None:
    """Returns the images and labels of CIFAR's binary files as a checked data set, or None if the files are others.

    Raises `InputError`.
    """
    found = {place[-1]: source for place, source in files.items()}
    forms = [form for form in (cifar.TEN, cifar.FINE) if set(form.files) <= set(found)]
    if not forms or (forms[0] is cifar.FINE and any(found[name].size % cifar.FINE.record for name in cifar.FINE.files)):
        return None
    form = forms[0]
    if form is cifar.FINE:
        reading.record_conversion("coarse", 20, "The 20 coarse labels left out: classes are the 100 fine ones.")
    parts = {}
    for part, names in ((TRAIN, form.train), (TEST, (form.test,))):
        size = sum(found[name].size for name in names)
        if not size or any(found[name].size % form.record for name in names):
            raise InputError(names[0], f"hold records of {form.record:,} bytes", Unquoted(f"{size:,} bytes"))
        reading.limits.check_sample_count(size // form.record)
        tables = [
            LazyArray(name, found[name], (found[name].size // form.record, form.record), False, np.dtype(np.uint8), 0)
            for name in names
        ]
        labels = np.concatenate([piece[:, form.label] for one in tables for piece in one.pieces()])
        parts[part] = LabelledImages(
            ImageStack.from_cifar_records(names[0], tables), _labels(labels.astype(np.int64), names[0], reading)
        )
    left = len(files) - len(form.files)
    reading.record_conversion("others", left, f"{count_with_noun(left, 'other file')} left out.")
    return join_splits(f"{form.title}'s binary files", parts, reading, "as in the files")
