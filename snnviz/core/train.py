"""One training step, and the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core.data import Images, encode
from snnviz.core.networks import Network, Watch
from snnviz.core.neurons import Activity
from snnviz.design import LOSSES, OPTIMIZERS, SCHEDULES

TEST_BATCH = 250


def logits(network: Network, image: Tensor, watch: Watch | None = None) -> Tensor:
    """What the loss's softmax sees, (B, classes)."""
    loss = network.design.training.loss
    result: Tensor = LOSSES[loss.kind].function(network(image, watch), network.steps, **loss.parameters)
    return result


class Optimizer:
    """The design's optimizer on the network's parameters; its state comes and goes as named arrays."""

    def __init__(self, network: Network) -> None:
        training = network.design.training
        name, arguments = OPTIMIZERS[training.optimizer.kind].function(**training.optimizer.parameters)
        self.network, self.training = network, training
        self.torch: torch.optim.Optimizer = getattr(torch.optim, name)(
            list(network.parameters.values()), lr=training.learning_rate, fused=True, **arguments
        )

    def start_epoch(self, epoch: int) -> float:
        """Sets and returns the learning rate of an epoch, counted from 0."""
        schedule = self.training.schedule
        factor = SCHEDULES[schedule.kind].function(epoch, self.training.epochs, **schedule.parameters)
        rate = self.training.learning_rate * float(factor)
        for group in self.torch.param_groups:
            group["lr"] = rate
        return rate

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Learns from the gradients of the network's parameters, in their order."""
        for parameter, gradient in zip(self.network.parameters.values(), gradients, strict=True):
            parameter.grad = gradient
        self.torch.step()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Weights and optimizer state, copied."""
        kept = {name: p.detach().numpy().copy() for name, p in self.network.parameters.items()}
        for name, parameter in self.network.parameters.items():
            for key, value in self.torch.state[parameter].items():
                if isinstance(value, Tensor):
                    kept[f"optimizer/{name}/{key}"] = value.numpy().copy()
        return kept

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """The inverse of `arrays`."""
        for name, parameter in self.network.parameters.items():
            parameter.data.copy_(torch.from_numpy(np.array(arrays[name])))
            prefix = f"optimizer/{name}/"
            state = {
                k.removeprefix(prefix): torch.from_numpy(np.array(v)) for k, v in arrays.items() if k.startswith(prefix)
            }
            if state:
                self.torch.state[parameter] = state


@dataclass(frozen=True, slots=True)
class Slope:
    """The mean loss of a batch, its logits (B, classes), and the gradient of each parameter."""

    loss: Tensor
    logits: Tensor
    gradients: tuple[Tensor, ...]


def slope(network: Network, image: Tensor, labels: Tensor) -> Slope:
    """The cross-entropy of a batch and its gradients, summed over micro-batches: the same but for rounding."""
    parameters, size = list(network.parameters.values()), network.micro_batch
    total = torch.zeros(())
    seen: list[Tensor] = []
    sums: list[Tensor] = []
    for start in range(0, len(labels), size):
        part = slice(start, start + size)
        found = logits(network, image[:, part])
        loss = F.cross_entropy(found, labels[part], reduction="sum") / len(labels)
        # contiguous: fused optimizers take for granted that a gradient lies in memory as its parameter does
        gradients = [gradient.contiguous() for gradient in torch.autograd.grad(loss, parameters)]
        sums = [a.add_(b) for a, b in zip(sums, gradients, strict=True)] if sums else gradients
        total += loss.detach()
        seen.append(found.detach())
    return Slope(total, torch.cat(seen), tuple(sums))


@dataclass(frozen=True, slots=True)
class Score:
    """accuracy 0..1, mean loss, and spikes per spiking neuron and time step."""

    accuracy: float
    loss: float
    rate: float


def test(network: Network, data: Images) -> Score:
    """The network's score on all of `data`."""
    design = network.design
    neurons = sum(layer.neurons for layer in network.architecture.layers if layer.spiking)
    hits, loss, fired = 0, 0.0, 0.0

    def count(_: int, seen: Activity) -> None:
        nonlocal fired
        fired += seen.spikes.sum()

    with torch.no_grad():
        size = min(TEST_BATCH, network.micro_batch)
        for start in range(0, len(data), size):
            batch = slice(start, start + size)
            image = encode(data.images[batch], data.white, design, "test", start)
            seen = logits(network, image, count)
            labels = data.labels[batch]
            hits += int((seen.argmax(1) == labels).sum())
            loss += F.cross_entropy(seen, labels, reduction="sum").item()
    return Score(hits / len(data), loss / len(data), fired / (len(data) * network.steps * neurons))
