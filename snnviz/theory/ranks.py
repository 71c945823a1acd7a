"""Whether two things rise together, by ranks alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def kendall(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Kendall's tau-b (Kendall 1945): 1 where the orders agree, -1 where they are reversed; ties count for neither.

    None where one of them is the same everywhere, or there are fewer than two.

    >>> kendall([1, 2, 3], [10, 20, 15])
    0.3333333333333333
    """
    above = np.triu_indices(len(x), 1)
    a, b = (np.sign(np.subtract.outer(values, values))[above] for values in (np.asarray(x), np.asarray(y)))
    pairs = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / pairs if pairs else None
