"""What somebody wants to add as a data set of their own: checked with bounds, shown, and only then kept.

Images: an .npz of `images` and `labels` (or x_train, y_train, x_test, y_test), or IDX files as MNIST's. Recordings of
events: folders called by their label, in them .bin, .npy, .h5 or .aedat4; one recording alone can be looked at. Several
files may be zipped. Nothing is unpickled, no name becomes part of a path, sizes are read before anything is unpacked,
and nothing is written before `keep`. Each fault is an `InputError` of one sentence.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog import eventfolders, imagefiles, owndata
from snnviz.catalog.checked import Checked as Checked
from snnviz.catalog.checked import Files
from snnviz.catalog.checked import Limits as Limits
from snnviz.errors import Described, InputError


def check(source: Path | bytes | Mapping[str, bytes], limits: Limits | None = None) -> Checked:
    """What a file or folder of this machine is, the bytes of a file, or several files by name. Raises `InputError`."""
    limits = limits or Limits.here()
    files = _of_path(source, limits) if isinstance(source, Path) else _of_bytes(source, limits)
    try:
        return _read(files, limits)
    except (OSError, MemoryError) as error:
        raise InputError("upload", "be readable", Described(type(error).__name__)) from None


def keep(checked: Checked, title: str = "", limits: Limits | None = None) -> str:
    """Keeps a data set and returns its name, own-<12 hex digits>. Raises `InputError` or `DataMissing`.

    The same samples under the same title are the same data set.
    """
    limits = limits or Limits.here()
    if not checked.trainable:
        got = f"{checked.train} and {checked.test} samples, {checked.classes} class{'es' * (checked.classes > 1)}"
        raise InputError("data set", "have samples to train and to test with, of two classes", Described(got))
    if len(title) > 60 or not title.isprintable():
        raise InputError("title", "be at most 60 printable characters", title)
    told: dict[str, Any] = {
        "kind": checked.kind,
        "title": title.strip() or f"Own {'images' if checked.kind == 'images' else 'recordings'}",
        "shape": list(checked.shape),
        "classes": checked.classes,
        "labels": list(checked.labels),
        "train": checked.train,
        "test": checked.test,
        "drawn": checked.drawn,
        "white": checked.white,
    }
    if checked.kind == "images":
        told |= _statistics(checked.arrays["images"], checked.white)
    if len(owndata.names()) >= limits.sets:
        raise InputError("data set", f"be one of at most {limits.sets} on this machine", Described("one more"))
    size = sum(array.nbytes for array in checked.arrays.values())
    if owndata.held() + size > limits.kept * 10**6:
        rule = f"fit into the {limits.kept:,} MB that are kept on this machine for all of them"
        raise InputError("data set", rule, Described(f"{size / 1e6:,.0f} MB more"))
    return owndata.put(told, checked.arrays)


remove = owndata.remove
"""Deletes the samples of a data set of one's own; runs that used it keep their results. Raises `NotFound`."""


def _statistics(images: NDArray[np.uint8], white: int) -> dict[str, Any]:
    """Mean, standard deviation and histogram of the intensities, as a card has them."""
    levels = np.zeros(256, np.int64)
    for start in range(0, len(images), 1024):
        levels += np.bincount(images[start : start + 1024].ravel(), minlength=256)
    share, level = levels / levels.sum(), np.minimum(np.arange(256) / white, 1)
    mean = float(share @ level)
    std = max(float(share @ level**2) - mean**2, 0.0) ** 0.5
    histogram = np.bincount(np.round(level * 16).astype(int), weights=share, minlength=17)
    return {"mean": mean, "std": max(std, 1e-3), "histogram": histogram.tolist()}


def _of_path(path: Path, limits: Limits) -> Files:
    """The files of a path by their places in it; links are not followed."""
    if path.is_file():
        limits.fit(path.stat().st_size)
        return {(path.name,): path.read_bytes}
    if not path.is_dir():
        raise InputError("path", "be a file or a folder", str(path))
    found: Files = {}
    total = 0
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            place = Path(folder) / name
            if place.is_symlink() or not place.is_file() or name.startswith("."):
                continue
            total += place.stat().st_size
            limits.fit(total)
            found[place.relative_to(path.parent).parts[-3:]] = place.read_bytes
            limits.fit_samples(len(found))
    return found


def _of_bytes(source: bytes | Mapping[str, bytes], limits: Limits) -> Files:
    given = {"upload": source} if isinstance(source, bytes) else source
    limits.fit(sum(map(len, given.values())))
    limits.fit_samples(len(given))
    return {imagefiles.places(name): partial(bytes, raw) for name, raw in given.items()}


def _read(files: Files, limits: Limits, nested: bool = False) -> Checked:
    """By what the files begin with, and by what they are called where that says nothing."""
    if not files:
        raise InputError("upload", "hold a data set", Described("no file"))
    if len(files) == 1:
        place, source = next(iter(files.items()))
        raw = source()
        if raw[:4] == b"PK\x03\x04" and not nested:
            inner = imagefiles.zipped(raw, limits)
            if arrays := imagefiles.arrays(inner):
                return imagefiles.npz(arrays, limits)
            return _read(inner, limits, nested=True)
        ending = next((known for magic, known in eventfolders.MAGIC.items() if raw.startswith(magic)), "")
        files = {(*place[:-1], place[-1] + ending): partial(bytes, raw)}
    if idx := imagefiles.idx_roles(files):
        return imagefiles.idx(idx, limits)
    if batches := imagefiles.cifar_batches(files):
        return imagefiles.cifar(batches, limits)
    return eventfolders.recordings(files, limits)
