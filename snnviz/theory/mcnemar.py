"""What the test images alone leave open of a difference in accuracy.

Two networks see the same images, so their accuracies are no two independent binomials: all there is to learn lies in
the images on which the two disagree (McNemar 1947).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtr, ndtri


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The difference B - A in accuracy (0..1) of networks that saw the same images, a mean over seeds.

    only_a, only_b: images, of all seeds together, that only the one or the other tells right, of so many `images`.
    difference, sd: of the mean, with two pseudo-images that disagree by halves (Agresti and Min 2005), so that no
    disagreement is no certainty. p: that neither is better.
    """

    difference: float
    sd: float
    only_a: int
    only_b: int
    images: int
    p: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Of the difference over all images like these, with the networks as they are."""
        half = float(ndtri((1 + level) / 2)) * self.sd
        return self.difference - half, self.difference + half


def mcnemar_p(only_a: int, only_b: int) -> float:
    """The exact two-sided p of McNemar's test: each image that tells two networks apart is as likely either's.

    >>> mcnemar_p(0, 5), mcnemar_p(0, 0)
    (0.0625, 1.0)
    """
    count = only_a + only_b
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), count, 0.5))) if count else 1.0


def disagreement(
    right_a: Sequence[NDArray[np.bool_]], right_b: Sequence[NDArray[np.bool_]], *, same_images: bool = False
) -> Disagreement:
    """From who is right on which image: an array (images,) a seed of A, and of B in the same order; at least one.

    same_images: whether all seeds have the same test set; then an image's differences are averaged over seeds first,
    since an image that is hard is hard at each seed. Else those of each seed are taken as drawn anew. p is McNemar's
    exact one, and of several seeds on the same images, which are not independent, the normal law's.

    >>> disagreement([np.array([True, False, True, True])], [np.array([True, True, True, True])]).only_b
    1
    """
    apart = [b.astype(float) - a.astype(float) for a, b in zip(right_a, right_b, strict=True)]
    groups = [np.mean(apart, axis=0)] if same_images else apart
    means, variances = [], []
    for each in groups:
        count = len(each) + 2
        means.append(float(each.sum()) / count)
        variances.append(((float((each**2).sum()) + 1) / count - means[-1] ** 2) / count)
    mean, sd = sum(means) / len(groups), math.sqrt(sum(variances)) / len(groups)
    only_a, only_b = (sum(int((sign * each > 0).sum()) for each in apart) for sign in (-1, 1))
    exact = len(apart) == len(groups)
    p = mcnemar_p(only_a, only_b) if exact else 2 * float(ndtr(-abs(mean) / sd))
    return Disagreement(mean, sd, only_a, only_b, sum(map(len, apart)), p)
