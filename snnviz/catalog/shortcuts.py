"""Schedules of shortcut back-propagation (Guo et al. 2024): how much the branches' losses weigh in each epoch.

A branch is a linear readout of a hidden layer's output, averaged over time and positions. Its loss is added to the main
loss in training, so that the layers before it get a gradient that does not pass through the later layers; inference
does not use branches. An entry maps (epoch, epochs), epochs counted from 0, to the factor lambda of the branches'
losses. The paper says that lambda falls with the epochs but not by which curve, so several are offered here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from snnviz.design.menus import SHORTCUTS
from snnviz.design.parts import Shortcut
from snnviz.design.registry import Range

Weight = Annotated[float, Range(0, 10, "Factor of the branches' losses at the first epoch (lambda_0).", 0.1)]

SOURCE = "after Guo et al. 2024"


@SHORTCUTS.register(source="the plain one", formula="0")
def zero(epoch: int, epochs: int, /) -> float:  # noqa: ARG001
    """No branches: ordinary back-propagation.

    Returns the weight lambda of each branch's loss in `epoch`, counted from 0, of `epochs`.
    """
    return 0.0


@SHORTCUTS.register(source="Guo et al. 2024, shortcut back-propagation", formula=r"\lambda_0")
def constant(epoch: int, epochs: int, /, *, weight: Weight = 1.0) -> float:  # noqa: ARG001
    """The branches' losses have the same weight in all epochs.

    Returns the weight lambda of each branch's loss in `epoch`, counted from 0, of `epochs`.
    """
    return weight


@SHORTCUTS.register(source=SOURCE, formula=r"\lambda_0 (1 - e / E)")
def linear(epoch: int, epochs: int, /, *, weight: Weight = 1.0) -> float:
    """The weight of the branches' losses falls linearly, from lambda_0 at first to 0 at the end.

    Returns the weight lambda of each branch's loss in `epoch`, counted from 0, of `epochs`.

    >>> linear(0, 10), linear(5, 10, weight=2)
    (1.0, 1.0)
    """
    return weight * (1 - epoch / epochs)


@SHORTCUTS.register(source=SOURCE, formula=r"\tfrac12 \lambda_0 (1 + \cos \pi e / E)")
def cosine(epoch: int, epochs: int, /, *, weight: Weight = 1.0) -> float:
    """The weight of the branches' losses falls along half a cosine: slowly at first and at the end.

    Returns the weight lambda of each branch's loss in `epoch`, counted from 0, of `epochs`.

    >>> round(cosine(5, 10), 3)
    0.5
    """
    return weight * (1 + math.cos(math.pi * epoch / epochs)) / 2


@SHORTCUTS.register(source=SOURCE, formula=r"\lambda_0 e^{-r e / E}")
def exponential(
    epoch: int,
    epochs: int,
    /,
    *,
    weight: Weight = 1.0,
    rate: Annotated[float, Range(0, 50, "Fall over all epochs, as a power of e (r).", 0.5)] = 5.0,
) -> float:
    """The weight of the branches' losses falls exponentially, fastest at first.

    Returns the weight lambda of each branch's loss in `epoch`, counted from 0, of `epochs`.

    >>> exponential(0, 10), round(exponential(10, 10), 4)
    (1.0, 0.0067)
    """
    return weight * math.exp(-rate * epoch / epochs)


@SHORTCUTS.register(source=SOURCE, formula=r"\lambda_0 g^{\lfloor e / w \rfloor}")
def step(
    epoch: int,
    epochs: int,  # noqa: ARG001
    /,
    *,
    weight: Weight = 1.0,
    every: Annotated[int, Range(1, 1000, "Epochs between two drops.", 1)] = 5,
    factor: Annotated[float, Range(0, 1, "Multiplies lambda at each drop.", 0.05)] = 0.5,
) -> float:
    """The weight of the branches' losses drops by a factor every few epochs.

    Returns the weight lambda of each branch's loss in `epoch`, counted from 0, of `epochs`.

    >>> step(4, 20), step(5, 20), step(10, 20)
    (1.0, 0.5, 0.25)
    """
    return weight * float(factor ** (epoch // every))


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Factors by which losses are multiplied in one epoch of training with shortcut branches (auxiliary classifiers).

    `value`: lambda of the schedule. `main`: factor of the loss of the network's own output. `branch`: factor of the
    loss of each branch.
    """

    value: float
    main: float
    branch: float


def loss_weights(shortcut: Shortcut, epoch: int, epochs: int, branches: int) -> LossWeights:
    """Returns the factors of the main loss and of the losses of `branches` shortcut branches (auxiliary classifiers) in
    `epoch`, counted from 0.

    "plain": CE + lambda sum_m CE_m. "normalised": (1 - l) CE + l / M sum_m CE_m with l = lambda / (1 + lambda).

    >>> loss_weights(Shortcut(schedule={"kind": "constant"}, weighting="normalised"), 0, 10, branches=2)
    LossWeights(value=1.0, main=0.5, branch=0.25)
    """
    schedule = shortcut.schedule
    value = float(SHORTCUTS[schedule.kind].function(epoch, epochs, **schedule.parameters))
    if shortcut.weighting == "plain":
        return LossWeights(value, 1.0, value)
    share = value / (1 + value)
    return LossWeights(value, 1 - share, share / max(1, branches))
