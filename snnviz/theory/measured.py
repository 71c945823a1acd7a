"""What was measured on real, untrained networks of a design, layer by layer: values without torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from snnviz.theory.intervals import t_quantile

LEVEL = 0.9
"""Share of networks that a band is to hold."""

FEWEST_FOR_RANKS = 19
"""From so many networks on, a band is made of order statistics; of fewer, of Student's t."""


@dataclass(frozen=True, slots=True)
class MeasuredLayer:
    """One layer over several untrained networks.

    rate: spikes per neuron and step, the mean over networks; None of what does not spike, like rate_low, rate_high,
    between which nine of ten networks are, own_rate, that of the network of the design's own seed, and silent_share,
    the share of images, over all networks, for which no neuron of the layer spikes. var_u: Var[u] over neurons,
    averaged over steps, images and networks. cosine_within, cosine_between: mean cosine of what two images of one
    class, of two classes, make the layer say, summed over time; None where nothing is said. told_apart_error: standard
    error of `told_apart` over networks; None of fewer than two. effective_rank: of what 64 images make the layer say,
    summed over time, the exponential of the entropy of the shares of variance. gradient: root mean square of the loss's
    gradient with respect to what the layer says; None of the readout.
    """

    name: str
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    own_rate: float | None
    var_u: float
    silent_share: float | None
    cosine_within: float | None
    cosine_between: float | None
    told_apart_error: float | None
    effective_rank: float | None
    gradient: float | None

    @property
    def told_apart(self) -> float | None:
        """By how much images of one class are more alike than those of two, as a difference of cosines."""
        if self.cosine_within is None or self.cosine_between is None:
            return None
        return self.cosine_within - self.cosine_between


@dataclass(frozen=True, slots=True)
class MeasuredForecast:
    """What was measured on `networks` untrained networks with `images` training images each.

    cosine_within, cosine_between: of the encoded images themselves, as of layers.
    """

    layers: tuple[MeasuredLayer, ...]
    networks: int
    images: int
    cosine_within: float | None
    cosine_between: float | None

    @property
    def how(self) -> str:
        """Text on how it was measured."""
        return f"measured on {self.networks} untrained networks with {self.images} training images each"

    def document(self) -> dict[str, Any]:
        """Returns it as plain values."""
        return asdict(self)

    @classmethod
    def read(cls, document: dict[str, Any]) -> MeasuredForecast:
        """Returns the measurement that a `document` describes."""
        layers = tuple(MeasuredLayer(**layer) for layer in document["layers"])
        return cls(**{**document, "layers": layers})


def band(values: Sequence[float], level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
    """Returns low and high between which another value of the same kind lies with probability `level`.

    From 19 values on it is made of order statistics, interpolated at ranks (n + 1) (1 -+ level) / 2, which holds for
    every law (of 19 values for 0.9 their smallest and largest); of fewer, it is Student's prediction interval, cut to
    what a rate can be.

    >>> band(list(range(19)))
    (0.0, 18.0)
    >>> band([])
    (None, None)
    """
    count = len(values)
    if not count:
        return None, None
    if count >= FEWEST_FOR_RANKS:
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], method="weibull")
        return float(low), float(high)
    mean = float(np.mean(values))
    if count == 1:
        return mean, mean
    reach = t_quantile(count - 1, (1 + level) / 2) * float(np.std(values, ddof=1)) * math.sqrt(1 + 1 / count)
    return max(0.0, mean - reach), min(1.0, mean + reach)


def mean(values: Sequence[float]) -> float | None:
    """Returns the mean of those values that are numbers, or None if there are none.

    >>> mean([1.0, float("nan"), 3.0])
    2.0
    """
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else None


def standard_error(values: Sequence[float]) -> float | None:
    """Returns the standard error of the mean of those values that are numbers; None of fewer than two."""
    known = [value for value in values if math.isfinite(value)]
    return float(np.std(known, ddof=1)) / math.sqrt(len(known)) if len(known) > 1 else None


def root_mean_square(values: Sequence[float]) -> float | None:
    """Returns the root of the mean square, or None of nothing."""
    return math.sqrt(float(np.mean(np.square(values)))) if len(values) else None
