"""What a search found and whether it can be believed, in sentences."""

from __future__ import annotations

import math

from snnviz.studies.skips.charts.retraining import Retraining
from snnviz.studies.skips.charts.search import SearchHistory, edges_of, skip_count
from snnviz.studies.skips.search import Trial, read_code, skips_of
from snnviz.theory.intervals import range_quantile, t_quantile
from snnviz.theory.ranks import kendall

CHANCE = 0.05
"""Of naming a difference where there is none, in all comparisons of a search with its best candidate together."""

UNKNOWN = (
    "How far two trainings of the same candidate lie apart is not known yet, so nothing is said of who is better: "
    "train the best again, below."
)


def difference_error(one: Trial, other: Trial, again: Retraining | None) -> float:
    """The standard error of the difference of two candidates' values, as if their images were different ones and each
    were trained anew."""
    return math.hypot(one.error, other.error, math.sqrt(2) * again.sd if again else 0.0)


def noise_floor(again: Retraining | None, comparisons: int = 1) -> float:
    """The noise floor in standard errors: a difference below it is not named when the best of many is compared
    (Bonferroni).

    >>> found = Retraining(0.01, 24, 6, 30)
    >>> round(noise_floor(None), 2), round(noise_floor(None, 19), 2), round(noise_floor(found, 19), 2)
    (1.96, 3.01, 3.36)
    """
    share = 1 - CHANCE / 2 / max(1, comparisons)
    return t_quantile(again.freedom if again else 10**6, share)


def tied_with_best(seen: SearchHistory, again: Retraining | None) -> list[Trial]:
    """The best candidate and those within the noise floor of it, which as many equal candidates are in 95 % of
    searches."""
    return _within(seen, again, range_quantile(len(seen.ranked), again.freedom if again else 10**6))


def _within(seen: SearchHistory, again: Retraining | None, least: float) -> list[Trial]:
    ranked = seen.ranked
    return [
        trial for trial in ranked if trial.value - ranked[0].value <= least * difference_error(trial, ranked[0], again)
    ]


def _leads(seen: SearchHistory, again: Retraining | None) -> bool:
    return len(_within(seen, again, noise_floor(again, len(seen.ranked) - 1))) == 1


def has_winner(seen: SearchHistory, again: Retraining | None) -> bool:
    """Whether the best candidate is told apart from all others; never where the spread of trainings is unknown."""
    return again is not None and len(seen.trials) > 1 and _leads(seen, again)


def winner_text(seen: SearchHistory, again: Retraining | None) -> str:
    """Whether one candidate is better than all others of its search, as a sentence."""
    if len(seen.trials) < 2:
        return "There is nothing yet to compare the first candidate with."
    least, all_ = noise_floor(again, len(seen.trials) - 1), len(seen.trials)
    if _leads(seen, again):
        best, second = seen.ranked[:2]
        lead = (second.value - best.value) / (difference_error(best, second, again) or math.inf)
        if again is None:
            return (
                f"By the images alone no. {best.number + 1} leads, by {lead:.1f} standard errors, but that leaves out "
                f"that trainings differ. {UNKNOWN}"
            )
        leads = f"No. {best.number + 1} leads by {lead:.1f} standard errors, where {least:.1f} may be chance"
        return f"{leads}: {noise_text(seen, again)}."
    equal, widest = len(tied_with_best(seen, again)), range_quantile(all_, again.freedom if again else 10**6)
    which = f"All {all_} candidates are" if equal == all_ else f"The best {equal} of {all_} candidates are"
    return (
        f"No candidate leads. {which} within {widest:.1f} standard errors of the best, as {all_} equal ones all are in "
        f"95 % of searches: {noise_text(seen, again)}."
    )


def noise_text(seen: SearchHistory, again: Retraining | None) -> str:
    """What the noise is made of and where it was measured, as a sentence."""
    images = f"{seen.search.validation} images kept apart"
    if again is None:
        return f"of the {images} alone; that two trainings differ would make them more"
    return (
        f"of the {images} and of training (± {again.sd:.3g} between trainings of one network from scratch: "
        f"{again.trainings} of {again.networks} networks)"
    )


def against_original_text(seen: SearchHistory, again: Retraining | None) -> str:
    """The best candidate against the network that the search began with, if that was a candidate, as a sentence."""
    best, start = seen.ranked[0], seen.search.design
    own = start.network.matrices
    own = own if not seen.search.block else (own[seen.search.block - 1],)
    same = [trial for trial in seen.trials if edges_of(seen.search, read_code(trial.code)) == own]
    if not same:
        return (
            f"The original's skips ({skips_of(start)}) were not among the candidates; the best has "
            f"{skip_count(seen.search, best)}. Only networks trained anew compare the two."
        )
    if same[0].number == best.number:
        return "The best candidate is the original itself."
    gap, least = (
        same[0].value - best.value,
        noise_floor(again, len(seen.trials) - 1) * difference_error(best, same[0], again),
    )
    if gap <= least:
        return f"The original cannot be told from the best: {gap:.3g} apart, where {least:.3g} is noise."
    if again is None:
        return f"The original is {gap:.3g} from the best, more than the images' error explains ({least:.3g}). {UNKNOWN}"
    return f"The original is worse by {gap:.3g}, where {least:.3g} would be noise."


def against_random_text(seen: SearchHistory, random: SearchHistory, again: Retraining | None) -> str:
    """The best candidate against that of the random search with the same seed, as a sentence."""
    best, other = seen.ranked[0], random.ranked[0]
    gap, least = other.value - best.value, noise_floor(again) * difference_error(best, other, again)
    spent = f"{max(t.epochs for t in seen.trials):g} epochs against {max(t.epochs for t in random.trials):g}"
    unlike = f"They were not trained alike: {_weights(seen)} here, from scratch there ({spent} in all)."
    if abs(gap) <= least:
        return f"The best random candidate cannot be told from it: {abs(gap):.3g} apart, {least:.3g} is noise. {unlike}"
    if again is None:
        words = f"The best random candidate is {abs(gap):.3g} from it, more than the images' error ({least:.3g})"
        return f"{words}; that trainings differ is left out. {unlike}"
    which = "worse" if gap > 0 else "better"
    return f"The best random candidate is {which} by {abs(gap):.3g}, where {least:.3g} would be noise. {unlike}"


def order_text(seen: SearchHistory) -> str:
    """How far the value follows the order of training where weights are carried on, as a sentence; else empty."""
    tau = kendall([trial.number for trial in seen.trials], [trial.value for trial in seen.trials])
    if seen.search.weights != "carried" or tau is None:
        return ""
    return (
        f"Weights were carried from candidate to candidate: the value follows the order of training by τ = {tau:+.2f} "
        "(-1: each later one is better), whatever their skips are."
    )


def _weights(seen: SearchHistory) -> str:
    return {"frozen": "from shared weights", "carried": "from weights handed on", "scratch": "from scratch"}[
        seen.search.weights
    ]
