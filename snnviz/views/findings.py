"""What a search found and whether it can be believed, in sentences."""

from __future__ import annotations

import math

from snnviz.catalog.searches import matrices, read_code, skips_of
from snnviz.events import Trial
from snnviz.theory.ranks import kendall
from snnviz.views.search import Seen, edges_of, skips

FLOOR = 2.0
"""Standard errors of a difference below which no winner is named."""


def noise(one: Trial, other: Trial) -> float:
    """The standard error of the difference of two candidates' values, as if their images were different ones."""
    return math.hypot(one.error, other.error)


def tied(seen: Seen) -> list[Trial]:
    """The best candidate and those that cannot be told from it, the best first."""
    ranked = seen.ranked
    return [trial for trial in ranked if trial.value - ranked[0].value <= FLOOR * noise(trial, ranked[0])]


def winner(seen: Seen) -> str:
    """Whether one candidate is better than all others of its search."""
    images, equal = seen.search.validation, tied(seen)
    if len(seen.trials) < 2:
        return "There is nothing yet to compare the first candidate with."
    if len(equal) == 1:
        best, second = seen.ranked[:2]
        lead = (second.value - best.value) / (noise(best, second) or math.inf)
        return f"No. {best.number + 1} leads by {lead:.1f} standard errors of {images} images." if lead else ""
    if len(equal) == len(seen.trials):
        which = f"None of the {len(equal)} candidates can be told from another"
    else:
        which = f"The best {len(equal)} of {len(seen.trials)} candidates cannot be told apart"
    return f"{which}: they are within {FLOOR:g} standard errors of {images} images."


def beside_original(seen: Seen) -> str:
    """The best candidate beside the network that the search began with, if that was a candidate too."""
    best, start = seen.ranked[0], seen.search.design
    own = matrices(start)
    own = own if not seen.search.block else (own[seen.search.block - 1],)
    same = [trial for trial in seen.trials if edges_of(seen.search, read_code(trial.code)) == own]
    if not same:
        return (
            f"The original's skips ({skips_of(start)}) were not among the candidates; the best has "
            f"{skips(seen.search, best)}. Only the table below compares the two."
        )
    if same[0].number == best.number:
        return "The best candidate is the original itself."
    gap, floor = same[0].value - best.value, FLOOR * noise(best, same[0])
    if gap <= floor:
        return f"The original cannot be told from the best: {gap:.3g} apart, where {floor:.3g} is noise."
    return f"The original is worse by {gap:.3g}, where {floor:.3g} would be noise."


def beside_random(seen: Seen, random: Seen) -> str:
    """The best candidate beside that of the random search with the same seed."""
    best, other = seen.ranked[0], random.ranked[0]
    gap, floor = other.value - best.value, FLOOR * noise(best, other)
    spent = f"{max(t.epochs for t in seen.trials):g} epochs against {max(t.epochs for t in random.trials):g}"
    unlike = f"They were not trained alike: {_weights(seen)} here, from scratch there ({spent} in all)."
    if abs(gap) <= floor:
        return f"The best random candidate cannot be told from it: {abs(gap):.3g} apart, {floor:.3g} is noise. {unlike}"
    which = "worse" if gap > 0 else "better"
    return f"The best random candidate is {which} by {abs(gap):.3g}, where {floor:.3g} would be noise. {unlike}"


def order(seen: Seen) -> str:
    """Where weights are carried on: how far the value follows the order of training. Else nothing."""
    tau = kendall([trial.number for trial in seen.trials], [trial.value for trial in seen.trials])
    if seen.search.weights != "carried" or tau is None:
        return ""
    return (
        f"Weights were carried from candidate to candidate: the value follows the order of training by τ = {tau:+.2f} "
        "(-1: each later one is better), whatever their skips are."
    )


def _weights(seen: Seen) -> str:
    return {"frozen": "from shared weights", "carried": "from weights handed on", "scratch": "from scratch"}[
        seen.search.weights
    ]
