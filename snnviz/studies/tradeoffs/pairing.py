"""Pairs of runs of two designs with equal seeds, and the comparison of their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from snnviz.design.design import Design
from snnviz.design.registry import Range
from snnviz.errors import InputError
from snnviz.events import EpochEnd, Predictions
from snnviz.store import Run, Store
from snnviz.store.metrics import metrics
from snnviz.theory.comparison import Comparison, compare_differences, compare_with_one
from snnviz.theory.directions import Direction
from snnviz.theory.mcnemar import Disagreement
from snnviz.theory.metrics import METRICS, Metric, Outcome
from snnviz.theory.predictions import disagreement_of_runs
from snnviz.theory.sequential import LAST_LOOK, compare_at_look

MOST_SEEDS = LAST_LOOK

LAST_SEED = int(next(item for item in Design.model_fields["seed"].metadata if isinstance(item, Range)).high)

NO_PREDICTIONS = (
    "What the test images alone leave open is not known: runs of before this version did not keep what they predict."
)
OTHER_IMAGES = "What the test images alone leave open is not known: the two were tested on different images."


@dataclass(frozen=True, slots=True)
class Pair:
    """Two designs A and B with the same seed.

    combination: where A and B are compared under several combinations of other settings, the index of this pair's.
    """

    seed: int
    a: Design
    b: Design
    combination: int = 0


def pairs(a: Design, b: Design, seeds: int) -> tuple[Pair, ...]:
    """Returns two designs as pairs (A, B) with each of `seeds` consecutive seeds, starting at A's.

    Raises `InputError` if the designs are the same except for the seed, or there are too many seeds.
    """
    b = b.model_copy(update={"seed": a.seed})
    if a.digest == b.digest:
        raise InputError("B", "differ from A in more than its seed", "the same design")
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError("seeds", f"be 1 to {MOST_SEEDS}", seeds)
    first = min(a.seed, LAST_SEED - seeds + 1)
    numbers = range(first, first + seeds)
    return tuple(
        Pair(seed, a.model_copy(update={"seed": seed}), b.model_copy(update={"seed": seed})) for seed in numbers
    )


def better_direction(metric: Metric) -> Direction:
    """Returns whether "more" or "less" of a metric is better; "less" for a metric without a direction (the firing
    rate).
    """
    return "more" if metric.better == "more" else "less"


@lru_cache(maxsize=1024)
def follows_from_design(metric: Metric, design: Design) -> bool:
    """Returns whether a metric, such as the number of parameters, is determined by the design without training, and so
    is the same for all seeds.
    """
    try:
        return metric.value(Outcome(design)) is not None
    except Exception:  # a host's own
        return False


@dataclass(frozen=True)
class PairedRuns:
    """Results of two designs A and B at the same seeds.

    asked: the pairs that were asked for. done: names of the runs (of A, of B) by seed, where both are done. The
    others are pairs (of A, of B): values: metrics by name and seed; predictions: predicted classes of the test images
    by seed, for runs that stored them; epochs: the runs' epochs by seed, empty unless requested. each: the results of
    each combination of other settings, if these are their means (`pooling.PooledRuns`).
    """

    asked: tuple[Pair, ...]
    done: Mapping[int, tuple[str, str]]
    values: tuple[Mapping[str, Mapping[int, float]], Mapping[str, Mapping[int, float]]]
    predictions: tuple[Mapping[int, Predictions], Mapping[int, Predictions]]
    epochs: tuple[Mapping[int, Sequence[EpochEnd]], Mapping[int, Sequence[EpochEnd]]]
    each: tuple[PairedRuns, ...] = ()

    @cached_property
    def images(self) -> Disagreement | None:
        """McNemar's comparison of the accuracies on the shared test images; None if predictions are missing or images
        differ.
        """
        return disagreement_of_runs(*self.predictions)

    @property
    def names(self) -> list[dict[str, int | str]]:
        """The pairs whose runs are both done, each as a JSON object: the seed and the names of the runs."""
        return [{"seed": seed, "a": a, "b": b} for seed, (a, b) in self.done.items()]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was averaged before the comparison, and what is missing; () for two designs."""
        return ()

    def follows_from_designs(self, metric: Metric) -> bool:
        """Returns whether a metric is determined by the designs, and so its difference has no uncertainty."""
        return bool(self.asked) and follows_from_design(metric, self.asked[0].a)

    @property
    def test_image_sentence(self) -> str:
        """A sentence on how many test images A and B disagree, and the interval that follows; "" before a pair is
        done.
        """
        if not self.done:
            return ""
        if self.images is None:
            both = set(self.predictions[0]) & set(self.predictions[1])
            return OTHER_IMAGES if both else NO_PREDICTIONS
        found = self.images
        low, high = (100 * end for end in found.interval())
        left = len(set(self.predictions[0]) & set(self.predictions[1]))
        over = f" over {left} seeds" if left > 1 else ""
        return (
            f"The two disagree on {found.only_a + found.only_b:,} of {found.images:,} test images{over} (A alone is "
            f"right on {found.only_a:,}, B alone on {found.only_b:,}): the images alone leave open {low:.1f} to "
            f"{high:.1f} points."
        )

    def differences(self, metric: str) -> dict[int, float]:
        """Returns the difference B - A of a metric (by name) for each seed at which both have it."""
        a, b = (values.get(metric, {}) for values in self.values)
        return {seed: b[seed] - a[seed] for seed in self.done if seed in a and seed in b}

    def compare(self, metric: Metric, *, anytime: bool = False, compared: int = 1) -> Comparison:
        """Returns the mean difference B - A of one metric over seeds, with its confidence interval.

        anytime: with an interval that stays valid if one compares after each seed. compared: number of comparisons to
        correct the interval for.
        """
        found, better = [*self.differences(metric.name).values()], better_direction(metric)
        exact = self.follows_from_designs(metric)
        if anytime:
            return compare_at_look(found, better=better, compared=compared, exact=exact)
        images = self.images if metric.name == "accuracy" else None
        return compare_differences(found, better=better, compared=compared, test_images=images, exact=exact)

    def document(self, *, anytime: bool = False, several: Mapping[str, Comparison] | None = None) -> dict[str, Any]:
        """Returns designs, pairs and comparisons of all metrics as a JSON object.

        anytime: with intervals that stay valid if one compares after each seed. several: corrected comparisons by
        metric name to use instead.
        """
        told: dict[str, Any] = {}
        for metric in METRICS:
            found = (several or {}).get(metric.name) or self.compare(metric, anytime=anytime)
            a, b = (values.get(metric.name, {}) for values in self.values)
            by_seed = [{"seed": s, "a": a[s], "b": b[s]} for s in self.done if s in a and s in b]
            told[metric.name] = {**found.document(), "pairs": by_seed}
        images = self.images
        return {
            "a": self.asked[0].a.document(),
            "b": self.asked[0].b.document(),
            "pairs": self.names,
            "metrics": told,
            "test_images": None
            if images is None
            else {
                "only_a": images.only_a,
                "only_b": images.only_b,
                "images": images.images,
                "low": images.interval()[0],
                "high": images.interval()[1],
                "p": images.p,
            },
        }


