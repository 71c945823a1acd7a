"""Pictures of one image's pass: the input, feature maps of spike counts, and the weights of the first layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from snnviz.studies.inside.look import Answer, Array
from snnviz.views.pictures import Group, Picture, frame, image, payload

MOST = 16
"""Pictures of a layer."""


def payload_of(answer: Answer, recorded: bool) -> bytes:
    """Returns the pictures of an answer as JSON bytes for the pictures component: input by time step, spike counts of
    each layer with maps, weights of the first layer.

    recorded: whether the data set consists of event camera recordings, whose two channels are drawn as polarities.
    """
    groups = [_input(answer, input_pictures(answer, recorded), recorded)]
    for index, about in enumerate(answer.about["layers"]):
        counts = answer.arrays.get(f"counts.{index}")
        if counts is not None and min(about["shape"][1:]) > 1:
            groups.append(_maps(about, counts, answer.arrays.get(f"channels.{index}", np.arange(len(counts)))))
    if (weights := answer.about["weights"]) is not None:
        shown = answer.arrays["weights"]
        if min(shown.shape[-2:]) > 1:
            groups.append(_weights(weights, shown[:MOST]))
    return payload(groups)


def input_pictures(answer: Answer, recorded: bool) -> list[Picture]:
    """Returns the input as the network receives it: a picture for each time step, or one for all if it is always the
    same or was averaged.
    """
    x = answer.arrays["input"]
    low, high = float(x.min()), float(x.max())
    found = []
    for step, one in enumerate(x):
        name = "mean of all steps" if answer.about["input_averaged"] else "every step"
        name = name if len(x) == 1 else f"step {step + 1}"
        data = (
            frame(np.clip(one, 0, None)) if recorded and len(one) == 2 else image((one - low) / max(high - low, 1e-9))
        )
        found.append(Picture(name, data, alt=f"The input, {name}: {numbers(one)}"))
    return found


def _input(answer: Answer, shown: Sequence[Picture], recorded: bool) -> Group:
    x = answer.arrays["input"]
    mean = ": the mean over all steps" if answer.about["input_averaged"] else ""
    caption = f"As the network receives it{mean}, from {float(x.min()):.3g} to {float(x.max()):.3g}."
    if recorded and x.shape[1] == 2:
        caption += " Blue: events of pixels that became brighter; orange: darker."
    if len(x) > MOST:
        caption += f" The first {MOST} of {len(x)} steps; the others are beside the time cursor above."
    return Group(shown[:MOST], "Input", caption, side=58, file="snnviz-input")


def _maps(about: Mapping[str, Any], counts: Array, channels: Array) -> Group:
    """`channels`: the number of each map's channel."""
    most, name = float(counts.max(initial=0)) or 1.0, about["name"]
    what = "Spikes" if about["spiking"] else "Sums"
    found = [
        Picture(
            str(k),
            image(one[None] / most),
            alt=f"{name}, channel {k}: {f'{int(one.sum()):,} spikes, ' * about['spiking']}{numbers(one)}",
        )
        for k, one in zip(channels.tolist(), counts[:MOST], strict=False)
    ]
    caption = f"{what} over all time steps of {len(found)} of {about['shape'][0]:,} channels; white is {most:.3g}."
    return Group(found, name, caption, side=58, file=f"snnviz-maps-{name}")


def _weights(weights: Mapping[str, Any], shown: Array) -> Group:
    title = f"Weights of {weights['layer']}"
    most = float(np.abs(shown).max(initial=0))
    some = [Picture(str(k), image(_centred(one)), alt=f"{title}, {k}: {numbers(one)}") for k, one in enumerate(shown)]
    caption = f"The first {len(some)} of {weights['of']:,} neurons or channels; grey is 0, white and black are the "
    caption += f"largest of each, at most {most:.3g}."
    return Group(some, title, caption, side=58, file="snnviz-weights")


def numbers(values: Array) -> str:
    """Returns a text on a picture's values (H, W): mean, range, and where the largest is.

    >>> numbers(np.array([[0.0, 1.0], [0.0, 3.0]]))
    'mean 1, from 0 to 3, largest in row 1, column 1'
    """
    row, column = np.unravel_index(int(values.reshape(-1, *values.shape[-2:]).max(0).argmax()), values.shape[-2:])
    reach = f"from {values.min():.3g} to {values.max():.3g}"
    return f"mean {values.mean():.3g}, {reach}, largest in row {row}, column {column}"


def _centred(weights: Array) -> Array:
    """From 0 to 1, with weight 0 in the middle."""
    most = float(np.abs(weights).max(initial=0)) or 1.0
    return weights / (2 * most) + 0.5
