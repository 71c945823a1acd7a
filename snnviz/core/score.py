"""The score of a cell: SNASNets of untrained weights, shown a few images (Kim et al. 2022, Sec. 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from snnviz.catalog import datasets
from snnviz.catalog.cells import Scoring, resized
from snnviz.cells import Cell
from snnviz.core.cells import Network, Weights
from snnviz.core.randomness import generator
from snnviz.errors import InputError
from snnviz.theory.sahd import Counts, Floats, Kernel, Score


@dataclass(frozen=True, slots=True)
class Scored:
    """What was found of a cell. `kernel` and `hamming` (B, B) are of the first repeat, and so is `silent`.

    `silent`: the share of neurons without a spike, (L, T, B), of the LIF layers in `layers`; `copies` says how many
    layers of the published network each stands for.
    """

    scores: tuple[Score, ...]
    layers: tuple[str, ...]
    neurons: tuple[int, ...]
    copies: tuple[int, ...]
    silent: Floats
    kernel: Floats
    hamming: Counts

    @property
    def mean(self) -> float | None:
        """Over repeats; None where one has no score."""
        values = [score.value for score in self.scores if score.value is not None]
        return sum(values) / len(values) if len(values) == len(self.scores) else None

    @property
    def invalid(self) -> str:
        """Why there is no mean, or nothing."""
        return next((score.invalid for score in self.scores if score.value is None), "")


class Scorer:
    """Scores cells alike: the same images, and the same weights at the same places. Raises `DataMissing`."""

    def __init__(self, setting: Scoring, dtype: torch.dtype = torch.float32) -> None:
        self.setting = setting
        self.weights = [Weights(setting.seed, repeat, dtype=dtype) for repeat in range(setting.repeats)]

    @cached_property
    def batches(self) -> tuple[Tensor, ...]:
        """For each repeat (B, 1, side, side), no two images alike, of the training set's mean 0 and variance 1."""
        setting, card = self.setting, datasets.card(self.setting.data)
        split = datasets.load(setting.data, setting.seed)
        found = []
        for repeat in range(setting.repeats):
            order = torch.randperm(len(split.train_images), generator=generator(setting.seed, "batch", repeat))
            different: dict[bytes, int] = {}
            for index in order.tolist():
                different.setdefault(split.train_images[index].tobytes(), index)
                if len(different) == setting.batch:
                    break
            else:
                rule = f"be at most the {len(different):,} different training images"
                raise InputError("batch", rule, setting.batch)
            chosen = resized(split.train_images[list(different.values())], setting.side)
            intensity = torch.from_numpy(chosen).unsqueeze(1).float() / split.white
            found.append((intensity - card.mean) / card.std)
        return tuple(found)

    def score(self, cell: Cell) -> Scored:
        """The scores of the networks of this cell."""
        setting = self.setting
        shape = (datasets.card(setting.data).shape[0], setting.side, setting.channels)
        scores, kernels, seen = [], [], []
        for weights, images in zip(self.weights, self.batches, strict=True):
            kernel = Kernel(setting.metric, setting.normalisation)
            layers = Network(cell, shape, setting.hidden, weights).fired(images, setting.steps)
            for layer in layers:
                kernel.add(layer.both, layer.neurons, layer.copies)
            scores.append(kernel.score())
            kernels.append(kernel)
            seen.append(layers)
        return Scored(
            tuple(scores),
            tuple(layer.name for layer in seen[0]),
            tuple(layer.neurons for layer in seen[0]),
            tuple(layer.copies for layer in seen[0]),
            np.stack([1 - np.diagonal(layer.both, axis1=1, axis2=2) / layer.neurons for layer in seen[0]]),
            kernels[0].matrix,
            kernels[0].hamming,
        )


def score(setting: Scoring) -> Scored:
    """The score of the setting's cell."""
    return Scorer(setting).score(setting.cell)