def paired_runs(store: Store, asked: Sequence[Pair], *, curves: bool = False) -> PairedRuns:
    """Returns the results of these pairs of designs, one for each seed, that the store has.

    curves: whether to read epochs, too.
    """
    return read_pairs(store, [asked], curves=curves)[0]


def read_pairs(store: Store, several: Sequence[Sequence[Pair]], *, curves: bool = False) -> list[PairedRuns]:
    """Returns the results of several comparisons, each of pairs with different seeds, read from the store at once.

    curves: whether to read epochs, too.
    """
    digests = dict.fromkeys(design.digest for asked in several for pair in asked for design in (pair.a, pair.b))
    done = {digest: run for digest, run in store.get_many([*digests]).items() if run and run.state == "done"}
    names = [run.run for run in done.values()]
    values = metrics(store, [*done.values()])
    said = store.rows_of(names, Predictions)
    epochs = store.rows_of(names, EpochEnd) if curves else {}
    return [_paired(tuple(asked), done, values, said, epochs) for asked in several]


def _paired(
    asked: tuple[Pair, ...],
    done: Mapping[str, Run],
    values: Mapping[str, Mapping[str, float | None]],
    said: Mapping[str, Sequence[Predictions]],
    epochs: Mapping[str, Sequence[EpochEnd]],
) -> PairedRuns:
    both = {pair.seed: (done.get(pair.a.digest), done.get(pair.b.digest)) for pair in asked}
    names = {seed: (a.run, b.run) for seed, (a, b) in both.items() if a and b}

    def of(side: int) -> dict[str, dict[int, float]]:
        by_metric: dict[str, dict[int, float]] = {name: {} for name in METRICS.names}
        for seed, pair in names.items():
            for name, value in values[pair[side]].items():
                if value is not None:
                    by_metric[name][seed] = value
        return by_metric

    def rows(side: int, known: Mapping[str, Sequence[Any]]) -> dict[int, Sequence[Any]]:
        return {seed: known[pair[side]] for seed, pair in names.items() if known.get(pair[side])}

    predictions = tuple({seed: several[-1] for seed, several in rows(side, said).items()} for side in (0, 1))
    return PairedRuns(
        asked,
        names,
        (of(0), of(1)),
        (predictions[0], predictions[1]),
        (rows(0, epochs), rows(1, epochs)),
    )


def compare_several(several: Mapping[str, PairedRuns], compared: int | None = None) -> dict[str, dict[str, Comparison]]:
    """Returns comparisons of several designs with the same A, by design and metric name, corrected for their number.

    several: results of each design paired with A; each is compared at the seeds that it shares with A. compared: the
    number to correct for; None for the number of designs.
    """
    found: dict[str, dict[str, Comparison]] = {name: {} for name in several}
    first = next(iter(several.values()))
    for metric in METRICS:
        if first.follows_from_designs(metric):
            each = {name: runs.compare(metric) for name, runs in several.items()}
        else:
            others = {name: runs.differences(metric.name) for name, runs in several.items()}
            images = {n: runs.images for n, runs in several.items() if runs.images} if metric.name == "accuracy" else {}
            none = {seed: 0.0 for differences in others.values() for seed in differences}
            each = compare_with_one(
                none, others, better=better_direction(metric), test_images=images, compared=compared
            )
        for name, comparison in each.items():
            found[name][metric.name] = comparison
    return found
