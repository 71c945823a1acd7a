"""What real networks of a design do before training: their layers' activity, what they still tell of an image, and the
gradients that arrive, measured on several networks that differ in their seed alone.

It is the forward and backward pass of training itself, so it holds for every kind of network at any width and depth.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core import data
from snnviz.core.activity import Activity
from snnviz.core.data import Images
from snnviz.core.measured_inits import initialise_from_data
from snnviz.core.networks import Network
from snnviz.core.trainable_ttfs import build_network
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.theory.measured import MeasuredForecast, MeasuredLayer, band, mean, root_mean_square, standard_error
from snnviz.theory.probe import PROBE_SIZE

Floats = NDArray[np.float64]

FEWEST, MOST = 19, 400
"""Networks that are drawn if time allows, and at most. Of 19 the smallest and the largest value are a 90 % band."""

GRADIENT_IMAGES = 16
"""Images of each network whose gradients are computed."""

GRADIENT_NETWORKS = 40
"""Networks at most whose gradients are computed."""

ENOUGH_RATE, ENOUGH_VARIANCE, ENOUGH_SILENT = 0.004, 0.03, 0.01
"""Standard errors of a layer's mean rate, its Var[u] (as a share of it) and its share of silent images at which no more
networks are drawn.
"""


@dataclass(slots=True)
class _Likeness:
    """Cosines within classes and between them, and effective ranks: one value a network."""

    within: list[float] = field(default_factory=list)
    between: list[float] = field(default_factory=list)
    ranks: list[float] = field(default_factory=list)

    @property
    def differences(self) -> list[float]:
        """By how much images of one class are more alike than those of two, of each network."""
        return [one - other for one, other in zip(self.within, self.between, strict=True)]

    def add(self, one: tuple[float, float, float]) -> None:
        for values, value in zip((self.within, self.between, self.ranks), one, strict=True):
            values.append(value)


@dataclass(slots=True)
class LayerValues:
    """What was measured of a layer, one value a network, as in `MeasuredLayer`."""

    rates: list[float] = field(default_factory=list)
    variances: list[float] = field(default_factory=list)
    silent: list[float] = field(default_factory=list)
    likeness: _Likeness = field(default_factory=_Likeness)
    gradients: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Seen:
    """What was seen of the networks so far: by the layers' indices, and of the encoded images."""

    layers: dict[int, LayerValues] = field(default_factory=dict)
    inputs: _Likeness = field(default_factory=_Likeness)


def measure_untrained(design: Design, seconds: float = 10.0, most: int = MOST) -> MeasuredForecast:
    """Returns what networks of a design do before training, each on 64 training images of its own, balanced by class.

    The first network is the design's own, that of its seed; the others have other seeds. It draws networks until their
    means are known to `ENOUGH_RATE` and the like, until so many `seconds` of processor time are over, or until there
    are `most`, but at least 2. Raises `DataMissing`.
    """
    *_, last = measure_progressively(design, seconds, most)
    return last


def measure_progressively(design: Design, seconds: float = 10.0, most: int = MOST) -> Iterator[MeasuredForecast]:
    """Yields what is known after 2 networks, then after each time that half as many again were drawn, and at the end;
    as `measure_untrained`.
    """
    images, _ = data.load(design)
    begun = time.process_time()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # operations as small as these take longer on several threads
    try:
        seen, told = _Seen(), 0
        for count in range(1, most + 1):
            _look(design, count - 1, images, seen)
            over = time.process_time() - begun > seconds or count == most
            ended = count > 1 and (over or (count >= FEWEST and _is_enough(seen)))
            if ended or count == 2 or (told and count >= 1.5 * told):
                told = count
                yield _summary(design, seen, count, len(images))
            if ended:
                return
    finally:
        torch.set_num_threads(threads)


def network_by_network(design: Design, count: int) -> dict[str, LayerValues]:
    """Returns what was measured of each of `count` networks, by layer name. Raises `DataMissing`."""
    seen, (images, _) = _Seen(), data.load(design)
    for number in range(count):
        _look(design, number, images, seen, gradients=False)
    layers = build_architecture(design).layers
    return {layers[index].name: values for index, values in sorted(seen.layers.items())}


