"""How differently a network's neurons spike for two images, and the score made of it (Kim et al. 2022, Sec. 3.3).

Of a layer of N neurons at a time step, and images i and j of which c_i spike, c_ij for both:

    HD    = c_i + c_j - 2 c_ij                          the Hamming distance
    E[HD] = N p,  p = r_i (1 - r_j) + (1 - r_i) r_j     with r = c / N, or 1 - c / N: Eq. 6
    SAHD  = alpha HD / (N p + 0.001)                    sparsity-aware; alpha = N/2 (paper) or 1/2 (code): Eq. 7
    K     = sum of N - SAHD over layers and time steps  their mean (code); the score is log|det K|: Eq. 3

"code" is an early version of theirs. Later ones have alpha = N/2 too, with the 0.001 added to p instead of N p, and
still the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.cells import Metric, Normalisation

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

EPSILON = 1e-3
"""Where both images are silent, 0 / 0 is 0."""


@dataclass(frozen=True, slots=True)
class Score:
    """log|det K|, or None and why there is none, in words."""

    value: float | None
    invalid: str = ""


def hamming(both: Counts) -> Counts:
    """HD (..., B, B) from how many neurons spike for both images (..., B, B): for one image on the diagonal."""
    own = np.diagonal(both, axis1=-2, axis2=-1)
    return own[..., :, None] + own[..., None, :] - 2 * both


def expected(both: Counts, neurons: int) -> Floats:
    """E[HD] (..., B, B) of images whose spikes are independent, of the same numbers as `hamming`.

    >>> expected(np.array([[50, 0], [0, 25]]), 100).tolist()
    [[50.0, 50.0], [50.0, 37.5]]
    """
    rate = np.diagonal(both, axis1=-2, axis2=-1) / neurons
    one, other = rate[..., :, None], rate[..., None, :]
    return neurons * (one * (1 - other) + (1 - one) * other)


def distance(both: Counts, neurons: int, metric: Metric, normalisation: Normalisation) -> Floats:
    """HD or SAHD (..., B, B) of the same numbers as `hamming`."""
    found = hamming(both).astype(np.float64)
    if metric == "hd":
        return found
    alpha = 0.5 * neurons if normalisation == "paper" else 0.5
    return found * (alpha / (expected(both, neurons) + EPSILON))


class Kernel:
    """K of a batch, layer by layer; what was added is not kept.

    >>> kernel = Kernel("hd")
    >>> kernel.add(np.array([[[3, 1], [1, 2]]]), neurons=10)
    >>> kernel.matrix.tolist(), round(kernel.score().value, 3)
    ([[10.0, 7.0], [7.0, 10.0]], 3.932)
    """

    def __init__(self, metric: Metric = "sahd", normalisation: Normalisation = "paper") -> None:
        self.metric, self.normalisation = metric, normalisation
        self.total: Floats = np.zeros(())
        self.hamming: Counts = np.zeros((), np.int64)
        """HD (B, B), over layers and time steps."""
        self.terms = self.spikes = 0

    def add(self, both: Counts, neurons: int, copies: int = 1) -> None:
        """A layer of `neurons`: `both` (T, B, B), how many spike for both images. `copies`: layers that spike alike."""
        found = distance(both, neurons, self.metric, self.normalisation)
        self.total = self.total + copies * (neurons * len(both) - found.sum(0))
        self.hamming = self.hamming + copies * hamming(both).sum(0)
        self.terms += copies * len(both)
        self.spikes += copies * int(np.diagonal(both, axis1=-2, axis2=-1).sum())

    @property
    def matrix(self) -> Floats:
        """K, (B, B)."""
        return self.total / self.terms if self.normalisation == "code" else self.total

    def score(self) -> Score:
        """log|det K|; there is none where K has no inverse or is not positive."""
        if not self.spikes:
            return Score(None, "no neuron spikes")
        alike = np.argwhere(np.triu(self.hamming == 0, 1))
        if len(alike):
            first, second = alike[0] + 1
            return Score(None, f"images {first} and {second} of the batch make the same spikes")
        sign, value = np.linalg.slogdet(self.matrix)
        return Score(float(value)) if sign > 0 and np.isfinite(value) else Score(None, "the kernel is not positive")
