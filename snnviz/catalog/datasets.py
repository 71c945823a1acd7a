"""Data sets: a card for each (what, size, source, licence, checksums, citation) and the reading of their files.

Files are looked for in `snnviz.places.data_dirs` and otherwise fetched. Whatever their origin, the SHA-256 of their
*content* must be the card's, so that the same design means the same images on every machine.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog import recordings
from snnviz.catalog.recordings import Counts
from snnviz.design import DATASETS, EVENTS
from snnviz.errors import DataMissing
from snnviz.places import cache_dir, data_dirs

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

ROLES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True, slots=True)
class File:
    """An IDX file: `content` is the SHA-256 of its uncompressed bytes, `packed` that of the published .gz."""

    content: str
    packed: str


@dataclass(frozen=True, slots=True)
class Card:
    """What a page tells about a data set. Intensities are in [0, 1]; statistics are over the training images
    (those of digits over all images, because their split depends on the seed).

    `histogram`: share of pixels at intensity k/16, k = 0..16. `likeness`: how alike the spikes of neighbouring
    pixels' neurons are at initialisation, 0 independent to 1 equal, seen through 2x2 average pooling (measured:
    means of five layers, four encodings and thresholds, three seeds). Of recordings of events, `counts` says what
    mean, deviation and histogram say of images.
    """

    title: str
    about: str
    shape: tuple[int, int, int]
    classes: int
    train: int
    test: int
    likeness: float
    licence: str
    citation: str
    home: str
    mean: float = 0.0
    std: float = 1.0
    histogram: tuple[float, ...] = ()
    counts: Counts | None = None
    download: str = ""
    files: tuple[File, ...] = ()
    labels: tuple[str, ...] = field(default=tuple("0123456789"))


@dataclass(frozen=True, slots=True)
class Split:
    """Images (N, H, W) of uint8 with white at `white`, and labels (N,) from 0."""

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    white: int


def _shares(text: str) -> tuple[float, ...]:
    """Shares written in units of 1e-5."""
    return tuple(int(number) / 1e5 for number in text.split())


@DATASETS.register(source="https://archive.ics.uci.edu/dataset/80", kind="digits")
def digits() -> Card:
    """Handwritten digits, 8x8: small enough to learn in seconds, and shipped with scikit-learn."""
    return Card(
        title="Digits",
        about="1,797 handwritten digits of 8x8 pixels; 80 % for training and 20 % for testing, by the design's seed.",
        shape=(1, 8, 8),
        classes=10,
        train=1437,
        test=360,
        mean=0.3053,
        std=0.3760,
        histogram=_shares("48929 3561 2866 2560 2835 2437 2225 2284 3012 2248 2357 2474 3189 3051 3138 3742 9092"),
        likeness=0.3,
        licence="CC BY 4.0",
        citation="Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
        home="https://archive.ics.uci.edu/dataset/80",
        files=(File("6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8", ""),),
    )


@DATASETS.register(source="http://yann.lecun.com/exdb/mnist", kind="mnist")
def mnist() -> Card:
    """Handwritten digits, 28x28: the classic."""
    return Card(
        title="MNIST",
        about="60,000 training and 10,000 test images of handwritten digits, 28x28 pixels.",
        shape=(1, 28, 28),
        classes=10,
        train=60_000,
        test=10_000,
        mean=0.1307,
        std=0.3081,
        histogram=_shares("81404 1062 835 702 712 624 564 592 693 619 569 655 735 734 865 1120 7515"),
        likeness=0.45,
        licence="CC BY-SA 3.0",
        citation="LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition",
        home="http://yann.lecun.com/exdb/mnist",
        download="https://ossci-datasets.s3.amazonaws.com/mnist/",
        files=(
            File(
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            File(
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            File(
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            File(
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    )


@DATASETS.register(source="https://github.com/zalandoresearch/fashion-mnist", kind="fashion-mnist")
def fashion_mnist() -> Card:
    """Clothes, 28x28: as light as MNIST and much harder."""
    return Card(
        title="Fashion-MNIST",
        about="60,000 training and 10,000 test images of clothes, 28x28 pixels.",
        shape=(1, 28, 28),
        classes=10,
        train=60_000,
        test=10_000,
        mean=0.2860,
        std=0.3530,
        histogram=_shares("53015 1604 1762 1939 2063 2180 2291 2426 2576 2838 3205 3754 4525 5372 5682 3231 1538"),
        likeness=0.5,
        licence="MIT",
        citation="Xiao, Rasul and Vollgraf 2017, Fashion-MNIST, arXiv:1708.07747",
        home="https://github.com/zalandoresearch/fashion-mnist",
        download="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        files=(
            File(
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            File(
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            File(
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            File(
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
        labels=("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    )


@DATASETS.register(source="https://www.garrickorchard.com/datasets/n-mnist", kind="nmnist", traits=[EVENTS])
def nmnist() -> Card:
    """Recordings of MNIST's digits by an event camera in three quick moves, 34x34 in two polarities."""
    return Card(
        title="N-MNIST",
        about="60,000 training and 10,000 test recordings of MNIST's digits by an event camera that moves three times, "
        "34x34 pixels in two polarities: each of T frames counts the events in a T-th of the 0.3 s.",
        shape=(2, 34, 34),
        classes=10,
        train=60_000,
        test=10_000,
        likeness=0.45,
        licence="CC BY-SA 4.0",
        citation="Orchard, Jayawant, Cohen and Thakor 2015, Converting static image datasets to spiking neuromorphic "
        "datasets using saccades",
        home="https://www.garrickorchard.com/datasets/n-mnist",
        counts=recordings.NMNIST,
    )


