"""Encodings: how an image becomes an input over T time steps.

The functions here return what theory needs: the second moments E[x_s x_t] of the input x over the pixels of a data set,
an array (T, T). Training encodes in `snnviz.core.data`, random encodings with snntorch's spikegen.

An event recording is a frame of event counts per time step; the normalised frame is the input current of its step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.neurons import respond
from snnviz.data.datasets import dataset_card
from snnviz.data.recordings import EventCountStatistics
from snnviz.design.design import Design
from snnviz.design.menus import CURRENT, ENCODINGS
from snnviz.design.parts import AnyNeuron

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PixelDistribution:
    """The distribution of pixel values of a data set, and the neuron of spiking encoders.

    A share `share` (L,) of the pixels has the intensity `levels` (L,) in [0, 1]; for event recordings `levels` are
    event counts per frame, and `counts` describes how they vary over time. `mean` and `std` are those of the levels.
    """

    levels: Floats
    share: Floats
    mean: float
    std: float
    neuron: AnyNeuron
    counts: EventCountStatistics | None = None

    @property
    def normalised(self) -> Floats:
        """The levels, shifted and scaled to mean 0 and variance 1 over the pixels; an array (L,)."""
        return (self.levels - self.mean) / self.std


def pixel_distribution(name: str, neuron: AnyNeuron, steps: int) -> PixelDistribution:
    """Returns the pixel distribution of the data set `name`; event recordings are cut into `steps` frames."""
    about = dataset_card(name)
    if about.counts is not None:
        share = about.counts.shares_at(steps)
        return PixelDistribution(
            np.arange(float(len(share))), share, *about.counts.statistics(steps), neuron, about.counts
        )
    levels = np.linspace(0, 1, len(about.histogram))
    return PixelDistribution(levels, np.array(about.histogram), about.mean, about.std, neuron)


def second_moments(design: Design) -> Floats:
    """Returns the second moments E[x_s x_t] of a design's encoded input x between time steps; an array (T, T)."""
    entry = ENCODINGS[design.data.encoding.kind]
    found: Floats = entry.function(
        pixel_distribution(design.data.name, design.neuron, design.data.steps), design.data.steps
    )
    return found


def second_moments_by_brightness(design: Design, parts: int) -> Floats:
    """Returns E[x_s x_t] of the darkest to the brightest pixels of an image data set, each as large a share of all, an
    array (parts, T, T), whose mean is `second_moments`.
    """
    pixels, steps = pixel_distribution(design.data.name, design.neuron, design.data.steps), design.data.steps
    ends = np.concatenate([[0.0], np.cumsum(pixels.share)])
    found = []
    for part in range(parts):
        low, high = ends[-1] * part / parts, ends[-1] * (part + 1) / parts
        share = np.clip(np.minimum(ends[1:], high) - np.maximum(ends[:-1], low), 0, None) / (high - low)
        some = PixelDistribution(pixels.levels, share, pixels.mean, pixels.std, pixels.neuron)
        if design.data.encoding.kind == "direct":
            found.append(np.full((steps, steps), float(share @ some.normalised**2)))
        else:
            found.append(ENCODINGS[design.data.encoding.kind].function(some, steps))
    moments, whole = np.array(found), second_moments(design)
    mean: Floats = moments.mean(0)  # a histogram is coarser than mean and standard deviation
    return moments * np.divide(whole, mean, out=np.ones_like(whole), where=mean > 0)


def is_static(design: Design) -> bool:
    """Returns whether the input is the same at all time steps, so that the first layer is computed only once."""
    return design.data.encoding.kind == "direct" and dataset_card(design.data.name).counts is None


