"""The scoring of a cell as one setting, and the images that it is scored with."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PlainSerializer, PlainValidator, field_validator, model_validator

from snnviz.catalog import datasets
from snnviz.catalog.studies import read_dataset
from snnviz.cells import PUBLISHED, Cell, parse, write
from snnviz.design import DATASETS, EVENTS, Part, checked
from snnviz.errors import InputError
from snnviz.registry import Range

Metric = Literal["sahd", "hd"]
Normalisation = Literal["paper", "code"]

STEM_SIDE = 32
"""To which images are padded that are not much smaller."""


class Scoring(Part):
    """How good a cell is without training: how differently a SNASNet of it spikes for different images.

    The paper scores with 128 channels or more, two batches of 256 images and T = 5 (Kim et al. 2022).
    """

    cell: Annotated[Cell, PlainValidator(parse), PlainSerializer(write)] = next(iter(PUBLISHED.values()))
    data: Annotated[str, PlainValidator(read_dataset)] = "digits"
    metric: Metric = "sahd"
    """Hamming distances as they are (hd), or in units of what independent spikes would have (sahd)."""

    normalisation: Normalisation = "paper"
    """Of independent spikes SAHD is N/2, and layers are summed; or 1/2 and averaged, as in an early published code."""

    channels: Annotated[int, Range(1, 256, "Channels of the first cell (C); the second has twice as many.", 8)] = 16
    hidden: Annotated[int, Range(1, 4096, "Neurons of the hidden layer after the cells.", 128)] = 1024
    steps: Annotated[int, Range(1, 50, "Time steps T that each image is shown for.", 1)] = 5
    batch: Annotated[int, Range(2, 512, "Images that are told apart.", 16)] = 32
    repeats: Annotated[int, Range(1, 10, "Scores that are averaged, each of other images and other weights.", 1)] = 2
    size: Annotated[int, Range(0, 64, "Side of the images, which are enlarged or padded; 0 chooses it.", 4)] = 0
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of weights, images and dropout.", 1)] = 0

    @classmethod
    def check(cls, document: object) -> Scoring:
        """A scoring from a dictionary. Raises `InputError`."""
        return checked(cls, document, "a scoring")

    @field_validator("data")
    @classmethod
    def _still(cls, data: str) -> str:
        if EVENTS in DATASETS[data].traits:
            raise InputError("data", "be a data set of images, not of recordings", data)
        return data

    @model_validator(mode="after")
    def _fits(self) -> Scoring:
        card = datasets.card(self.data)
        least = max(card.shape[1:])
        if self.size and (self.size < least or self.size % 4):
            raise InputError("size", f"be 0, or a multiple of 4 from {-(-least // 4) * 4} to 64", self.size)
        if self.batch > card.train:
            raise InputError("batch", f"be at most the {card.train:,} training images", self.batch)
        return self

    @property
    def side(self) -> int:
        """Of the images that the network sees: 16 for digits, 32 for images of 28x28."""
        least = max(datasets.card(self.data).shape[1:])
        return self.size or (STEM_SIDE if least > STEM_SIDE // 2 else 2 * least)


def resized(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(N, H, W) as (N, side, side): each pixel as many times as there is room for, and 0 around."""
    times = side // max(images.shape[1:])
    large = images.repeat(times, 1).repeat(times, 2)
    height, width = (side - length for length in large.shape[1:])
    return np.pad(large, ((0, 0), (height // 2, -(-height // 2)), (width // 2, -(-width // 2))))
