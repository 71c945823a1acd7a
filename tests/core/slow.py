"""Slow, literal computations that the fast ones are compared with: snntorch.Leaky, one time step after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import snntorch
import torch
import torch.nn.functional as F
from snntorch import surrogate
from torch import Tensor

from snnviz.catalog.neurons import learnable_parameters
from snnviz.core.networks import Network
from snnviz.design import adjacency
from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork, CnnNetwork
from snnviz.design.parts import Neuron
from snnviz.graph.architectures import INPUT

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
    """Bellec et al. 2018, as in their code but for its factor 0.3: snntorch has none like it."""

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
        learn_beta=neuron.learn in ("beta", "both"),
        learn_threshold=neuron.learn in ("threshold", "both"),
    )


def run(current: Tensor, neuron: Neuron, steps: int, cell: snntorch.Leaky | None = None) -> tuple[Tensor, Tensor]:
    """Spikes and potentials (T, ...) of snntorch's neuron, driven by (T, ...) or a constant (1, ...)."""
    cell = cell or leaky(neuron, current.dtype)
    mem = torch.zeros_like(current[0])
    fired, seen = [], []
    for t in range(steps):
        spike, mem = cell(current[t if len(current) > 1 else 0], mem)
        fired.append(spike.to(current.dtype))
        seen.append(mem)
    return torch.stack(fired), torch.stack(seen)


def of_any_kind(neuron: Any, learnt: Mapping[str, Tensor], dtype: torch.dtype) -> tuple[Any, int]:
    """snntorch's neuron, with what is learnt by name where the network has it, and how many states it keeps."""
    how = {"spike_grad": spike_function(neuron), "reset_mechanism": neuron.reset}
    if neuron.kind == "plif":
        return snntorch.Leaky(beta=1 - torch.sigmoid(learnt["w"]), threshold=neuron.threshold, **how), 1
    if neuron.kind == "synaptic":
        cell, states = snntorch.Synaptic(alpha=neuron.alpha, beta=neuron.beta, threshold=neuron.threshold, **how), 2
    else:
        cell, states = leaky(neuron, dtype), 1
    for name, tensor in learnt.items():  # the network's own, so that the gradient is found there
        delattr(cell, name)
        setattr(cell, name, tensor)
    return cell, states


class _Cells:
    """A snntorch neuron and its states for every layer of a network."""

    def __init__(self, network: Network, dtype: torch.dtype) -> None:
        neuron, parameters = network.design.neuron, network.parameters
        numbers = [each.name for each in learnable_parameters(neuron)]
        self.dtype = dtype
        self.cells = {
            layer.name: of_any_kind(neuron, {name: parameters[f"{layer.name}.{name}"] for name in numbers}, dtype)
            for layer in network.architecture.layers
            if layer.spiking
        }
        self.states: dict[str, list[Tensor]] = {}
        self.mem: dict[str, Tensor] = {}

    def fire(self, name: str, current: Tensor) -> Tensor:
        """One time step; a readout that does not spike passes its current on."""
        if name not in self.cells:
            return current
        cell, states = self.cells[name]
        before = self.states.get(name, [torch.zeros_like(current)] * states)
        spike, *self.states[name] = cell(current, *before)
        self.mem[name] = self.states[name][-1]
        return spike.to(self.dtype)


def block_logits(network: Network, image: Tensor) -> Tensor:
    """The readout of a block network summed over time, step by step (Benmeziane et al. 2023, Eq. 1).

    in_j = [o_(j-1) + sum of o_i with a_ij = 2, o_i[:, S_ij] with a_ij = 1, ascending i]; o_j = LIF(conv_j(in_j)).
    From a later layer comes what it said a time step ago, zeros at first.
    """
    design, parameters = network.design, network.parameters
    body = design.network
    assert isinstance(body, BlockNetwork)
    chosen = {
        (layer.name, source.layer): list(source.channels)
        for layer in network.architecture.layers
        for source in layer.sources
        if source.channels is not None
    }
    position = {layer.name: index for index, layer in enumerate(network.architecture.layers)}
    cells = _Cells(network, image.dtype)

    def conv(name: str, x: Tensor) -> Tensor:
        return cells.fire(name, F.conv2d(x, parameters[f"{name}.weight"], parameters[f"{name}.bias"], padding=1))

    total: Tensor | None = None
    before: dict[str, Tensor] = {}
    for t in range(design.data.steps):
        now: dict[str, Tensor] = {}
        x = conv("stem", image[t if len(image) > 1 else 0])
        source_of_block = "stem"
        for b in range(1, body.blocks + 1):
            names = [
                source_of_block,
                *(f"L{j}" if body.blocks == 1 else f"B{b}.L{j}" for j in range(1, body.depth + 1)),
            ]
            outputs = [x]
            for j in range(1, body.depth + 1):
                main = outputs[j - 1]
                silent = torch.zeros(len(main), body.channels, *main.shape[2:], dtype=main.dtype)
                said = {
                    **dict(enumerate(outputs)),
                    **{i: before.get(names[i], silent) for i in range(j + 1, body.depth + 1)},
                }
                for i in said:
                    if body.edges[i][j] == adjacency.ASC:
                        main = main + said[i]
                joined = [main]
                for i in said:
                    if body.edges[i][j] == adjacency.DSC:
                        joined.append(said[i][:, chosen[names[j], position[names[i]]]])
                outputs.append(conv(names[j], torch.cat(joined, 1)))
                now[names[j]] = outputs[-1]
            x, source_of_block = halved(outputs[-1]), names[-1]
        before = now
        z = F.linear(x.flatten(1), parameters["readout.weight"], parameters["readout.bias"])
        z = cells.fire("readout", z)
        total = z if total is None else total + z
    assert total is not None
    return total


