"""Forecast of the variance of membrane potentials, and of firing rates, through a network at initialisation.

Single step (Micheli et al. 2024, Eq. 9): Var[u_l] = n Var[w] E[x^2], with E[x^2] = P(u_(l-1) > theta) for spikes. A
network of ReLUs has E[x^2] = Var[u] / 2 instead, and one step only. Over T steps there is no closed form. For Gaussian
weights the currents of a neuron at the T steps are jointly normal given the layer's input, with covariance n Var[w]
times the second moments E[x_s x_t] of that input, so a population of neurons can be drawn exactly, without weights.
Uniform weights need nothing else, because a sum of many is normal too. For convolutions this is the limit of wide
layers: neighbouring positions share weights, which changes how far one network strays from the mean, not the mean.
Dark and bright positions of images are carried along apart (`PARTS`): a convolution reads neighbours, which are about
as bright as itself. How far real networks are from all this: `theory.roughness`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.encodings import second_moments, second_moments_by_brightness
from snnviz.catalog.inits import InputStatistics, spike_probability, weight_distribution
from snnviz.catalog.neurons import model, respond
from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design
from snnviz.design.parts import AnyNeuron, Neuron
from snnviz.graph.architectures import INPUT, Layer, Source, build_architecture
from snnviz.theory.narrow import draw_narrow, is_narrow

Floats = NDArray[np.float64]

POPULATION = 2048
"""Neurons drawn per layer; fewer, down to an eighth, for networks so deep or with so many steps that a page would wait.
"""

NEURON_STEPS = 1_000_000

PARTS = 8
"""Parts of a population, of the darkest to the brightest positions, where layers are convolutions of images."""

LOCAL = {"direct": 0.9, "rate": 0.6, "lif": 0.6}
"""How much of the brightness of its own pixel, and not of the average one, what a convolution reads of an image has at
most, by encoding; on images of few pixels, twice their `likeness`. Chosen with `STAYS` on the designs of
`benchmarks.forecasts`; latency coding is better off without.
"""

STAYS = 0.7
"""The same, of what a convolution reads of a layer; at most half as much again as the `likeness`."""

FEWEST_PASSES, MOST_PASSES = 3, 8
"""Bounds of the number of passes over a network with backward connections; fewer for large ones."""


@dataclass(frozen=True, slots=True)
class LayerForecast:
    """Forecast for one layer at initialisation: Var[u] and firing rate over T steps, and Var[u] of the single-step
    formula.

    `rate`: spikes per neuron and step; None for a readout that does not spike and for ReLUs. `silent_share`: of images,
    for which no neuron of the layer spikes; None where it is not known.
    """

    name: str
    var_u: float
    rate: float | None
    single_step: float
    silent_share: float | None = None


def weight_variance(layer: Layer, design: Design, drive: InputStatistics | None = None) -> float:
    """Returns Var[w] of a layer under the design's initialisation; a data-dependent one needs the input statistics
    `drive`.
    """
    return weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron, drive).variance


@lru_cache(maxsize=256)
def forecast_layers(design: Design) -> tuple[LayerForecast, ...]:
    """Returns the forecast activity of every layer with neurons or weights at initialisation.

    It is computed by a simulation with a fixed seed, so designs that differ only in their seed have the same forecast.
    """
    return tuple(layer.forecast for layer in draw_layers(design) if layer.forecast is not None)


def draw_layers(design: Design) -> tuple[DrawnLayer, ...]:
    """Returns populations of every layer of the architecture at initialisation, for `forecast_layers`."""
    layers = _pass(design, ())
    if any(source.delay for layer in build_architecture(design).layers for source in layer.sources):
        # What later layers said a step ago is silent in the first pass; each pass settles one time step more.
        passes = max(FEWEST_PASSES, MOST_PASSES * 400 // (design.data.steps * len(layers)))
        for _ in range(min(design.data.steps - 1, MOST_PASSES, passes)):
            layers = _pass(design, layers)
    return layers


@dataclass(frozen=True, slots=True)
class DrawnLayer:
    """A layer's population: its forecast, None of a layer that only joins; what it says, spikes or what ReLUs say, and
    its potentials u, (T, population) each; Var[w]; and the variance by which its current is normalised, 1 without.
    """

    forecast: LayerForecast | None
    said: Floats
    u: Floats
    weights: float = 0.0
    normalised_by: float = 1.0


def _pass(design: Design, earlier: tuple[DrawnLayer, ...]) -> tuple[DrawnLayer, ...]:
    """Every layer in turn; what comes from later ones is taken from an earlier pass.

    Weights that are measured are so in the first pass, because later layers are silent while a network measures.
    """
    rng = np.random.default_rng(0)
    likeness, shown = dataset_card(design.data.name).likeness, second_moments(design)
    architecture = build_architecture(design)
    built = architecture.layers
    own = draw_narrow(design, architecture, shown) if is_narrow(design, architecture) else []
    bright = _brightness(design)
    parts = max(1, len(bright))
    steps = design.data.steps * len(built)
    count = max(POPULATION // 8, min(POPULATION, NEURON_STEPS // steps // 8 * 8))
    late = [_late(drawn.said) for drawn in earlier] or [np.zeros((design.data.steps, count))] * len(built)
    populations: list[Floats] = []
    single: list[Moments] = []
    found: list[DrawnLayer] = []
    for index, layer in enumerate(built):
        if layer.kind == "merge":
            populations.append(_joined(layer, populations, late, likeness, parts))
            single.append(_single(layer, single, float(shown[0, 0]), likeness))
            found.append(DrawnLayer(None, populations[-1], populations[-1]))
            continue
        weights, gain, normalised_by = 0.0, 0.0, 1.0
        if layer.weighted:
            apart = _apart(layer, populations, late, bright if len(bright) else shown[None], likeness)
            moments = apart.mean(0) if layer.sources[0].layer != INPUT else shown
            drive = InputStatistics(float(moments.diagonal().mean()), design.data.steps)
            weights = earlier[index].weights if earlier else weight_variance(layer, design, drive)
            gain = layer.fan_in * weights * share_inside(layer)
            if layer.normed and layer.sources[0].layer != INPUT:
                # normalisation takes each neuron's mean over images, positions and steps away
                mean = _joined(layer, populations, late, likeness, parts).mean(1)
                moments = moments - mean.mean() * (mean[:, None] + mean[None]) + mean.mean() ** 2
            moments = gain * moments
            if layer.normed:
                normalised_by = float(moments.diagonal().mean()) or 1.0
            if layer.normed and layer.by_step:
                moments = _alike(
                    moments
                    if layer.sources[0].layer == INPUT
                    else np.cov(_joined(layer, populations, late, likeness, parts)).reshape(moments.shape)
                )
            elif layer.normed:  # the current's variance over time steps, images and positions becomes 1
                moments /= normalised_by
            if layer.kind == "conv" and not layer.normed and parts > 1:
                local = min(LOCAL[design.data.encoding.kind], 2 * likeness)
                stays = local if layer.sources[0].layer == INPUT else min(STAYS, 1.5 * likeness)
                drawn = [_draw(stays * gain * one + (1 - stays) * moments, count // parts, rng) for one in apart]
                current = np.concatenate(drawn, axis=1)
            else:
                current = _draw(moments, count, rng) if index >= len(own) else np.empty(0)
        else:
            gain, current = 1.0, _joined(layer, populations, late, likeness, parts)
            if layer.normed:
                deviation = current.std(1, keepdims=True)
                normalised_by = float(np.square(deviation).mean()) or 1.0
                current = (current - current.mean(1, keepdims=True)) / np.where(deviation > 0, deviation, 1)
        silent = None
        if index < len(own):  # (networks, T, neurons)
            u, said = (x.transpose(1, 0, 2).reshape(len(shown), -1) for x in own[index])
            silent, var_u = float((own[index][1] == 0).all((1, 2)).mean()), float(own[index][0].var(axis=2).mean())
        else:
            u, said = (current, current) if layer.plain else respond(current, design.neuron)
            var_u = (1 - 1 / layer.neurons) * float(u.var(axis=1).mean())  # of so few neurons
        populations.append(said)
        single_step = 1.0 if layer.normed else gain * _single(layer, single, float(shown[0, 0]), likeness)[1]
        single.append(_said(layer, design.neuron, single_step))
        rate = float(said.mean()) if layer.spiking else None
        if not model(design.neuron).spiking:  # what has no state has no other than single steps
            single_step = var_u
        seen = LayerForecast(layer.name, var_u, rate, single_step, silent)
        found.append(DrawnLayer(seen, said, u, weights, normalised_by))
    return tuple(found)


def _alike(covariance: Floats) -> Floats:
    """Of currents each of whose time steps is normalised by itself; a step in which nothing varies stays silent."""
    deviation = np.sqrt(covariance.diagonal())
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    found: Floats = covariance * np.outer(scale, scale)
    return found


def _late(said: Floats) -> Floats:
    """One time step later."""
    return np.concatenate([np.zeros_like(said[:1]), said[:-1]])


def share_inside(layer: Layer) -> float:
    """Returns the share of a convolution's taps that fall on the map and not on its zero padding, averaged over
    positions; 1 for a linear layer.
    """
    if layer.kind == "linear":
        return 1.0
    reach = layer.kernel // 2
    share = 1.0
    for size in layer.in_shape[1:]:
        places = range(0, size, layer.stride)
        taps = sum(min(size, x + reach + 1) - max(0, x - reach) for x in places)
        share *= taps / (len(places) * layer.kernel)
    return share


def _moments(layer: Layer, populations: list[Floats], late: list[Floats], shown: Floats, likeness: float) -> Floats:
    """E[x_s x_t] over a layer's inputs, (T, T): summed sources, then concatenated ones by their share of channels.

    `late`: what each layer said a step before.
    """
    total = np.zeros_like(shown)
    summed: Floats | None = None
    kept = 0
    for source in layer.sources:
        if source.layer == INPUT:
            return shown
        x = _pooled((late if source.delay else populations)[source.layer], source, likeness)
        if source.merge == "concat":
            channels = len(source.channels or ())
            total += channels * (x @ x.T) / x.shape[1]
            kept += channels
        else:
            summed = x if summed is None else summed + x
    assert summed is not None
    main = layer.in_shape[0] - kept
    total += main * (summed @ summed.T) / summed.shape[1]
    return total / layer.in_shape[0]


def _brightness(design: Design) -> Floats:
    """E[x_s x_t] of dark to bright pixels, (PARTS, T, T), for plain convolutions of images; () where all are alike."""
    convolutions = [layer for layer in build_architecture(design).layers if layer.kind == "conv"]
    plain = all(layer.stride == layer.groups == 1 for layer in convolutions)  # strides were found to mix positions
    apart = plain and bool(convolutions) and design.data.encoding.kind in LOCAL
    if not apart or dataset_card(design.data.name).counts is not None:
        return np.empty(0)
    return second_moments_by_brightness(design, PARTS)


def _apart(layer: Layer, populations: list[Floats], late: list[Floats], shown: Floats, likeness: float) -> Floats:
    """E[x_s x_t] over a layer's inputs for each part of the positions, (parts, T, T)."""
    parts = len(shown)
    return np.array(
        [
            _moments(layer, _part(populations, k, parts), _part(late, k, parts), one, likeness)
            for k, one in enumerate(shown)
        ]
    )


