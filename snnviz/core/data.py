"""Images, or recordings as frames of counts, and their encoding over time."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from snntorch import spikegen
from torch import Tensor

from snnviz.catalog import datasets
from snnviz.catalog.recordings import PARTS, files
from snnviz.core import recordings
from snnviz.core.neurons import Cell, respond
from snnviz.core.randomness import generator
from snnviz.design import Design
from snnviz.errors import DataMissing
from snnviz.events import Progress


@dataclass(frozen=True, slots=True)
class Images:
    """images (N, 1, H, W) uint8, labels (N,) int64; `white` is the value of a fully bright pixel.

    Of recordings: counts of events (N, T, P, H, W) uint8 in P polarities, in a file that is mapped into memory.
    """

    images: Tensor
    labels: Tensor
    white: int

    def __len__(self) -> int:
        return len(self.labels)


def load(design: Design) -> tuple[Images, Images]:
    """Training and test images of the design; fewer than all are drawn by the seed. Raises `DataMissing`."""
    words = loading(design)
    while True:
        try:
            next(words)
        except StopIteration as end:
            images: tuple[Images, Images] = end.value
            return images


def loading(design: Design) -> Generator[Progress, None, tuple[Images, Images]]:
    """As `load`, and says meanwhile how far it is."""
    if datasets.card(design.data.name).counts is not None:
        wanted = (design.data.train_samples, design.data.test_samples)
        train = yield from _frames(design, 0, wanted[0])
        return train, (yield from _frames(design, 1, wanted[1]))
    split = datasets.load(design.data.name, design.seed)
    train = Images(torch.tensor(split.train_images).unsqueeze(1), torch.tensor(split.train_labels), split.white)
    test = Images(torch.tensor(split.test_images).unsqueeze(1), torch.tensor(split.test_labels), split.white)
    return _first(train, design.data.train_samples, design.seed), _first(test, design.data.test_samples, design.seed)


def _frames(design: Design, part: int, wanted: int) -> Generator[Progress, None, Images]:
    """A part of a data set of recordings. Only those that the design asks for are read."""
    name, steps = design.data.name, design.data.steps
    about = datasets.card(name)
    paths, labels = files(datasets.place_of(name), PARTS[part])
    if 0 < wanted < len(paths):
        chosen = _drawn(len(paths), wanted, design.seed).tolist()
        paths, labels = [paths[index] for index in chosen], [labels[index] for index in chosen]
    place = recordings.place_of(name, paths, steps)
    frames = recordings.kept(place, len(paths), steps, about.shape)
    if frames is None:
        for done in recordings.make(place, paths, steps, about.shape):
            kind = ("training", "test")[part]
            yield Progress(0, 0, f"reading {about.title}: {done:,} of {len(paths):,} {kind} recordings")
        frames = recordings.kept(place, len(paths), steps, about.shape)
    if frames is None:
        raise DataMissing(f"The file {place} was removed or damaged while it was read: train once more.")
    return Images(torch.from_numpy(frames), torch.tensor(labels), 1)


def _drawn(count: int, wanted: int, seed: int) -> Tensor:
    """Which of `count` a design of this seed uses, where it asks for fewer."""
    return torch.randperm(count, generator=generator(seed, "samples", count))[:wanted]


def _first(data: Images, count: int, seed: int) -> Images:
    if not 0 < count < len(data):
        return data
    chosen = _drawn(len(data), count, seed)
    return Images(data.images[chosen], data.labels[chosen], data.white)


def span(design: Design) -> tuple[float, float]:
    """What intensities 0 and 1 are to the network of a design, whose input is normalised."""
    card = datasets.card(design.data.name)
    return -card.mean / card.std, (1 - card.mean) / card.std


def intensities(images: Tensor, white: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """(B, C, H, W) in [0, 1]."""
    return images.to(dtype) / white


def encode(images: Tensor, white: int, design: Design, *purpose: str | int) -> Tensor:
    """The network's input (T or 1, B, C, H, W) float32 from uint8 images (B, 1, H, W) or frames (B, T, C, H, W).

    `purpose` names the random stream of a noisy encoding, so that a batch is encoded alike whenever it is seen again.
    Of a TTFS network: intensities (1, B, C, H, W) float64, which say when the input spikes.
    """
    if design.network.code == "ttfs":
        return intensities(images, white)[None]
    kind, steps = design.data.encoding.kind, design.data.steps
    card = datasets.card(design.data.name)
    if card.counts is not None:
        mean, std = card.counts.statistics(steps)
        current = images.transpose(0, 1).float().sub_(mean).div_(std)
        return current if kind == "direct" else respond(current, Cell(design.neuron), steps)[1]
    intensity = images.float() / white
    if kind in ("direct", "lif"):
        current = ((intensity - card.mean) / card.std).unsqueeze(0)
        return current if kind == "direct" else respond(current, Cell(design.neuron), steps)[1]
    if kind == "latency":
        encoded: Tensor = spikegen.latency(intensity, num_steps=steps, linear=True, normalize=True, clip=True)
        return encoded
    # spikegen.rate, but from a stream of its own: that one draws from the global one, which the crew's threads share
    draw = generator(design.seed, "encode", *purpose)
    return torch.bernoulli(intensity.repeat(steps, 1, 1, 1, 1), generator=draw)