def _look(design: Design, number: int, images: Images, seen: _Seen, *, gradients: bool = True) -> None:
    """Draws a network, and adds what it does to `seen`."""
    mine = design.model_copy(update={"seed": design.seed + number})
    shown = data.probe_images(images, mine.seed)
    image = data.encode(shown.images, shown.white, mine, "probe")
    network = build_network(mine)
    initialise_from_data(network, image)
    labels = shown.labels.numpy()
    activities, counts = _activity(network, image)
    seen.inputs.add(_told_apart(image.sum(0).flatten(1), labels))
    for index, now in activities.items():
        layer = seen.layers.setdefault(index, LayerValues())
        layer.variances.append(now.var_u)
        if now.spiking:
            layer.rates.append(float(now.spikes.mean()) / now.neurons)
            layer.silent.append(float((now.spikes.sum(0) == 0).mean()))
        if index in counts:
            layer.likeness.add(_told_apart(counts[index], labels))
    if gradients and number < GRADIENT_NETWORKS:
        for index, size in _gradients(network, image[:, :GRADIENT_IMAGES], shown.labels[:GRADIENT_IMAGES]).items():
            if index in seen.layers:  # what merges layers has no neurons
                seen.layers[index].gradients.append(size)


@torch.no_grad()
def _activity(network: Network, image: Tensor) -> tuple[dict[int, Activity], dict[int, Tensor]]:
    """Of each layer with neurons or weights; and what hidden layers say, summed over time, (B, N), by index."""
    activities: dict[int, Activity] = {}
    counts: dict[int, Tensor] = {}

    def keep(index: int, output: Tensor) -> None:
        counts[index] = output.sum(0).flatten(1)

    network(image, activities.__setitem__, forward_hook=keep)
    return activities, counts


def _told_apart(counts: Tensor, labels: NDArray[np.int64]) -> tuple[float, float, float]:
    """Mean cosine of two images' outputs within classes and between them, NaN where there are no two that are not
    silent; and the effective rank of the outputs, the exponential of the entropy of the shares of their variance.
    """
    x = counts.double().numpy()
    size = np.sqrt(np.square(x).sum(1))
    alive = size > 0
    if alive.sum() < 2:
        return math.nan, math.nan, 0.0
    unit, classes = x[alive] / size[alive, None], labels[alive]
    cosine = unit @ unit.T
    same = classes[:, None] == classes[None]
    pairs = ~np.eye(len(unit), dtype=bool)
    means = [float(cosine[chosen].mean()) if chosen.any() else math.nan for chosen in (pairs & same, ~same)]
    centred = x - x.mean(0)
    gram = centred @ centred.T if x.shape[1] > len(x) else centred.T @ centred
    spectrum = np.clip(np.linalg.eigvalsh(gram), 0, None)
    total = float(spectrum.sum())
    shares = spectrum[spectrum > 1e-12 * total] / total if total > 0 else np.zeros(0)
    return means[0], means[1], float(np.exp(-(shares * np.log(shares)).sum())) if len(shares) else 0.0


def _gradients(network: Network, image: Tensor, labels: Tensor) -> dict[int, float]:
    """Root mean square, over images, time steps and neurons, of the loss's gradient with respect to what each hidden
    layer says, by its index.
    """
    outputs: dict[int, Tensor] = {}
    found = network(image, forward_hook=outputs.__setitem__)
    loss = F.cross_entropy(found, labels, reduction="sum")
    kept = {index: output for index, output in outputs.items() if output.requires_grad}
    given = torch.autograd.grad(loss, [*kept.values()], allow_unused=True)
    return {
        index: 0.0 if size is None else float(size.double().square().mean().sqrt())
        for index, size in zip(kept, given, strict=True)
    }


def _is_enough(seen: _Seen) -> bool:
    """Whether the means over networks are known well enough of every layer."""

    def error(values: Sequence[float]) -> float:
        return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0

    return all(
        error(layer.rates) <= ENOUGH_RATE
        and error(layer.silent) <= ENOUGH_SILENT
        and error(layer.variances) <= ENOUGH_VARIANCE * float(np.mean(layer.variances))
        for layer in seen.layers.values()
    )


def _summary(design: Design, seen: _Seen, networks: int, images: int) -> MeasuredForecast:
    layers = []
    for index, layer in sorted(seen.layers.items()):
        low, high = band(layer.rates)
        layers.append(
            MeasuredLayer(
                name=build_architecture(design).layers[index].name,
                rate=mean(layer.rates),
                rate_low=low,
                rate_high=high,
                own_rate=layer.rates[0] if layer.rates else None,
                var_u=float(np.mean(layer.variances)),
                silent_share=mean(layer.silent),
                cosine_within=mean(layer.likeness.within),
                cosine_between=mean(layer.likeness.between),
                told_apart_error=standard_error(layer.likeness.differences),
                effective_rank=mean(layer.likeness.ranks),
                gradient=root_mean_square(layer.gradients),
            )
        )
    return MeasuredForecast(
        tuple(layers), networks, min(images, PROBE_SIZE), mean(seen.inputs.within), mean(seen.inputs.between)
    )
