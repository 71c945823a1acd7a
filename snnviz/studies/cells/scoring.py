"""Tasks for scoring a cell and for searching among many, and the images that cells are scored with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import PlainSerializer, PlainValidator, field_validator, model_validator

from snnviz.data import datasets
from snnviz.data.datasets import parse_dataset_name
from snnviz.design.cells import PUBLISHED_CELLS, Cell, Edge, canonical_form, has_backward, parse, random_cell, to_text
from snnviz.design.menus import DATASETS, EVENTS
from snnviz.design.registry import Range
from snnviz.design.submitted import MAX_TEXT, Task
from snnviz.errors import InputError
from snnviz.events import Row

Metric = Literal["sahd", "hd"]
Normalisation = Literal["paper", "code", "published"]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)

STEM_SIDE = 32
"""Side in pixels to which images that are not much smaller are padded."""


class UntrainedNetworks(Task):
    """Base class of scoring tasks: the untrained networks in which cells are scored, and their images.

    The paper scores with 128 channels or more, two batches of 256 images and T = 5 (Kim et al. 2022).
    """

    most = MAX_TEXT

    data: Annotated[str, PlainValidator(parse_dataset_name)] = "digits"
    metric: Metric = "sahd"
    """"hd": Hamming distances of spikes; "sahd": the same in units of the distance of independent spikes."""

    normalisation: Normalisation = "paper"
    """Scale of SAHD. "paper": independent spikes have N/2, and layers are summed; "code": they have 1/2, and layers are
    averaged, as in an early version of the code; "published": N/2 and averaged, less for layers that hardly spike, as
    in today's code. They rank cells differently.
    """

    channels: Annotated[
        int, Range(1, 256, "Channels of the first cell (C); the second has twice as many.", 8, "Channels C")
    ] = 16
    hidden: Annotated[int, Range(1, 4096, "Neurons of the hidden layer after the cells.", 128, "Hidden neurons")] = 1024
    steps: Annotated[int, Range(1, 50, "Time steps T that each image is shown for.", 1)] = 5
    batch: Annotated[int, Range(2, 512, "Images that are told apart.", 16, "Images")] = 32
    repeats: Annotated[
        int, Range(1, 10, "Scores that are averaged, each of other images and other weights.", 1, "Repetitions")
    ] = 2
    size: Annotated[
        int, Range(0, 64, "Side of the images, which are enlarged or padded; 0 chooses it.", 4, "Side of the images")
    ] = 0
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of weights, images and dropout.", 1)] = 0

    @field_validator("data")
    @classmethod
    def _still(cls, data: str) -> str:
        if EVENTS in DATASETS[data].traits:
            raise InputError("data", "be a data set of images, not of recordings", data)
        return data

    @model_validator(mode="after")
    def _fits(self) -> Self:
        card = datasets.dataset_card(self.data)
        least = max(card.shape[1:])
        if self.size and (self.size < least or self.size % 4):
            raise InputError("size", f"be 0, or a multiple of 4 from {-(-least // 4) * 4} to 64", self.size)
        if self.batch > card.train:
            raise InputError("batch", f"be at most the {card.train:,} training images", self.batch)
        return self

    @property
    def image_side(self) -> int:
        """Side in pixels of the images that the network sees: 16 for digits, 32 for images of 28x28."""
        least = max(datasets.dataset_card(self.data).shape[1:])
        return self.size or (STEM_SIDE if least > STEM_SIDE // 2 else 2 * least)


class Scoring(UntrainedNetworks):
    """Task: scores a cell without training, by how differently a SNASNet of it spikes for different images."""

    kind = "score"
    noun = "a scoring"
    field = "scoring"

    cell: Annotated[Cell, PlainValidator(parse), PlainSerializer(to_text)] = next(iter(PUBLISHED_CELLS.values()))


class CellSearch(UntrainedNetworks):
    """Task: scores many random cells without training any, to find the best (Kim et al. 2022, Sec. 4.2).

    All are scored in small networks first; the best of them again, in larger ones and with more images.
    """

    kind = "cells"
    noun = "a search of cells"
    field = "search"

    batch: Annotated[int, Range(2, 512, "Images that are told apart.", 16, "Images")] = 16
    repeats: Annotated[
        int, Range(1, 10, "Scores that are averaged, each of other images and other weights.", 1, "Repetitions")
    ] = 1
    candidates: Annotated[int, Range(1, 5000, "Cells that are drawn and scored.", 100)] = 500
    connections: Literal["forward", "backward"] = "forward"
    """Whether cells have forward connections only, or may have backward ones too."""

    best: Annotated[int, Range(0, 100, "How many of the best are scored again, more precisely.", 5, "Scored again")] = (
        20
    )
    fine_channels: Annotated[int, Range(1, 256, "Channels when scored again.", 8, "then channels")] = 32
    fine_batch: Annotated[int, Range(2, 512, "Images when scored again.", 16, "then images")] = 32
    fine_repeats: Annotated[int, Range(1, 10, "Scores that are averaged when scored again.", 1, "then repetitions")] = 2

    @model_validator(mode="after")
    def _fine_fits(self) -> Self:
        images = datasets.dataset_card(self.data).train
        if self.fine_batch > images:
            raise InputError("fine_batch", f"be at most the {images:,} training images", self.fine_batch)
        return self

    @property
    def backward(self) -> bool:
        """Whether cells may have backward connections."""
        return self.connections == "backward"

    def cell(self, number: int) -> Cell:
        """Returns candidate cell `number`, from 0; it does not depend on the number of candidates and the size of the
        network.
        """
        return random_cell(self.seed, number, backward=self.backward)

    @property
    def coarse(self) -> Scoring:
        """The settings with which every candidate cell is scored, as a `Scoring` whose cell is replaced by the
        candidate's.
        """
        return self._scoring(self.channels, self.batch, self.repeats)

    @property
    def fine(self) -> Scoring:
        """The settings with which the best candidate cells are scored again, as a `Scoring` whose cell is replaced."""
        return self._scoring(self.fine_channels, self.fine_batch, self.fine_repeats)

    def _scoring(self, channels: int, batch: int, repeats: int) -> Scoring:
        shared = {name: getattr(self, name) for name in UntrainedNetworks.model_fields}
        return Scoring.from_sparse(shared | {"channels": channels, "batch": batch, "repeats": repeats})

    @property
    def other_normalisations(self) -> tuple[CellSearch, ...]:
        """This search once for each of the other normalisations, so that their scores can be compared.

        Each scores only so many of this search's first candidate cells that `COMPARED` different ones are among them.
        """
        numbers = distinct_candidates(self.seed, COMPARED, self.backward, most=self.candidates)
        fields = {**self.model_dump(), "candidates": numbers[-1] + 1, "best": 0}
        return tuple(
            CellSearch.check({**fields, "normalisation": way}) for way in NORMALISATIONS if way != self.normalisation
        )


COMPARED = 30
"""Number of different cells on which normalisations are compared."""


@lru_cache(maxsize=64)
def distinct_candidates(
    seed: int, count: int, backward: bool, *, looped: bool = False, most: int | None = None
) -> tuple[int, ...]:
    """Returns the numbers of the first `count` random cells of a search that are different networks (`canonical_form`),
    among the first `most`.

    `looped`: only cells that have a backward connection.

    >>> distinct_candidates(0, 3, True)
    (0, 1, 2)
    """
    known: dict[tuple[Edge, ...], int] = {}
    number = 0
    while len(known) < count and number != most:
        cell = random_cell(seed, number, backward=backward)
        if not looped or has_backward(cell):
            known.setdefault(canonical_form(cell), number)
        number += 1
    return tuple(known.values())


CELL_SEARCHES: dict[str, CellSearch] = {
    "quick": CellSearch(candidates=200, best=10),
    "usual": CellSearch(),
    "backward": CellSearch(candidates=1000, connections="backward"),
    "like the paper's": CellSearch(
        candidates=5000, connections="backward", batch=256, repeats=2, fine_batch=256, fine_repeats=4
    ),
}
"""Named searches. The paper has 5,000 candidates, two batches of 256 images and 128 channels or more."""


def resize_images(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Returns images (..., H, W) as (..., side, side): pixels repeated as often as fits, padded with 0."""
    times = side // max(images.shape[-2:])
    large = images.repeat(times, -2).repeat(times, -1)
    height, width = (side - length for length in large.shape[-2:])
    around = ((height // 2, -(-height // 2)), (width // 2, -(-width // 2)))
    return np.pad(large, (*((0, 0),) * (images.ndim - 2), *around))


@dataclass(frozen=True, slots=True)
class Candidate(Row):
    """Row: one cell of a search without training, and its scores: mean and standard deviation over repeats.

    cell: text by `design.cells.to_text`. fine: 1 if it is one of the best, scored again, else 0. sahd, hd: the score
    log|det K| (`theory.sahd`) by each metric, or None, and then `invalid` says why. sahd_sd, hd_sd: None for a single
    repeat.
    """

    table: ClassVar[str] = "candidates"
    key: ClassVar[tuple[str, ...]] = ("number", "fine")

    number: int
    fine: int
    cell: str
    sahd: float | None
    hd: float | None
    sahd_sd: float | None
    hd_sd: float | None
    invalid: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Report(Row):
    """Row: the result of scoring a cell. part: always 0, as there is one row; text: JSON, written and read by
    `theory.sahd.ScoringResult`.
    """

    table: ClassVar[str] = "reports"
    key: ClassVar[tuple[str, ...]] = ("part",)

    part: int
    text: str
