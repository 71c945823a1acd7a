"""The score of a cell: SNASNets with random weights, shown a few images (Kim et al. 2022, Sec. 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core.randomness import generator
from snnviz.data import datasets
from snnviz.design.cells import Cell
from snnviz.errors import InputError
from snnviz.studies.cells.compute.cells import CachedWeights, LayerSpikes, UntrainedSnasNet
from snnviz.studies.cells.scoring import Metric, Scoring, resize_images
from snnviz.studies.cells.theory.sahd import METRICS, KernelMatrix, LayerSparsity, Scores, ScoringResult


def use_one_thread() -> None:
    """Makes torch use one thread in the calling thread."""
    torch.set_num_threads(1)


TINY_SCORING = {"cell": "0340 0020 0001 0100", "channels": 1, "batch": 2, "repeats": 1, "steps": 2, "hidden": 2}


class Scorer:
    """Scores cells, all with the same images and the same random weights. Raises `DataMissing`."""

    def __init__(self, setting: Scoring, dtype: torch.dtype = torch.float32) -> None:
        self.setting = setting
        self.weights = [CachedWeights(setting.seed, repeat, dtype=dtype) for repeat in range(setting.repeats)]

    @cached_property
    def chosen(self) -> tuple[NDArray[np.intp], ...]:
        """Indices (B,) of the training images for each repeat, no two of which are equal. Raises `InputError`."""
        setting, split = self.setting, datasets.load_images(self.setting.data, self.setting.seed)
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
            found.append(np.array(list(different.values())))
        return tuple(found)

    @cached_property
    def batches(self) -> tuple[Tensor, ...]:
        """The images for each repeat, (B, C, side, side), normalised by the training set."""
        setting, card = self.setting, datasets.dataset_card(self.setting.data)
        split = datasets.load_images(setting.data, setting.seed)
        found = []
        for chosen in self.chosen:
            images = resize_images(split.train_images[chosen], setting.image_side)
            intensity = torch.from_numpy(images).float() / split.white
            intensity = intensity if intensity.ndim == 4 else intensity.unsqueeze(1)
            found.append((intensity - card.mean) / card.std)
        return tuple(found)

    def score(self, cell: Cell, pulse: Callable[[], None] = lambda: None) -> dict[Metric, Scores]:
        """Returns the scores of a cell by both metrics; `pulse` as in `UntrainedSnasNet`."""
        return _scores([self._kernel(self._fired(cell, repeat, pulse)) for repeat in range(self.setting.repeats)])

    def findings(self, cell: Cell, pulse: Callable[[], None] = lambda: None) -> ScoringResult:
        """Returns the full result of scoring a cell: its scores, and sparsity and distances of the first repeat, also
        with ReLUs.
        """
        kernels: list[KernelMatrix] = []
        layers: tuple[LayerSparsity, ...] = ()
        for repeat in range(self.setting.repeats):
            fired = self._fired(cell, repeat, pulse)
            kernels.append(self._kernel(fired))
            layers = layers or tuple(LayerSparsity(one.name, one.neurons, one.copies, one.silent) for one in fired)
        labels = datasets.load_images(self.setting.data, self.setting.seed).train_labels[self.chosen[0]]
        rectified = self._network(cell, 0, pulse).relu_layers(self.batches[0])
        return ScoringResult(
            _scores(kernels),
            layers,
            tuple(LayerSparsity(one.name, one.maps.size, one.copies, one.silent) for one in rectified),
            kernels[0].hamming.astype(np.int32),
            kernels[0].sahd.astype(np.float32),
            labels.astype(np.int32),
            kernels[0].neurons,
            kernels[0].terms,
        )

    def _network(self, cell: Cell, repeat: int, pulse: Callable[[], None]) -> UntrainedSnasNet:
        shape = (datasets.dataset_card(self.setting.data).shape[0], self.setting.image_side, self.setting.channels)
        return UntrainedSnasNet(cell, shape, self.setting.hidden, self.weights[repeat], pulse)

    def _fired(self, cell: Cell, repeat: int, pulse: Callable[[], None]) -> list[LayerSpikes]:
        return self._network(cell, repeat, pulse).layer_spikes(self.batches[repeat], self.setting.steps)

    def _kernel(self, fired: list[LayerSpikes]) -> KernelMatrix:
        kernel = KernelMatrix(self.setting.normalisation)
        for layer in fired:
            kernel.add(layer.both, layer.neurons, layer.copies)
        return kernel


def _scores(kernels: Sequence[KernelMatrix]) -> dict[Metric, Scores]:
    return {metric: Scores(tuple(kernel.score(metric) for kernel in kernels)) for metric in METRICS}


def warm_up() -> None:
    """Scores a tiny cell, so that kernels are compiled or loaded."""
    tiny = Scoring.check(TINY_SCORING)
    Scorer(tiny).score(tiny.cell)
