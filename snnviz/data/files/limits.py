"""Limits for uploaded data sets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from snnviz.errors import InputError, Unquoted

FEWEST_SIDE = 4

FLOOR, RATIO = 16 * 10**6, 100
"""An upload may unpack to `FLOOR` bytes plus `RATIO` times its own size; images of MNIST are packed 5 to 1."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Limits for uploaded data sets; a host changes them by environment variables such as SNNVIZ_UPLOAD_MEGABYTES."""

    megabytes: int = 512
    """Largest size of an upload in MB, packed and unpacked."""

    samples: int = 200_000
    events: int = 50_000_000
    """Largest number of events of all recordings of one data set together."""

    side: int = 512
    classes: int = 1000
    sets: int = 100
    """Largest number of uploaded data sets on this machine."""

    kept: int = 8000
    """Megabytes of all uploaded data sets on this machine together."""

    memory: int = 400
    """Megabytes of memory that reading an upload may take, besides its samples, which are written to a file."""

    seconds: int = 60
    """Seconds of processor time that reading an upload may take."""

    visitor_sets: int = 10
    """Largest number of uploaded data sets that one visitor may store."""

    visitor_kept: int = 1000
    """Megabytes of uploaded data sets that one visitor may store."""

    address_sets: int = 50
    """Largest number of uploaded data sets that all visitors of one internet address may store: a class behind one
    connection.
    """

    address_kept: int = 4000
    """Megabytes of uploaded data sets that all visitors of one internet address may store."""

    held: int = 1024
    """Megabytes of uploads that the server holds in memory before they are stored, of all visitors together."""

    visitor_held: int = 128
    """Megabytes of uploads that the server holds in memory for one visitor."""

    address_held: int = 512
    """Megabytes of uploads that the server holds in memory for all visitors of one internet address."""

    idle: int = 20
    """Seconds without data after which an unfinished upload, or a request without a complete header, is ended."""

    speed: int = 16
    """Kilobytes per second that an upload must average after the first `idle` seconds."""

    @classmethod
    def here(cls) -> UploadLimits:
        """Returns the limits set in this machine's environment variables. Raises `InputError` for a value that is no
        whole number.
        """
        found = {}
        for name in cls.__dataclass_fields__:
            variable = f"SNNVIZ_UPLOAD_{name.upper()}"
            if text := os.environ.get(variable):
                if not (text.isascii() and text.isdecimal() and len(text) < 12):
                    raise InputError(variable, "be a whole number", text)
                found[name] = int(text)
        return cls(**found)

    def check_size(self, size: int) -> None:
        """Raises `InputError` if an upload of `size` bytes is larger than `megabytes` allows."""
        if size > self.megabytes * 10**6:
            raise InputError("upload", f"be at most {self.megabytes:,} MB", Unquoted(f"{size / 1e6:,.0f} MB"))

    def too_large(self) -> InputError:
        """Returns the error to raise for an upload that cannot be read within the memory limit."""
        rule = f"be read within {self.memory:,} MB of memory"
        return InputError("upload", rule, Unquoted("one that takes more"))

    def check_unpacked_size(self, size: int, arrived: int) -> None:
        """Raises `InputError` if an archive of `arrived` bytes unpacks to suspiciously many (`size`) bytes: more than
        `FLOOR` plus `RATIO` times as many.
        """
        self.check_size(size)
        if size > FLOOR + RATIO * arrived:
            most = FLOOR + RATIO * arrived
            rule = f"unpack to at most {most / 1e6:,.0f} MB, {RATIO} times what arrived"
            raise InputError("upload", rule, Unquoted(f"{size / 1e6:,.0f} MB"))

    def check_event_count(self, count: int) -> None:
        """Raises `InputError` if `count` events are more than a data set may have."""
        if count > self.events:
            raise InputError("upload", f"hold at most {self.events:,} events", Unquoted(f"{count:,}"))

    def check_sample_count(self, count: int) -> None:
        """Raises `InputError` if `count` samples, or files, are more than a data set may have."""
        if count > self.samples:
            raise InputError("upload", f"hold at most {self.samples:,} samples", Unquoted(f"{count:,}"))

    def check_sides(self, height: int, width: int) -> None:
        """Raises `InputError` if images of this height and width, in pixels, are too large or too small."""
        if not FEWEST_SIDE <= min(height, width) <= max(height, width) <= self.side:
            rule = f"be of {FEWEST_SIDE} to {self.side} pixels a side"
            raise InputError("images", rule, Unquoted(f"{height}x{width}"))


Kind = Literal["images", "events"]


TEST_SHARE = 0.2
"""Share of the samples that are for testing, drawn by the design's seed, if a data set has no test set of its own."""


def test_sample_count(count: int) -> int:
    """Returns how many of `count` samples are for testing: the share `TEST_SHARE`, at least one if there are two or
    more.

    >>> [test_sample_count(count) for count in (1, 2, 100)]
    [0, 1, 20]
    """
    return min(max(1, round(TEST_SHARE * count)), count - 1)
