"""Which metric the best of several runs is chosen by: held-out images if all runs have them, else the test images.

A best run that was chosen on the test images reports too good a number there: the best of many is partly luck (Cawley
and Talbot 2010). So all code that picks a best run asks `criterion`, shows its `words`, and shows the test accuracy of
the chosen run alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from snnviz.design.design import Design

OFFERED_SHARE = 0.15
"""Of the training images, offered where an experiment is to pick a best (`data.validation`)."""

Goal = Literal["accuracy", "loss"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """The metric by which the best run is chosen, whether it is of held-out images, and a sentence part that says
    so.
    """

    metric: str
    held_out: bool
    words: str


def criterion(
    runs: Iterable[Mapping[str, float | None]], goal: Goal = "accuracy", noun: str = "run", nouns: str = ""
) -> Criterion:
    """Returns the metric by which the best of `runs` is to be chosen, for the goal accuracy or loss.

    runs: each one's metrics by name (or the means of a group of runs); runs without the test metric are ignored. The
    validation metric is used only if *all* others have it, since numbers on different images cannot be compared. noun,
    nouns: what the runs are called in `words`, singular and plural.

    >>> criterion([{"accuracy": 0.9, "validation_accuracy": 0.8}]).metric
    'validation_accuracy'
    >>> criterion([{"accuracy": 0.9, "validation_accuracy": 0.8}, {"accuracy": 0.9}]).words
    'chosen on the test images, so its number there is a little too good: 1 of 2 runs holds no training images out'
    """
    held = f"validation_{goal}"
    those = [run for run in runs if run.get(goal) is not None]
    without = sum(run.get(held) is None for run in those)
    if those and not without:
        return Criterion(held, True, f"chosen by validation {goal}; the test images had no say")
    lucky = "chosen on the test images, so its number there is a little too good"
    if without in (0, len(those)):
        return Criterion(goal, False, f"{lucky}: no training images are held out (data.validation)")
    verb = "holds" if without == 1 else "hold"
    return Criterion(
        goal, False, f"{lucky}: {without} of {len(those)} {nouns or noun + 's'} {verb} no training images out"
    )


def hold_out(design: Design, share: float = OFFERED_SHARE) -> Design:
    """Returns the design with `share` of its training images held out for validation.

    >>> hold_out(Design()).data.validation
    0.15
    """
    return design.model_copy(update={"data": design.data.model_copy(update={"validation": share})})


def stored_runs_left_out(
    designs: Sequence[Design], stored: Callable[[Iterable[str]], Collection[str]], share: float = OFFERED_SHARE
) -> int:
    """Returns how many runs in the store could not be reused if these designs held out a share of their training
    images, which gives them another digest.

    stored: returns those of the given digests for which the store has a run.
    """
    pairs = [(design.digest, hold_out(design, share).digest) for design in designs]
    known = stored([digest for pair in pairs for digest in pair])
    return sum(before in known and after not in known for before, after in pairs)
