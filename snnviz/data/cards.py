"""What is told of a data set: a card for each. Nothing here looks for a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from snnviz.data.recordings import EventCountStatistics

Layout = Literal["table", "idx", "cifar", "nmnist", "classes", "gesture", "saccades", "own"]
"""How the files of a data set lie: scikit-learn's table; four IDX files; CIFAR-10's binary files; a folder for each of
Train and Test, in it one for each label; a folder for each class; for each person; another data set; our own files."""


@dataclass(frozen=True, slots=True)
class IdxFile:
    """An IDX file: `content` is the SHA-256 of its uncompressed bytes, `packed` that of the published .gz."""

    content: str
    packed: str


@dataclass(frozen=True, slots=True)
class Archive:
    """A file to download and unpack: what it is called, its address, the hash that its publishers, or tonic, state
    (as pooch writes it, ``md5:...``), and about how large it is, 0 where nobody states that."""

    name: str
    url: str
    hash: str
    megabytes: int = 0
    mirrors: tuple[str, ...] = ()
    """Other addresses of it; of a zip in which it lies ADDRESS#NAME."""


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """What a page tells about a data set. Intensities are in [0, 1]; statistics are over the training images
    (those of digits over all images, because their split depends on the seed).

    `shape`: (channels or polarities, height, width) of its files; what a design shows is `datasets.sample_shape`.
    `histogram`: share of pixels at intensity k/16, k = 0..16. `likeness`: how alike the spikes of neighbouring
    pixels' neurons are at initialisation, 0 independent to 1 equal, seen through 2x2 average pooling (measured:
    means of five layers, four encodings and thresholds, three seeds). Of recordings of events, `counts` says what
    mean, deviation and histogram say of images. Where `guessed`, nobody measured likeness, and histogram or counts
    are another set's, or made up from mean and deviation: forecasts are rough. `split`: how training and test part.
    `simulated`: the set of images that recordings are computed from. `download`, and `mirrors`, which are asked after
    it: folders of the web in which files lie.
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
    counts: EventCountStatistics | None = None
    download: str = ""
    mirrors: tuple[str, ...] = ()
    files: tuple[IdxFile, ...] = ()
    labels: tuple[str, ...] = field(default=tuple("0123456789"))
    layout: Layout = "idx"
    archives: tuple[Archive, ...] = ()
    split: str = "As published."
    guessed: bool = False
    simulated: str = ""

    @property
    def fetchable(self) -> bool:
        """Whether what is missing of it can be downloaded."""
        return bool(self.download or self.archives)
