"""Pictures of one image's pass: the input, feature maps of spike counts, and the weights of the first layer."""

from __future__ import annotations

import numpy as np

from snnviz.studies.inside.look import Answer, Array
from snnviz.views.pictures import Group, Picture, frame, image, payload

MOST = 16
"""Pictures of a layer."""


def payload_of(answer: Answer, recorded: bool) -> bytes:
    """Returns the pictures for the browser: input by time step, spike counts of each layer with maps, first layer's
    weights.

    recorded: whether the data set consists of event camera recordings, whose two channels are drawn as polarities.
    """
    groups = [_input(answer, recorded)]
    for index, about in enumerate(answer.about["layers"]):
        counts = answer.arrays.get(f"counts.{index}")
        if counts is not None and min(about["shape"][1:]) > 1:
            groups.append(_maps(about["name"], about["shape"][0], counts))
    if (weights := answer.about["weights"]) is not None:
        shown = answer.arrays["weights"]
        if min(shown.shape[-2:]) > 1:
            title = f"Weights of {weights['layer']}"
            some = [Picture(str(k), image(_centred(one)), alt=f"{title}, {k}") for k, one in enumerate(shown[:MOST])]
            caption = f"The first {len(some)} of {weights['of']:,} neurons or channels; grey is 0, white the largest."
            groups.append(Group(some, title, caption, side=58))
    return payload(groups)


def _input(answer: Answer, recorded: bool) -> Group:
    x = answer.arrays["input"]
    whole = len(x) == answer.about["steps"] or len(x) == 1
    low, high = float(x.min()), float(x.max())
    found = []
    for step, one in enumerate(x[:MOST]):
        name = "every step" if len(x) == 1 else f"step {step + 1}"
        data = (
            frame(np.clip(one, 0, None)) if recorded and len(one) == 2 else image((one - low) / max(high - low, 1e-9))
        )
        found.append(Picture(name, data, alt=f"The input, {name}"))
    caption = "As the network receives it." if whole else "As the network receives it: the mean over all steps."
    return Group(found, "Input", caption, side=58)


def _maps(name: str, channels: int, counts: Array) -> Group:
    most = float(counts.max(initial=0)) or 1.0
    found = [
        Picture(str(k), image(one[None] / most), alt=f"{name}, channel {k}") for k, one in enumerate(counts[:MOST])
    ]
    caption = f"Spikes over all time steps of {len(found)} of {channels:,} channels; white is {most:g}."
    return Group(found, name, caption, side=58)


def _centred(weights: Array) -> Array:
    """From 0 to 1, with weight 0 in the middle."""
    most = float(np.abs(weights).max(initial=0)) or 1.0
    return weights / (2 * most) + 0.5
