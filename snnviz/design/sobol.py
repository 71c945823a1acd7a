"""Evenly spread points in a unit cube (Sobol's sequence)."""

from __future__ import annotations

from collections.abc import Iterator


def sobol_points(axes: int, least: int) -> Iterator[tuple[float, ...]]:
    """Yields at least `least` evenly spread points of the unit cube with `axes` dimensions: the first points of Sobol's
    sequence.

    Their number n is the smallest power of two that is at least `least`; on each axis every value (k + 1/2) / n occurs
    once. The sequence is not scrambled, so the same points come each time (Sobol 1967; directions by Joe and Kuo 2008,
    as in scipy).
    """
    from scipy.stats import qmc

    power = max(0, (least - 1).bit_length())
    drawn = qmc.Sobol(axes, scramble=False).random_base2(power)
    yield from (tuple(float(share) + 0.5 / 2**power for share in point) for point in drawn)
