"""Data sets: a card for each (what, size, source, licence, checksums, citation) and the reading of their files.

Files are looked for in `snnviz.places.data_dirs` and otherwise fetched. Whatever their origin, the SHA-256 of their
*content* must be the card's, so that the same design means the same images on every machine.
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
from snnviz.data.cards import Card as Card
from snnviz.data.cards import File as File
from snnviz.data.files import cifar
from snnviz.data.recordings import Counts
from snnviz.design.binning import Events, seen
from snnviz.design.menus import DATASETS
from snnviz.design.networks import Shape
from snnviz.design.parts import Data
from snnviz.errors import DataMissing, InputError, did_you_mean
from snnviz.places import cache_dir, data_dirs

DATASETS.beside = lambda kind: owndata.entry(kind) or eventsets.entry(kind)
_WRITTEN_DOWN = (stills, eventsets)  # each registers its cards

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

ROLES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True, slots=True)
class Split:
    """Images (N, H, W) or (N, C, H, W) of uint8 with white at `white`, and labels (N,) from 0."""

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    white: int


def card(name: str) -> Card:
    """The card of a data set. Raises `InputError` for an unknown name."""
    found = DATASETS[name].function()
    assert isinstance(found, Card)
    return found


def find(name: str, role: str) -> list[Path]:
    """The files on this machine that may be the one of `name` in this role, in the order of preference."""
    places = (folder / f"{role}{ending}" for folder in data_dirs(name) for ending in ("", ".gz"))
    return [place for place in places if place.is_file()]


def names() -> tuple[str, ...]:
    """All that a design can show on this machine: what is registered, and one's own."""
    return (*DATASETS.kinds, *owndata.names())


def shape(data: Data) -> Shape:
    """What a network sees of one sample at a time step: channels or polarities, height, width."""
    channels, height, width = card(data.name).shape
    return channels, seen(height, data.events), seen(width, data.events)


def stated(data: Data) -> Counts | None:
    """What the card of a set of recordings says of the frames that a design makes of it; None where it says nothing."""
    about, how = card(data.name), data.events
    return about.counts if not about.guessed and how == Events() else None


def is_here(name: str) -> bool:
    """Whether `name` can be read without a download."""
    about = card(name)
    if about.simulated:
        return is_here(about.simulated)
    if about.layout == "own":
        return owndata.is_here(name)
    if about.layout == "cifar":
        return cifar.find(name) is not None
    if about.counts is not None:
        return recordings.find(name) is not None
    return not about.download or all(find(name, role) for role in ROLES)


UNASKED_MEGABYTES = 250
"""Archives that are larger are fetched when somebody says so, not because a run wants them."""


def is_fetched_unasked(name: str) -> bool:
    """Whether the first run that wants it fetches it."""
    about = card(name)
    if about.simulated:
        return is_fetched_unasked(about.simulated)
    return about.fetchable and all(0 < archive.megabytes <= UNASKED_MEGABYTES for archive in about.archives)


def ensure(name: str, watch: Callable[[str], None], *, asked: bool = False) -> None:
    """Fetch the files of `name` that are not here; `watch` hears how far that is. Raises `DataMissing`.

    `asked`: somebody wants just that, however large it is.
    """
    name = source(name)
    about = card(name)
    if about.archives and not is_here(name):
        if asked or is_fetched_unasked(name):
            fetching.fetch_archives(name, about, watch)
        else:
            place_of(name)
    elif about.layout == "own" and not is_here(name):
        raise owndata.absent(name)
    elif about.download:
        for role, file in zip(ROLES, about.files, strict=True):
            if not find(name, role):
                fetch(name, role, file, watch)


def source(name: str) -> str:
    """The data set whose files it is read from: of simulated recordings the images, of other labels the same images."""
    about = card(name)
    if about.simulated:
        return source(about.simulated)
    return cifar.FORMATS[name].home if about.layout == "cifar" else name


def place_of(name: str) -> Path:
    """The folder of a data set of recordings. Raises `DataMissing`, which says where to put them."""
    place = recordings.find(name)
    if place is None:
        about, layout = card(name), recordings.LAYOUTS[name]
        where = cache_dir() / "datasets" / name / layout.inner
        raise DataMissing(
            f"{about.title} is not on this machine: get it by `python -m snnviz data fetch {name}`, or "
            f"from {about.home} and unpack it so that its recordings are {where}/{layout.pattern}."
        )
    return place


