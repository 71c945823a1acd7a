"""Data sets by name: their descriptions, availability, download and reading.

Files are searched in `snnviz.places.data_dirs` and otherwise downloaded. The SHA-256 of their uncompressed content must
be the one in the description, so that the same design means the same images on every machine.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnviz.data import eventsets, fetching, owndata, recordings, stills
from snnviz.data.cards import Archive as Archive
from snnviz.data.cards import DatasetCard as DatasetCard
from snnviz.data.cards import IdxFile as IdxFile
from snnviz.data.files import cifar
from snnviz.data.recordings import EventCountStatistics
from snnviz.design.binning import Events, resulting_side
from snnviz.design.menus import DATASETS
from snnviz.design.networks import Shape
from snnviz.design.parts import Data
from snnviz.errors import DataMissing, InputError, did_you_mean
from snnviz.places import cache_dir, data_dirs

DATASETS.fallback = lambda kind: owndata.registry_entry(kind) or eventsets.saccades_entry(kind)
_WRITTEN_DOWN = (stills, eventsets)  # each registers its cards

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

ROLES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True, slots=True)
class Split:
    """The training and test set of an image data set: images as uint8 arrays (N, H, W) or (N, C, H, W), labels (N,)
    from 0.

    `white`: the value of a white pixel, 255 or 16.
    """

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    white: int


def dataset_card(name: str) -> DatasetCard:
    """Returns the description of the data set `name`. Raises `InputError` for an unknown name."""
    found = DATASETS[name].function()
    assert isinstance(found, DatasetCard)
    return found


def find_files(name: str, role: str) -> list[Path]:
    """Returns the existing files on this machine that may be the IDX file with role `role` (such as "train-images") of
    data set `name`, the preferred first; their content is not checked.
    """
    places = (folder / f"{role}{ending}" for folder in data_dirs(name) for ending in ("", ".gz"))
    return [place for place in places if place.is_file()]


def dataset_names() -> tuple[str, ...]:
    """Returns the names of all data sets that a design can use on this machine, uploaded ones included."""
    return (*DATASETS.kinds, *owndata.own_dataset_names())


def sample_shape(data: Data) -> Shape:
    """Returns the network's input shape at one time step: channels or polarities, height, width."""
    channels, height, width = dataset_card(data.name).shape
    return channels, resulting_side(height, data.events), resulting_side(width, data.events)


def card_counts(data: Data) -> EventCountStatistics | None:
    """Returns the event count statistics that the description gives for a design's frames; None if they were not
    measured.
    """
    about, how = dataset_card(data.name), data.events
    return about.counts if not about.guessed and how == Events() else None


def is_available(name: str) -> bool:
    """Returns whether the data set `name` can be read without a download."""
    about = dataset_card(name)
    if about.simulated:
        return is_available(about.simulated)
    if about.layout == "own":
        return owndata.is_available(name)
    if about.layout == "cifar":
        return cifar.find_folder(name) is not None
    if about.counts is not None:
        return recordings.find_folder(name) is not None
    return not about.download or all(find_files(name, role) for role in ROLES)


AUTOMATIC_DOWNLOAD_MEGABYTES = 250
"""Largest archive, in MB, that a run downloads by itself; larger ones are only downloaded by an explicit request."""


def is_downloaded_automatically(name: str) -> bool:
    """Returns whether the first run that uses the data set downloads it."""
    about = dataset_card(name)
    if about.simulated:
        return is_downloaded_automatically(about.simulated)
    return about.fetchable and all(0 < archive.megabytes <= AUTOMATIC_DOWNLOAD_MEGABYTES for archive in about.archives)


def ensure_downloaded(name: str, on_progress: Callable[[str], None], *, explicit: bool = False) -> None:
    """Downloads the files of data set `name` that are missing; `on_progress` gets progress messages.

    `explicit`: the user asked for it, so archives of any size are downloaded. Raises `DataMissing`.
    """
    name = source_dataset(name)
    about = dataset_card(name)
    if about.archives and not is_available(name):
        if explicit or is_downloaded_automatically(name):
            fetching.fetch_archives(name, about, on_progress)
        else:
            recordings_folder(name)
    elif about.layout == "own" and not is_available(name):
        raise owndata.missing_error(name)
    elif about.download:
        for role, file in zip(ROLES, about.files, strict=True):
            if not find_files(name, role):
                download_file(name, role, file, on_progress)


def source_dataset(name: str) -> str:
    """Returns the name of the data set whose files are read for `name`: for simulated recordings the image data set
    they are computed from, for another labelling (cifar100-coarse) the one with the images, else `name`.
    """
    about = dataset_card(name)
    if about.simulated:
        return source_dataset(about.simulated)
    return cifar.FORMATS[name].home if about.layout == "cifar" else name


def recordings_folder(name: str) -> Path:
    """Returns the folder with a data set's event recordings. Raises `DataMissing`, which says where to put them."""
    place = recordings.find_folder(name)
    if place is None:
        about, layout = dataset_card(name), recordings.LAYOUTS[name]
        where = cache_dir() / "datasets" / name / layout.inner
        raise DataMissing(
            f"{about.title} is not on this machine: get it by `python -m snnviz data fetch {name}`, or "
            f"from {about.home} and unpack it so that its recordings are {where}/{layout.pattern}."
        )
    return place


