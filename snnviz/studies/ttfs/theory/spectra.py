"""Eigenvalues of the Jacobian of random TTFS layers, and the norm of gradients through many of them.

Before training, a layer's Jacobian is M diag(1/B) W, (10) of `snnviz.theory.ttfs`: W is random, M selects the neurons
that spike, and the slopes B are 1 in the B1-model, 1 + sum W where alpha = 1, or chosen at random between two bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator
from threadpoolctl import threadpool_limits

from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.theory.ttfs import Floats, jacobian_eigenvalues

Slope = Literal["b1", "alpha-one", "chosen"]
SLOPES: tuple[Slope, ...] = get_args(Slope)

UNIT_CIRCLE_MARGIN = 1.05
"""Modulus above which an eigenvalue counts as outside of the unit circle: finite layers of radius 1 have some at 1.03.
"""

DEPTH = 50


class RandomLayers(Document):
    """Settings of random square TTFS (time-to-first-spike) layers: size, distribution of weights, slopes, and share of
    spiking neurons.
    """

    noun = "a setting of random layers"

    neurons: Annotated[int, Range(10, 600, "Neurons of a layer, n, and its inputs.", 10, "Neurons n")] = 340
    weights: Literal["one", "he"] = "one"
    """"one": W ~ N(0, 1/n); "he": N(0, 2/n), as for ReLUs."""

    low: Annotated[float, Range(0.05, 10, "The least of the chosen slopes B.", 0.05)] = 0.5
    high: Annotated[float, Range(0.05, 10, "The largest of the chosen slopes B.", 0.05)] = 1.5
    share: Annotated[
        float,
        Range(
            0.05, 1, "Share of the neurons that spike; the others pass nothing on.", 0.05, "Share of neurons that spike"
        ),
    ] = 1.0
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of weights, slopes and spikes.", 1)] = 0

    @model_validator(mode="after")
    def _rising(self) -> RandomLayers:
        if self.low > self.high:
            raise InputError("low", f"be at most the largest slope, {self.high:g}", self.low)
        return self

    @property
    def variance(self) -> float:
        """Variance of a weight of the random layers."""
        return (2 if self.weights == "he" else 1) / self.neurons

    @property
    def disc_radius(self) -> float:
        """Radius of the disc that the eigenvalues fill in wide layers with B = 1: sqrt(share n Var[W]) (the circular
        law).

        >>> RandomLayers(weights="he", share=0.5).disc_radius
        1.0
        """
        return float(np.sqrt(self.share * self.neurons * self.variance))


@contextmanager
def single_blas_thread() -> Iterator[None]:
    """Context manager that limits BLAS to one thread: small matrices on two threads are many times slower on a busy
    machine.
    """
    with threadpool_limits(1, user_api="blas"):
        yield


def random_layer(setting: RandomLayers, draw: np.random.Generator) -> tuple[Floats, dict[Slope, Floats], Floats]:
    """Draws a random layer: returns weights (n, n), slopes (n,) for each model, and uniform numbers (n,): a neuron
    spikes if its number is below the share.
    """
    n = setting.neurons
    weights = draw.normal(0, np.sqrt(setting.variance), (n, n))
    chosen = draw.uniform(setting.low, setting.high, n)
    return weights, {"b1": np.ones(n), "alpha-one": 1 + weights.sum(1), "chosen": chosen}, draw.uniform(size=n)


def layer_eigenvalues(setting: RandomLayers) -> dict[Slope, NDArray[np.complex128]]:
    """Returns the eigenvalues (n,) of the Jacobian of one random layer for each model; weights and spiking neurons are
    the same.
    """
    weights, slopes, uniform = random_layer(setting, np.random.default_rng(setting.seed))
    spiked = uniform < setting.share
    with single_blas_thread():
        return {name: jacobian_eigenvalues(weights, slope, spiked) for name, slope in slopes.items()}


def negative_slope_share(setting: RandomLayers) -> float:
    """Returns the share of a random layer's neurons that never spike if the ramp of the potential has the slope alpha =
    1, because the slope at the threshold is then 0 or less.
    """
    return float((random_layer(setting, np.random.default_rng(setting.seed))[1]["alpha-one"] <= 0).mean())


def gradient_norms_by_depth(
    setting: RandomLayers, shares: Sequence[float], depth: int = DEPTH
) -> dict[tuple[Slope, float], Floats]:
    """Returns the norm of a unit gradient after 1 to `depth` layers backward, (depth,), by model and share of spiking
    neurons.

    The gradient is multiplied by J^T layer after layer; weights are the same for all.
    """
    draw = np.random.default_rng([setting.seed, 1])
    first = draw.normal(size=setting.neurons)
    gradients = {(name, share): first / np.linalg.norm(first) for name in SLOPES for share in shares}
    norms = {key: np.zeros(depth) for key in gradients}
    for layer in range(depth):
        weights, slopes, uniform = random_layer(setting, draw)
        with single_blas_thread():
            for (name, share), gradient in gradients.items():
                found = np.where(uniform < share, gradient / slopes[name], 0.0) @ weights  # without the matrix J
                gradients[name, share] = found
                norms[name, share][layer] = np.linalg.norm(found)
    return norms


@dataclass(frozen=True, slots=True)
class SpectrumSummary:
    """Eigenvalues of several random layers for one model: largest modulus (median and minimum over layers), and the
    share of all eigenvalues with a modulus above `UNIT_CIRCLE_MARGIN`.
    """

    slope: Slope
    median: float
    least: float
    outside: float


@dataclass(frozen=True, slots=True)
class SpectraSummary:
    """Eigenvalues of random layers for all models (B = 1, alpha = 1, chosen slopes). `negative`: share of neurons whose
    slope is 0 or less where alpha = 1, which never spike.
    """

    models: tuple[SpectrumSummary, ...]
    negative: float


def summarise_spectra(
    setting: RandomLayers, layers: int, tell: Callable[[float], None] = lambda _: None
) -> SpectraSummary:
    """Returns a summary of the Jacobian eigenvalues of `layers` random layers with consecutive seeds; `tell` gets the
    share that is done.
    """
    moduli: dict[Slope, list[Floats]] = {name: [] for name in SLOPES}
    negative = 0.0
    for index in range(layers):
        weights, slopes, uniform = random_layer(setting, np.random.default_rng(setting.seed + index))
        negative += float((slopes["alpha-one"] <= 0).mean()) / layers
        with single_blas_thread():
            for name, slope in slopes.items():
                moduli[name].append(np.abs(jacobian_eigenvalues(weights, slope, uniform < setting.share)))
        tell((index + 1) / layers)
    found = []
    for name in SLOPES:
        largest = np.array([values.max() for values in moduli[name]])
        outside = float((np.concatenate(moduli[name]) > UNIT_CIRCLE_MARGIN).mean())
        found.append(SpectrumSummary(name, float(np.median(largest)), float(largest.min()), outside))
    return SpectraSummary(tuple(found), negative)