def sizes(name: str) -> tuple[int, int]:
    """Training and test samples that a run can use: all there are, or of recordings those on this machine."""
    about = card(name)
    if about.simulated:
        return sizes(about.simulated)
    here = None
    if about.layout == "cifar":
        here = cifar.sizes(name)
    elif about.layout in ("nmnist", "classes", "gesture"):
        here = recordings.sizes(name)
    return here or (about.train, about.test)


def remark(name: str) -> str:
    """A sentence where only a part of `name` is on this machine, or where it is simulated, else nothing."""
    about, (train, test) = card(name), sizes(name)
    words = ""
    if about.simulated:
        words = f"These recordings are simulated from the images of {card(about.simulated).title}."
    if (train, test) == (about.train, about.test):
        return words
    noun = "images" if about.counts is None or about.simulated else "recordings"
    part = (
        f"{about.title} is on this machine in part: {train:,} of its {about.train:,} training "
        f"and {test:,} of its {about.test:,} test {noun}."
    )
    return f"{words} {part}".strip()


def load(name: str, seed: int = 0, watch: Callable[[str], None] = lambda _: None) -> Split:
    """The images of `name`, which are no recordings. `seed` splits what has no test set of its own.

    `watch` hears of downloads. Raises `DataMissing` with one sentence where a file is absent and cannot be fetched, or
    is damaged.
    """
    about = card(name)
    if about.layout == "own":
        return Split(*owndata.images(name, seed))
    if about.layout == "cifar":
        ensure(name, watch)
        return Split(*cifar.load(name), 255)
    if about.layout == "table":
        return _digits(about, seed)
    arrays = []
    for role, file in zip(ROLES, about.files, strict=True):
        paths = find(name, role) or [fetch(name, role, file, watch)]
        arrays.append(_idx(_first_whole(paths, file.content, name)))
    train_images, train_labels, test_images, test_labels = arrays
    return Split(train_images, train_labels.astype(np.int64), test_images, test_labels.astype(np.int64), 255)


def _first_whole(paths: list[Path], content: str, name: str) -> bytes:
    """The content of the first file that is what it should be, or the first file's `DataMissing`."""
    problems = []
    for path in paths:
        try:
            return read(path, content, name)
        except DataMissing as problem:
            problems.append(problem)
    raise problems[0]


def read(path: Path, content: str, name: str) -> bytes:
    """The bytes of a file, gzipped or not, after checking their SHA-256. Raises `DataMissing`."""
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


def fetch(name: str, role: str, file: File, watch: Callable[[str], None]) -> Path:
    """Download one file into cache/datasets, whole or not at all. Raises `DataMissing` saying what else can be done."""
    about = card(name)
    watch(f"fetching {about.title}: {role}.gz")
    try:
        urls = [f"{place}{role}.gz" for place in (about.download, *about.mirrors)]
        return fetching.retrieve(name, f"{role}.gz", urls, f"sha256:{file.packed}", watch)
    except OSError as error:
        where = cache_dir() / "datasets" / name
        debian = " or install Debian's package dataset-fashion-mnist" if name == "fashion-mnist" else ""
        reason = str(error) if isinstance(error, fetching.Trouble) else type(error).__name__
        raise DataMissing(
            f"{about.title} is not on this machine and could not be fetched: {reason}. By hand: "
            f"put {role}.gz and its three siblings into {where}{debian}."
        ) from None


def _digits(about: Card, seed: int) -> Split:
    """scikit-learn's own file, read without importing scikit-learn (a second, and 180 MB)."""
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataMissing("The digits come with scikit-learn, which must be installed: pip install scikit-learn.")
    path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    raw = read(path, about.files[0].content, about.title)
    table = np.loadtxt(raw.decode().splitlines(), delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, *about.shape[1:]), table[:, -1].astype(np.int64)
    order = np.random.default_rng([seed, 0xD161]).permutation(len(images))
    images, labels = images[order], labels[order]
    return Split(images[: about.train], labels[: about.train], images[about.train :], labels[about.train :], 16)


def read_dataset(value: object, field: str = "data") -> str:
    """The name of a data set, or a sentence."""
    if not isinstance(value, str) or value not in DATASETS:
        raise InputError(field, f"be one of {', '.join(DATASETS.kinds)}", value, did_you_mean(value, DATASETS.kinds))
    return value