def _part(populations: list[Floats], part: int, parts: int) -> list[Floats]:
    """One of so many parts of each population's columns."""
    return [x[:, part * (x.shape[1] // parts) : (part + 1) * (x.shape[1] // parts)] for x in populations]


def _joined(layer: Layer, populations: list[Floats], late: list[Floats], likeness: float, parts: int) -> Floats:
    """What a layer that only joins says: of each input as many samples as it has channels, for each part of the
    positions.
    """
    some = [_join(layer, _part(populations, k, parts), _part(late, k, parts), likeness) for k in range(parts)]
    return np.concatenate(some, axis=1)


def _join(layer: Layer, populations: list[Floats], late: list[Floats], likeness: float) -> Floats:
    summed, parts = np.zeros_like(populations[0]), []
    kept = sum(len(source.channels or ()) for source in layer.sources if source.merge == "concat")
    for source in layer.sources:
        x = _pooled((late if source.delay else populations)[source.layer], source, likeness)
        if source.merge == "concat":
            parts.append((len(source.channels or ()), x))
        else:
            summed = summed + x
    found = [summed] if not parts else []
    if parts:
        count, start = summed.shape[1], 0.0
        for channels, x in [(layer.in_shape[0] - kept, summed), *parts]:
            end = start + count * channels / layer.in_shape[0]
            found.append(x[:, round(start) : round(end)])
            start = end
    return np.concatenate(found, axis=1)


def _pooled(population: Floats, source: Source, likeness: float) -> Floats:
    """Pooling joins pool^2 neighbours: a share `likeness` of the patches fires as one, the rest apart.

    The result is repeated to the size of `population`, so that it can be added to one that is not pooled.
    """
    if source.pool == source.smooth == 1:
        return population
    size = (source.pool * source.smooth) ** 2
    usable = population.shape[1] // size * size
    patches = population[:, :usable].reshape(len(population), -1, size)
    alike = round(likeness * patches.shape[1])
    apart = patches[:, alike:].max(2) if source.pooling == "max" else patches[:, alike:].mean(2)
    joined = np.concatenate([patches[:, :alike, 0], apart], axis=1)
    return np.tile(joined, size + 1)[:, : population.shape[1]]


def _draw(covariance: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Currents (T, count) ~ N(0, covariance). Spike trains that repeat make it singular: a trace of noise mends that.

    Each row of normal numbers is a shuffle of the same quantiles (a Latin hypercube): an eighth of the error of
    independent draws.
    """
    largest = float(covariance.diagonal().max())
    if largest <= 0:
        return np.zeros((len(covariance), count))
    factor = np.linalg.cholesky(covariance + 1e-9 * largest * np.eye(len(covariance)))
    normal = rng.permuted(np.tile(_quantiles(count), (len(covariance), 1)), axis=1)
    drawn: Floats = factor @ normal
    return drawn


@lru_cache(maxsize=64)
def _quantiles(count: int) -> Floats:
    """`count` quantiles of N(0, 1), scaled to variance 1."""
    found = np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])
    found /= found.std()
    return found


Moments = tuple[float, float]
"""E[x] and E[x^2]."""


def _single(layer: Layer, said: list[Moments], shown: float, likeness: float) -> Moments:
    """Of a layer's joined input at the first time step, from what its sources say then."""
    summed, concatenated, kept = [], np.zeros(2), 0
    for source in layer.sources:
        if source.layer == INPUT:
            return 0.0, shown
        # what comes from a step before is silent in the first one
        mean, square = (0.0, 0.0) if source.delay else said[source.layer]
        size = (source.pool * source.smooth) ** 2
        if source.linear:
            second = mean**2 + (square - mean**2) * (likeness + (1 - likeness) / size)
        else:
            largest = _largest(mean, square, size)
            mean, second = (likeness * a + (1 - likeness) * b for a, b in zip((mean, square), largest, strict=True))
        if source.merge == "concat":
            channels = len(source.channels or ())
            concatenated += channels * np.array([mean, second])
            kept += channels
        else:
            summed.append((mean, second))
    total = sum(mean for mean, _ in summed)
    pairs = total**2 - sum(mean**2 for mean, _ in summed)
    main = layer.in_shape[0] - kept
    first, square = concatenated + main * np.array([total, sum(second for _, second in summed) + pairs])
    return float(first) / layer.in_shape[0], float(square) / layer.in_shape[0]


def _largest(mean: float, square: float, size: int) -> Moments:
    """Of the largest of so many independent spikes, whose E[x] is E[x^2], or of what so many ReLUs say.

    >>> _largest(0.5, 0.5, 2), [round(moment, 3) for moment in _largest(0.399, 0.5, 1)]
    ((0.75, 0.75), [0.399, 0.5])
    """
    if mean == square:
        some = 1 - (1 - mean) ** size
        return some, some
    first, second = _rectified(size)
    return first * math.sqrt(2 * square), second * 2 * square


@lru_cache(maxsize=16)
def _rectified(size: int) -> Moments:
    """E[max(0, u)] and E[max(0, u)^2] of the largest u of so many standard normal numbers."""
    largest = [max(0.0, NormalDist().inv_cdf(((k + 0.5) / 10_000) ** (1 / size))) for k in range(10_000)]
    return float(np.mean(largest)), float(np.mean(np.square(largest)))


def _said(layer: Layer, neuron: AnyNeuron, variance: float) -> Moments:
    """Of what a layer says in a single step, its current ~ N(0, variance): exact of LIF and of ReLUs, else drawn."""
    if layer.plain:
        return 0.0, variance
    if not isinstance(neuron, Neuron):
        _, said = respond(math.sqrt(variance) * _quantiles(POPULATION)[None], neuron)
        return float(said.mean()), float(np.square(said).mean())
    if not layer.spiking:
        return math.sqrt(variance / (2 * math.pi)), variance / 2
    p = spike_probability(neuron.threshold, variance)
    return p, p