@ENCODINGS.register(source="Rueckauer et al. 2017", formula=r"x^t = \frac{p - \mu}{\sigma}", traits=[CURRENT])
def direct(pixels: PixelDistribution, steps: int, /) -> Floats:
    """The normalised image is the input current of every time step: no noise, and the first layer is computed once.

    Pixels are shifted and scaled to mean 0 and variance 1 over the training set. For event recordings, the normalised
    event counts of each frame are the input current of its time step.

    Returns the second moments E[x_s x_t] of the input between time steps s and t, an array (T, T) with T = `steps`.
    """
    return np.ones((steps, steps)) if pixels.counts is None else pixels.counts.moments(steps)


@ENCODINGS.register(source="snntorch.spikegen.rate", formula=r"x^t \sim \mathrm{Bernoulli}(p)")
def rate(pixels: PixelDistribution, steps: int, /) -> Floats:
    """Each pixel spikes with a probability equal to its intensity, anew at every time step.

    Returns the second moments E[x_s x_t] of the input between time steps s and t, an array (T, T) with T = `steps`.
    """
    moments = np.full((steps, steps), float(pixels.share @ pixels.levels**2))
    np.fill_diagonal(moments, float(pixels.share @ pixels.levels))
    return moments


@ENCODINGS.register(source="snntorch.spikegen.latency (linear, normalised)", formula=r"t = (T-1)(1-p)")
def latency(pixels: PixelDistribution, steps: int, /) -> Floats:
    """Each pixel spikes once: the brighter, the earlier. Pixels darker than 1 % stay silent.

    Returns the second moments E[x_s x_t], an array (T, T): on the diagonal the share of pixels that spike at each
    of `steps` time steps, 0 elsewhere.
    """
    times = np.round((steps - 1) * (1 - pixels.levels)).astype(int)
    lit = pixels.levels >= 0.01
    return np.diag(np.bincount(times[lit], weights=pixels.share[lit], minlength=steps))


@ENCODINGS.register(
    source="Micheli et al. 2024",
    formula=r"x^t = 1[u^t > \theta],\quad u^t = \beta u^{t-1} + \frac{p - \mu}{\sigma} - \theta x^{t-1}",
    traits=[CURRENT],
)
def lif(pixels: PixelDistribution, steps: int, /) -> Floats:
    """A spiking encoder: each normalised pixel is the constant current of a LIF neuron, whose spikes are the input.

    The encoder's neurons have the design's kind, threshold, leak and reset, and learn nothing. Only pixels brighter
    than the mean ever spike, and the brighter, the sooner and the more often.

    Returns the second moments E[x_s x_t] of the input between time steps s and t, an array (T, T) with T = `steps`.
    """
    if pixels.counts is None:
        current, share = np.broadcast_to(pixels.normalised, (steps, len(pixels.levels))), pixels.share
    else:
        current = _drawn(pixels, pixels.counts, steps)
        share = np.full(SAMPLED_PIXELS, 1 / SAMPLED_PIXELS)
    _, spikes = respond(current, pixels.neuron)
    moments: Floats = (spikes * share) @ spikes.T
    return (moments + moments.T) / 2  # a product's rounding is not symmetric on every processor


SAMPLED_PIXELS = 8192


def _drawn(pixels: PixelDistribution, counts: EventCountStatistics, steps: int) -> Floats:
    """Currents (T, DRAWN) of pixels that see events: an approximation that has the counts' distribution, course and
    mean correlation.

    A share of the pixels keeps its rank from frame to frame, the others draw a new one each time. In a frame that is
    v times as lively as the average, v times as many pixels have more than any number of events.
    """
    rng = np.random.default_rng(0)
    ranks = np.tile((np.arange(SAMPLED_PIXELS) + 0.5) / SAMPLED_PIXELS, (steps, 1))
    rng.shuffle(ranks[0])
    ranks[:] = ranks[0]
    kept = round(counts.correlation_at(steps) * SAMPLED_PIXELS)
    ranks[:, kept:] = rng.permuted(ranks[:, kept:], axis=1)
    rarer = 1 - (1 - ranks) / counts.second_moments_at(steps)[:, None]
    found: Floats = pixels.normalised[np.searchsorted(np.cumsum(pixels.share)[:-1], rarer)]
    return found
