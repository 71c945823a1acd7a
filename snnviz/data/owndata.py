"""Storage of uploaded data sets ("own" data), under names derived from their content, such as own-0123456789ab.

Each has a folder in `cache/datasets` with `card.json` and arrays, which are memory-mapped and never unpickled. Uploads
are checked by `snnviz.data.uploads`. A removed data set leaves its description, so that its runs can still be read.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz import temporary_files
from snnviz.data import owners, recordings
from snnviz.data.cards import DatasetCard
from snnviz.data.files.limits import TEST_SHARE, Kind
from snnviz.data.owners import Owner
from snnviz.design.menus import EVENTS
from snnviz.design.registry import Entry
from snnviz.errors import DataMissing, NotFound
from snnviz.places import cache_dir

OPENED_FILE = "opened"
"""Beside the samples: when it was changed is when the data set was last used."""

OPENED_SECONDS = 3600.0

NAME = re.compile(r"own-[0-9a-f]{12}")


ARRAYS: dict[Kind, tuple[str, ...]] = {"images": ("images", "labels"), "events": ("events", "ends", "labels")}
"""Names of the stored arrays: images (N, C, H, W) uint8; or events (n,) of all recordings one after the other and the
index at which each recording ends; and labels (N,) int64.
"""


def is_own_name(text: str) -> bool:
    """Returns whether `text` has the form of an uploaded data set's name; no other text becomes part of a path."""
    return NAME.fullmatch(text) is not None


def dataset_folder(name: str) -> Path:
    """Returns the folder in which the uploaded data set `name` is stored."""
    assert is_own_name(name)
    return cache_dir() / "datasets" / name


def own_dataset_names() -> tuple[str, ...]:
    """Returns the names of all uploaded data sets on this machine, the oldest first."""
    place = cache_dir() / "datasets"
    found = [path for path in place.glob("own-*") if is_own_name(path.name) and is_available(path.name)]
    return tuple(path.name for path in sorted(found, key=lambda path: (path / "card.json").stat().st_mtime_ns))


def own_dataset_sizes() -> dict[Path, int]:
    """Returns the bytes of each uploaded data set's samples, by its folder, without cached frames."""
    arrays = {f"{array}.npy" for several in ARRAYS.values() for array in several}
    found = (
        (dataset_folder(name), [path for path in dataset_folder(name).glob("*.npy") if path.name in arrays])
        for name in own_dataset_names()
    )
    return {place: sum(path.stat().st_size for path in several) for place, several in found}


@contextmanager
def exclusive_lock() -> Iterator[None]:
    """Context manager that keeps other processes from counting, storing or removing data sets. Raises `DataMissing`."""
    place = cache_dir() / "datasets"
    try:
        place.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_RDONLY)
    except OSError as error:
        raise _unwritten(error) from None
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def mark_opened(name: str) -> None:
    """Records that somebody uses an uploaded data set, at most once an hour."""
    with suppress(OSError):
        if time.time() - last_opened(name) > OPENED_SECONDS:
            (dataset_folder(name) / OPENED_FILE).touch()


def last_opened(name: str) -> float:
    """Returns when an uploaded data set was last used, or stored, in seconds since 1970; 0.0 if it is not there."""
    times = [0.0]
    for file in (OPENED_FILE, "card.json"):
        with suppress(OSError):
            times.append((dataset_folder(name) / file).stat().st_mtime)
    return max(times)


def is_available(name: str) -> bool:
    """Returns whether the samples of an uploaded data set can be read."""
    description = _told(name)
    return description is not None and all(
        (dataset_folder(name) / f"{array}.npy").is_file() for array in ARRAYS[description["kind"]]
    )


def missing_error(name: str) -> DataMissing:
    """Returns the error for an uploaded data set whose samples were removed."""
    return DataMissing(f"The data set {name} was removed from this machine: upload it once more, and it has this name.")


def registry_entry(kind: str) -> Entry[Any] | None:
    """Returns the entry of an uploaded data set for the registry of data sets, or None if this machine never had it."""
    description = _told(kind)
    if description is None:
        return None
    traits = frozenset({EVENTS} if description["kind"] == "events" else ())
    return Entry(kind, lambda: _card(description), "a file of one's own", "", (), traits)


Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


def load_images(name: str, seed: int) -> tuple[Images, Labels, Images, Labels, int]:
    """Returns training images (N, C, H, W) and labels, test images and labels, and the value of a white pixel.

    Raises `DataMissing`.
    """
    mark_opened(name)
    description, (found, labels) = _open(name, "images")
    train, test = compute_split(description, seed)
    return found[train], labels[train], found[test], labels[test], int(description["white"])


def load_events(name: str) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Returns all events (n,) with fields x, y, t, p, memory-mapped; the end index (N,) and the label (N,) of each
    recording.
    """
    mark_opened(name)
    _, (found, ends, labels) = _open(name, "events")
    return found, ends, labels


def split_indices(name: str, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the indices of training and of test samples of an uploaded data set. Raises `DataMissing`."""
    description = _told(name)
    if description is None:
        raise missing_error(name)
    return compute_split(description, seed)


