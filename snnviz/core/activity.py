"""What is seen of a layer's neurons while a batch goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Counted(NamedTuple):
    """Operations in a layer, over time steps and images: as `synops`, `macs` and `additions` of `events.LayerState`."""

    synops: int
    macs: int
    additions: int


@dataclass(frozen=True, slots=True)
class Activity:
    """Sums over the neurons of a layer, each (T, B): spikes, u before reset, u^2, and `saturated` neurons.

    `neurons`: how many. Saturated are those so far from the threshold that the surrogate derivative is below 1 % of its
    peak: hardly any gradient passes through them.
    Of a readout that does not spike, and of ReLUs, `spiking` is false, u the current, and the spikes are 0. `density`:
    the share of what the layer reads that is not 0, over steps, images and positions. `counted`: of all images.
    """

    neurons: int
    spikes: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    saturated: NDArray[np.float64] | None
    spiking: bool = True
    density: float | None = None
    counted: Counted | None = None

    @property
    def operations(self) -> tuple[float, float, float] | tuple[None, None, None]:
        """Of an image: NeuroBench's count, MACs and additions; None of layers without weights."""
        if self.counted is None:
            return None, None, None
        synops, macs, additions = (count / self.spikes.shape[1] for count in self.counted)
        return synops, macs, additions

    @property
    def rate(self) -> float | None:
        """Spikes per neuron and time step."""
        return float(self.spikes.mean()) / self.neurons if self.spiking else None

    @property
    def saturation(self) -> float | None:
        """The share of saturated neurons, over time steps and images; None of neurons without a surrogate."""
        return float(self.saturated.mean()) / self.neurons if self.spiking and self.saturated is not None else None

    @property
    def var_u(self) -> float:
        """The variance of u over the neurons, averaged over time steps and images."""
        mean = self.first / self.neurons
        return float(np.maximum(self.second / self.neurons - mean * mean, 0).mean())


def activity(u: Tensor, s: Tensor | None, far: Tensor | None = None) -> Activity:
    """What is to be said of potentials and spikes (T, B, ...), or of a current without spikes.

    `far`: how many neurons are saturated, (T, B), where that is known.
    """
    wide = u.detach().double().flatten(2)
    spiked = torch.zeros(u.shape[:2]) if s is None else s.double().flatten(2).sum(2)
    saturated = None if far is None else far.double().numpy()
    sums = (wide.sum(2).numpy(), wide.square().sum(2).numpy(), saturated)
    return Activity(u[0, 0].numel(), spiked.numpy(), *sums, s is not None)
