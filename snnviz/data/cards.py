"""Descriptions of data sets as values; no file is opened here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from snnviz.data.recordings import EventCountStatistics

Layout = Literal["table", "idx", "cifar", "nmnist", "classes", "gesture", "saccades", "own"]
"""How the files of a data set are laid out: scikit-learn's table; four IDX files; CIFAR-10's binary files; a folder per
label below Train and Test; a folder per class; per person; simulated from another data set; uploaded.
"""


@dataclass(frozen=True, slots=True)
class IdxFile:
    """Checksums of an IDX file: `content` is the SHA-256 of its uncompressed bytes, `packed` that of the published
    .gz.
    """

    content: str
    packed: str


@dataclass(frozen=True, slots=True)
class Archive:
    """A file to download and unpack: its name, URL, published hash (as pooch writes it, ``md5:...``) and size.

    `megabytes`: approximate size; 0 if unknown.
    """

    name: str
    url: str
    hash: str
    megabytes: int = 0
    mirrors: tuple[str, ...] = ()
    """Other URLs of the file; a file inside a zip is written URL#NAME."""


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """Description of a data set: size, source, licence, files, and statistics of the training images.

    For digits the statistics are over all images, because their split depends on the seed. Intensities are in [0, 1].
    Nothing is read from the data set's files.

    `shape`: (channels or polarities, height, width) of the files; what a design uses is `datasets.sample_shape`.
    `histogram`: share of pixels at intensity k/16, k = 0..16. `likeness`: similarity of the spikes of neighbouring
    pixels' neurons at initialisation, 0 independent to 1 equal, under 2x2 average pooling (measured: means of five
    layers, four encodings and thresholds, three seeds). `counts`: for event recordings, the statistics of event counts,
    in place of mean, std and histogram. `guessed`: likeness was not measured and histogram or counts are another set's
    or made up, so forecasts are rough. `split`: how training and test set are split. `simulated`: the image data set
    from which recordings are computed. `download` and `mirrors`: URLs of folders with the files, in the order in which
    they are tried.
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
        """Whether the data set can be downloaded."""
        return bool(self.download or self.archives)
