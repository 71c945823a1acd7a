"""LIF over a whole sequence, with its backward pass written by hand: the kernel of `snnviz.catalog.neurons.lif`.

    u[t] = beta u[t-1] + I[t] - theta s[t-1]        reset "subtract"
    u[t] = beta u[t-1] (1 - s[t-1]) + I[t]          reset "zero"
    u[t] = beta u[t-1] + I[t]                       reset "none"
    s[t] = 1 where u[t] > theta

The reset acts one step late and no gradient flows through it, as in ``snntorch.Leaky``, which the tests compare with. u
starts from 0. Units: one time step; u, I and theta share theirs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from snnviz.catalog.surrogates import saturation_distance
from snnviz.core import kernels
from snnviz.core.activity import Activity, activity
from snnviz.core.kernels import is_supported
from snnviz.core.surrogates import Derivative, derivative
from snnviz.design.parts import Neuron


@dataclass(frozen=True, slots=True)
class Cell:
    """The LIF neurons of one layer: the design's neuron, and the layer's learnt leak and threshold (0-d tensors), or
    None.
    """

    neuron: Neuron
    learnt_beta: Tensor | None = None
    learnt_threshold: Tensor | None = None

    @property
    def beta(self) -> float:
        """The leak, learnt or fixed, clamped to [0, 1] as in ``snntorch.Leaky``."""
        return self.neuron.beta if self.learnt_beta is None else min(1.0, max(0.0, self.learnt_beta.item()))

    @property
    def threshold(self) -> float:
        """The threshold, learnt or fixed."""
        return self.neuron.threshold if self.learnt_threshold is None else self.learnt_threshold.item()

    @property
    def learnt(self) -> tuple[float | None, float | None]:
        """The learnt leak and threshold as numbers, None for those that are not learnt."""
        return (
            None if self.learnt_beta is None else self.beta,
            None if self.learnt_threshold is None else self.threshold,
        )

    @property
    def learns(self) -> bool:
        """Whether the leak or the threshold is learnt."""
        return self.learnt_beta is not None or self.learnt_threshold is not None

    @classmethod
    def from_tensors(cls, neuron: Neuron, tensors: Mapping[str, Tensor]) -> Cell:
        """Returns LIF neurons with the learnt parameters in `tensors`, by name."""
        return cls(neuron, tensors.get("beta"), tensors.get("threshold"))

    @property
    def tensors(self) -> tuple[Tensor | None, Tensor | None]:
        """The learnt leak and threshold as tensors, None for those that are not learnt."""
        return self.learnt_beta, self.learnt_threshold

    def fire(self, current: Tensor, steps: int, *, overwrite: bool = False) -> Tensor:
        """Returns the spikes (T, ...) for a current (T, ...) or, constant over time, (1, ...), with autograd; see
        `lif`.
        """
        return lif(current, self, steps, overwrite=overwrite)

    def observed(self, current: Tensor, steps: int) -> tuple[Tensor, Activity]:
        """Returns the spikes (T, ...) and the layer's `Activity` for a current (T, ...) or (1, ...), which is
        overwritten.
        """
        return respond_with_activity(current, self, steps)

    def respond(self, current: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Returns the potentials before reset and the spikes, both (T, ...), for a current (T, ...) or (1, ...)."""
        return respond(current, self, steps)

    def activity(self, u: Tensor, s: Tensor) -> Activity:
        """Returns the layer's activity from potentials and spikes (T, B, ...)."""
        far = (u.detach() - self.threshold).abs() > saturation_distance(self.neuron.surrogate)
        return activity(u, s, far.flatten(2).sum(2))

    def scan(self) -> LifScan:
        """Returns a new `LifScan`: the neurons for one forward and backward pass, one time step at a time, in a loop
        of layers.
        """
        return LifScan(self)


