"""ResNet-18, DenseNet-121 and MobileNetV2 of torch's own modules, written from the papers, with a network's weights.

Spikes are joined behind the neurons. `original` has each paper's own connections, `drawn` those of any matrices
(Benmeziane et al. 2023, Eq. 1).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnviz.core.networks import Network
from snnviz.design.adjacency import ASC, DSC, Edges
from snnviz.design.networks import StagedNetwork
from tests.core import slow

Unit = Callable[[int, Tensor], Tensor]
"""What layer j of a block makes of its joined input."""

INVERTED = ((1, 16, 1), (6, 24, 1), (6, 32, 2), (6, 64, 2), (6, 96, 1), (6, 160, 2), (6, 320, 1))
"""Expansion, channels and stride of MobileNetV2 (Sandler et al. 2018, table 2), the second stride as for CIFAR."""


class Literal:
    """Modules by the names of our layers, made when they are first met. Maps are (T * B, C, H, W), times first."""

    def __init__(self, network: Network) -> None:
        assert isinstance(network.design.network, StagedNetwork)
        self.ours, self.design, self.network = network, network.design, network.design.network
        self.modules: dict[str, list[nn.Module]] = {}

    def __call__(self, image: Tensor, body: Callable[[Literal, Tensor], Tensor]) -> Tensor:
        """The readout summed over time, (B, classes), of an image (T or 1, B, C, H, W)."""
        steps = self.design.data.steps
        shown = image.expand(steps, *image.shape[1:])
        mean = body(self, shown.flatten(0, 1)).mean((2, 3))
        linear = nn.Linear(mean.shape[1], 10, dtype=image.dtype)
        self._load("readout", linear)
        self.modules["readout"] = [linear]
        said = linear(mean).unflatten(0, (steps, -1))
        return (slow.run(said, self.design.neuron, steps)[0] if self._counts else said).sum(0)

    def conv(
        self, name: str, x: Tensor, channels: int, kernel: int, stride: int = 1, groups: int = 1, *, fires: bool = True
    ) -> Tensor:
        """Convolution, normalisation, neurons."""
        normed = self.network.norm == "batch"
        conv = nn.Conv2d(x.shape[1], channels, kernel, stride, kernel // 2, 1, groups, not normed, dtype=x.dtype)
        self._load(name, conv)
        assert name not in self.modules
        self.modules[name] = [conv]
        x = conv(x)
        if normed:
            norm = nn.BatchNorm2d(channels, dtype=x.dtype)
            norm.weight, norm.bias = (self._copy(f"{name}.{part}") for part in ("gain", "bias"))
            self.modules[name].append(norm)
            x = norm(x)
        if not fires:
            return x
        if self.design.neuron.kind == "relu":
            return F.relu(x)
        steps = self.design.data.steps
        return slow.run(x.unflatten(0, (steps, -1)), self.design.neuron, steps)[0].flatten(0, 1)

    def gradients(self, loss: Tensor) -> dict[str, Tensor]:
        """By the names of our parameters."""
        loss.backward()
        found = {}
        for name, (module, *norms) in self.modules.items():
            found[f"{name}.weight"] = module.weight.grad
            if norms:
                found[f"{name}.gain"] = norms[0].weight.grad
            found[f"{name}.bias"] = norms[0].bias.grad if norms else module.bias.grad
        return found

    @property
    def _counts(self) -> bool:
        return self.design.training.loss.kind == "count"

    def _copy(self, name: str) -> nn.Parameter:
        return nn.Parameter(self.ours.parameters[name].detach().clone())

    def _load(self, name: str, module: nn.Conv2d | nn.Linear) -> None:
        """Fails where shapes differ."""
        parts = ("weight", "bias") if module.bias is not None else ("weight",)
        module.load_state_dict({part: self._copy(f"{name}.{part}").data for part in parts})

    def channels(self, original: int) -> int:
        """At this width."""
        return max(2, round(original * self.network.width))

    def layers(self, original: int) -> int:
        """At this depth."""
        return max(1, round(original * self.network.depth))

    def drawn_block(self, number: int, x: Tensor, edges: Edges, unit: Unit) -> Tensor:
        """in_j = [o_(j-1) + sum of fitted o_i with a_ij = 2, o_i[:, S_ij] with a_ij = 1]; the last joins alone."""
        said, fitted = [x], {}
        for j in range(1, len(edges)):
            main, beside = said[j - 1], []
            target = main.shape
            for i in range(j - 1):
                here, stride = said[i], math.ceil(said[i].shape[2] / target[2])
                if edges[i][j] == ASC:
                    if here.shape != target and i not in fitted:
                        name = f"B{number}.P{i}"
                        fitted[i] = self.conv(name, here, target[1], 1, stride, fires=False)
                    main = main + fitted.get(i, here)
                if edges[i][j] == DSC:
                    count = max(1, round(self.network.dsc_fraction * here.shape[1]))
                    draw = random.Random(f"{self.design.seed}/{number}/{i}/{j}")
                    subset = sorted(draw.sample(range(here.shape[1]), count))
                    beside.append(here[:, subset, ::stride, ::stride])
            joined = torch.cat([main, *beside], 1)
            if j == len(edges) - 1:
                return joined
            said.append(unit(j, joined))
        raise AssertionError("no output")


def stride_of(x: Tensor, stride: int) -> int:
    """Maps of less than 4 points a side stay."""
    return stride if x.shape[2] >= 4 else 1


def original(net: Literal, image: Tensor) -> Tensor:
    """The last maps, by the paper's own connections."""
    return {"resnet18": _resnet18, "densenet121": _densenet121, "mobilenetv2": _mobilenetv2}[net.network.kind](
        net, image
    )


