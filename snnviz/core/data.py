"""Images in memory, and their encoding over time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from snntorch import spikegen
from torch import Tensor

from snnviz.catalog import datasets
from snnviz.core.randomness import stream
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
    draw = torch.Generator().manual_seed(stream(seed, "samples", len(data)))
    chosen = torch.randperm(len(data), generator=draw)[:count]
    return Images(data.images[chosen], data.labels[chosen], data.white)


def encode(images: Tensor, white: int, design: Design, *purpose: str | int) -> Tensor:
    """The network's input (T or 1, B, 1, H, W) float32 from uint8 images (B, 1, H, W).

    `purpose` names the random stream of a noisy encoding, so that a batch is encoded alike whenever it is seen again.
    """
    intensity = images.float() / white
    kind, steps = design.data.encoding.kind, design.data.steps
    if kind == "direct":
        card = datasets.card(design.data.name)
        return ((intensity - card.mean) / card.std).unsqueeze(0)
    if kind == "latency":
        encoded: Tensor = spikegen.latency(intensity, num_steps=steps, linear=True, normalize=True, clip=True)
        return encoded
    with torch.random.fork_rng(devices=[]):  # spikegen draws from the global stream: lend it ours
        torch.manual_seed(stream(design.seed, "encode", *purpose))
        noisy: Tensor = spikegen.rate(intensity, num_steps=steps)
    return noisy