class LifScan:
    """LIF neurons in a loop of layers: forward and backward one time step at a time."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.sums = np.zeros(2 if cell.learns else 0)

    def forward_step(self, u: Tensor, s: Tensor, t: int) -> None:
        """Replaces the current in `u[t]` by the potential, and writes the spikes to `s[t]`."""
        forward_step(u, s, t, self.cell)

    def backward_step(self, u: Tensor, g: Tensor, t: int) -> None:
        """Replaces the potential in `u[t]` by the gradient of the current, given the gradient `g[t]` of the spikes."""
        backward_step(u, g, t, self.cell, self.sums)

    @property
    def gradients(self) -> tuple[Tensor | None, Tensor | None]:
        """Gradients of beta and theta, None for those that are not learnt."""
        return learnt_gradients(self.cell, self.sums)


class ReluPopulation:
    """ReLUs as a layer's neurons; they have no parameters and no state."""

    tensors: tuple[Tensor, ...] = ()
    learnt = (None, None)

    @classmethod
    def from_tensors(cls, _neuron: Neuron, _tensors: Mapping[str, Tensor]) -> ReluPopulation:
        """Returns the ReLUs of a layer; both arguments are ignored."""
        return cls()

    def fire(self, current: Tensor, steps: int, *, overwrite: bool = False) -> Tensor:  # noqa: ARG002
        """Returns max(0, current)."""
        return F.relu(current)

    def observed(self, current: Tensor, steps: int) -> tuple[Tensor, Activity]:  # noqa: ARG002
        """Returns max(0, current) and the layer's `Activity`, in which u is the current."""
        return F.relu(current), activity(current, None)

    def respond(self, current: Tensor, steps: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Returns the current, in the role of the potential, and max(0, current), the layer's output; shapes as
        given.
        """
        return current, F.relu(current)


def potentials(current: Tensor, cell: Cell, steps: int) -> Tensor:
    """Returns the potentials u before reset, (T, ...), for a current (T, ...) or, constant over time, (1, ...)."""
    u = torch.empty((steps, *current.shape[1:]), dtype=current.dtype)
    constant = current.shape[0] == 1
    for t in range(steps):
        drive = current[0 if constant else t]
        u[t] = drive if t == 0 else next_potential(u[t - 1], drive, cell)
    return u


def next_potential(before: Tensor, drive: Tensor, cell: Cell) -> Tensor:
    """Returns the potential u[t] from u[t-1], `before`, and the current I[t], `drive`."""
    u = cell.beta * before
    if cell.neuron.reset == "zero":
        u.masked_fill_(before > cell.threshold, 0)
    u += drive
    if cell.neuron.reset == "subtract":
        u.sub_(spikes(before, cell), alpha=cell.threshold)
    return u


def spikes(u: Tensor, cell: Cell) -> Tensor:
    """Returns the spikes of potentials `u`: 1 where u is strictly above the threshold, else 0."""
    return (u > cell.threshold).to(u.dtype)


def surrogate_derivative(neuron: Neuron) -> Derivative:
    """Returns the surrogate derivative ds/du as a function of u - theta."""
    return derivative(neuron.surrogate)


def lif(current: Tensor, cell: Cell, steps: int, *, overwrite: bool = False) -> Tensor:
    """Returns the spikes (T, ...) of LIF neurons for a current (T, ...) or, constant over time, (1, ...).

    `overwrite`: the current's memory may be reused; nothing else may read it afterwards.
    """
    result: Tensor = _Lif.apply(current, cell.learnt_beta, cell.learnt_threshold, cell, steps, overwrite)  # type: ignore[no-untyped-call]
    return result


def respond(current: Tensor, cell: Cell, steps: int, *, overwrite: bool = False) -> tuple[Tensor, Tensor]:
    """Returns potentials before reset and spikes, both (T, ...), of LIF neurons driven by `current`, by the compiled
    kernel where possible, else by torch.
    """
    if not is_supported(current):
        u = potentials(current, cell, steps)
        return u, spikes(u, cell)
    if len(current) != steps:
        drive, u = current.detach().contiguous(), current.new_empty(steps, *current.shape[1:])
    else:
        drive, u = current.new_empty(0, 1), _room(current, steps, overwrite=overwrite)
    s = torch.empty_like(u)
    kernels.forward(flat(drive), flat(u), flat(s), *forward_kernel_arguments(cell))
    return u, s


def respond_with_activity(current: Tensor, cell: Cell, steps: int) -> tuple[Tensor, Activity]:
    """Returns the spikes and the layer's activity, computed in one pass over memory; overwrites the current."""
    if not is_supported(current):
        u, s = respond(current, cell, steps)
        return s, cell.activity(u, s)
    u = _room(current, steps, overwrite=True)
    s, sums = torch.empty_like(u), np.zeros((*u.shape[:2], 4))
    kernels.forward_with_sums(
        flat(u), flat(s), sums, np.float32(saturation_distance(cell.neuron.surrogate)), *forward_kernel_arguments(cell)
    )
    return s, Activity(u[0, 0].numel(), sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3])


def _room(current: Tensor, steps: int, *, overwrite: bool) -> Tensor:
    """The current of each step, (T, ...) contiguous, in memory that may be written to."""
    current = current.detach()
    if current.shape[0] != steps:
        return current.expand(steps, *current.shape[1:]).contiguous()
    return current if overwrite and current.is_contiguous() else current.clone(memory_format=torch.contiguous_format)


class _Lif(torch.autograd.Function):
    """Backward through time: d[t] = g[t] s'(u[t] - theta) + beta d[t+1], cut by a "zero" reset where it spiked.

    dL/dbeta is the sum of d[t] u[t-1] (0 where "zero" reset it), dL/dtheta minus that of g[t] s'(u[t] - theta) and,
    with the reset "subtract", of d[t] s[t-1].
    """

    @staticmethod
    def forward(
        ctx: Any, current: Tensor, _beta: Tensor | None, _theta: Tensor | None, cell: Cell, steps: int, overwrite: bool
    ) -> Tensor:
        ctx.cell, ctx.constant = cell, current.shape[0] == 1
        ctx.u, s = respond(current, cell, steps, overwrite=overwrite)
        return s

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        cell: Cell = ctx.cell
        u, ctx.u = ctx.u, None  # its memory becomes the gradient's: a graph is gone through once
        sums = np.zeros(2 if cell.learns else 0)
        grad = (_fast_backward if is_supported(u) else _backward)(u, gradients[0], cell, sums, ctx.constant)
        return grad, *learnt_gradients(cell, sums), None, None, None


