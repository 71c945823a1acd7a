"""Trainable TTFS networks: `core.ttfs` with the interface of `core.networks.Network`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core import ttfs
from snnviz.core.activity import Activity, Counted
from snnviz.core.data import Images, input_range, intensities
from snnviz.core.networks import ActivityHook, DropoutMasks, ForwardHook, Network, Outputs
from snnviz.core.norms import Statistics
from snnviz.core.train import TEST_BATCH
from snnviz.design.design import Design
from snnviz.events import Timing
from snnviz.graph.architectures import Layer
from snnviz.theory.ttfs import INPUT_WINDOW, MARGIN, Window, windows_from_activations


class TtfsNetwork(Network):
    """A trainable TTFS (time-to-first-spike) network; parameters have the ReLU network's names, in float64.

    ``buffers["windows"]``: the end of each layer's window, the input's first, in tau_c. Called with intensities (1, B,
    C, H, W) in [0, 1], it returns the logits. In training its windows grow as needed, equation (9) of `theory.ttfs`;
    `after_training` sets them by (8).
    """

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self.low, self.high = input_range(design)
        self.parameters = {name: p.detach().double().requires_grad_() for name, p in self.parameters.items()}
        self.buffers["windows"] = _ends(
            windows_from_activations([ttfs.INITIAL_MAX_ACTIVATION] * len(self.spiking_layers), design.ttfs.zeta)
        )
        self._reached = [0.0] * len(self.spiking_layers)
        self._alone = threading.Lock()  # micro-batches go through side by side

    @property
    def spiking_layers(self) -> tuple[Layer, ...]:
        """The layers whose neurons spike: all hidden layers."""
        return self.architecture.layers[:-1]

    @property
    def windows(self) -> tuple[Window, ...]:
        """The time window of each hidden layer, in which its neurons may spike."""
        ends = self.buffers["windows"].tolist()
        return tuple(Window(*pair) for pair in pairwise(ends))

    @property
    def inner(self) -> ttfs.Network:
        """The network as a `core.ttfs.Network`, which computes spike times, with the current parameters and time
        windows.
        """
        slopes: ttfs.Slopes = self.design.ttfs.slope
        return ttfs.Network(
            self.architecture, self.parameters, self.windows, low=self.low, high=self.high, slopes=slopes
        )

    def initial_outputs(self, image: Tensor) -> Outputs:
        """Returns `Outputs` with the normalised input of the ReLU network, for data-dependent initialisations."""
        return super().initial_outputs(self.low + (self.high - self.low) * image)

    def __call__(
        self,
        image: Tensor,
        activity_hook: ActivityHook | None = None,
        statistics: Statistics = "batch",
        dropout_masks: DropoutMasks | None = None,  # noqa: ARG002 (no network in a row has dropout)
        forward_hook: ForwardHook | None = None,
    ) -> Tensor:
        inner = self.inner
        passed = inner.run(image[0])
        said = [window.end - times for window, times in zip(inner.windows, passed.times[1:], strict=True)]
        if statistics == "learn":
            self._note(said)
        for index, x in enumerate(said):
            if forward_hook:
                forward_hook(index, x[None])
            if activity_hook:
                activity_hook(index, self._seen(inner, index, passed.times))
        if activity_hook:
            activity_hook(len(said), self._seen(inner, len(said), passed.times))
        return passed.logits

    def after_step(self) -> None:
        """Widens the time windows after a training step by equation (9) of `theory.ttfs`."""
        ends = [INPUT_WINDOW.end]
        for window, x in zip(self.windows, self._reached, strict=True):
            ends.append(ends[-1] + max(window.width, MARGIN * x))
        self.buffers["windows"] = torch.tensor(ends, dtype=torch.float64)
        self._reached = [0.0] * len(self.spiking_layers)

    @torch.no_grad()
    def after_training(self, images: Images) -> None:
        """Sets the final time windows by equation (8) of `theory.ttfs`, from the largest activations on these
        images.
        """
        self._reached = [0.0] * len(self.spiking_layers)
        for part in images.images.split(min(TEST_BATCH, self.micro_batch)):
            self(intensities(part, images.white)[None], statistics="learn")
        self.buffers["windows"] = _ends(windows_from_activations(self._reached, self.design.ttfs.zeta))
        self._reached = [0.0] * len(self.spiking_layers)

    @torch.no_grad()
    def timings(self, image: Tensor, step: int, epoch: float, *, final: bool) -> Iterator[Timing]:
        """Yields a `Timing` row for each hidden layer: when its neurons spike, measured on an encoded image batch."""
        inner = self.inner
        times = inner.run(image[0]).times[1:]
        for index, (layer, window, t) in enumerate(zip(self.spiking_layers, inner.windows, times, strict=True)):
            fired = t[t < window.end]
            mean, first = (float(fired.mean()), float(fired.min())) if len(fired) else (None, None)
            early = float((t <= window.start).double().mean())
            yield Timing(step, epoch, index, layer.name, int(final), window.start, window.end, first, mean, early)

    def _note(self, said: Sequence[Tensor]) -> None:
        """The largest activation of each layer since the windows last moved."""
        found = [float(x.detach().max()) for x in said]
        with self._alone:
            self._reached = [max(pair) for pair in zip(self._reached, found, strict=True)]

    def _seen(self, inner: ttfs.Network, index: int, times: Sequence[Tensor]) -> Activity:
        """Of a layer: its spikes, what its neurons would say without a threshold, and how many spikes it reads."""
        arrived, additions = inner.spikes_and_operations(index, times[index])
        u = inner.decoded_values(index, times[index]).detach().flatten(1)
        silent = np.zeros((1, len(u)))
        spikes = silent
        if index < len(self.spiking_layers):
            t, window = times[index + 1].flatten(1), inner.windows[index]
            spikes = _counted(t < window.end)
        sums = (u.sum(1)[None].numpy(), u.square().sum(1)[None].numpy())
        counted = Counted(additions, 0, additions)
        return Activity(u.shape[1], spikes, *sums, None, index < len(self.spiking_layers), arrived, counted)


@dataclass(frozen=True, slots=True)
class ActivityPenalty:
    """A training loss with an activity penalty: `weight` times the mean activation of all hidden neurons, in tau_c (the
    unit of time).
    """

    network: Network
    weight: float

    @property
    def parameters(self) -> Mapping[str, Tensor]:
        """Empty: the penalty has no parameters."""
        return {}

    def make_hook(self) -> ActivationHook:
        """Returns a new `ActivationHook` for one forward pass."""
        return ActivationHook(self)


class ActivationHook:
    """Forward hook that sums the activations of all hidden layers, from which the activity penalty in the loss is
    computed.
    """

    def __init__(self, objective: ActivityPenalty) -> None:
        self.objective = objective
        self.total: Tensor | None = None

    def __call__(self, index: int, said: Tensor) -> None:  # noqa: ARG002
        self.total = said.sum() if self.total is None else self.total + said.sum()

    def total_loss(self, main: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Returns the total loss: `main`, the loss of the readout (), plus the activity penalty; and the mean
        activation (1,).

        The images may be a part of a batch of `count`, in which case mean and penalty are their share of the batch's.
        """
        assert self.total is not None
        mean = self.total / (count * sum(layer.neurons for layer in self.objective.network.spiking_layers))
        return main + self.objective.weight * mean, mean.detach()[None]


def build_network(design: Design) -> Network:
    """Returns the network of a design, with initial weights: a `TtfsNetwork` where `network.code` is "ttfs"."""
    return TtfsNetwork(design) if design.network.code == "ttfs" else Network(design)


def activity_penalty(network: Network) -> ActivityPenalty | None:
    """Returns the activity penalty of the network's design, or None if its weight is 0."""
    weight = network.design.ttfs.penalty
    return ActivityPenalty(network, weight) if weight > 0 else None


def _ends(found: Sequence[Window]) -> Tensor:
    return torch.tensor([INPUT_WINDOW.end, *(window.end for window in found)], dtype=torch.float64)


def _counted(which: Tensor) -> NDArray[np.float64]:
    """(1, B)"""
    found: NDArray[np.float64] = which.sum(1, dtype=torch.float64)[None].numpy()
    return found
