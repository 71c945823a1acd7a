"""norse's box-current cell, stepped over time: the nearest to ours. It resets at once, its gradient flows through the
reset, and its surrogate is SuperSpike: it has no arcus tangent.
"""

from __future__ import annotations

from typing import Any

import torch
from nets import BETA, THRESHOLD
from norse.torch import LIFBoxCell
from norse.torch.functional.lif_box import LIFBoxParameters
from norse.torch.functional.reset import reset_subtract
from torch import Tensor, nn

from peers.wiring import Peer

DT = 0.001


class Cells(Peer):
    weight_scale = 1 / (1 - BETA)  # v += dt / tau (I - v)

    def neuron(self) -> nn.Module:
        rate = torch.tensor((1 - BETA) / DT)
        return LIFBoxCell(
            LIFBoxParameters(tau_mem_inv=rate, v_th=torch.tensor(THRESHOLD), reset_method=reset_subtract), dt=DT
        )

    def fire(self, name: str, current: Tensor) -> Tensor:
        spike, self.state[name] = self.neurons[name](current, self.state.get(name))
        return spike

    def forward(self, image: Tensor) -> Tensor:
        self.state: dict[str, Any] = {}
        return self.stepped(image)


build = Cells
