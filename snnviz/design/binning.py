"""What happens to recordings of events before a network sees them, and to samples in training alone, as values."""

from __future__ import annotations

from typing import Annotated, Literal

from snnviz.design import naming
from snnviz.design.part import Part
from snnviz.design.registry import Range
from snnviz.errors import InputError

LONGEST_MS = 10_000
"""Of a frame."""


class Events(Part):
    """How a recording becomes frames, one for each time step. Nothing of it concerns images.

    In this order: what stands alone is left out, the middle is kept, pixels are joined, and each frame's events counted
    on each pixel of each polarity.
    """

    bins: Literal["count", "binary"] = "count"
    """A frame says how many events fell on a pixel, or whether any did."""

    window_ms: Annotated[
        float, Range(0, LONGEST_MS, "Milliseconds of a frame, from the first event on; 0: a T-th of the recording.", 1)
    ] = 0.0
    denoise_ms: Annotated[
        float,
        Range(0, 1000, "Events are dropped that no neighbouring pixel preceded within so many ms; 0: none.", 1),
    ] = 0.0
    crop: Annotated[int, Range(0, 1024, "Side of the square in the middle that is kept; 0: all.", 2)] = 0
    downsample: Annotated[int, Range(1, 32, "So many pixels in both directions become one.", 1)] = 1

    def check(self, name: str, side: int | None) -> None:
        """Raises `InputError` where a recording of `side` pixels has not enough of them, or, None, it is no recording.

        `name` of the data set.
        """
        if side is None:
            for field, form in naming.field_schemas(Events).items():
                value = getattr(self, field)
                if value != form.absent and value != form.usual:  # a default that moved leaves old runs what they are
                    rule = f"be {form.absent} for images, which have no events"
                    raise InputError(f"data.events.{field}", rule, value)
        elif self.crop and not FEWEST_PIXELS <= self.crop <= side:
            rule = f"be 0, or from {FEWEST_PIXELS} to the {side} pixels of {name}"
            raise InputError("data.events.crop", rule, self.crop)
        elif resulting_side(side, self) < FEWEST_PIXELS:
            rule = f"leave {FEWEST_PIXELS} of {self.crop or side} pixels"
            raise InputError("data.events.downsample", rule, self.downsample)


class Augment(Part):
    """What training does to samples, anew in every epoch and drawn from the seed; tests see them as they are."""

    flip: Literal["off", "on"] = "off"
    """Half of the samples are mirrored, left for right."""

    shift: Annotated[int, Range(0, 32, "Samples are moved by up to so many pixels, in both directions.", 1)] = 0
    drop: Annotated[
        float, Range(0, 0.9, "Share of the events that are left out, each on its own, of recordings.", 0.05)
    ] = 0.0

    def check(self, _: str, side: int | None) -> None:
        """Raises `InputError` where events of images, of which `side` is None, are to be dropped."""
        if self.drop and side is None:
            raise InputError("data.augment.drop", "be 0 for images, which have no events", self.drop)


FEWEST_PIXELS = 4
"""Of a side, after cropping and joining."""


def resulting_side(side: int, events: Events) -> int:
    """Pixels of a side of `side` pixels that are left; the last of them may join fewer than the others.

    >>> resulting_side(34, Events(crop=28, downsample=3))
    10
    """
    return -(-(events.crop or side) // events.downsample)
