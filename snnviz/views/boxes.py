"""The boxes of a drawing of a SNASNet, from image to vote (Kim et al. 2022, Fig. 5).

As in the authors' code. In the text, the first convolution spikes; the code's stem has no LIF. The text has the
reduction as convolution, norm, LIF, pool; the code as norm, LIF, convolution, norm, pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Box:
    """A box in a drawing of a network: its name, its contents, its output shape, and whether it contains spiking layers
    (`role`).

    branch: text on a shortcut branch (auxiliary classifier, in training only) that is attached here; "" for none.
    """

    name: str
    inside: str
    shape: str
    role: Literal["plain", "cell", "spiking"] = "plain"
    branch: str = ""


def snasnet_boxes(shape: tuple[int, int, int], channels: int, hidden: int, classes: int) -> tuple[Box, ...]:
    """Returns the boxes of the drawing of a SNASNet, from image to vote, for images of this shape (channels, height,
    width).

    >>> [part.shape for part in snasnet_boxes((1, 16, 16), 16, 1024, 10)]
    ['1 × 16×16', '16 × 16×16', '16 × 16×16', '32 × 8×8', '32 × 8×8', '32 × 4×4', '1,024', '10']
    """
    colours, height, width = shape
    maps = [f"{height // n}×{width // n}" for n in (1, 2, 4)]
    return (
        Box("image", "at every t", f"{colours} × {maps[0]}"),
        Box("stem", "conv 3×3, norm", f"{channels} × {maps[0]}"),
        Box("cell 1", "as drawn", f"{channels} × {maps[0]}", "cell"),
        Box("reduction", "norm, LIF, conv 3×3, pool 2", f"{2 * channels} × {maps[1]}", "spiking"),
        Box("cell 2", "own weights", f"{2 * channels} × {maps[1]}", "cell"),
        Box("last", "LIF, pool 2", f"{2 * channels} × {maps[2]}", "spiking"),
        Box("hidden", "dropout, linear, LIF", f"{hidden:,}", "spiking"),
        Box("voting", "linear, mean", f"{classes}"),
    )