def compute_split(description: Mapping[str, Any], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the indices of training and of test samples of an uploaded data set: as uploaded, or drawn by `seed` if
    the stored description says so.

    `description`: the stored description.
    """
    train, test = int(description["train"]), int(description["test"])
    order = (
        np.random.default_rng([seed, 0x0177]).permutation(train + test)
        if description["drawn"]
        else np.arange(train + test)
    )
    return np.sort(order[:train]), np.sort(order[train:])


def content_name(description: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Returns the name of a checked data set, a hash of its description and samples: equal uploads are one data set."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for array in ARRAYS[description["kind"]]:
        digest.update(np.ascontiguousarray(arrays[array]).data)
    return f"own-{digest.hexdigest()[:12]}"


def store_dataset(
    name: str, description: dict[str, Any], arrays: Mapping[str, NDArray[Any]], maker: Owner | None = None
) -> None:
    """Stores a checked data set under `name`, atomically; `description` is its description.

    If it is stored already, `maker` is added to its owners.
    """
    place = dataset_folder(name)
    if is_available(name):
        if maker is not None:
            owners.write_owners(place, {**owners.read_owners(place), maker.visitor: maker.address})
        return
    work = place.parent / f"own-{uuid.uuid4().hex}.tmp"
    try:
        work.mkdir(parents=True)
        with temporary_files.in_use(work):
            for array in ARRAYS[description["kind"]]:
                np.save(work / f"{array}.npy", arrays[array], allow_pickle=False)
            (work / "card.json").write_text(json.dumps(description))
            if maker is not None:
                owners.write_owners(work, {maker.visitor: maker.address})
            if place.exists():  # it was removed before, or damaged
                shutil.rmtree(place)
            os.replace(work, place)
    except OSError as error:
        if not is_available(name):  # somebody else may have been faster
            raise _unwritten(error) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def remove_dataset(name: str, visitor: str | None = None) -> bool:
    """Deletes the samples of an uploaded data set and returns whether they are gone; its description stays.

    `visitor`: hash of a visitor, who stops being an owner; samples with other owners are kept. None: the host, who
    removes them in any case. Raises `NotFound`.
    """
    if not is_own_name(name) or _told(name) is None:
        raise NotFound(f"data set must be one of one's own on this machine, got {name[:60]!r}")
    with exclusive_lock():
        if visitor is not None:
            several = owners.read_owners(dataset_folder(name))
            if several.pop(visitor, None) is None:
                raise NotFound(f"data set must be one that you keep to be removed by you, got {name}")
            if several:
                owners.write_owners(dataset_folder(name), several)
                return False
        for path in dataset_folder(name).iterdir():
            if path.name != "card.json":
                path.unlink(missing_ok=True)
    return True


def _unwritten(error: OSError) -> DataMissing:
    place, reason = cache_dir() / "datasets", error.strerror or type(error).__name__
    return DataMissing(f"The data set could not be kept in {place} ({reason}): make room there.")


def _told(name: str) -> dict[str, Any] | None:
    if not is_own_name(name):
        return None
    path = dataset_folder(name) / "card.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=256)
def _read(path: Path, _: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _open(name: str, kind: Kind) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    description = _told(name)
    if description is None:
        raise missing_error(name)
    try:
        found = [
            np.load(dataset_folder(name) / f"{array}.npy", mmap_mode="r", allow_pickle=False) for array in ARRAYS[kind]
        ]
    except FileNotFoundError:
        raise missing_error(name) from None
    except (OSError, ValueError) as error:
        raise DataMissing(f"The data set {name} is damaged ({type(error).__name__}): upload it once more.") from None
    return description, found


def _card(description: Mapping[str, Any]) -> DatasetCard:
    events, drawn = description["kind"] == "events", description["drawn"]
    count, (channels, height, width) = description["train"] + description["test"], description["shape"]
    noun = "recordings of events" if events else "images"
    return DatasetCard(
        title=description["title"],
        about=f"{count:,} {noun} of one's own, {height}x{width} pixels in {channels} "
        f"{'polarities' if events else 'channel' + 's' * (channels > 1)}.",
        shape=(channels, height, width),
        classes=description["classes"],
        train=description["train"],
        test=description["test"],
        likeness=0.45,
        licence="one's own",
        citation="",
        home="",
        mean=description.get("mean", 0.0),
        std=description.get("std", 1.0),
        histogram=tuple(description.get("histogram", ())),
        counts=recordings.NMNIST if events else None,
        labels=tuple(description["labels"]),
        layout="own",
        split=f"{100 * TEST_SHARE:.0f} % for testing, drawn by the design's seed." if drawn else "As uploaded.",
        guessed=events,
    )