def learnt_gradients(cell: Cell, sums: NDArray[np.float64]) -> tuple[Tensor | None, Tensor | None]:
    """Returns the gradients of the learnt beta and theta from their `sums`; None for parameters that are not learnt.

    The gradient of beta is 0 if beta is outside of [0, 1].
    """
    beta, theta = cell.learnt_beta, cell.learnt_threshold
    inside = beta is not None and 0 <= beta.item() <= 1
    return (
        None if beta is None else torch.full_like(beta, sums[0] if inside else 0.0),
        None if theta is None else torch.full_like(theta, sums[1]),
    )


def _backward(u: Tensor, gradient: Tensor, cell: Cell, sums: NDArray[np.float64], constant: bool) -> Tensor:
    for t in range(len(u) - 1, -1, -1):
        backward_step(u, gradient, t, cell, sums)
    return u.sum(0, keepdim=True) if constant else u


def forward_step(u: Tensor, s: Tensor, t: int, cell: Cell) -> None:
    """Computes one time step: replaces the current in `u[t]` by the potential, and writes the spikes to `s[t]`.

    Both are (T, ...) and contiguous.
    """
    if is_supported(u):
        kernels.forward_step(flat(u), flat(s), t, *forward_kernel_arguments(cell))
        return
    if t > 0:
        u[t] = next_potential(u[t - 1], u[t], cell)
    s[t] = spikes(u[t], cell)


def backward_step(u: Tensor, g: Tensor, t: int, cell: Cell, sums: NDArray[np.float64]) -> None:
    """Computes one backward step: replaces the potential in `u[t]` by the gradient of the current; `g[t]` is of the
    spikes.

    Adds the gradients of beta and theta to `sums`, (2,), for `learnt_gradients`; (0,) for neurons that learn nothing.
    """
    if is_supported(u):
        how = backward_kernel_arguments(cell)
        if how[3] == kernels.GIVEN:
            g[t] *= surrogate_derivative(cell.neuron)(u[t] - cell.threshold)
        kernels.backward_step(flat(u), flat(g), t, sums, how)
        return
    reset = cell.neuron.reset
    found = g[t] * surrogate_derivative(cell.neuron)(u[t] - cell.threshold)
    if len(sums):
        sums[1] -= found.sum().item()
    if t < len(u) - 1:
        later = u[t + 1].masked_fill(u[t] > cell.threshold, 0) if reset == "zero" else u[t + 1]
        found += cell.beta * later
    u[t] = found
    if len(sums) and t > 0:
        before, spiked = u[t - 1], u[t - 1] > cell.threshold
        sums[0] += (found * (before.masked_fill(spiked, 0) if reset == "zero" else before)).sum().item()
        sums[1] -= (found * spiked).sum().item() if reset == "subtract" else 0.0


def _fast_backward(u: Tensor, gradient: Tensor, cell: Cell, sums: NDArray[np.float64], constant: bool) -> Tensor:
    if len(gradient) > 1 and gradient.stride(0) == 0:
        gradient = gradient[:1]
    how = backward_kernel_arguments(cell)
    if how[3] == kernels.GIVEN:
        gradient = gradient * surrogate_derivative(cell.neuron)(u - cell.threshold)
    total = u.new_empty(1, *u.shape[1:]) if constant else u.new_empty(0, 1)
    kernels.backward(flat(u), flat(gradient.contiguous()), flat(total), sums, how)
    return total if constant else u


def backward_kernel_arguments(cell: Cell) -> tuple[np.float32, np.float32, np.float32, int, int, bool]:
    """Returns the arguments of the backward kernels: beta, theta, slope and number of the surrogate, number of the
    reset, and whether the reset subtracts.
    """
    choice = cell.neuron.surrogate
    kind = kernels.SURROGATES.index(choice.kind) if choice.kind in kernels.SURROGATES else kernels.GIVEN
    beta, theta, _, reset = forward_kernel_arguments(cell)
    return beta, theta, np.float32(choice.parameters.get("slope", 0)), kind, reset, cell.neuron.reset == "subtract"


def forward_kernel_arguments(cell: Cell) -> tuple[np.float32, np.float32, np.float32, int]:
    """Returns the arguments of the forward kernels: beta, theta, what a spike subtracts, and the reset's number."""
    theta, reset = np.float32(cell.threshold), cell.neuron.reset
    less = theta if reset == "subtract" else np.float32(0)
    return np.float32(cell.beta), theta, less, kernels.ZERO if reset == "zero" else 0


def flat(tensor: Tensor) -> NDArray[np.float32]:
    """Returns a tensor (T, ...) as a numpy array (T, N) that shares its memory."""
    array: NDArray[np.float32] = tensor.detach().view(len(tensor), math.prod(tensor.shape[1:])).numpy()
    return array
