"""The numbers that the figures of a sweep over the number of skips show, by the names with which lessons' checks read
them, such as `accuracy.asc.3`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snnviz.lessons.checks.kind import Reading

WORDS = {
    "accuracy": "Test accuracy of the spiking networks",
    "ann_accuracy": "Test accuracy of the ANN twins",
    "drop": "By how many points spiking networks are below their ANN twins",
    "rate": "Spikes per neuron and time step",
    "parameters": "Weights and other learnt numbers",
    "macs": "Multiplications and additions for an image",
    "additions": "Additions for an image",
}


def found_reading(rows: Sequence[Mapping[str, Any]], name: str) -> Reading | None:
    """Returns the reading of this name: ``METRIC.TYPE.N_SKIP``, a mean over seeds, or ``METRIC.TYPE``, a curve over
    n_skip; the block without skips is of every type. rows: of `skip_means`.

    >>> found_reading([{"n_skip": 2, "type": "asc", "accuracy": 0.9}], "accuracy.asc.2").number
    0.9
    """
    metric, *rest = name.split(".")
    if metric not in WORDS or not rest or len(rest) > 2:
        return None
    kind, words = rest[0], WORDS[metric]
    series = tuple(
        (float(row["n_skip"]), float(row[metric]))
        for row in sorted(rows, key=lambda row: int(row["n_skip"]))
        if row["type"] in (None, kind) and row.get(metric) is not None
    )
    if kind not in {row["type"] for row in rows} or not series:
        return None
    told = f"{words}, {kind.upper()}, mean over seeds"
    if len(rest) == 1:
        return Reading(f"{told}.", None, series, ("n_skip", words))
    numbers = {str(int(n_skip)): value for n_skip, value in series}
    return Reading(f"{told}, n_skip = {rest[1]}.", numbers[rest[1]]) if rest[1] in numbers else None
