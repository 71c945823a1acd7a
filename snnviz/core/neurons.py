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

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core import kernels
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


def lif(current: Tensor, neuron: Neuron, steps: int, *, overwrite: bool = False) -> Tensor:
    """Spikes (T, ...) of neurons driven by a current (T, ...) or, constant over time, (1, ...).

    `overwrite`: the current is not needed any more and its memory may be used; nothing else may read it afterwards.
    """
    result: Tensor = _Lif.apply(current, neuron, steps, overwrite)  # type: ignore[no-untyped-call]
    return result


def respond(current: Tensor, neuron: Neuron, steps: int, *, overwrite: bool = False) -> tuple[Tensor, Tensor]:
    """Potentials before reset and spikes, both (T, ...), by the kernel where it can, else by torch."""
    if not _fast(current):
        u = potentials(current, neuron, steps)
        return u, spikes(u, neuron)
    if current.shape[0] != steps:
        u = current.detach().expand(steps, *current.shape[1:]).clone(memory_format=torch.contiguous_format)
    else:
        u = current.detach() if overwrite and current.is_contiguous() else current.detach().clone()
        u = u.contiguous()
    s = torch.empty_like(u)
    kernels.forward(_flat(u), _flat(s), *_numbers(neuron), _RESETS[neuron.reset])
    return u, s


class _Lif(torch.autograd.Function):
    """Backward through time: d[t] = g[t] s'(u[t] - theta) + beta d[t+1], cut by a "zero" reset where it spiked."""

    @staticmethod
    def forward(ctx: Any, current: Tensor, neuron: Neuron, steps: int, overwrite: bool) -> Tensor:
        ctx.neuron, ctx.constant = neuron, current.shape[0] == 1
        ctx.u, s = respond(current, neuron, steps, overwrite=overwrite)
        return s

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        neuron: Neuron = ctx.neuron
        u, ctx.u = ctx.u, None  # its memory becomes the gradient's: a graph is gone through once
        grad = _fast_backward(u, gradients[0], neuron) if _fast(u) else _backward(u, gradients[0], neuron)
        return (grad.sum(0, keepdim=True) if ctx.constant else grad), None, None, None


def _backward(u: Tensor, gradient: Tensor, neuron: Neuron) -> Tensor:
    grad = gradient * surrogate(neuron)(u - neuron.threshold)
    for t in range(len(u) - 2, -1, -1):
        later = neuron.beta * grad[t + 1]
        if neuron.reset == "zero":
            later.masked_fill_(u[t] > neuron.threshold, 0)
        grad[t] += later
    return grad


def _fast_backward(u: Tensor, gradient: Tensor, neuron: Neuron) -> Tensor:
    if neuron.surrogate.kind in kernels.SURROGATES:
        kind = kernels.SURROGATES.index(neuron.surrogate.kind)
    else:
        gradient, kind = gradient * surrogate(neuron)(u - neuron.threshold), kernels.GIVEN
    slope = np.float32(neuron.surrogate.parameters.get("slope", 0))
    beta, theta, _ = _numbers(neuron)
    kernels.backward(_flat(u), _flat(gradient.contiguous()), beta, theta, slope, kind, _RESETS[neuron.reset])
    return u


_RESETS = {"subtract": 0, "zero": kernels.ZERO, "none": 0}


def _numbers(neuron: Neuron) -> tuple[np.float32, np.float32, np.float32]:
    """beta, theta, and what a spike subtracts."""
    theta = np.float32(neuron.threshold)
    return np.float32(neuron.beta), theta, theta if neuron.reset == "subtract" else np.float32(0)


def _flat(tensor: Tensor) -> NDArray[np.float32]:
    """(T, N), the same memory."""
    array: NDArray[np.float32] = tensor.detach().view(tensor.shape[0], -1).numpy()
    return array


def _fast(tensor: Tensor) -> bool:
    return tensor.dtype == torch.float32 and tensor.device.type == "cpu" and tensor.numel() > 0
