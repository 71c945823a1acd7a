"""Which images stand for a data set: the same few wherever layers are looked at, drawn by the seed from every class."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.theory.randomness import derive_seed

PROBE_SIZE = 64
"""Images on which the layers of a run are looked at."""


def draw_balanced(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.intp]:
    """The places of `count` images among `labels` (N,), or of all where there are fewer.

    In rounds: each takes an image of every class that has one left, always in the same order of classes. So class
    counts differ by at most one, wherever there are enough images, not only of all of them but of the first n of them,
    whatever n; and `draw_balanced(labels, n, seed)` is the beginning of `draw_balanced(labels, n + 1, seed)`. Of more
    classes than places there are as many as fit, one of each. Which images and which classes come first is the seed's.

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
    """What is looked at in a run of `design` whose rows say `images` (None: they are older than the draw).

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
    """The same as pages say it; what `describe_probe` says is also a value of ``--json``, and stays.

    >>> describe_probe_on_page(Design(), 64)
    '64 training images, 6 or 7 of each class that has as many, drawn by the seed'
    """
    return describe_probe(design, images, kind).replace("(if there are)", "that has as many")


def describe_probes(design: Design, looks: Iterable[int | None]) -> str:
    """The same of all looks of a run, of which the ends may have been measured anew.

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
