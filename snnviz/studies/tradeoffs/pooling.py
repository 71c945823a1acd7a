"""Comparisons of A and B under several combinations of other settings, pooled by seed: two levels of an axis, for
example.

Each combination and each seed gives a pair of runs. All runs of a seed share its images and its random numbers, so the
differences are averaged over the combinations within each seed, and compared over seeds (`theory.pooling`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import Any

from snnviz.design.experiment import MOST_RUNS, Experiment, Levels
from snnviz.errors import InputError, Unquoted
from snnviz.events import EpochEnd
from snnviz.store import Store
from snnviz.studies.tradeoffs.pairing import MOST_SEEDS, Pair, PairedRuns, follows_from_design, read_pairs
from snnviz.theory.comparison import Comparison
from snnviz.theory.mcnemar import Disagreement
from snnviz.theory.metrics import METRICS, Metric
from snnviz.theory.pooling import Crossing, complete_crossing, pool
from snnviz.theory.predictions import disagreement_of_runs

Side = tuple[Experiment, Levels]
"""A group of an experiment (runs that differ only in the seed)."""

OTHER_IMAGES = (
    "What the test images alone leave open is not said: the combinations were tested on different images, or their "
    "runs did not keep what they predict."
)


@dataclass(frozen=True, slots=True)
class MatchedGroups:
    """Groups of experiments that are compared in pairs: A and B, equal in all but what is compared.

    matched: the pairs of groups, one for each combination of the other settings. alone: how many groups have no
    partner.
    """

    matched: tuple[tuple[Side, Side], ...]
    alone: int = 0

    def pairs(self, seeds: int) -> tuple[Pair, ...]:
        """Returns the pairs of runs, ordered by seed. Raises `InputError` if they are too many, or there are none."""
        if not 1 <= seeds <= MOST_SEEDS:
            raise InputError("seeds", f"be 1 to {MOST_SEEDS}", seeds)
        if not self.matched:
            rule = "be run with both A and B in some combination of the other axes"
            raise InputError("the experiment", rule, Unquoted("none"))
        if (runs := 2 * seeds * len(self.matched)) > MOST_RUNS:
            raise InputError("the comparison", f"come to at most {MOST_RUNS:,} runs", Unquoted(f"{runs:,}"))
        numbers = self.matched[0][0][0].model_copy(update={"seeds": seeds}).seed_numbers
        found = tuple(
            Pair(seed, a.design_of(in_a, seed), b.design_of(in_b, seed), number)
            for seed in numbers
            for number, ((a, in_a), (b, in_b)) in enumerate(self.matched)
        )
        if any(pair.a.digest == pair.b.digest for pair in found[: len(self.matched)]):
            raise InputError("B", "differ from A in more than its seed", Unquoted("the same design"))
        return found


def match_levels(asked: Experiment, axis: int, a: int, b: int) -> MatchedGroups:
    """Returns the groups of an experiment with level `a` of an axis, each with its partner that has level `b`.

    axis, a, b: indices of the axis and of two of its levels.
    """
    groups = asked.groups()
    here, there = ([levels for levels in groups if levels[axis] == level] for level in (a, b))
    partner = {levels: (*levels[:axis], b, *levels[axis + 1 :]) for levels in here}
    matched = tuple(
        ((asked, levels), (asked, partner[levels])) for levels in here if groups.keys() >= {partner[levels]}
    )
    return MatchedGroups(matched, len(here) + len(there) - 2 * len(matched))


def match_experiments(a: Experiment, b: Experiment) -> MatchedGroups:
    """Returns the groups of two experiments with the same axes and different bases, matched by their levels."""
    both = [levels for levels in a.groups() if levels in b.groups()]
    alone = len(a.groups()) + len(b.groups()) - 2 * len(both)
    return MatchedGroups(tuple(((a, levels), (b, levels)) for levels in both), alone)


@dataclass(frozen=True)
class PooledRuns(PairedRuns):
    """Results of A and B under several combinations of other settings: a mean over the combinations at each seed.

    `values` and `epochs` have means over the combinations, `done` the runs of one of them at each seed; `each` has the
    results of each combination. whole: only seeds at which all combinations are done count.
    """

    whole: bool = False

    @cached_property
    def images(self) -> Disagreement | None:
        """McNemar's comparison of the accuracies, the differences of an image averaged over all pairs that share it.

        None if predictions are missing, or combinations were tested on different images.
        """
        used = self.crossing("accuracy")
        of: tuple[dict[tuple[int, int], Any], ...] = ({}, {})
        for seed in used.seeds:
            for number in used.combinations:
                rows = [each.get(seed) for each in self.each[number].predictions]
                for side, row in zip(of, rows, strict=True):
                    if row is not None:
                        side[number, seed] = row
            if len({row.test_set for side in of for (_, own), row in side.items() if own == seed}) != 1:
                return None
        if not used.pairs or any(len(side) < used.pairs for side in of):
            return None
        return disagreement_of_runs(*of)

    @property
    def test_image_sentence(self) -> str:
        """A sentence on how many test images A and B disagree, and the interval that follows; "" before a pair is
        done.
        """
        if not self.done:
            return ""
        if (found := self.images) is None:
            return OTHER_IMAGES
        used = self.crossing("accuracy")
        low, high = (100 * end for end in found.interval())
        return (
            f"A and B disagree on {found.only_a + found.only_b:,} of {found.images:,} test images, those of "
            f"{_times(len(used.combinations), 'combination')} and {_times(len(used.seeds), 'seed')} together (A alone "
            f"is right on {found.only_a:,}, B alone on {found.only_b:,}). The differences of an image are averaged "
            f"before they are compared, as all see it: the images alone leave open {low:.1f} to {high:.1f} points."
        )

    @property
    def names(self) -> list[dict[str, int | str]]:
        """The pairs whose runs are both done: combination, seed and the names of the runs."""
        return [{"combination": number, **names} for number, each in enumerate(self.each) for names in each.names]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what is averaged, over how many pairs, and how many are missing."""
        used = self.crossing("accuracy")
        first = (
            f"Differences are averaged over {_times(len(used.combinations), 'combination')} of the other settings "
            f"within each seed, whose runs share images and random numbers: so {_times(len(used.seeds), 'seed')}, not "
            f"{used.pairs} pairs, {'says' if len(used.seeds) == 1 else 'say'} how certain the mean is. It holds for "
            "these combinations, not for others."
        )
        done = sum(len(each.done) for each in self.each)
        missing = len(self.asked) - done
        lacking = f"{missing} of {len(self.asked)} pairs of runs are missing" if missing else ""
        unused = done - used.pairs
        left = f"{unused} that are done are not used, so that every seed has the same combinations" if unused else ""
        second = "; ".join(words for words in (lacking, left) if words)
        return tuple(words for words in (first if used.pairs else "", f"{second}." if second else "") if words)

    def crossing(self, metric: str) -> Crossing:
        """Returns which combinations and seeds the means of a metric (by name) are over."""
        return _crossing(self.each, metric, whole=self.whole)

    def follows_from_designs(self, metric: Metric) -> bool:
        """Returns whether a metric is determined by the designs of all combinations."""
        return all(each.asked and follows_from_design(metric, each.asked[0].a) for each in self.each)

    def document(self, *, anytime: bool = False, several: Mapping[str, Comparison] | None = None) -> dict[str, Any]:
        """Returns what `PairedRuns.document` has, the pairs with their combination, and for each metric over how many
        combinations it was averaged.
        """
        found = super().document(anytime=anytime, several=several)
        for name, told in found["metrics"].items():
            told["combinations"] = len(self.crossing(name).combinations)
        return found | {"combinations": len(self.each), "pairs_asked": len(self.asked)}


