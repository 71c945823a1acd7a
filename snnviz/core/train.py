"""Training steps and evaluation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core.activity import Activity
from snnviz.core.data import Images, encode
from snnviz.core.networks import ActivityHook, DropoutMasks, ForwardHook, Network
from snnviz.core.norms import Statistics
from snnviz.core.optimizers import STEPS, State
from snnviz.design.menus import LOSSES, OPTIMIZERS, SCHEDULES

TEST_BATCH = 250

MAX_WORKERS = 2
"""Largest number of micro-batches that are computed in parallel."""

Result = TypeVar("Result")


class LossHook(Protocol):
    """Protocol of forward hooks that see the layers' outputs during a forward pass and then compute the training
    loss.
    """

    def __call__(self, index: int, said: Tensor, /) -> None: ...

    def total_loss(self, main: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Returns the total loss to minimise, and the additional losses in it, (M,); both are sums over these images
        divided by `count`.
        """
        ...


class Objective(Protocol):
    """Protocol of training losses that extend the cross-entropy of the network's output, with parameters of their
    own.
    """

    @property
    def parameters(self) -> Mapping[str, Tensor]:
        """The learnable parameters of the loss itself, by name; the optimizer updates them with the network's."""

    def make_hook(self) -> LossHook:
        """Returns a new forward hook (`LossHook`), which sees the layers' outputs of one forward pass."""


def logits(
    network: Network,
    image: Tensor,
    activity_hook: ActivityHook | None = None,
    statistics: Statistics = "batch",
    dropout_masks: DropoutMasks | None = None,
    forward_hook: ForwardHook | None = None,
) -> Tensor:
    """Returns the logits (B, classes), the input of the softmax, for the encoded input `image`."""
    loss = network.design.training.loss
    said = network(image, activity_hook, statistics, dropout_masks, forward_hook)
    result: Tensor = LOSSES[loss.kind].function(said, network.steps, **loss.parameters)
    return result


class Optimizer:
    """The design's optimizer for the network's parameters; its state can be saved and restored as named arrays.

    `auxiliary`: further parameters that are learnt with the network. A learnt leak or threshold is clamped to its
    bounds after each step; its gradient is not clipped there.
    """

    def __init__(self, network: Network, auxiliary: Mapping[str, Tensor] | None = None) -> None:
        training = network.design.training
        name, arguments = OPTIMIZERS[training.optimizer.kind].function(**training.optimizer.parameters)
        self.network, self.training, self.rate = network, training, training.learning_rate
        self.auxiliary = dict(auxiliary or {})
        self.states: dict[str, State] = {parameter: {} for parameter in self.parameters}
        self._step = partial(STEPS[name], **arguments)

    @property
    def parameters(self) -> dict[str, Tensor]:
        """All learnt parameters by name, the network's first."""
        return self.network.parameters | self.auxiliary

    def start_epoch(self, epoch: int) -> float:
        """Sets and returns the learning rate of an epoch, counted from 0."""
        schedule = self.training.schedule
        factor = SCHEDULES[schedule.kind].function(epoch, self.training.epochs, **schedule.parameters)
        self.rate = self.training.learning_rate * float(factor)
        return self.rate

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Updates the parameters from their gradients, in the order of `parameters`; if fewer gradients are given, only
        the first parameters.
        """
        parameters = [parameter.detach() for parameter in self.parameters.values()][: len(gradients)]
        self._step(parameters, gradients, list(self.states.values())[: len(gradients)], self.rate)
        self._put_back()

    def _put_back(self) -> None:
        for name, bounds in self.network.bounds.items():
            self.network.parameters[name].data.clamp_(*bounds)

    def arrays(self, *, final: bool = False) -> dict[str, NDArray[Any]]:
        """Returns copies of weights, running averages and optimizer state for a checkpoint; if `final`, of the network
        alone.
        """
        network, parameters = self.network, self.network.parameters if final else self.parameters
        kept = {name: p.detach().numpy().copy() for name, p in (parameters | network.buffers).items()}
        for name in () if final else parameters:
            kept |= {f"optimizer/{name}/{key}": value.numpy().copy() for key, value in self.states[name].items()}
        return kept

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restores what `arrays` returned. Parameters out of bounds, in checkpoints of earlier releases, are clamped
        later.
        """
        for name, buffer in self.network.buffers.items():
            buffer.copy_(torch.from_numpy(np.array(arrays[name])))
        for name, parameter in self.parameters.items():
            parameter.data.copy_(torch.from_numpy(np.array(arrays[name])))
            prefix = f"optimizer/{name}/"
            self.states[name] = {
                k.removeprefix(prefix): torch.from_numpy(np.array(v)) for k, v in arrays.items() if k.startswith(prefix)
            }


@dataclass(frozen=True, slots=True)
class LossAndGradients:
    """Mean loss of a batch, its logits (B, classes), and the gradient of each parameter.

    With an objective: `loss` is the main loss (cross-entropy of the network's output), gradients are of the whole loss,
    with those of the objective's parameters last, and `parts` (M,) are the other losses.
    """

    loss: Tensor
    logits: Tensor
    gradients: tuple[Tensor, ...]
    parts: Tensor | None = None


