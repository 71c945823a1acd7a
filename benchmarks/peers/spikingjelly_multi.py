"""SpikingJelly, multi-step: layers see time folded into the batch. Its neuron fires at the threshold, not above it,
and resets at once, so that spikes differ from ours. A net with a delayed connection is stepped through time.
"""

from __future__ import annotations

from nets import BETA, SLOPE, THRESHOLD, Net, Op
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import Tensor, nn

from peers.wiring import Peer


class Multi(Peer):
    def __init__(self, net: Net) -> None:
        super().__init__(net)
        self.halve = layer.AvgPool2d(2)
        functional.set_step_mode(self, "s" if net.cyclic else "m")

    def map(self, op: Op) -> nn.Module:
        if op.kind == "linear":
            return layer.Linear(op.channels, op.shape[0])
        return layer.Conv2d(op.channels, op.shape[0], op.kernel, op.stride, padding=op.kernel // 2)

    def neuron(self) -> nn.Module:
        return neuron.LIFNode(
            tau=1 / (1 - BETA),
            decay_input=False,
            v_threshold=THRESHOLD,
            v_reset=None,
            detach_reset=True,
            surrogate_function=surrogate.ATan(alpha=SLOPE),
        )

    def fire(self, name: str, current: Tensor) -> Tensor:
        return self.neurons[name](current)

    def pool(self, x: Tensor) -> Tensor:
        return self.halve(x)

    def forward(self, image: Tensor) -> Tensor:
        functional.reset_net(self)
        if self.net.cyclic:
            return self.stepped(image)
        sequence = image.unsqueeze(0).repeat(self.net.steps, 1, 1, 1, 1)
        return self.once(sequence, {}, lead=2)["readout"].sum(0)


build = Multi
