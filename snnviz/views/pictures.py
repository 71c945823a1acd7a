"""Small pictures of samples as plain data: images, frames of events, what an encoding makes of an image."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a group. `data` is made by `image` or `frame`; `pick` is its name where it can be chosen.

    waits: one without data gets them in a moment, and is not to be downloaded.
    """

    label: str
    data: dict[str, Any] | None
    pick: str = ""
    note: str = ""
    alt: str = ""
    marked: bool = False
    badges: tuple[tuple[str, str], ...] = ()
    """Each a kind, "", "own" or "absent", and its words."""
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures side by side, `side` pixels wide at least; `style` "cards" has words beside each."""

    items: Sequence[Picture]
    title: str = ""
    caption: str = ""
    side: int = 72
    style: str = "row"


def payload(groups: Iterable[Group], *, side_by_side: bool = False) -> bytes:
    """The groups as JSON for the pictures component; `side_by_side`: the second group is beside the first."""
    told = [
        {
            "title": group.title,
            "caption": group.caption,
            "side": group.side,
            "style": group.style,
            "items": [item(one) for one in group.items],
        }
        for group in groups
    ]
    return json.dumps({"groups": told, "beside": side_by_side}, separators=(",", ":")).encode()


def item(one: Picture) -> dict[str, Any]:
    """A picture as JSON for the component."""
    return {
        "label": one.label,
        "picture": one.data,
        "pick": one.pick,
        "note": one.note,
        "alt": one.alt,
        "marked": one.marked,
        "badges": one.badges,
        "waits": one.waits,
    }


def image(intensities: Array) -> dict[str, Any]:
    """An image (C, H, W) of intensities from 0 to 1; of two channels, or more than three, their mean is shown."""
    channels, height, width = intensities.shape
    if channels != 3:
        intensities = intensities.mean(0, keepdims=True)
    data = np.clip(np.round(intensities * 255), 0, 255).astype(np.uint8)
    return _picture("rgb" if channels == 3 else "grey", height, width, data, 255)


def frame(counts: Array, full: float = 0) -> dict[str, Any]:
    """A frame (P, H, W) of counts, OFF before ON; `full` is the count with the strongest colour, else its largest."""
    _, height, width = counts.shape
    return _picture("events", height, width, np.minimum(counts, 255).astype(np.uint8), full or _largest(counts))


def shared_maximum(frames: Array) -> float:
    """A count that few pixels exceed: the strongest colour of frames that are compared."""
    some = frames[frames > 0]
    return float(np.percentile(some, 98)) if some.size else 1.0


def _largest(counts: Array) -> float:
    return max(float(counts.max(initial=0)), 1.0)


def _picture(kind: str, height: int, width: int, data: Array, full: float) -> dict[str, Any]:
    text = base64.b64encode(np.ascontiguousarray(data).tobytes()).decode()
    return {"kind": kind, "height": height, "width": width, "data": text, "full": full}
