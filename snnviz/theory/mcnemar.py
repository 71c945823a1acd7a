"""How certain a difference in accuracy of two networks is, given that both were tested on a limited number of images.

Both networks are tested on the same images, so their accuracies are not independent: all information lies in the images
on which exactly one of them is right (McNemar 1947).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The difference B - A in accuracy (0 to 1) of two networks tested on the same images, averaged over seeds.

    only_a, only_b: numbers of images, summed over seeds, that only A, or only B, classifies correctly, out of `images`.
    difference, sd: mean and standard deviation of the difference; two pseudo-images with half a disagreement each are
    added (Agresti and Min 2005), so that the sd is not 0 without disagreements. p: two-sided p value of no difference.
    """

    difference: float
    sd: float
    only_a: int
    only_b: int
    images: int
    p: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Returns the confidence interval (low, high) of `difference`, B's accuracy less A's, over all images like
        these, for the same two networks.
        """
        from scipy.special import ndtri  # a tenth of a second, which most have no need of

        half = float(ndtri((1 + level) / 2)) * self.sd
        return self.difference - half, self.difference + half


def mcnemar_p(only_a: int, only_b: int) -> float:
    """Returns the exact two-sided p value of McNemar's test of no difference, given the two numbers of disagreements.

    >>> mcnemar_p(0, 5), mcnemar_p(0, 0)
    (0.0625, 1.0)
    """
    from scipy.special import bdtr  # a tenth of a second, which most have no need of

    count = only_a + only_b
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), count, 0.5))) if count else 1.0


def disagreement(
    right_a: Sequence[NDArray[np.bool_]],
    right_b: Sequence[NDArray[np.bool_]],
    *,
    same_images: bool = False,
    test_sets: Sequence[str] = (),
) -> Disagreement:
    """Returns the difference of two networks from one array (images,) per pair of runs, for A and B: which images are
    correct.

    same_images: whether all pairs have the same test set. test_sets: otherwise, the name of each pair's test set, where
    some share one. The differences of an image are averaged over the pairs that share it first, since they are
    correlated; images of different test sets count as drawn independently. The p value is McNemar's exact one, but that
    of a normal approximation for several pairs on the same images.

    >>> disagreement([np.array([True, False, True, True])], [np.array([True, True, True, True])]).only_b
    1
    """
    from scipy.special import ndtr  # a tenth of a second, which most have no need of

    apart = [b.astype(float) - a.astype(float) for a, b in zip(right_a, right_b, strict=True)]
    names = [""] * len(apart) if same_images else [*test_sets] or [str(n) for n in range(len(apart))]
    several: dict[str, list[NDArray[np.float64]]] = {}
    for name, each in zip(names, apart, strict=True):
        several.setdefault(name, []).append(each)
    mean = variance = 0.0
    for shared in several.values():
        each, weight = np.mean(shared, axis=0), len(shared) / len(apart)
        count = len(each) + 2
        own = float(each.sum()) / count
        mean += weight * own
        variance += weight**2 * ((float((each**2).sum()) + 1) / count - own**2) / count
    sd = math.sqrt(variance)
    only_a, only_b = (sum(int((sign * each > 0).sum()) for each in apart) for sign in (-1, 1))
    exact = len(apart) == len(several)
    p = mcnemar_p(only_a, only_b) if exact else 2 * float(ndtr(-abs(mean) / sd))
    return Disagreement(mean, sd, only_a, only_b, sum(map(len, apart)), p)
