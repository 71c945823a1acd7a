"""Points that fill a cube evenly."""

from __future__ import annotations

from collections.abc import Iterator


def spread_points(axes: int, least: int) -> Iterator[tuple[float, ...]]:
    """The first points of Sobol's sequence in a cube of so many axes, each coordinate between 0 and 1.

    Of the smallest power of two from `least` on, n: each axis has each of (k + 1/2) / n once. Not scrambled, so that
    the same points come for ever (Sobol 1967; directions by Joe and Kuo 2008, as in scipy).
    """
    from scipy.stats import qmc

    power = max(0, (least - 1).bit_length())
    drawn = qmc.Sobol(axes, scramble=False).random_base2(power)
    yield from (tuple(float(share) + 0.5 / 2**power for share in point) for point in drawn)
