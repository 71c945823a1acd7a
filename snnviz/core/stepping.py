"""Neurons of a layer over a whole sequence: by the step of their catalogue entry, or by its compiled kernel.

The step is a pure function (`snnviz.design.neurons`), so autograd differentiates it. A loop of layers is differentiated
by hand, one time step at a time (`Scan`), using the gradient of a step that is computed again.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from snnviz.catalog.neurons import learnable_parameters, model, surrogate, values
from snnviz.catalog.surrogates import saturation_distance
from snnviz.core.activity import Activity, activity
from snnviz.core.surrogates import derivative, spike
from snnviz.design.parts import AnyNeuron


class Scan(Protocol):
    """Protocol of neurons that step through time together with other layers of a loop: one forward and one backward
    pass over (T, B, ...) tensors in place.

    Time steps `t` come in order, forward ascending and backward descending.
    """

    def forward_step(self, u: Tensor, s: Tensor, t: int) -> None:
        """Replaces the current in `u[t]` by the potential, and writes the spikes to `s[t]`."""
        ...

    def backward_step(self, u: Tensor, g: Tensor, t: int) -> None:
        """Replaces the potential in `u[t]` by the gradient of the current, given the gradient `g[t]` of the spikes."""
        ...

    @property
    def gradients(self) -> Sequence[Tensor | None]:
        """Gradients of the learnt parameters, in the order of the population's `tensors`, after the backward pass."""
        ...


