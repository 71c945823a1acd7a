"""Slow, literal computations that the fast ones are compared with: snntorch.Leaky, one time step after another."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import snntorch
import torch
import torch.nn.functional as F
from snntorch import surrogate
from torch import Tensor

from snnviz import adjacency
from snnviz.core.networks import Network
from snnviz.design import BlockNetwork, Design, Neuron

Step = Callable[[Tensor], Tensor]


class _Precise:
    """snntorch's surrogates round every spike, and with it every gradient, to single precision; these do not."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.slope = ctx.alpha = slope
        return (x > 0).to(x.dtype)


class Atan(_Precise, surrogate.ATan):
    """snntorch's backward pass."""


class FastSigmoid(_Precise, surrogate.FastSigmoid):
    """snntorch's backward pass."""


class Sigmoid(_Precise, surrogate.Sigmoid):
    """snntorch's backward pass."""


class Triangle(_Precise, torch.autograd.Function):
    """Bellec et al. 2018, Eq. 3: snntorch has none like it."""

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return gradients[0] * torch.clamp(1 - ctx.slope * x.abs(), min=0), None


def spike_function(neuron: Neuron) -> Step:
    """snntorch's surrogate of the same name."""
    slope = float(neuron.surrogate["slope"])
    function = {"atan": Atan, "fast-sigmoid": FastSigmoid, "sigmoid": Sigmoid, "triangle": Triangle}
    return lambda x: function[neuron.surrogate.kind].apply(x, slope)


def leaky(neuron: Neuron, dtype: torch.dtype) -> snntorch.Leaky:
    """snntorch's neuron with the parameters of ours, in full precision."""
    return snntorch.Leaky(
        beta=torch.tensor(neuron.beta, dtype=dtype),
        threshold=torch.tensor(neuron.threshold, dtype=dtype),
        spike_grad=spike_function(neuron),
        reset_mechanism=neuron.reset,
    )


def run(current: Tensor, neuron: Neuron, steps: int) -> tuple[Tensor, Tensor]:
    """Spikes and potentials (T, ...) of snntorch's neuron, driven by (T, ...) or a constant (1, ...)."""
    cell = leaky(neuron, current.dtype)
    mem = torch.zeros_like(current[0])
    fired, seen = [], []
    for t in range(steps):
        spike, mem = cell(current[t if len(current) > 1 else 0], mem)
        fired.append(spike.to(current.dtype))
        seen.append(mem)
    return torch.stack(fired), torch.stack(seen)


def block_logits(network: Network, image: Tensor) -> Tensor:
    """The readout of one block summed over time, step by step (Benmeziane et al. 2023, Eq. 1).

    in_j = [o_(j-1) + sum of o_i with a_ij = 2, o_i[:, S_ij] with a_ij = 1, ascending i]; o_j = LIF(conv_j(in_j)).
    """
    design = network.design
    body = design.network
    assert isinstance(body, BlockNetwork)
    assert body.blocks == 1
    p, dtype = network.parameters, image.dtype
    chosen = {
        (source.layer, layer.name): list(source.channels)
        for layer in network.architecture.layers
        for source in layer.sources
        if source.channels is not None
    }
    names = ["stem", *(f"L{j}" for j in range(1, body.depth + 1))]
    cells = {name: leaky(design.neuron, dtype) for name in names}
    spiking_readout = design.training.loss.kind == "count"
    out_cell = leaky(design.neuron, dtype)
    mem: dict[str, Tensor | None] = dict.fromkeys([*names, "readout"])
    total: Tensor | None = None

    def fire(name: str, cell: snntorch.Leaky, current: Tensor) -> Tensor:
        before = mem[name]
        spike, mem[name] = cell(current, torch.zeros_like(current) if before is None else before)
        return spike.to(dtype)

    for t in range(design.data.steps):
        x = image[t if len(image) > 1 else 0]
        outputs = [fire("stem", cells["stem"], F.conv2d(x, p["stem.weight"], p["stem.bias"], padding=1))]
        for j in range(1, body.depth + 1):
            main = outputs[j - 1]
            for i in range(j - 1):
                if body.edges[i][j] == adjacency.ASC:
                    main = main + outputs[i]
            joined = [main]
            for i in range(j - 1):
                if body.edges[i][j] == adjacency.DSC:
                    joined.append(outputs[i][:, chosen[i, f"L{j}"]])
            current = F.conv2d(torch.cat(joined, 1), p[f"L{j}.weight"], p[f"L{j}.bias"], padding=1)
            outputs.append(fire(f"L{j}", cells[f"L{j}"], current))
        readout_weight, readout_bias = p["readout.weight"], p["readout.bias"]
        pooled = F.avg_pool2d(outputs[-1], 2).flatten(1)
        z = F.linear(pooled, readout_weight, readout_bias)
        if spiking_readout:
            z = fire("readout", out_cell, z)
        total = z if total is None else total + z
    assert total is not None
    return total


def in_double(network: Network) -> Network:
    """The same network with float64 parameters."""
    network.parameters = {
        name: parameter.detach().double().requires_grad_() for name, parameter in network.parameters.items()
    }
    return network


def loud(design: Design, gain: float = 1.0) -> Network:
    """A network in float64 whose biases are not zero, so that a forgotten one is noticed."""
    network = in_double(Network(design))
    draw = torch.Generator().manual_seed(7)
    for name, parameter in network.parameters.items():
        if name.endswith(".bias"):
            noise = torch.randn(parameter.shape, generator=draw, dtype=torch.float64)
            parameter.data.copy_(gain * noise / math.sqrt(4))
    return network
