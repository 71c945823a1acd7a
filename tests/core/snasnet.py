"""SNASNet and its score as published, in modules of torch with hooks: slow, literal, and nothing of snnviz's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Matrix = Sequence[Sequence[int]]


class Atan(torch.autograd.Function):
    """SpikingJelly's surrogate of alpha = 2."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x >= 0).to(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradients[0] * 1.0 / (1.0 + (torch.pi * x).square())


class LIF(nn.Module):
    """SpikingJelly's LIFNode: decaying input, hard reset to 0 in the same step, through which no gradient flows."""

    def __init__(self) -> None:
        super().__init__()
        self.v: Any = 0.0

    def forward(self, x: Tensor) -> Tensor:
        self.v = self.v + (x - self.v) / (4.0 / 3.0)
        spike: Tensor = Atan.apply(self.v - 1.0)  # type: ignore[no-untyped-call]
        self.v = (1.0 - spike.detach()) * self.v
        return spike


class Zeroize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 0.0


class Dropout(nn.Module):
    """Half of the inputs, the same at all time steps."""

    def __init__(self) -> None:
        super().__init__()
        self.mask: Any = None

    def forward(self, x: Tensor) -> Tensor:
        if self.mask is None:
            self.mask = nn.functional.dropout(torch.ones_like(x), 0.5)
        return x * self.mask