def card(name: str) -> Card:
    """The card of a data set. Raises `InputError` for an unknown name."""
    found = DATASETS[name].function()
    assert isinstance(found, Card)
    return found


def find(name: str, role: str) -> list[Path]:
    """The files on this machine that may be the one of `name` in this role, in the order of preference."""
    places = (folder / f"{role}{ending}" for folder in data_dirs(name) for ending in ("", ".gz"))
    return [place for place in places if place.is_file()]


def is_here(name: str) -> bool:
    """Whether `name` can be read without a download."""
    if card(name).counts is not None:
        return recordings.find(name) is not None
    return not card(name).download or all(find(name, role) for role in ROLES)


def ensure(name: str, watch: Callable[[str], None]) -> None:
    """Fetch the files of `name` that are not here; `watch` hears how far that is. Raises `DataMissing`."""
    if card(name).counts is not None:
        place_of(name)
    if card(name).download:
        for role, file in zip(ROLES, card(name).files, strict=True):
            if not find(name, role):
                fetch(name, role, file, watch)


def place_of(name: str) -> Path:
    """The folder of a data set of recordings. Raises `DataMissing`, which says where to put them."""
    place = recordings.find(name)
    if place is None:
        about, inner = card(name), recordings.INNER[name]
        where = cache_dir() / "datasets" / name / inner
        raise DataMissing(
            f"{about.title} is not on this machine and cannot be fetched: get it from {about.home} and unpack it so "
            f"that its recordings are {where}/Train/<label>/*.bin and {where}/Test/<label>/*.bin."
        )
    return place


def sizes(name: str) -> tuple[int, int]:
    """Training and test images that a run can use: all there are, or of recordings those on this machine."""
    about = card(name)
    here = recordings.sizes(name) if about.counts is not None else None
    return here or (about.train, about.test)


def remark(name: str) -> str:
    """A sentence where only a part of `name` is on this machine, else nothing."""
    about, (train, test) = card(name), sizes(name)
    if (train, test) == (about.train, about.test):
        return ""
    return (
        f"{about.title} is on this machine in part: {train:,} of its {about.train:,} training "
        f"and {test:,} of its {about.test:,} test recordings."
    )


def load(name: str, seed: int = 0, watch: Callable[[str], None] = lambda _: None) -> Split:
    """The images of `name`, which are no recordings. `seed` splits digits; the others have a test set of their own.

    `watch` hears of downloads. Raises `DataMissing` with one sentence where a file is absent and cannot be fetched, or
    is damaged.
    """
    about = card(name)
    if not about.download:
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
    import pooch

    about = card(name)
    watch(f"fetching {about.title}: {role}.gz")
    pooch.get_logger().setLevel("WARNING")  # `watch` tells more
    try:
        return Path(
            pooch.retrieve(
                f"{about.download}{role}.gz",
                known_hash=f"sha256:{file.packed}",
                fname=f"{role}.gz",
                path=cache_dir() / "datasets" / name,
                downloader=pooch.HTTPDownloader(timeout=20, chunk_size=2**18, progressbar=_Watched(watch, role)),
            )
        )
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong hash is a ValueError
        where = cache_dir() / "datasets" / name
        debian = " or install Debian's package dataset-fashion-mnist" if name == "fashion-mnist" else ""
        reason = type(error).__name__
        raise DataMissing(
            f"{about.title} is not on this machine and could not be fetched ({reason}): "
            f"put {role}.gz and its three siblings into {where}{debian}."
        ) from None


class _Watched:
    """Tells `watch` how far a download is; pooch drives it as a progress bar."""

    def __init__(self, watch: Callable[[str], None], role: str) -> None:
        self.watch, self.role, self.total, self.done = watch, role, 0, 0.0

    def update(self, count: int) -> None:
        self.done = min(self.done + count, self.total or math.inf)  # the last piece is counted as a whole one
        self.watch(f"fetching {self.role}: {self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB")

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass


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
