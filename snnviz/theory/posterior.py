"""The posterior of a Gaussian process over categorical codes (an option for each slot), from fitted hyperparameters and
observations.

A code is a tuple of ints, one per slot; slot s has the options 0 .. sizes[s] - 1. The kernel is BoTorch's
`CategoricalKernel` times a variance, k(a, b) = scale exp(-mean_s([a_s != b_s] / lengths_s)): a product over slots, so
that means over a slot's options need no enumeration. Formulas: Rasmussen and Williams 2006, Eq. 2.25-2.26.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Code = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FittedProcess:
    """Fitted hyperparameters of a Gaussian process, on the standardised scale z = (y - shift) / spread.

    lengths: length scale of each slot. scale: variance of the function. noise: variance of observations. mean: the
    constant prior mean.
    """

    lengths: tuple[float, ...]
    """Length scale of each slot; all equal where the kernel has one length scale."""
    scale: float
    """Variance of the function, in z^2."""
    noise: float
    """Variance of an observation around the function, in z^2."""
    mean: float
    """Prior mean, in z."""
    shift: float
    spread: float


@dataclass(frozen=True, slots=True)
class MainEffects:
    """Main effects of a fitted Gaussian process over codes: for each slot an array of posterior means, one for each
    option, averaged uniformly over all other slots; and each slot's importance, its share of their variance.
    """

    means: tuple[Floats, ...]
    """One array per slot, (options,), in the unit of the values."""
    importance: Floats
    """(slots,): the variance of each slot's main effect as a share of the sum over slots; all 0 where that sum is 0."""


def posterior(
    belief: FittedProcess, codes_seen: Sequence[Code], values_seen: Sequence[float], codes: Sequence[Code]
) -> tuple[Floats, Floats]:
    """Returns mean and standard deviation of the function, without noise, at several codes (an option for each slot):
    arrays (codes,), in the values' unit.

    >>> known = FittedProcess(lengths=(1.0, 1.0), scale=1.0, noise=0.01, mean=0.0, shift=5.0, spread=2.0)
    >>> mean, sd = posterior(known, [(0, 0)], [9.0], [(0, 0), (0, 1)])
    >>> mean.round(2).tolist(), sd.round(2).tolist()
    ([8.96, 7.4], [0.2, 1.59])
    """
    seen, asked = _array(codes_seen, belief), _array(codes, belief)
    root, weights = _solved(belief, seen, values_seen)
    shared = belief.scale * _similarity(belief, asked, seen)
    mean = belief.mean + shared @ weights
    variance = belief.scale - (np.linalg.solve(root, shared.T) ** 2).sum(0)
    return belief.shift + belief.spread * mean, belief.spread * np.sqrt(variance.clip(min=0))


def main_effects(
    belief: FittedProcess, codes_seen: Sequence[Code], values_seen: Sequence[float], sizes: Sequence[int]
) -> MainEffects:
    """Returns the main effect of every option of every slot, and the slots' importance.

    The mean of slot t's factor over its options is the same for every observed option: (1 + (n_t - 1) e_t) / n_t with
    e_t = exp(-1 / (slots l_t)), so no enumeration is needed.
    """
    seen = _array(codes_seen, belief)
    weights = _solved(belief, seen, values_seen)[1]
    count = np.array(sizes)
    apart = np.exp(-1 / (len(sizes) * np.array(belief.lengths)))
    averaged = (1 + (count - 1) * apart) / count
    means = []
    for slot, size in enumerate(sizes):
        others = belief.scale * math.prod(averaged[:slot]) * math.prod(averaged[slot + 1 :])
        here = np.where(np.arange(size)[:, None] == seen[:, slot], 1.0, apart[slot])
        means.append(belief.shift + belief.spread * (belief.mean + others * (here @ weights)))
    variance = np.array([mean.var() for mean in means])
    return MainEffects(tuple(means), variance / (variance.sum() or 1.0))


def _array(codes: Sequence[Code], belief: FittedProcess) -> NDArray[np.int64]:
    """`codes` as (codes, slots), also where there are none."""
    return np.array(codes, np.int64).reshape(len(codes), len(belief.lengths))


def _similarity(belief: FittedProcess, a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
    """The kernel without its variance, (a, b); slot by slot, so that memory does not grow with the slots."""
    distance = np.zeros((len(a), len(b)))
    for slot, length in enumerate(belief.lengths):
        distance += (a[:, slot, None] != b[:, slot]) / length
    return np.exp(-distance / len(belief.lengths))


def _solved(belief: FittedProcess, seen: NDArray[np.int64], values: Sequence[float]) -> tuple[Floats, Floats]:
    """The Cholesky factor of the seen values' covariance, and that covariance's inverse times their residuals."""
    covariance: Floats = belief.scale * _similarity(belief, seen, seen) + belief.noise * np.eye(len(seen))
    root = np.asarray(np.linalg.cholesky(covariance), np.float64)
    residual = (np.asarray(values, float) - belief.shift) / belief.spread - belief.mean
    return root, np.linalg.solve(root.T, np.linalg.solve(root, residual))