def operation(code: int, channels: int, fire: Callable[[], nn.Module]) -> nn.Module:
    if code == 0:
        return Zeroize()
    if code == 1:
        return nn.Identity()
    if code == 4:
        return nn.AvgPool2d(3, 1, 1)
    size = {2: 1, 3: 3}[code]
    conv = nn.Conv2d(channels, channels, size, padding=size // 2, bias=False)
    return nn.Sequential(fire(), conv, nn.BatchNorm2d(channels))


class CellModule(nn.Module):
    def __init__(self, matrix: Matrix, channels: int, fire: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.op = nn.ModuleDict(
            {f"{i}{j}": operation(matrix[i][j], channels, fire) for i in range(4) for j in range(4) if i != j}
        )
        self.f0: Any = 0.0
        self.f1: Any = 0.0
        self.f2: Any = 0.0

    def forward(self, x0: Tensor) -> Tensor:
        op = self.op
        a = x0 + self.f0
        b = op["01"](a) + self.f1
        c = op["02"](a) + op["12"](b) + self.f2
        x3: Tensor = op["03"](a) + op["13"](b) + op["23"](c)
        self.f0 = op["10"](b) + op["20"](c) + op["30"](x3)
        self.f1 = op["21"](c) + op["31"](x3)
        self.f2 = op["32"](x3)
        return x3


class SnasNet(nn.Module):
    """`fire` makes a layer's activation: another than LIF for a twin that does not spike."""

    def __init__(
        self,
        matrix: Matrix,
        channels: int,
        side: int,
        hidden: int,
        steps: int,
        outputs: int = 100,
        fire: Callable[[], nn.Module] = LIF,
    ) -> None:
        super().__init__()
        self.steps, self.matrix, self.channels, self.side = steps, matrix, channels, side
        wide = 2 * channels
        self.stem = nn.Sequential(nn.Conv2d(1, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.cell1 = CellModule(matrix, channels, fire)
        reduction = nn.Conv2d(channels, wide, 3, padding=1, bias=False)
        self.down = nn.Sequential(nn.BatchNorm2d(channels), fire(), reduction, nn.BatchNorm2d(wide), nn.AvgPool2d(2))
        self.cell2 = CellModule(matrix, wide, fire)
        self.last = nn.Sequential(nn.BatchNorm2d(wide), fire(), nn.AvgPool2d(2))
        self.dropout = Dropout()
        self.hidden = nn.Linear(wide * (side // 4) ** 2, hidden, bias=False)
        self.hidden_fire = fire()
        self.readout = nn.Linear(hidden, outputs)
        self.boost = nn.AvgPool1d(10, 10)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=2)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, (2 / module.in_features) ** 0.5)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        static = self.stem(images)
        total: Any = 0.0
        for _ in range(self.steps):
            x = self.last(self.cell2(self.down(self.cell1(static))))
            x = self.readout(self.hidden_fire(self.hidden(self.dropout(x.flatten(1)))))
            total = total + self.boost(x.unsqueeze(1)).squeeze(1)
        result: Tensor = total / self.steps
        return result


def dressed(net: SnasNet, weights: Any, batch: int) -> SnasNet:
    """The network with snnviz's weights and dropout, whose flattened maps have their channels last."""
    quarter, channels = net.side // 4, net.channels

    def channels_first(columns: Tensor) -> Tensor:
        return columns.unflatten(1, (quarter, quarter, -1)).permute(0, 3, 1, 2).flatten(1)

    hidden, size = net.hidden.weight.shape
    with torch.no_grad():
        net.stem[0].weight.copy_(weights.conv("stem", channels, 1, 3))
        net.down[2].weight.copy_(weights.conv("reduction", 2 * channels, channels, 3))
        net.hidden.weight.copy_(channels_first(weights.linear("hidden", hidden, size)))
        net.readout.weight.copy_(weights.linear("readout", *net.readout.weight.shape))
        net.dropout.mask = channels_first(weights.dropout(batch, size))
        for name, module, width in (("cell 1", net.cell1, channels), ("cell 2", net.cell2, 2 * channels)):
            for place, sequence in module.op.items():
                if isinstance(sequence, nn.Sequential):
                    kernel = sequence[1].weight
                    named = f"{name}, {place[0]} to {place[1]}"
                    kernel.copy_(weights.conv(named, width, width, kernel.shape[-1]))
    return net


def parameters(net: SnasNet, matrix: Matrix) -> dict[str, nn.Parameter]:
    """Those of a network of this matrix, by the names that snnviz has for them."""
    found: dict[str, nn.Parameter] = {}

    def add(name: str, conv: Any, norm: Any) -> None:
        found.update({f"{name}.weight": conv.weight} if conv is not None else {})
        found.update({f"{name}.gain": norm.weight, f"{name}.bias": norm.bias})

    add("stem", *net.stem)
    add("C1.out", None, net.down[0])
    add("reduction", net.down[2], net.down[3])
    add("C2.out", None, net.last[0])
    for name, module in (("C1", net.cell1), ("C2", net.cell2)):
        for i in range(4):
            for j in range(4):
                if matrix[i][j] in (2, 3):
                    sequence: Any = module.op[f"{i}{j}"]
                    add(f"{name}.{i}>{j}", sequence[1], sequence[2])
    return found | {
        "hidden.weight": net.hidden.weight,
        "readout.weight": net.readout.weight,
        "readout.bias": net.readout.bias,
    }


def buffers(net: SnasNet, matrix: Matrix) -> dict[str, Tensor]:
    """The running averages, by snnviz's names."""
    norms = {id(module.weight): module for module in net.modules() if isinstance(module, nn.BatchNorm2d)}
    found: dict[str, Tensor] = {}
    for name, parameter in parameters(net, matrix).items():
        if name.endswith(".gain"):
            norm: Any = norms[id(parameter)]
            where = name.removesuffix(".gain")
            found |= {f"{where}.mean": norm.running_mean, f"{where}.variance": norm.running_var}
    return found


def watch(net: nn.Module, see: Callable[[Tensor], None], kind: type[nn.Module] = LIF) -> None:
    """`see` gets every output (B, N) of a module of this kind, at every time step."""
    for module in net.modules():
        if isinstance(module, kind):
            module.register_forward_hook(lambda _module, _inputs, out: see(out.flatten(1)))


class PublishedKernel:
    """The hook of the code, with two products for each Hamming distance; `alpha` 0.5, or 0.5 N as in the paper, or as
    it is published now: 0.5 / (p + 0.001)."""

    def __init__(self, metric: str, alpha: str, dtype: torch.dtype = torch.float64) -> None:
        self.metric, self.alpha, self.dtype = metric, alpha, dtype
        self.K: Any = 0.0
        self.terms = 0

    def __call__(self, out: Tensor) -> None:
        neurons = out.shape[1]
        x = (out > 0).to(self.dtype)
        ones = x.sum(1, keepdim=True) / neurons
        distance = x @ (1 - x.t()) + (1 - x) @ x.t()
        if self.metric == "sahd":
            p = ones @ (1 - ones.t()) + (1 - ones) @ ones.t()
            if self.alpha == "code":
                distance = 0.5 / (p * neurons + 1e-3) * distance
            elif self.alpha == "published":
                distance = torch.div(0.5 * torch.ones_like(p), p + 1e-3) * distance
            else:
                distance = 0.5 * neurons / (p * neurons + 1e-3) * distance
        self.K = self.K + (neurons - distance).numpy()
        self.terms += 1

    def score(self) -> float:
        K = self.K if self.alpha == "paper" else self.K / self.terms
        return float(np.linalg.slogdet(K)[1])
