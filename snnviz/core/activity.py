"""Activity of a layer's neurons during a forward pass: firing rate, variance of the potential, saturation,
operations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Counted(NamedTuple):
    """Operations in a layer, summed over time steps and images: as `synops`, `macs` and `additions` of
    `events.LayerState`.
    """

    synops: int
    macs: int
    additions: int


@dataclass(frozen=True, slots=True)
class Activity:
    """Activity of one layer over a batch: sums over its `neurons`, each (T, B).

    `spikes`: number of spikes. `first`, `second`: sums of u and u^2, u before reset. `saturated`: number of neurons so
    far from the threshold that the surrogate derivative is below 1 % of its peak. `spiking`: False for a readout that
    does not spike and for ReLUs; then u is the current and spikes are 0. `density`: share of nonzero values in the
    layer's input. `counted`: operations, summed over time steps and images.
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
        """Synaptic operations (NeuroBench), MACs and additions per image; None for layers without weights."""
        if self.counted is None:
            return None, None, None
        synops, macs, additions = (count / self.spikes.shape[1] for count in self.counted)
        return synops, macs, additions

    @property
    def rate(self) -> float | None:
        """Firing rate in spikes per neuron and time step; None for neurons that do not spike."""
        return float(self.spikes.mean()) / self.neurons if self.spiking else None

    @property
    def saturation(self) -> float | None:
        """Share of saturated neurons, averaged over time steps and images; None for neurons without a surrogate."""
        return float(self.saturated.mean()) / self.neurons if self.spiking and self.saturated is not None else None

    @property
    def var_u(self) -> float:
        """Variance of the membrane potential over the neurons, averaged over time steps and images."""
        mean = self.first / self.neurons
        return float(np.maximum(self.second / self.neurons - mean * mean, 0).mean())


def activity(u: Tensor, s: Tensor | None, far: Tensor | None = None) -> Activity:
    """Returns the `Activity` of potentials `u` and spikes `s`, both (T, B, ...); `s` is None for neurons that do not
    spike.

    `far`: number of saturated neurons, (T, B), or None.
    """
    wide = u.detach().double().flatten(2)
    spiked = torch.zeros(u.shape[:2]) if s is None else s.double().flatten(2).sum(2)
    saturated = None if far is None else far.double().numpy()
    sums = (wide.sum(2).numpy(), wide.square().sum(2).numpy(), saturated)
    return Activity(u[0, 0].numel(), spiked.numpy(), *sums, s is not None)
