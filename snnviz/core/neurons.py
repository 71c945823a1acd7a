"""The leaky integrate-and-fire neuron over a whole sequence, with its backward pass written by hand.

    u[t] = beta u[t-1] + I[t] - theta s[t-1]        reset "subtract"
    u[t] = beta u[t-1] (1 - s[t-1]) + I[t]          reset "zero"
    u[t] = beta u[t-1] + I[t]                       reset "none"
    s[t] = 1 where u[t] > theta

The reset acts one step late and no gradient flows through it, as in ``snntorch.Leaky``, which the tests compare with.
u starts from 0. Units: one time step; u, I and theta share theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from snnviz.design import SURROGATES, Neuron

Derivative = Callable[[Tensor], Tensor]


def potentials(current: Tensor, neuron: Neuron, steps: int) -> Tensor:
    """u before reset, (T, ...), from a current (T, ...) or, constant over time, (1, ...)."""
    u = torch.empty((steps, *current.shape[1:]), dtype=current.dtype)
    constant = current.shape[0] == 1
    for t in range(steps):
        drive = current[0 if constant else t]
        if t == 0:
            u[0] = drive
            continue
        torch.mul(u[t - 1], neuron.beta, out=u[t])
        if neuron.reset == "zero":
            u[t].masked_fill_(u[t - 1] > neuron.threshold, 0)
        u[t] += drive
        if neuron.reset == "subtract":
            u[t].sub_(spikes(u[t - 1], neuron), alpha=neuron.threshold)
    return u


def spikes(u: Tensor, neuron: Neuron) -> Tensor:
    """1 where u is strictly above the threshold."""
    return (u > neuron.threshold).to(u.dtype)


def surrogate(neuron: Neuron) -> Derivative:
    """ds/du as a function of u - theta."""
    choice = neuron.surrogate
    return partial(SURROGATES[choice.kind].function, **choice.parameters)


def lif(current: Tensor, neuron: Neuron, steps: int) -> Tensor:
    """Spikes (T, ...) of neurons driven by a current (T, ...) or, constant over time, (1, ...)."""
    result: Tensor = _Lif.apply(current, neuron, steps)  # type: ignore[no-untyped-call]
    return result


class _Lif(torch.autograd.Function):
    """Backward through time: d[t] = g[t] s'(u[t] - theta) + beta d[t+1], cut by a "zero" reset where it spiked."""

    @staticmethod
    def forward(ctx: Any, current: Tensor, neuron: Neuron, steps: int) -> Tensor:
        u = potentials(current, neuron, steps)
        ctx.save_for_backward(u)
        ctx.neuron, ctx.constant = neuron, current.shape[0] == 1
        return spikes(u, neuron)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (u,) = ctx.saved_tensors
        neuron: Neuron = ctx.neuron
        grad = gradients[0] * surrogate(neuron)(u - neuron.threshold)
        for t in range(len(u) - 2, -1, -1):
            later = neuron.beta * grad[t + 1]
            if neuron.reset == "zero":
                later.masked_fill_(u[t] > neuron.threshold, 0)
            grad[t] += later
        return (grad.sum(0, keepdim=True) if ctx.constant else grad), None, None
