"""Loads images, or recordings as frames of event counts, and encodes them over time."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from snntorch import spikegen
from torch import Tensor

from snnviz.core import recordings
from snnviz.core.randomness import derive_seed, generator
from snnviz.core.stepping import population
from snnviz.data import datasets, samples
from snnviz.data.augmenting import augment
from snnviz.data.samples import RecordingSet
from snnviz.design.binning import Augment
from snnviz.design.design import Design
from snnviz.errors import DataMissing, InputError
from snnviz.events import Progress
from snnviz.theory import probe as probes
from snnviz.theory.costs import held_out_count


@dataclass(frozen=True, slots=True)
class MeanStd:
    """Mean and standard deviation by which frames of event counts are normalised to mean 0 and variance 1."""

    mean: float
    std: float


Normalisation = int | MeanStd
"""For images the value of a white pixel; for recordings the mean and standard deviation of counts."""


@dataclass(frozen=True, slots=True)
class Images:
    """A data set in memory: images (N, C, H, W) uint8 and labels (N,) int64.

    For recordings `images` is an array of event counts (M, T, P, H, W) uint8 in P polarities, memory-mapped from a
    file; `rows` (N,) are the indices of the recordings in use, None for all. `white`: the pixel value of white, or for
    recordings the mean and standard deviation of counts.
    """

    images: Tensor
    labels: Tensor
    white: Normalisation
    rows: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, chosen: Tensor | slice) -> Tensor:
        """Returns the images at these positions (0 to N - 1), uint8: a view for a slice of still images, else a
        copy.
        """
        if self.rows is not None:
            chosen = self.rows[chosen]
        if isinstance(chosen, slice):
            return self.images[chosen]
        return self.images.index_select(0, chosen)  # [chosen] takes eight times as long

    def subset(self, chosen: Tensor) -> Images:
        """Returns the subset of the images at these positions (an index tensor, 0 to N - 1).

        Still images are copied; recordings stay in their memory-mapped file, and only `rows` changes.
        """
        labels = self.labels[chosen]
        if self.images.dim() == RECORDED_AXES:
            return replace(self, labels=labels, rows=chosen if self.rows is None else self.rows[chosen])
        return Images(self.take(chosen), labels, self.white)


RECORDED_AXES = 5
"""Number of dimensions of an array of recordings; arrays of still images have four."""


class DataSplit(NamedTuple):
    """The images of a design: training images, held-out validation images (`data.validation`; None without any) and the
    test set.
    """

    training: Images
    validation: Images | None
    test: Images


def load(design: Design) -> tuple[Images, Images]:
    """Returns the images that a design trains on, without those held out, and its test images; see `load_split`.

    Raises `DataMissing` if the data set is not installed.
    """
    training, _, test = load_split(design)
    return training, test


def load_split(design: Design) -> DataSplit:
    """Returns the training, validation and test images of a design.

    A subset, and which images are held out, are drawn with the design's seed. Raises `DataMissing` if the data set is
    not installed.
    """
    words = load_with_progress(design)
    while True:
        try:
            next(words)
        except StopIteration as end:
            split: DataSplit = end.value
            return split


def load_with_progress(design: Design) -> Generator[Progress, None, DataSplit]:
    """Generator version of `load_split`: yields `Progress` events while loading and returns the `DataSplit`.

    Raises `DataMissing`, and `InputError` if there are too few images to hold any out.
    """
    training, test = yield from _load(design)
    held = held_out_count(len(training), design.data.validation)
    if design.data.validation and not held:
        raise InputError("data.validation", "be 0 where one image is all there is to train on", design.data.validation)
    if not held:
        return DataSplit(training, None, test)
    return DataSplit(*hold_out(training, held, design.seed), test)


def hold_out(images: Images, count: int, seed: int) -> tuple[Images, Images]:
    """Splits training images into those that remain for training and `count` held-out validation images.

    Which images are held out depends on `seed` and `count` alone, each image being equally likely whatever its class. A
    search with validation images and a design with `data.validation` hold out the same ones if seed and count agree.
    """
    order = torch.randperm(len(images), generator=generator(seed, "kept apart"))
    return images.subset(order[count:]), images.subset(order[:count])


def _load(design: Design) -> Generator[Progress, None, tuple[Images, Images]]:
    """All training images that the design uses, and its test images."""
    wanted = (design.data.train_samples, design.data.test_samples)
    if datasets.dataset_card(design.data.name).counts is not None:
        parts = samples.list_recordings(design.data.name, design.seed)
        train = yield from _frames(design, parts[0], wanted[0], "training", None)
        return train, (yield from _frames(design, parts[1], wanted[1], "test", train.white))
    split = datasets.load_images(design.data.name, design.seed)
    train = _still(split.train_images, split.train_labels, split.white)
    test = _still(split.test_images, split.test_labels, split.white)
    return _first(train, wanted[0], design.seed), _first(test, wanted[1], design.seed)


def _still(images: NDArray[np.uint8], labels: NDArray[np.int64], white: int) -> Images:
    found = torch.tensor(images)
    return Images(found if found.ndim == 4 else found.unsqueeze(1), torch.tensor(labels), white)


def _frames(
    design: Design, part: RecordingSet, wanted: int, kind: str, scale: Normalisation | None
) -> Generator[Progress, None, Images]:
    """A part of a data set of recordings. Only those that the design asks for are read.

    `scale`: that of the training frames. Theirs is what the card states of them, else their own.
    """
    data, title = design.data, datasets.dataset_card(design.data.name).title
    if 0 < wanted < len(part):
        part = part.subset(_drawn(len(part), wanted, design.seed).tolist())
    shape = datasets.sample_shape(data)
    place = recordings.frames_path(part, data.steps, data.events)
    found = recordings.open_frames(place, len(part), data.steps, shape)
    if found is None:
        for done in recordings.write_frames(place, part, data.steps, data.events, shape):
            yield Progress(0, 0, f"reading {title}: {done:,} of {len(part):,} {kind} recordings")
        found = recordings.open_frames(place, len(part), data.steps, shape)
    if found is None:
        raise DataMissing(f"The file {place} was removed or damaged while it was read: train once more.")
    if scale is None:
        counts = datasets.card_counts(data)
        scale = MeanStd(*counts.statistics(data.steps)) if counts else MeanStd(found.mean, max(found.std, 1e-6))
    return Images(torch.from_numpy(found.frames), torch.tensor(part.labels), scale)


def _drawn(count: int, wanted: int, seed: int) -> Tensor:
    """Which of `count` a design of this seed uses, where it asks for fewer."""
    return torch.randperm(count, generator=generator(seed, "samples", count))[:wanted]


def _first(data: Images, count: int, seed: int) -> Images:
    return data.subset(_drawn(len(data), count, seed)) if 0 < count < len(data) else data


def probe_images(images: Images, seed: int, count: int = probes.PROBE_SIZE) -> Images:
    """Returns the probe batch, drawn by the seed and balanced over classes: see `snnviz.theory.probe.draw_balanced`."""
    chosen = torch.from_numpy(probes.draw_balanced(images.labels.numpy(), count, seed))
    return Images(images.take(chosen), images.labels[chosen], images.white)


def encoded_probe(images: Images, design: Design) -> tuple[Tensor, Tensor]:
    """Returns the probe batch (fixed training images) of a design's images, encoded as the network's input (T or 1, B,
    C, H, W), and labels (B,).
    """
    shown = probe_images(images, design.seed)
    return encode(shown.images, shown.white, design, "probe"), shown.labels


def input_range(design: Design) -> tuple[float, float]:
    """Returns the normalised values of intensities 0 and 1, between which a design's network input lies."""
    card = datasets.dataset_card(design.data.name)
    return -card.mean / card.std, (1 - card.mean) / card.std


