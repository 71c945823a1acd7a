"""What a data set of one's own may be."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from snnviz.errors import InputError, Unquoted

FEWEST_SIDE = 4

FLOOR, RATIO = 16 * 10**6, 100
"""Whatever a file says, what it unpacks to is bounded by what arrived: images of MNIST are packed 5 to 1."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What a data set of one's own may be. A host sets them by environment."""

    megabytes: int = 512
    """Of the files, and of what they unpack to."""

    samples: int = 200_000
    events: int = 50_000_000
    """Of all recordings together."""

    side: int = 512
    classes: int = 1000
    sets: int = 100
    """Of one's own data sets on this machine."""

    kept: int = 8000
    """Megabytes of all of them together."""

    memory: int = 400
    """Megabytes that reading may take, besides what is kept, which is written to a file as it is read."""

    seconds: int = 60
    """That reading may take."""

    visitor_sets: int = 10
    """Of one's own data sets that one visitor may keep."""

    visitor_kept: int = 1000
    """Megabytes of them."""

    address_sets: int = 50
    """That all visitors of one internet address may keep: a class behind one connection."""

    address_kept: int = 4000
    """Megabytes of them."""

    held: int = 1024
    """Megabytes of uploads that the server holds in memory before they are kept, of all visitors together."""

    visitor_held: int = 128
    """Of one visitor."""

    address_held: int = 512
    """Of all visitors of one internet address."""

    idle: int = 20
    """Seconds without anything after which an upload that is not whole is ended; and a request whose header is not."""

    speed: int = 16
    """Kilobytes a second that an upload must come with, on average, after the first `idle` seconds."""

    @classmethod
    def here(cls) -> UploadLimits:
        """Those of this machine: SNNVIZ_UPLOAD_MEGABYTES and so on. Raises `InputError` for what is no number."""
        found = {}
        for name in cls.__dataclass_fields__:
            variable = f"SNNVIZ_UPLOAD_{name.upper()}"
            if text := os.environ.get(variable):
                if not (text.isascii() and text.isdecimal() and len(text) < 12):
                    raise InputError(variable, "be a whole number", text)
                found[name] = int(text)
        return cls(**found)

    def fit(self, size: int) -> None:
        """Raises `InputError` where so many bytes are too many."""
        if size > self.megabytes * 10**6:
            raise InputError("upload", f"be at most {self.megabytes:,} MB", Unquoted(f"{size / 1e6:,.0f} MB"))

    def too_large(self) -> InputError:
        """What to say where there is no memory."""
        rule = f"be read within {self.memory:,} MB of memory"
        return InputError("upload", rule, Unquoted("one that takes more"))

    def fit_unpacked(self, size: int, arrived: int) -> None:
        """Raises `InputError` where so many bytes come of so few that arrived: `RATIO` times as many, above `FLOOR`."""
        self.fit(size)
        if size > FLOOR + RATIO * arrived:
            most = FLOOR + RATIO * arrived
            rule = f"unpack to at most {most / 1e6:,.0f} MB, {RATIO} times what arrived"
            raise InputError("upload", rule, Unquoted(f"{size / 1e6:,.0f} MB"))

    def fit_events(self, count: int) -> None:
        """Raises `InputError` where so many events are too many."""
        if count > self.events:
            raise InputError("upload", f"hold at most {self.events:,} events", Unquoted(f"{count:,}"))

    def fit_samples(self, count: int) -> None:
        """Raises `InputError` where so many samples, or files, are too many."""
        if count > self.samples:
            raise InputError("upload", f"hold at most {self.samples:,} samples", Unquoted(f"{count:,}"))

    def fit_sides(self, height: int, width: int) -> None:
        """Raises `InputError` for pictures that are too large or too small."""
        if not FEWEST_SIDE <= min(height, width) <= max(height, width) <= self.side:
            rule = f"be of {FEWEST_SIDE} to {self.side} pixels a side"
            raise InputError("images", rule, Unquoted(f"{height}x{width}"))


Kind = Literal["images", "events"]


TEST_SHARE = 0.2
"""Of the samples, drawn by the design's seed, where a set has no test samples of its own."""


def test_sample_count(count: int) -> int:
    """How many of `count` samples are for testing: `TEST_SHARE`, and at least one where one is left to learn from.

    >>> [test_sample_count(count) for count in (1, 2, 100)]
    [0, 1, 20]
    """
    return min(max(1, round(TEST_SHARE * count)), count - 1)
