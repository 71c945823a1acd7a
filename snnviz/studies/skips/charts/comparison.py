"""Comparison of ANN, SNN and optimised SNN, trained from scratch, as in Table I of Benmeziane et al. 2023."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snnviz.design.design import Design
from snnviz.theory.costs import parameter_count
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.metrics import METRICS, Metric
from snnviz.views.numbers import difference_text, metric_text, share
from snnviz.views.results import Result

PUBLISHED = pd.DataFrame(
    [
        ("CIFAR-10", "resnet18", "93.02 ± 1.1", "81.3 ± 1.4", "90.34 ± 0.2", "15.6 → 22.3"),
        ("CIFAR-10", "densenet121", "95.03 ± 0.3", "89.23 ± 2.1", "95.45 ± 0.05", "17.4 → 21"),
        ("CIFAR-10", "mobilenetv2", "94.43 ± 0.8", "73.14 ± 1.3", "92.31 ± 0.1", "7.5 → 16.83"),
        ("CIFAR-10-DVS", "resnet18", None, "60.43 ± 1.5", "65.23 ± 0.1", "11.2 → 17.32"),
        ("CIFAR-10-DVS", "densenet121", None, "64.34 ± 1.2", "75.34 ± 0.14", "14.23 → 15.3"),
        ("CIFAR-10-DVS", "mobilenetv2", None, "62.7 ± 2.3", "74.32 ± 0.2", "8.67 → 16.43"),
        ("DVS128 Gesture", "resnet18", None, "90.91 ± 0.6", "95.43 ± 0.15", "10.32 → 13.7"),
        ("DVS128 Gesture", "densenet121", None, "91.2 ± 1.3", "93.21 ± 0.03", "9.6 → 15.4"),
        ("DVS128 Gesture", "mobilenetv2", None, "70.32 ± 1.12", "94.5 ± 0.11", "6.4 → 11.5"),
    ],
    columns=["data", "network", "ANN, %", "SNN, %", "optimised, %", "rate, %"],
)
"""Table I of the paper, at full scale: T = 25 and up to 200 epochs for CIFAR-10, 100 epochs for CIFAR10-DVS, 200 for
DVS Gesture.
"""

KNOWN = ("accuracy", "rate", "operations", "spikes", "seconds")
"""Metrics that have columns of their own in the table, or are left out."""

DOUBT = (
    "Where the paper contradicts itself: abstract and conclusion name a gain of 8 %, its table has +11.48, +9.14 and "
    "+10.24 points for the three data sets; it says that concatenated skips raise the firing rate over added ones, and "
    "that they lower it. That a search takes about five minutes stands in the conclusion alone."
)


@dataclass(frozen=True, slots=True)
class SeedDesigns:
    """The designs of one seed: the ANN twin (the same network with ReLUs) of the original, the original SNN, and the
    best candidate network of its skip search or None.
    """

    ann: Design
    original: Design
    optimised: Design | None

    @property
    def designs(self) -> tuple[Design, ...]:
        """The designs of this seed that are to be trained, as far as they are known so far."""
        return (self.ann, self.original) + ((self.optimised,) if self.optimised else ())


def published(network: str) -> pd.DataFrame:
    """Returns the rows of the paper's Table I (Benmeziane et al. 2023) for this architecture; all rows for "block",
    which the paper does not have.
    """
    mine = PUBLISHED[PUBLISHED["network"] == network]
    return (mine if len(mine) else PUBLISHED).reset_index(drop=True)


def comparison_table(seed_designs: Sequence[SeedDesigns], results: Mapping[str, Result]) -> pd.DataFrame:
    """Returns a table with rows for ANN, SNN and optimised SNN; `results` by digest.

    Columns: test accuracy and firing rate, mean and half of the 95 % t interval over finished seeds; operations and
    other listed metrics, the mean.
    """
    rows = []
    for name, some in (
        ("ANN (twin of the original)", [three.ann for three in seed_designs]),
        ("SNN, original skips", [three.original for three in seed_designs]),
        ("SNN, optimised skips", [three.optimised for three in seed_designs if three.optimised]),
    ):
        done = [results[design.digest] for design in some if design.digest in results]
        spent = [one.operations.by("additions").effective for one in done]
        older = " (estimated)" if any(one.operations.estimated for one in done) else ""
        rates = [one.rate for one in done if one.rate is not None]
        rows.append(
            {
                "network": name,
                "test accuracy": _spread([100 * one.accuracy for one in done], "%"),
                "firing rate": _spread([100 * rate for rate in rates], "%"),
                "operations": f"{np.mean(spent):,.0f}{older}" if done else None,
                **{metric.name: _told(metric, done) for metric in METRICS.listed if metric.name not in KNOWN},
                "seeds": f"{len(done)} of {len(seed_designs)}",
            }
        )
    return pd.DataFrame(rows)


def gain_text(seed_designs: Sequence[SeedDesigns], results: Mapping[str, Result]) -> str:
    """Returns a sentence on the gain in test accuracy of the optimised skips, paired by seed, with its interval."""
    pairs = [
        (results.get(three.original.digest), results.get(three.optimised.digest))
        for three in seed_designs
        if three.optimised
    ]
    gains = [100 * (after.accuracy - before.accuracy) for before, after in pairs if before and after]
    if not gains:
        return ""
    found = confidence_interval(gains)
    said = f"Optimised skips change the test accuracy by {difference_text(found)}."
    if math.isinf(found.high):
        return f"{said} This says little."
    sizes = [
        (parameter_count(three.original), parameter_count(three.optimised)) for three in seed_designs if three.optimised
    ]
    more = float(np.mean([after / before - 1 for before, after in sizes]))
    if abs(more) < 0.005:
        return said
    size = f"{share(abs(more), 0)} {'more' if more > 0 else 'fewer'} parameters"
    return f"{said} They have {size}: that alone may change it."


def _told(metric: Metric, done: Sequence[Result]) -> str | None:
    values = [value for one in done if (value := one.metrics[metric.name]) is not None]
    return metric_text(metric, float(np.mean(values))) if values else None


def _spread(values: Sequence[float], unit: str) -> str | None:
    if not values:
        return None
    found = confidence_interval(values)
    half = "" if found.half is None else f" ± {found.half:.1f}"
    return f"{found.mean:.1f}{half} {unit}"
