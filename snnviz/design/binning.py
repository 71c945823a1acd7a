"""Settings for how event recordings are turned into frames, and for data augmentation in training."""

from __future__ import annotations

from typing import Annotated, Literal

from snnviz.design import naming
from snnviz.design.part import Part
from snnviz.design.registry import Range
from snnviz.errors import InputError

LONGEST_MS = 10_000
"""Longest duration of a frame, in milliseconds."""


class Events(Part):
    """How an event recording is turned into frames, one per time step; images do not use it.

    Processing order: remove noise events (`denoise_ms`), keep the central square (`crop`), merge pixels (`downsample`),
    then count the events of each frame per pixel and polarity (`bins`, `window_ms`).
    """

    bins: Literal["count", "binary"] = "count"
    """"count": a frame holds the number of events at each pixel; "binary": 1 where there is any."""

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
        """Raises `InputError` if these settings do not fit the data set `name`.

        `side`: height and width of its recordings in pixels, or None for images, for which all settings must be unused.
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
    """Data augmentation: random changes of training samples, drawn anew from the seed in every epoch; not used in
    tests.
    """

    flip: Literal["off", "on"] = "off"
    """Whether half of the samples are mirrored left to right."""

    shift: Annotated[int, Range(0, 32, "Samples are moved by up to so many pixels, in both directions.", 1)] = 0
    drop: Annotated[
        float, Range(0, 0.9, "Share of the events that are left out, each on its own, of recordings.", 0.05)
    ] = 0.0

    def check(self, _: str, side: int | None) -> None:
        """Raises `InputError` if events are to be dropped but the data set has images, which is when `side` is None."""
        if self.drop and side is None:
            raise InputError("data.augment.drop", "be 0 for images, which have no events", self.drop)


FEWEST_PIXELS = 4
"""Smallest height and width of a frame, in pixels, after cropping and downsampling."""


def resulting_side(side: int, events: Events) -> int:
    """Returns the height and width of a frame in pixels after cropping and downsampling a recording of `side` pixels.

    The last pixel may merge fewer original pixels than the others.

    >>> resulting_side(34, Events(crop=28, downsample=3))
    10
    """
    return -(-(events.crop or side) // events.downsample)
