"""By what the best of several runs is chosen: images that are held out where all runs have them, else the test images.

Who chooses by the test images reports a number that is too good: the best of many on them is partly luck
(Cawley and Talbot 2010). So whatever picks a best asks `criterion`, says its `words`, and shows the test set's number
of what was picked once.
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
    """What is chosen by: the name of a metric, whether it is of images that are held out, and words that say so."""

    metric: str
    held_out: bool
    words: str


def criterion(
    runs: Iterable[Mapping[str, float | None]], goal: Goal = "accuracy", noun: str = "run", nouns: str = ""
) -> Criterion:
    """By which of a run's metrics the best of `runs` is to be chosen, for accuracy or for loss.

    runs: the metrics of each by name (or the means of each group of runs); one without the test set's number counts for
    nothing. Only where *all* others have the validation's is it chosen by that: numbers on different images cannot be
    compared. noun, nouns: what they are called, one and several.

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
    """The design with `share` of its training images held out.

    >>> hold_out(Design()).data.validation
    0.15
    """
    return design.model_copy(update={"data": design.data.model_copy(update={"validation": share})})


def stored_runs_left_out(
    designs: Sequence[Design], stored: Callable[[Iterable[str]], Collection[str]], share: float = OFFERED_SHARE
) -> int:
    """How many runs that are in the store as they are would have to be trained anew, were their images held out.

    stored: of these digests those of which there is a run, such as ``lambda digests: store.several(digests)``.
    """
    pairs = [(design.digest, hold_out(design, share).digest) for design in designs]
    known = stored([digest for pair in pairs for digest in pair])
    return sum(before in known and after not in known for before, after in pairs)
