"""What the peers share: modules for the maps, and an interpreter that calls them in the order of a net's operations."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from nets import RATE, Net, Op
from torch import Tensor, nn


class Peer(nn.Module):
    """A network of another library, trained as in its tutorials: one graph for the batch, torch's Adam."""

    weight_scale = 1.0
    """Of the weights that drive neurons, where a library's neuron scales its input."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net
        self.maps = nn.ModuleDict({_key(op.name): self.map(op) for op in net.maps})
        self.neurons = nn.ModuleDict({_key(op.name): self.neuron() for op in net.maps if op.spiking})

    def map(self, op: Op) -> nn.Module:
        if op.kind == "linear":
            return nn.Linear(op.channels, op.shape[0])
        return nn.Conv2d(op.channels, op.shape[0], op.kernel, op.stride, padding=op.kernel // 2)

    def neuron(self) -> nn.Module:
        raise NotImplementedError

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Takes these weights and biases of zero."""
        for op in self.net.maps:
            weight, bias = self.maps[_key(op.name)].parameters()
            with torch.no_grad():
                weight.copy_(weights[op.name] * (self.weight_scale if op.spiking else 1))
                bias.zero_()
        self.optimizer = torch.optim.Adam(self.parameters(), lr=RATE)

    def working(self, threads: int) -> AbstractContextManager[None]:  # noqa: ARG002
        """Nothing is to be done before steps are made: torch has its threads already."""
        return nullcontext()

    def train_step(self, image: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch (B, C, H, W), after which the weights have moved."""
        loss = F.cross_entropy(self(image) / self.net.steps, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def fire(self, name: str, current: Tensor) -> Tensor:
        raise NotImplementedError

    def pool(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2)

    def once(self, image: Tensor, before: Mapping[str, Tensor], lead: int = 1) -> dict[str, Tensor]:
        """Every operation's output; the channels come after `lead` dimensions of time and batch."""
        values = {"image": image}
        for op in self.net.ops:
            x, *others = [values[name] for name in op.inputs]
            if op.has_weights:
                x = self.maps[_key(op.name)](x.flatten(lead) if op.kind == "linear" else x)
                x = self.fire(_key(op.name), x) if op.spiking else x
            elif op.kind == "pool":
                x = self.pool(x)
            elif op.kind == "add":
                for other in others:
                    x = x + other
            else:
                x = torch.cat([x, *others, *(before[name] for name in op.delayed)], lead)
            values[op.name] = x
        return values

    def stepped(self, image: Tensor) -> Tensor:
        """The readout summed over the time steps of a Python loop."""
        shapes = {op.name: op.shape for op in self.net.ops}
        late = {name for op in self.net.ops for name in op.delayed}
        before = {name: torch.zeros(len(image), *shapes[name]) for name in late}
        total: Tensor | None = None
        for _ in range(self.net.steps):
            values = self.once(image, before)
            before = {name: values[name] for name in late}
            total = values["readout"] if total is None else total + values["readout"]
        assert total is not None
        return total


def _key(name: str) -> str:
    """torch wants no dots in the names of modules."""
    return name.replace(".", "_")
