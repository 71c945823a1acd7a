"""One training step, and the test."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core.data import Images, encode
from snnviz.core.networks import Kept, Network, Watch
from snnviz.core.neurons import Activity
from snnviz.core.norms import Statistics
from snnviz.core.optimizers import STEPS, State
from snnviz.design import LOSSES, OPTIMIZERS, SCHEDULES

TEST_BATCH = 250

MEMBERS = 2
"""Micro-batches that may be worked at side by side."""

Result = TypeVar("Result")


def logits(
    network: Network, image: Tensor, watch: Watch | None = None, by: Statistics = "batch", kept: Kept | None = None
) -> Tensor:
    """What the loss's softmax sees, (B, classes)."""
    loss = network.design.training.loss
    result: Tensor = LOSSES[loss.kind].function(network(image, watch, by, kept), network.steps, **loss.parameters)
    return result


class Optimizer:
    """The design's optimizer on the network's parameters; its state comes and goes as named arrays."""

    def __init__(self, network: Network) -> None:
        training = network.design.training
        name, arguments = OPTIMIZERS[training.optimizer.kind].function(**training.optimizer.parameters)
        self.network, self.training, self.rate = network, training, training.learning_rate
        self.states: dict[str, State] = {parameter: {} for parameter in network.parameters}
        self._step = partial(STEPS[name], **arguments)

    def start_epoch(self, epoch: int) -> float:
        """Sets and returns the learning rate of an epoch, counted from 0."""
        schedule = self.training.schedule
        factor = SCHEDULES[schedule.kind].function(epoch, self.training.epochs, **schedule.parameters)
        self.rate = self.training.learning_rate * float(factor)
        return self.rate

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Learns from the gradients of the network's parameters, in their order."""
        parameters = [parameter.detach() for parameter in self.network.parameters.values()]
        self._step(parameters, gradients, list(self.states.values()), self.rate)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Weights, running averages and optimizer state, copied."""
        network = self.network
        kept = {name: p.detach().numpy().copy() for name, p in (network.parameters | network.buffers).items()}
        for name, state in self.states.items():
            kept |= {f"optimizer/{name}/{key}": value.numpy().copy() for key, value in state.items()}
        return kept

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """The inverse of `arrays`."""
        for name, buffer in self.network.buffers.items():
            buffer.copy_(torch.from_numpy(np.array(arrays[name])))
        for name, parameter in self.network.parameters.items():
            parameter.data.copy_(torch.from_numpy(np.array(arrays[name])))
            prefix = f"optimizer/{name}/"
            self.states[name] = {
                k.removeprefix(prefix): torch.from_numpy(np.array(v)) for k, v in arrays.items() if k.startswith(prefix)
            }


@dataclass(frozen=True, slots=True)
class Slope:
    """The mean loss of a batch, its logits (B, classes), and the gradient of each parameter."""

    loss: Tensor
    logits: Tensor
    gradients: tuple[Tensor, ...]


def slope(
    network: Network, image: Tensor, labels: Tensor, crew: Executor | None = None, kept: Kept | None = None
) -> Slope:
    """The cross-entropy of a batch and its gradients, summed over micro-batches: the same but for rounding.

    `kept`: what dropout leaves of the whole batch.
    A `crew` works at several micro-batches at once. Their sums are taken in order, so the result is the same.
    """
    parameters = list(network.parameters.values())
    parts = _parts(len(labels), network.micro_batch)

    def loss_of(chosen: slice) -> tuple[Tensor, Tensor]:
        mine = {index: mask[chosen] for index, mask in (kept or {}).items()}
        found = logits(network, image[:, chosen], by="learn", kept=mine)
        return F.cross_entropy(found, labels[chosen], reduction="sum") / len(labels), found.detach()

    if crew is None or len(parts) == 1:

        def learn(chosen: slice) -> tuple[Tensor, Tensor]:
            loss, found = loss_of(chosen)
            loss.backward(inputs=parameters)  # each gradient is added as soon as it is there: there are never two
            return loss.detach(), found

        losses, seen = zip(*map(learn, parts), strict=True)
        gradients = tuple(parameter.grad for parameter in parameters if parameter.grad is not None)
        for parameter in parameters:
            parameter.grad = None
        return Slope(sum(losses[1:], losses[0]), torch.cat(seen), gradients)

    def part(chosen: slice) -> Slope:
        loss, found = loss_of(chosen)
        # contiguous: fused optimizers take for granted that a gradient lies in memory as its parameter does
        given = tuple(gradient.contiguous() for gradient in torch.autograd.grad(loss, parameters))
        return Slope(loss.detach(), found, given)

    results = _each(part, parts, crew)
    first = next(results)
    total, said = first.loss, [first.logits]
    for other in results:
        for mine, its in zip(first.gradients, other.gradients, strict=True):
            mine.add_(its)
        total = total + other.loss
        said.append(other.logits)
    return Slope(total, torch.cat(said), first.gradients)


def _parts(count: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def _each(work: Callable[[slice], Result], parts: list[slice], crew: Executor | None) -> Iterator[Result]:
    """The results in order. A crew is never far ahead: each result may be as large as the network."""
    if crew is None or len(parts) == 1:
        yield from map(work, parts)
        return
    ahead: deque[Future[Result]] = deque()
    for part in parts:
        ahead.append(crew.submit(work, part))
        if len(ahead) > MEMBERS:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


@contextmanager
def gathered() -> Iterator[Executor]:
    """Threads that compute side by side, each operation of torch on one of them.

    In them and in the caller's, numbers too small to be normal are 0 meanwhile: fading gradients would otherwise take
    sixteen times as long.
    """
    torch.set_flush_denormal(True)
    try:
        with ThreadPoolExecutor(MEMBERS, "crew", _settle) as crew:
            yield crew
    finally:
        torch.set_flush_denormal(False)


def _settle() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


@dataclass(frozen=True, slots=True)
class Score:
    """accuracy 0..1, mean loss, and spikes per spiking neuron and time step, None where no neuron spikes."""

    accuracy: float
    loss: float
    rate: float | None


def score(network: Network, data: Images, crew: Executor | None = None) -> Score:
    """The network's score on all of `data`."""
    design = network.design
    neurons = sum(layer.neurons for layer in network.architecture.layers if layer.spiking)

    @torch.no_grad()
    def part(chosen: slice) -> tuple[int, float, float]:
        fired = 0.0

        def count(_: int, activity: Activity) -> None:
            nonlocal fired
            fired += float(activity.spikes.sum())

        image = encode(data.images[chosen], data.white, design, "test", chosen.start)
        found, labels = logits(network, image, count, "running"), data.labels[chosen]
        hits = int((found.argmax(1) == labels).sum())
        return hits, F.cross_entropy(found, labels, reduction="sum").item(), fired

    found = list(_each(part, _parts(len(data), min(TEST_BATCH, network.micro_batch)), crew))
    hits, loss, fired = (sum(column) for column in zip(*found, strict=True))
    rate = fired / (len(data) * network.steps * neurons) if neurons else None
    return Score(hits / len(data), loss / len(data), rate)
