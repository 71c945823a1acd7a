"""Optimizers and learning-rate schedules. An optimizer entry returns the name of a class of torch.optim and its
arguments.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from snnviz.design.menus import OPTIMIZERS, SCHEDULES
from snnviz.design.registry import Range

Arguments = tuple[str, dict[str, Any]]
Decay = Annotated[float, Range(0, 1, "Weight decay.", 0.0001)]


@OPTIMIZERS.register(source="Kingma and Ba 2015")
def adam(
    *,
    beta1: Annotated[float, Range(0, 0.999, "Memory of the mean gradient.", 0.01)] = 0.9,
    beta2: Annotated[float, Range(0, 0.9999, "Memory of the squared gradient.", 0.001)] = 0.999,
) -> Arguments:
    """Adam: a step size of its own for each weight, the gradient divided by its usual magnitude.

    Returns the name of the class in torch.optim and its keyword arguments.
    """
    return "Adam", {"betas": (beta1, beta2)}


@OPTIMIZERS.register(source="Loshchilov and Hutter 2019")
def adamw(*, weight_decay: Decay = 0.01) -> Arguments:
    """Adam with decoupled weight decay: weights shrink in each step, independently of the gradient.

    Returns the name of the class in torch.optim and its keyword arguments.
    """
    return "AdamW", {"weight_decay": weight_decay}


@OPTIMIZERS.register(source="Sutskever et al. 2013")
def sgd(
    *,
    momentum: Annotated[float, Range(0, 0.999, "Share of the last step that is kept.", 0.05)] = 0.9,
    weight_decay: Decay = 0.0,
) -> Arguments:
    """Stochastic gradient descent with momentum: steps proportional to gradients, so the learning rate differs from
    Adam's.

    Returns the name of the class in torch.optim and its keyword arguments.
    """
    return "SGD", {"momentum": momentum, "weight_decay": weight_decay}


@SCHEDULES.register(source="Loshchilov and Hutter 2017", formula=r"\tfrac12 (1 + \cos \pi e / E)")
def cosine(epoch: int, epochs: int, /) -> float:
    """The learning rate falls to zero along a half cosine.

    Returns the factor of the learning rate in `epoch`, counted from 0, of `epochs`.

    >>> cosine(0, 10), round(cosine(5, 10), 3)
    (1.0, 0.5)
    """
    return 0.5 * (1 + math.cos(math.pi * epoch / epochs))


@SCHEDULES.register(source="the plain one")
def constant(epoch: int, epochs: int, /) -> float:  # noqa: ARG001
    """The same learning rate throughout.

    Returns the factor of the learning rate in `epoch`, counted from 0, of `epochs`.
    """
    return 1.0


@SCHEDULES.register(source="Krizhevsky 2012", formula=r"g^{\lfloor e / w \rfloor}")
def step(
    epoch: int,
    epochs: int,  # noqa: ARG001
    /,
    *,
    every: Annotated[int, Range(1, 1000, "Epochs between two drops.", 1)] = 10,
    factor: Annotated[float, Range(0.01, 1, "Multiplies the learning rate at each drop.", 0.05)] = 0.5,
) -> float:
    """The learning rate drops by a factor every few epochs.

    Returns the factor of the learning rate in `epoch`, counted from 0, of `epochs`.

    >>> step(25, 100, every=10, factor=0.5)
    0.25
    """
    return float(factor ** (epoch // every))
