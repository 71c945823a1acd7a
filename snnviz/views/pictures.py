"""Small pictures of samples as plain data: images, frames of events, encoded images."""

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
    """A picture with its label. `data`: made by `image` or `frame`; `pick`: its name if it can be clicked.

    `waits`: whether its data are still being loaded, so that a placeholder is shown.
    """

    label: str
    data: dict[str, Any] | None
    pick: str = ""
    note: str = ""
    alt: str = ""
    marked: bool = False
    badges: tuple[tuple[str, str], ...] = ()
    """Pairs of a style ("", "own" or "absent") and a text."""
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures side by side, each at least `side` pixels wide; with `style` "cards" texts are beside them.

    `file`: name, without an ending, of the files that they can be saved as, PNG and SVG; "": they cannot.
    """

    items: Sequence[Picture]
    title: str = ""
    caption: str = ""
    side: int = 72
    style: str = "row"
    file: str = ""


def payload(groups: Iterable[Group], *, side_by_side: bool = False) -> bytes:
    """Returns the groups as JSON for the pictures component; `side_by_side`: the second group is beside the first."""
    told = [
        {
            "title": group.title,
            "caption": group.caption,
            "side": group.side,
            "style": group.style,
            "file": group.file,
            "items": [item(one) for one in group.items],
        }
        for group in groups
    ]
    return json.dumps({"groups": told, "beside": side_by_side}, separators=(",", ":")).encode()


def item(one: Picture) -> dict[str, Any]:
    """Returns a picture as a dictionary, the form that the pictures component takes."""
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
    """Returns an image (C, H, W) with intensities in [0, 1] as plain data for `Picture.data`; unless it has 3 channels,
    their mean is shown.
    """
    channels, height, width = intensities.shape
    if channels != 3:
        intensities = intensities.mean(0, keepdims=True)
    data = np.clip(np.round(intensities * 255), 0, 255).astype(np.uint8)
    return _picture("rgb" if channels == 3 else "grey", height, width, data, 255)


def frame(counts: Array, full: float = 0) -> dict[str, Any]:
    """Returns a frame (P, H, W) of event counts, OFF before ON, as plain data for `Picture.data`.

    `full`: the count with the strongest colour, by default the largest.
    """
    _, height, width = counts.shape
    return _picture("events", height, width, np.minimum(counts, 255).astype(np.uint8), full or _largest(counts))


def shared_maximum(frames: Array) -> float:
    """Returns a count that few pixels exceed, as the strongest colour of compared frames."""
    some = frames[frames > 0]
    return float(np.percentile(some, 98)) if some.size else 1.0


def _largest(counts: Array) -> float:
    return max(float(counts.max(initial=0)), 1.0)


def _picture(kind: str, height: int, width: int, data: Array, full: float) -> dict[str, Any]:
    text = base64.b64encode(np.ascontiguousarray(data).tobytes()).decode()
    return {"kind": kind, "height": height, "width": width, "data": text, "full": full}