def loss_and_gradients(
    network: Network,
    image: Tensor,
    labels: Tensor,
    executor: Executor | None = None,
    dropout_masks: DropoutMasks | None = None,
    objective: Objective | None = None,
    statistics: Statistics = "learn",
) -> LossAndGradients:
    """Returns the loss of a batch and its gradients, summed over micro-batches, which changes nothing but rounding.

    `image`: the encoded input. `dropout_masks`: of the whole batch. `objective`: the loss to minimise in place of the
    cross-entropy. `executor`: computes several micro-batches in parallel; they are summed in order, so that the result
    is the same. `statistics`: what batch normalisation normalises with; "learn" also updates its running averages.
    """
    parameters = [*network.parameters.values(), *(objective.parameters.values() if objective else ())]
    parts = _parts(len(labels), network.micro_batch)

    def ahead(chosen: slice) -> tuple[Tensor, LossAndGradients]:
        """What is to be minimised, and all but the gradients."""
        mine = {index: mask[chosen] for index, mask in (dropout_masks or {}).items()}
        listener = objective.make_hook() if objective else None
        found = logits(network, image[:, chosen], None, statistics, mine, listener)
        main = F.cross_entropy(found, labels[chosen], reduction="sum") / len(labels)
        whole, others = listener.total_loss(main, labels[chosen], len(labels)) if listener else (main, None)
        return whole, LossAndGradients(main.detach(), found.detach(), (), others)

    if executor is None or len(parts) == 1:

        def learn(chosen: slice) -> LossAndGradients:
            whole, found = ahead(chosen)
            whole.backward(inputs=parameters)  # each gradient is added as soon as it is there: there are never two
            return found

        total = _added([learn(chosen) for chosen in parts])
        gradients = tuple(torch.zeros_like(p) if p.grad is None else p.grad for p in parameters)
        for parameter in parameters:
            parameter.grad = None
        return replace(total, gradients=gradients)

    def part(chosen: slice) -> LossAndGradients:
        whole, found = ahead(chosen)
        # contiguous: fused optimizers take for granted that a gradient lies in memory as its parameter does
        given = tuple(gradient.contiguous() for gradient in torch.autograd.grad(whole, parameters))
        return replace(found, gradients=given)

    results = _each(part, parts, executor)
    first = next(results)
    seen = [replace(first, gradients=())]
    for other in results:
        for mine, its in zip(first.gradients, other.gradients, strict=True):
            mine.add_(its)
        seen.append(replace(other, gradients=()))
    return replace(_added(seen), gradients=first.gradients)


def _added(parts: Sequence[LossAndGradients]) -> LossAndGradients:
    """Of a whole batch, from its parts in order; the gradients are the first's."""
    first, *later = parts
    loss = sum((part.loss for part in later), first.loss)
    others = None if first.parts is None else sum((p.parts for p in later if p.parts is not None), first.parts)
    return LossAndGradients(loss, torch.cat([part.logits for part in parts]), first.gradients, others)


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
        if len(ahead) > MAX_WORKERS:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


@contextmanager
def worker_threads() -> Iterator[Executor]:
    """Context manager for an executor whose threads compute in parallel, each torch operation on one of them.

    Meanwhile the calling thread, too, gives each operation one thread, so that numbers depend on the design alone, and
    flushes denormal numbers to 0: vanishing gradients would otherwise take sixteen times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with ThreadPoolExecutor(MAX_WORKERS, "crew", _settle) as crew:
            yield crew
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)


def _settle() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def test_batches(network: Network, count: int) -> list[slice]:
    """Returns how `count` test images are split into batches for evaluation, as slices.

    The random numbers of a noisy encoding depend on where a slice begins, so equal slices give equal results.
    """
    return _parts(count, min(TEST_BATCH, network.micro_batch))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Result of a test: accuracy in [0, 1], mean loss, spikes per spiking neuron and time step (None without spikes),
    and the class predicted for each image (N,).
    """

    accuracy: float
    loss: float
    rate: float | None
    predicted: NDArray[np.int64]


def evaluate(network: Network, images: Images, executor: Executor | None = None) -> Evaluation:
    """Returns the network's results on all of `images`: accuracy, mean loss, firing rate and predicted classes."""
    design = network.design
    neurons = sum(layer.neurons for layer in network.spiking_layers)

    @torch.no_grad()
    def part(chosen: slice) -> tuple[NDArray[np.int64], float, float]:
        fired = 0.0

        def count(_: int, activity: Activity) -> None:
            nonlocal fired
            fired += float(activity.spikes.sum())

        image = encode(images.take(chosen), images.white, design, "test", chosen.start)
        found, labels = logits(network, image, count, "running"), images.labels[chosen]
        return found.argmax(1).numpy(), F.cross_entropy(found, labels, reduction="sum").item(), fired

    found = list(_each(part, test_batches(network, len(images)), executor))
    predicted = np.concatenate([classes for classes, _, _ in found])
    loss, fired = (sum(column) for column in zip(*(sums for _, *sums in found), strict=True))
    rate = fired / (len(images) * network.steps * neurons) if neurons else None
    hits = int((predicted == images.labels.numpy()).sum())
    return Evaluation(hits / len(images), loss / len(images), rate, predicted)