def pooled_runs(store: Store, asked: Sequence[Pair], *, curves: bool = False, whole: bool = False) -> PairedRuns:
    """Returns the results of pairs of one or several combinations that the store has, averaged within each seed.

    curves: whether to read epochs, too. whole: only seeds at which all combinations are done count, for a comparison
    that looks after each seed. The pairs of one combination are not averaged over anything.
    """
    by_combination: dict[int, list[Pair]] = {}
    for pair in asked:
        by_combination.setdefault(pair.combination, []).append(pair)
    each = tuple(read_pairs(store, [*by_combination.values()], curves=curves))
    return each[0] if len(each) == 1 else pool_runs(tuple(asked), each, whole=whole)


def pool_runs(asked: tuple[Pair, ...], each: tuple[PairedRuns, ...], *, whole: bool = False) -> PooledRuns:
    """Returns the results of several combinations, averaged within each seed.

    asked: all pairs. each: the results of each combination. whole: only seeds at which all are done count.
    """
    values: tuple[dict[str, dict[int, float]], ...] = ({}, {})
    for name in METRICS.names:
        used = _crossing(each, name, whole=whole)
        for side, told in enumerate(values):
            told[name] = pool([one.values[side].get(name, {}) for one in each], used)
    known = {seed: names for one in reversed(each) for seed, names in one.done.items()}
    done = {pair.seed: known[pair.seed] for pair in asked if pair.seed in known}
    curves = _crossing(each, "accuracy", whole=whole)
    epochs = tuple(
        {seed: _mean_epochs([each[n].epochs[side].get(seed, ()) for n in curves.combinations]) for seed in curves.seeds}
        for side in (0, 1)
    )
    return PooledRuns(asked, done, (values[0], values[1]), ({}, {}), (epochs[0], epochs[1]), each, whole)


def _crossing(each: Sequence[PairedRuns], metric: str, *, whole: bool) -> Crossing:
    return complete_crossing([one.differences(metric).keys() for one in each], whole=whole)


def _mean_epochs(several: Sequence[Sequence[EpochEnd]]) -> list[EpochEnd]:
    """Means over combinations, as far as all of them went."""
    columns = ("train_accuracy", "test_accuracy", "train_loss", "test_loss")
    return [
        replace(rows[0], **{name: fmean(getattr(row, name) for row in rows) for name in columns})
        for rows in zip(*several, strict=False)
    ]


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
