"""Pictures of samples: as they are, as a network gets them, and as training augments them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.data import frames as events
from snnviz.data.augmenting import augment
from snnviz.data.samples import Sample
from snnviz.design.binning import Augment, Events
from snnviz.design.networks import Shape
from snnviz.views import pictures
from snnviz.views.pictures import Group, Picture

Array = NDArray[Any]

DRAWS = 7
"""Number of augmented versions shown beside a sample."""

STEPS_SHOWN = 20


def thumbnail(sample: Sample, sensor: Shape) -> dict[str, Any]:
    """Returns a sample as one picture: an image as it is, a recording as the sum of its events' first third."""
    if sample.events is None:
        assert sample.image is not None
        return pictures.image(sample.image)
    found = sample.events
    if len(found):
        first, last = int(found["t"].min()), int(found["t"].max())
        found = found[found["t"] <= first + (last - first) // 3]
    whole = events.events_to_frames(found, 1, sensor, Events())[0]
    return pictures.frame(whole, pictures.shared_maximum(whole))


def sample_grid(found: Sequence[tuple[int, str, Sample]], sensor: Shape, marked: int, caption: str) -> Group:
    """Returns a group of samples to choose from, each with its number and its label."""
    items = [
        Picture(
            label, thumbnail(one, sensor), pick=str(number), marked=number == marked, alt=f"Sample {number}: {label}"
        )
        for number, label, one in found
    ]
    return Group(items, "More of them", caption, side=62)


def encoding_group(train: Array, kind: str) -> Group:
    """Returns pictures of an encoded image (T, C, H, W): spikes at each step, or a single current for "direct"."""
    steps = len(train)
    if kind == "direct":
        low, high = float(train.min()), float(train.max())
        shown = (train[0] - low) / max(high - low, 1e-9)
        caption = f"The same current at each of T = {steps} time steps, from {low:.2f} to {high:.2f}."
        return Group([Picture(f"t 1 to {steps}", pictures.image(shown))], "As the network sees it", caption, side=150)
    items = [
        Picture(f"t {number + 1}: {int(one.sum()):,}", pictures.image(one), alt=f"Spikes at step {number + 1}")
        for number, one in enumerate(train[:STEPS_SHOWN])
    ]
    part = f", of which the first {STEPS_SHOWN} are shown" if steps > STEPS_SHOWN else ""
    caption = f"Spikes at each of T = {steps} time steps{part}; beneath each their number."
    return Group(items, "As the network sees it", caption, side=86)


def augmentation_group(sample: Array, how: Augment, seed: int, *, recorded: bool) -> Group:
    """Returns pictures of a sample and its augmented versions: of an image (C, H, W) in [0, 1] or frames (T, P, H,
    W).
    """
    one = sample if recorded else np.round(sample * 255).astype(np.uint8)
    rng = np.random.default_rng([seed, 0xA46])
    changed = augment(np.repeat(one[None], DRAWS, 0), how, rng)
    busiest = int(one.sum((1, 2, 3)).argmax()) if recorded else 0
    full = pictures.shared_maximum(one[busiest]) if recorded else 0.0

    def picture(label: str, drawn: Array) -> Picture:
        if recorded:
            return Picture(f"{label}: {int(drawn.sum()):,}", pictures.frame(drawn[busiest], full))
        return Picture(label, pictures.image(drawn / 255))

    items = [picture("as it is", one), *(picture(f"draw {k + 1}", each) for k, each in enumerate(changed))]
    if how == Augment():
        return Group(items[:1], "In training", "As it is: nothing below changes a training sample yet.", side=86)
    caption = "Training draws anew in every epoch; tests see samples as they are."
    if recorded:
        caption += f" Frame {busiest + 1}, the fullest, and beneath each the sum of all frames."
    return Group(items, "In training", caption, side=86)