def chain_logits(network: Network, image: Tensor) -> Tensor:
    """The same for layers in sequence: a list of modules, stepped through time as in snntorch's tutorials."""
    body = network.design.network
    pool_every = body.pool_every if isinstance(body, CnnNetwork) else 0
    cells = _Cells(network, image.dtype)
    total: Tensor | None = None
    for t in range(network.design.data.steps):
        x = image[t if len(image) > 1 else 0]
        for depth, layer in enumerate(network.architecture.layers, 1):
            weight, bias = network.parameters[f"{layer.name}.weight"], network.parameters[f"{layer.name}.bias"]
            if layer.kind == "linear":
                x = cells.fire(layer.name, F.linear(x.flatten(1), weight, bias))
            else:
                x = cells.fire(layer.name, F.conv2d(x, weight, bias, padding=1))
                if pool_every and depth % pool_every == 0:
                    x = halved(x)
        total = x if total is None else total + x
    assert total is not None
    return total


def halved(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2) if min(x.shape[-2:]) >= 4 else x


def loud(design: Design, dtype: torch.dtype = torch.float64) -> Network:
    """The design's network with biases that are not zero, so that a forgotten one is noticed."""
    network = Network(design)
    draw = torch.Generator().manual_seed(7)
    for name, parameter in network.parameters.items():
        value = parameter.detach().to(dtype)
        if name.endswith(".bias"):
            value = torch.randn(value.shape, generator=draw, dtype=torch.float64).to(dtype) / 2
        network.parameters[name] = value.requires_grad_()
    return network


def literal_logits(
    network: Network,
    image: Tensor,
    seen: dict[str, list[Tensor]] | None = None,
    heard: list[dict[int, Tensor]] | None = None,
) -> Tensor:
    """The readout of any architecture summed over time: each layer at each step, as its sources say.

    `seen` is filled with the potentials (B, C, H, W) of each step, by layer, `heard` at each step with what the input
    and each layer say.
    """
    cells = _Cells(network, image.dtype)
    before: list[Tensor] = []
    total: Tensor | None = None
    for t in range(network.steps):
        now: list[Tensor] = []
        shown = image[t if len(image) > 1 else 0]
        for layer in network.architecture.layers:
            summed: Tensor | None = None
            beside = []
            for source in layer.sources:
                said = before if source.delay else now
                if source.layer == INPUT:
                    x = shown
                elif source.delay and t == 0:
                    shape = network.architecture.layers[source.layer].out_shape
                    x = torch.zeros(len(shown), *shape, dtype=image.dtype)
                else:
                    x = said[source.layer]
                x = x if source.channels is None else x[:, list(source.channels)]
                x = x[:, :, :: source.stride, :: source.stride] if source.stride > 1 else x
                if source.enlarge > 1:
                    x = x.repeat_interleave(source.enlarge, 2).repeat_interleave(source.enlarge, 3)
                if source.pool > 1:
                    x = {"average": F.avg_pool2d, "max": F.max_pool2d}[source.pooling](x, source.pool)
                x = F.avg_pool2d(x, source.smooth, 1, source.smooth // 2) if source.smooth > 1 else x
                if source.merge == "concat":
                    beside.append(x)
                else:
                    summed = x if summed is None else summed + x
            assert summed is not None
            x = torch.cat([summed, *beside], 1)
            weight, bias = (network.parameters.get(f"{layer.name}.{kind}") for kind in ("weight", "bias"))
            current = x
            if layer.kind == "linear":
                current = F.linear(x.flatten(1), weight, bias)
            elif layer.kind == "conv":
                current = F.conv2d(x, weight, bias, layer.stride, padding=layer.kernel // 2, groups=layer.groups)
            rectifies = not layer.spiking and not layer.plain and layer is not network.architecture.layers[-1]
            now.append(F.relu(current) if rectifies else cells.fire(layer.name, current))
            if seen is not None and layer.spiking:
                seen.setdefault(layer.name, []).append(cells.mem[layer.name])
        before = now
        if heard is not None:
            heard.append({INPUT: shown, **dict(enumerate(now))})
        total = now[-1] if total is None else total + now[-1]
    assert total is not None
    return total.unflatten(1, (-1, network.architecture.layers[-1].voters)).mean(2)