def intensities(images: Tensor, normalisation: Normalisation, dtype: torch.dtype = torch.float64) -> Tensor:
    """Returns uint8 images (B, C, H, W) as intensities in [0, 1]."""
    assert isinstance(normalisation, int)  # recordings have no TTFS twin
    return images.to(dtype) / normalisation


def training_input(images: Images, indices: Tensor, design: Design, epoch: int, batch: int) -> Tensor:
    """Returns the encoded network input of a training batch, (T or 1, B, C, H, W), augmented if the design says so.

    `indices`: the images of the batch; `epoch` and `batch` seed augmentation and random encodings.
    """
    return encode(fetch_batch(images, indices, design, epoch, batch), images.white, design, epoch, batch)


def fetch_batch(images: Images, indices: Tensor, design: Design, epoch: int, batch: int) -> Tensor:
    """Returns a batch of images or frames (uint8) by index, augmented if the design says so."""
    some, how = images.take(indices), design.data.augment
    if how == Augment():
        return some
    rng = np.random.default_rng(derive_seed(design.seed, "augment", epoch, batch))
    return torch.from_numpy(augment(some.numpy(), how, rng))


def encode(images: Tensor, normalisation: Normalisation, design: Design, *purpose: str | int) -> Tensor:
    """Returns the network's input (T or 1, B, C, H, W) float32 for uint8 images (B, C, H, W) or frames (B, T, C, H, W).

    `purpose` names the random stream of a noisy encoding, so that a batch gets the same encoding again. For a TTFS
    network: intensities (1, B, C, H, W) float64, which determine the input's spike times.
    """
    if design.network.code == "ttfs":
        return intensities(images, normalisation)[None]
    kind, steps = design.data.encoding.kind, design.data.steps
    card = datasets.dataset_card(design.data.name)
    if isinstance(normalisation, MeanStd):
        current = images.transpose(0, 1).float().sub_(normalisation.mean).div_(normalisation.std)
        return current if kind == "direct" else population(design.neuron).fire(current, steps)
    intensity = images.float() / normalisation
    if kind in ("direct", "lif"):
        current = ((intensity - card.mean) / card.std).unsqueeze(0)
        return current if kind == "direct" else population(design.neuron).fire(current, steps)
    if kind == "latency":
        encoded: Tensor = spikegen.latency(intensity, num_steps=steps, linear=True, normalize=True, clip=True)
        return encoded
    # spikegen.rate, but from a stream of its own: that one draws from the global one, which the crew's threads share
    draw = generator(design.seed, "encode", *purpose)
    return torch.bernoulli(intensity.repeat(steps, 1, 1, 1, 1), generator=draw)
