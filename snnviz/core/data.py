"""Images in memory, and their encoding over time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from snntorch import spikegen
from torch import Tensor

from snnviz.catalog import datasets
from snnviz.core.neurons import Cell, respond
from snnviz.core.randomness import generator
from snnviz.design import Design


@dataclass(frozen=True, slots=True)
class Images:
    """images (N, 1, H, W) uint8, labels (N,) int64; `white` is the value of a fully bright pixel."""

    images: Tensor
    labels: Tensor
    white: int

    def __len__(self) -> int:
        return len(self.labels)


def load(design: Design) -> tuple[Images, Images]:
    """Training and test images of the design; fewer than all are drawn by the seed. Raises `DataMissing`."""
    split = datasets.load(design.data.name, design.seed)
    train = Images(torch.tensor(split.train_images).unsqueeze(1), torch.tensor(split.train_labels), split.white)
    test = Images(torch.tensor(split.test_images).unsqueeze(1), torch.tensor(split.test_labels), split.white)
    return _first(train, design.data.train_samples, design.seed), _first(test, design.data.test_samples, design.seed)


def _first(data: Images, count: int, seed: int) -> Images:
    if not 0 < count < len(data):
        return data
    draw = generator(seed, "samples", len(data))
    chosen = torch.randperm(len(data), generator=draw)[:count]
    return Images(data.images[chosen], data.labels[chosen], data.white)


def encode(images: Tensor, white: int, design: Design, *purpose: str | int) -> Tensor:
    """The network's input (T or 1, B, 1, H, W) float32 from uint8 images (B, 1, H, W).

    `purpose` names the random stream of a noisy encoding, so that a batch is encoded alike whenever it is seen again.
    """
    intensity = images.float() / white
    kind, steps = design.data.encoding.kind, design.data.steps
    if kind in ("direct", "lif"):
        card = datasets.card(design.data.name)
        current = ((intensity - card.mean) / card.std).unsqueeze(0)
        return current if kind == "direct" else respond(current, Cell(design.neuron), steps)[1]
    if kind == "latency":
        encoded: Tensor = spikegen.latency(intensity, num_steps=steps, linear=True, normalize=True, clip=True)
        return encoded
    # spikegen.rate, but from a stream of its own: that one draws from the global one, which the crew's threads share
    draw = generator(design.seed, "encode", *purpose)
    return torch.bernoulli(intensity.repeat(steps, 1, 1, 1, 1), generator=draw)
