"""The probe batch: a few images, drawn by the seed and balanced over classes, on which layers are measured."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.theory.randomness import derive_seed

PROBE_SIZE = 64
"""Number of images in the probe batch of a run."""


def draw_balanced(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.intp]:
    """Returns the indices of `count` images, balanced over classes, among `labels` (N,); of all if there are fewer.

    Drawn in rounds: each takes an image of every class that has one left, always in the same order of classes. So class
    counts differ by at most one, where there are enough images, also among the first n indices for every n; and
    `draw_balanced(labels, n, seed)` is the beginning of `draw_balanced(labels, n + 1, seed)`. If there are more classes
    than `count`, one image each of `count` classes. The seed decides which images and classes come first.

    >>> labels = np.array([0] * 50 + [1] * 50 + [2])
    >>> np.bincount(labels[draw_balanced(labels, 9, 0)]).tolist()
    [4, 4, 1]
    """
    rng = np.random.default_rng(derive_seed(seed, "probe"))
    order = rng.permutation(len(labels))
    classes, of = np.unique(labels[order], return_inverse=True)
    by_class = np.argsort(of, kind="stable")
    rounds = np.empty(len(order), np.intp)
    rounds[by_class] = np.arange(len(order)) - np.searchsorted(of[by_class], of[by_class])
    turns = rng.permutation(len(classes))[of]
    found: NDArray[np.intp] = order[np.lexsort((turns, rounds))][:count]
    return found


def describe_probe(design: Design, images: int | None, kind: str = "training") -> str:
    """Returns text on which images the layers of a run of `design` were measured.

    `images`: their number as the run's rows say, None in rows of releases that took the first 64.

    >>> describe_probe(Design(), 64)
    '64 training images, 6 or 7 of each class (if there are), drawn by the seed'
    >>> describe_probe(Design(), 40), describe_probe(Design(), None)
    ('all 40 training images', 'the first 64 training images')
    """
    if images is None:
        return f"the first {PROBE_SIZE} {kind} images"
    if images < PROBE_SIZE:
        return f"all {images} {kind} images"
    classes = datasets.dataset_card(design.data.name).classes
    each, more = divmod(images, classes)
    if not each:
        return f"{images} {kind} images of {images} of the {classes} classes, drawn by the seed"
    count = f"{each} or {each + 1}" if more else f"{each}"
    return f"{images} {kind} images, {count} of each class (if there are), drawn by the seed"


def describe_probe_on_page(design: Design, images: int | None, kind: str = "training") -> str:
    """Returns a description of the probe images for pages: their number, kind, and how they were drawn.

    Differs from `describe_probe`, whose text is also a value in ``--json`` and so must not change, in a few words.

    >>> describe_probe_on_page(Design(), 64)
    '64 training images, 6 or 7 of each class that has as many, drawn by the seed'
    """
    return describe_probe(design, images, kind).replace("(if there are)", "that has as many")


def describe_probes(design: Design, looks: Iterable[int | None]) -> str:
    """Returns text on the images of all measurements of a run, some of which may have been repeated later.

    `looks`: the number of probe images of each measurement, as in `describe_probe`.

    >>> describe_probes(Design(), [None, None])
    'the first 64 training images'
    >>> describe_probes(Design(), [None, None, 40])
    'the first 64 training images (measured anew: all 40 training images)'
    """
    found = dict.fromkeys(looks)
    anew = "; ".join(describe_probe_on_page(design, images) for images in found if images is not None)
    if None not in found:
        return anew
    return describe_probe(design, None) + (f" (measured anew: {anew})" if anew else "")