def _resnet18(net: Literal, image: Tensor) -> Tensor:
    """He et al. 2016: y = F(x) + x, F two convolutions; x through a 1x1 convolution where shapes differ."""
    x = net.conv("stem", image, net.channels(64), 3)
    for stage in (1, 2, 3, 4):
        width = net.channels(32 * 2**stage)
        for pair in range(net.layers(2)):
            stride = stride_of(x, 2) if stage > 1 and pair == 0 else 1
            y = net.conv(f"B{stage}.L{2 * pair + 1}", x, width, 3, stride)
            y = net.conv(f"B{stage}.L{2 * pair + 2}", y, width, 3)
            x = y + (x if x.shape == y.shape else net.conv(f"B{stage}.P0", x, width, 1, stride, fires=False))
    return x


def _densenet121(net: Literal, image: Tensor) -> Tensor:
    """Huang et al. 2017: a layer reads all before it, and is a bottleneck of 4k maps and a convolution of k."""
    growth = net.channels(32)
    x = net.conv("stem", image, 2 * growth, 3)
    for stage, original_layers in enumerate((6, 12, 24, 16), 1):
        said = [x]
        for j in range(1, net.layers(original_layers) + 1):
            y = net.conv(f"B{stage}.L{j}a", torch.cat([said[-1], *said[:-1]], 1), 4 * growth, 1)
            said.append(net.conv(f"B{stage}.L{j}b", y, growth, 3))
        x = torch.cat([said[-1], *said[:-1]], 1)
        if stage < 4:
            x = net.conv(f"T{stage}", x, x.shape[1] // 2, 1)
            x = F.avg_pool2d(x, stride_of(x, 2))
    return x


def _mobilenetv2(net: Literal, image: Tensor) -> Tensor:
    """Sandler et al. 2018: expansion, depthwise convolution, linear projection; an identity around all of it."""
    x = net.conv("stem", image, net.channels(32), 3)
    for stage, (count, row) in enumerate(zip((1, 2, 3, 4, 3, 3, 1), INVERTED, strict=True), 1):
        for j in range(1, net.layers(count) + 1):
            y = _inverted(net, f"B{stage}.L{j}", x, x.shape[1], row, first=j == 1)
            x = x + y if j > 1 else y
    return net.conv("head", x, net.channels(1280), 1)


def _inverted(net: Literal, name: str, x: Tensor, base: int, row: tuple[int, int, int], *, first: bool) -> Tensor:
    expansion, width, stride = row
    hidden, letters = expansion * base, iter("abc")
    if expansion > 1:
        x = net.conv(name + next(letters), x, hidden, 1)
    x = net.conv(name + next(letters), x, hidden, 3, stride_of(x, stride) if first else 1, hidden)
    return net.conv(name + next(letters), x, net.channels(width), 1, fires=False)


def drawn(net: Literal, image: Tensor) -> Tensor:
    """The last maps, by the design's matrices."""
    kind, width = net.network.kind, net.channels
    growth = width(32)
    x = net.conv("stem", image, {"resnet18": width(64), "densenet121": 2 * growth, "mobilenetv2": width(32)}[kind], 3)
    base = x.shape[1]  # channels of what a layer would read without skips
    for number, edges in enumerate(net.network.matrices, 1):
        layers = len(edges) - 2

        def unit(j: int, joined: Tensor, number: int = number, base: int = base) -> Tensor:
            name = f"B{number}.L{j}"
            if kind == "resnet18":
                stride = stride_of(joined, 2) if number > 1 and j == 1 else 1
                return net.conv(name, joined, width(32 * 2**number), 3, stride)
            if kind == "densenet121":
                return net.conv(f"{name}b", net.conv(f"{name}a", joined, 4 * growth, 1), growth, 3)
            row = INVERTED[number - 1]
            return _inverted(net, name, joined, base if j == 1 else width(row[1]), row, first=j == 1)

        x = net.drawn_block(number, x, edges, unit)
        if kind == "mobilenetv2":
            base = width(INVERTED[number - 1][1])
        if kind == "densenet121":
            base = (base + layers * growth) // 2
            if number < 4:
                x = net.conv(f"T{number}", x, base, 1)
                x = F.avg_pool2d(x, stride_of(x, 2))
    return net.conv("head", x, width(1280), 1) if kind == "mobilenetv2" else x
