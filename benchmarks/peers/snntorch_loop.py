"""snntorch as in its tutorials: layers of modules, stepped over time."""

from __future__ import annotations

import snntorch
from nets import BETA, SLOPE, THRESHOLD, Net
from snntorch import surrogate
from snntorch._neurons.neurons import SpikingNeuron
from torch import Tensor, nn

from peers.wiring import Peer


class Loop(Peer):
    def neuron(self) -> nn.Module:
        return snntorch.Leaky(beta=BETA, threshold=THRESHOLD, spike_grad=surrogate.atan(alpha=SLOPE))

    def fire(self, name: str, current: Tensor) -> Tensor:
        spike, self.mem[name] = self.neurons[name](current, self.mem[name])
        return spike

    def forward(self, image: Tensor) -> Tensor:
        self.mem = {name: neuron.init_leaky() for name, neuron in self.neurons.items()}
        return self.stepped(image)


def build(net: Net) -> Peer:
    peer = Loop(net)
    SpikingNeuron.instances.clear()  # else every neuron that there ever was stays alive
    return peer