class Population(Protocol):
    """Protocol of the neurons of one layer, with their learnt parameters."""

    @property
    def tensors(self) -> Sequence[Tensor | None]:
        """The learnt parameters as tensors, None for those that are not learnt."""
        ...

    def fire(self, current: Tensor, steps: int, *, overwrite: bool = False) -> Tensor:
        """Returns the spikes (or numbers) (T, ...) for a current (T, ...) or, constant over time, (1, ...), with
        autograd.

        `overwrite`: the current's memory may be reused.
        """
        ...

    def observed(self, current: Tensor, steps: int) -> tuple[Tensor, Activity]:
        """Returns the outputs (spikes, (T, ...)) and the layer's `Activity`, without gradients; overwrites the
        current.
        """
        ...

    def respond(self, current: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Returns the potentials before reset and the outputs (spikes, or numbers for ReLU), both (T, ...).

        The current, (T, ...) or constant over time (1, ...), is left unchanged.
        """
        ...

    def activity(self, u: Tensor, s: Tensor) -> Activity:
        """Returns the layer's activity from potentials and spikes (T, B, ...)."""
        ...

    def scan(self) -> Scan:
        """Returns a new `Scan`: the neurons for one forward and backward pass, one time step at a time, in a loop of
        layers.
        """
        ...

    @property
    def learnt(self) -> tuple[float | None, float | None]:
        """The learnt leak and threshold, each averaged over neurons; None for those that are not learnt."""
        ...


def population(neuron: AnyNeuron, tensors: Mapping[str, Tensor] | None = None) -> Population:
    """Returns the neurons of a layer of this kind; `tensors`: learnt parameters by name, by default the initial
    ones.
    """
    kernel = model(neuron).kernel
    if kernel is None:
        return StepPopulation(neuron, tensors or {})
    module, _, name = kernel.partition(":")
    made: Population = getattr(importlib.import_module(module), name).from_tensors(neuron, tensors or {})
    return made


def initial_parameters(neuron: AnyNeuron, shape: Sequence[int]) -> dict[str, Tensor]:
    """Returns the initial learnable parameters of a layer of neurons of this shape: (), or one per neuron."""
    return {
        each.name: torch.full(tuple(shape) if each.each == "neuron" else (), each.initial)
        for each in learnable_parameters(neuron)
    }


class StepPopulation:
    """A layer's neurons, computed by calling their model's step function at each time step; kernels do the same
    faster.
    """

    def __init__(self, neuron: AnyNeuron, tensors: Mapping[str, Tensor]) -> None:
        self.neuron, self.model, self._choice = neuron, model(neuron), surrogate(neuron)
        self._slope = None if self._choice is None else derivative(self._choice)
        self._numbers = [each for each in learnable_parameters(neuron) if each.name in tensors]
        self.tensors = [tensors[each.name] for each in self._numbers]

    def values(self, tensors: Sequence[Tensor]) -> Any:
        """Returns the namespace `p` that the model's step function reads: the neuron's fields, with learnt ones
        replaced by `tensors`.
        """
        found = values(self.neuron)
        for each, tensor in zip(self._numbers, tensors, strict=True):
            setattr(found, each.field, each.transform(tensor))
        return found

    def spike(self, x: Tensor) -> Tensor:
        """Returns 1 where x > 0, else 0, with the surrogate's derivative."""
        if self._slope is None:
            return (x > 0).to(x.dtype)
        return spike(x, self._slope)

    def initial_states(self) -> tuple[Any, ...]:
        """Returns the neurons' state before the first time step."""
        return (0.0,) * self.model.states

    def fire(self, current: Tensor, steps: int, *, overwrite: bool = False) -> Tensor:  # noqa: ARG002
        """Returns the spikes (or numbers) (T, ...) for a current (T, ...) or, constant over time, (1, ...), with
        autograd.
        """
        p, states, outputs = self.values(self.tensors), self.initial_states(), []
        for t in range(steps):
            states, _, s = self.model.function(states, current[t if len(current) > 1 else 0], p, self.spike)
            outputs.append(s)
        return torch.stack(outputs)

    def respond(self, current: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Returns the potentials before reset and the outputs, both (T, ...), for a current (T, ...) or (1, ...)."""
        p, states, found = self.values(self.tensors), self.initial_states(), []
        for t in range(steps):
            states, u, s = self.model.function(states, current[t if len(current) > 1 else 0], p, self.spike)
            found.append((u, s))
        return torch.stack([u for u, _ in found]), torch.stack([s for _, s in found])

    @torch.no_grad()
    def observed(self, current: Tensor, steps: int) -> tuple[Tensor, Activity]:
        """Returns the outputs (spikes, (T, ...)) and the layer's `Activity` for a current (T, ...) or (1, ...), without
        gradients.
        """
        p, states = self.values(self.tensors), self.initial_states()
        u = current.new_empty(steps, *current.shape[1:])
        outputs, far = torch.empty_like(u), torch.zeros(u.shape[:2])
        edge = None if self._choice is None else saturation_distance(self._choice)

        def spike(x: Tensor) -> Tensor:
            if edge is not None:
                far[t] = (x.abs() > edge).flatten(1).sum(1)
            return (x > 0).to(x.dtype)

        for t in range(steps):
            now = current[t if len(current) > 1 else 0]
            states, u[t], outputs[t] = self.model.function(states, now, p, spike)
        return outputs, activity(u, outputs if self.model.spiking else None, far)

    def activity(self, u: Tensor, s: Tensor) -> Activity:
        """Returns the layer's activity from potentials and spikes (T, B, ...)."""
        p, far = self.values(self.tensors), None
        if self._choice is not None and hasattr(p, "threshold"):
            far = ((u.detach() - p.threshold).abs() > saturation_distance(self._choice)).flatten(2).sum(2)
        return activity(u, s if self.model.spiking else None, far)

    def scan(self) -> StepScan:
        """Returns a new `StepScan`: the neurons for one forward and backward pass, one time step at a time, in a loop
        of layers.
        """
        return StepScan(self)

    @property
    def learnt(self) -> tuple[float | None, float | None]:
        """The learnt leak and threshold, each averaged over neurons; None for those that are not learnt."""
        told: dict[str, float] = {}
        for each, tensor in zip(self._numbers, self.tensors, strict=True):
            if each.row is not None:
                told[each.row] = float(each.shown(each.transform(tensor.detach().double())).mean())
        return told.get("beta"), told.get("threshold")


class StepScan:
    """Neurons without a compiled kernel in a loop of layers: forward and backward one time step at a time.

    Stores states and currents if gradients are needed; the backward pass computes each step again and frees its
    storage.
    """

    def __init__(self, of: StepPopulation) -> None:
        self.of, self._keeps = of, torch.is_grad_enabled()
        self._before: list[tuple[Any, ...]] = []
        self._currents: list[Tensor] = []
        self._later: list[Tensor | None] = [None] * of.model.states
        self.gradients = [torch.zeros_like(tensor) for tensor in of.tensors]

    @torch.no_grad()
    def forward_step(self, u: Tensor, s: Tensor, t: int) -> None:
        """Replaces the current in `u[t]` by the potential, and writes the spikes to `s[t]`."""
        given = self._before[-1] if t else self.of.initial_states()
        current = u[t].clone()
        states, u[t], s[t] = self._step(given, current, self.of.tensors)
        if not self._keeps:
            self._before.clear()
        else:
            self._currents.append(current)
        self._before.append(states)

    def _step(self, states: tuple[Any, ...], current: Tensor, tensors: Sequence[Tensor]) -> tuple[Any, ...]:
        return self.of.model.function(states, current, self.of.values(tensors), self.of.spike)

    def backward_step(self, u: Tensor, g: Tensor, t: int) -> None:
        """Replaces the potential in `u[t]` by the gradient of the current, given the gradient `g[t]` of the spikes."""
        given = self._before[t - 1] if t else self.of.initial_states()
        with torch.enable_grad():
            states = tuple(x.detach().requires_grad_() if isinstance(x, Tensor) else x for x in given)
            current = self._currents[t].requires_grad_()
            del self._before[t:], self._currents[t:]
            tensors = [tensor.detach().requires_grad_() for tensor in self.of.tensors]
            after, _, output = self._step(states, current, tensors)
        inner = [x for x in states if isinstance(x, Tensor)]
        told = [(x, d) for x, d in zip((output, *after), (g[t], *self._later), strict=True) if d is not None]
        told = [(x, d) for x, d in told if isinstance(x, Tensor) and x.requires_grad]
        asked = [current, *tensors, *inner]
        found = torch.autograd.grad([x for x, _ in told], asked, [d for _, d in told], allow_unused=True)
        u[t] = 0 if found[0] is None else found[0]
        for total, more in zip(self.gradients, found[1:], strict=False):
            if more is not None:
                total += more
        rest = iter(found[1 + len(tensors) :])
        self._later = [next(rest) if isinstance(x, Tensor) else None for x in states]