def dataset_sizes(name: str) -> tuple[int, int]:
    """Returns the numbers of training and test samples that a run can use: of recordings, those on this machine."""
    about = dataset_card(name)
    if about.simulated:
        return dataset_sizes(about.simulated)
    here = None
    if about.layout == "cifar":
        here = cifar.image_counts(name)
    elif about.layout in ("nmnist", "classes", "gesture"):
        here = recordings.recording_counts(name)
    return here or (about.train, about.test)


def availability_remark(name: str) -> str:
    """Returns a sentence if only a part of the data set is on this machine, or if it is simulated, else ""."""
    about, (train, test) = dataset_card(name), dataset_sizes(name)
    words = ""
    if about.simulated:
        words = f"These recordings are simulated from the images of {dataset_card(about.simulated).title}."
    if (train, test) == (about.train, about.test):
        return words
    noun = "images" if about.counts is None or about.simulated else "recordings"
    part = (
        f"{about.title} is on this machine in part: {train:,} of its {about.train:,} training "
        f"and {test:,} of its {about.test:,} test {noun}."
    )
    return f"{words} {part}".strip()


def load_images(name: str, seed: int = 0, on_progress: Callable[[str], None] = lambda _: None) -> Split:
    """Returns the images and labels of the image data set `name`; `seed` splits data sets without a test set of their
    own.

    `on_progress` gets progress messages of downloads. Raises `DataMissing` if a file is absent and cannot be
    downloaded, or is damaged.
    """
    about = dataset_card(name)
    if about.layout == "own":
        return Split(*owndata.load_images(name, seed))
    if about.layout == "cifar":
        ensure_downloaded(name, on_progress)
        return Split(*cifar.load_images(name), 255)
    if about.layout == "table":
        return _digits(about, seed)
    arrays = []
    for role, file in zip(ROLES, about.files, strict=True):
        paths = find_files(name, role) or [download_file(name, role, file, on_progress)]
        arrays.append(_idx(_first_whole(paths, file.content, name)))
    train_images, train_labels, test_images, test_labels = arrays
    return Split(train_images, train_labels.astype(np.int64), test_images, test_labels.astype(np.int64), 255)


def _first_whole(paths: list[Path], content: str, name: str) -> bytes:
    """The content of the first file that is what it should be, or the first file's `DataMissing`."""
    problems = []
    for path in paths:
        try:
            return read_verified(path, content, name)
        except DataMissing as problem:
            problems.append(problem)
    raise problems[0]


def read_verified(path: Path, content: str, name: str) -> bytes:
    """Returns the uncompressed bytes of a file, after checking their SHA-256 against `content`. Raises
    `DataMissing`.
    """
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataMissing(
            f"The file {path} of {name} must be readable, got {type(error).__name__}: replace it."
        ) from None
    if hashlib.sha256(raw).hexdigest() != content:
        raise DataMissing(f"The file {path} must have the published content of {name}, got another: replace it.")
    return raw


def _idx(raw: bytes) -> NDArray[np.uint8]:
    """LeCun's format: two zeros, the type (8 is a byte), the number of dimensions, each size as big-endian uint32."""
    dimensions = raw[3]
    shape = np.frombuffer(raw, ">u4", count=dimensions, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape.astype(int))


def download_file(name: str, role: str, file: IdxFile, on_progress: Callable[[str], None]) -> Path:
    """Downloads one IDX file into cache/datasets, atomically, and returns its path.

    Raises `DataMissing`, which says how to get the file otherwise.
    """
    about = dataset_card(name)
    on_progress(f"fetching {about.title}: {role}.gz")
    try:
        urls = [f"{place}{role}.gz" for place in (about.download, *about.mirrors)]
        return fetching.download(name, f"{role}.gz", urls, f"sha256:{file.packed}", on_progress)
    except OSError as error:
        where = cache_dir() / "datasets" / name
        debian = " or install Debian's package dataset-fashion-mnist" if name == "fashion-mnist" else ""
        reason = str(error) if isinstance(error, fetching.DownloadError) else type(error).__name__
        raise DataMissing(
            f"{about.title} is not on this machine and could not be fetched: {reason}. By hand: "
            f"put {role}.gz and its three siblings into {where}{debian}."
        ) from None


def _digits(about: DatasetCard, seed: int) -> Split:
    """scikit-learn's own file, read without importing scikit-learn (a second, and 180 MB)."""
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataMissing("The digits come with scikit-learn, which must be installed: pip install scikit-learn.")
    path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    raw = read_verified(path, about.files[0].content, about.title)
    table = np.loadtxt(raw.decode().splitlines(), delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, *about.shape[1:]), table[:, -1].astype(np.int64)
    order = np.random.default_rng([seed, 0xD161]).permutation(len(images))
    images, labels = images[order], labels[order]
    return Split(images[: about.train], labels[: about.train], images[about.train :], labels[about.train :], 16)


def parse_dataset_name(value: object, field: str = "data") -> str:
    """Returns `value` if it is the name of a data set. Raises `InputError` naming `field`."""
    if not isinstance(value, str) or value not in DATASETS:
        raise InputError(field, f"be one of {', '.join(DATASETS.kinds)}", value, did_you_mean(value, DATASETS.kinds))
    return value
