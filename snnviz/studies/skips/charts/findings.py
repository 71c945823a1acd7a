"""Sentences on what a search found and how reliable it is."""

from __future__ import annotations

import math

from snnviz.studies.skips.charts.retraining import Retraining
from snnviz.studies.skips.charts.search import SearchHistory, edges_of, skip_count
from snnviz.studies.skips.search import Trial, count_skips, parse_code
from snnviz.theory.intervals import studentized_range_quantile, t_quantile
from snnviz.theory.ranks import kendall_tau

CHANCE = 0.05
"""Probability of claiming any difference where there is none, over all comparisons of a search with its best candidate.
"""

UNKNOWN = (
    "How far two trainings of the same candidate lie apart is not known yet, so nothing is said of who is better: "
    "train the best again, below."
)


def difference_error(one: Trial, other: Trial, retraining: Retraining | None) -> float:
    """Returns the standard error of the difference between two candidate networks' values.

    It assumes that they were judged on different images, and includes the spread between trainings.
    """
    return math.hypot(one.error, other.error, math.sqrt(2) * retraining.sd if retraining else 0.0)


def noise_floor(retraining: Retraining | None, comparisons: int = 1) -> float:
    """Returns how many standard errors another candidate must differ from the best one to count as different
    (Bonferroni).

    `comparisons`: number of candidates that are compared with the best.

    >>> found = Retraining(0.01, 24, 6, 30)
    >>> round(noise_floor(None), 2), round(noise_floor(None, 19), 2), round(noise_floor(found, 19), 2)
    (1.96, 3.01, 3.36)
    """
    share = 1 - CHANCE / 2 / max(1, comparisons)
    return t_quantile(retraining.freedom if retraining else 10**6, share)


def tied_with_best(history: SearchHistory, retraining: Retraining | None) -> list[Trial]:
    """Returns the best candidate network and all that cannot be told apart from it.

    The limit is one that as many equal candidates stay within in 95 % of all searches.
    """
    return _within(
        history,
        retraining,
        studentized_range_quantile(len(history.ranked), retraining.freedom if retraining else 10**6),
    )


def _within(history: SearchHistory, retraining: Retraining | None, least: float) -> list[Trial]:
    ranked = history.ranked
    return [
        trial
        for trial in ranked
        if trial.value - ranked[0].value <= least * difference_error(trial, ranked[0], retraining)
    ]


def _leads(history: SearchHistory, retraining: Retraining | None) -> bool:
    return len(_within(history, retraining, noise_floor(retraining, len(history.ranked) - 1))) == 1


def has_winner(history: SearchHistory, retraining: Retraining | None) -> bool:
    """Returns whether the best candidate network is significantly better than all others; False if the spread is
    unknown.
    """
    return retraining is not None and len(history.trials) > 1 and _leads(history, retraining)


def winner_text(history: SearchHistory, retraining: Retraining | None) -> str:
    """Returns a sentence on whether one candidate network is better than all others of its skip search."""
    if len(history.trials) < 2:
        return "There is nothing yet to compare the first candidate with."
    least, all_ = noise_floor(retraining, len(history.trials) - 1), len(history.trials)
    if _leads(history, retraining):
        best, second = history.ranked[:2]
        lead = (second.value - best.value) / (difference_error(best, second, retraining) or math.inf)
        if retraining is None:
            return (
                f"By the images alone no. {best.number + 1} leads, by {lead:.1f} standard errors, but that leaves out "
                f"that trainings differ. {UNKNOWN}"
            )
        leads = f"No. {best.number + 1} leads by {lead:.1f} standard errors, where {least:.1f} may be chance"
        return f"{leads}: {noise_text(history, retraining)}."
    equal, widest = (
        len(tied_with_best(history, retraining)),
        studentized_range_quantile(all_, retraining.freedom if retraining else 10**6),
    )
    which = f"All {all_} candidates are" if equal == all_ else f"The best {equal} of {all_} candidates are"
    return (
        f"No candidate leads. {which} within {widest:.1f} standard errors of the best, as {all_} equal ones all are in "
        f"95 % of searches: {noise_text(history, retraining)}."
    )


def noise_text(history: SearchHistory, retraining: Retraining | None) -> str:
    """Returns a phrase on the sources of noise in the candidates' values and how they were measured."""
    images = f"{history.search.validation_count} images kept apart"
    if retraining is None:
        return f"of the {images} alone; that two trainings differ would make them more"
    return (
        f"of the {images} and of training (± {retraining.sd:.3g} between trainings of one network from scratch: "
        f"{retraining.trainings} of {retraining.networks} networks)"
    )


def against_original_text(history: SearchHistory, retraining: Retraining | None) -> str:
    """Returns a sentence comparing the best candidate network with the network that the skip search started from."""
    best, start = history.ranked[0], history.search.design
    own = start.network.matrices
    own = own if not history.search.block else (own[history.search.block - 1],)
    same = [trial for trial in history.trials if edges_of(history.search, parse_code(trial.code)) == own]
    if not same:
        return (
            f"The original's skips ({count_skips(start)}) were not among the candidates; the best has "
            f"{skip_count(history.search, best)}. Only networks trained anew compare the two."
        )
    if same[0].number == best.number:
        return "The best candidate is the original itself."
    gap, least = (
        same[0].value - best.value,
        noise_floor(retraining, len(history.trials) - 1) * difference_error(best, same[0], retraining),
    )
    if gap <= least:
        return f"The original cannot be told from the best: {gap:.3g} apart, where {least:.3g} is noise."
    if retraining is None:
        return f"The original is {gap:.3g} from the best, more than the images' error explains ({least:.3g}). {UNKNOWN}"
    return f"The original is worse by {gap:.3g}, where {least:.3g} would be noise."


def against_random_text(history: SearchHistory, random: SearchHistory, retraining: Retraining | None) -> str:
    """Returns a sentence comparing the best candidate network with that of the random search with the same seed."""
    best, other = history.ranked[0], random.ranked[0]
    gap, least = other.value - best.value, noise_floor(retraining) * difference_error(best, other, retraining)
    spent = f"{max(t.epochs for t in history.trials):g} epochs against {max(t.epochs for t in random.trials):g}"
    unlike = f"They were not trained alike: {_weights(history)} here, from scratch there ({spent} in all)."
    if abs(gap) <= least:
        return f"The best random candidate cannot be told from it: {abs(gap):.3g} apart, {least:.3g} is noise. {unlike}"
    if retraining is None:
        words = f"The best random candidate is {abs(gap):.3g} from it, more than the images' error ({least:.3g})"
        return f"{words}; that trainings differ is left out. {unlike}"
    which = "worse" if gap > 0 else "better"
    return f"The best random candidate is {which} by {abs(gap):.3g}, where {least:.3g} would be noise. {unlike}"


def order_text(history: SearchHistory) -> str:
    """Returns a sentence on how much the candidates' values depend on the order in which they were trained, if weights
    are carried on; else "".
    """
    tau = kendall_tau([trial.number for trial in history.trials], [trial.value for trial in history.trials])
    if history.search.weights != "carried" or tau is None:
        return ""
    return (
        f"Weights were carried from candidate to candidate: the value follows the order of training by τ = {tau:+.2f} "
        "(-1: each later one is better), whatever their skips are."
    )


def _weights(history: SearchHistory) -> str:
    return {"frozen": "from shared weights", "carried": "from weights handed on", "scratch": "from scratch"}[
        history.search.weights
    ]
