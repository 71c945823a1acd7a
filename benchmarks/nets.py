"""The networks that benchmarks/training.py trains, as lists of operations in the order of computation.

Every convolution and linear map but the readout drives LIF neurons; batch 128; the input is the same image at every
time step, as large as one of MNIST's. The readout is a linear map, averaged over time, under cross-entropy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Shape = tuple[int, int, int]

BATCH = 128
BETA, THRESHOLD, SLOPE, RATE = 0.5, 1.0, 2.0, 1e-3
IMAGE: Shape = (1, 28, 28)
CLASSES = 10
FIRES = 0.158655
"""P(u > 1) for a standard normal u: the weights are drawn so that every layer fires about as often."""


@dataclass(frozen=True, slots=True)
class Op:
    """A map with its neurons, a 2x2 average pooling, a sum, or a concatenation along the channels.

    `inputs` are names of earlier operations or "image"; `delayed` ones follow them, as they were one time step before.
    """

    name: str
    kind: Literal["conv", "linear", "pool", "add", "concat"]
    inputs: tuple[str, ...]
    shape: Shape
    channels: int = 0
    kernel: int = 1
    stride: int = 1
    delayed: tuple[str, ...] = ()

    @property
    def has_weights(self) -> bool:
        return self.kind in ("conv", "linear")

    @property
    def spiking(self) -> bool:
        return self.has_weights and self.name != "readout"

    @property
    def fan_in(self) -> int:
        """Of a linear map, `channels` counts all that it reads."""
        return self.channels * self.kernel**2

    @property
    def weight_shape(self) -> tuple[int, ...]:
        kernel = (self.kernel, self.kernel) if self.kind == "conv" else ()
        return (self.shape[0], self.channels, *kernel)

    @property
    def macs(self) -> int:
        return math.prod(self.shape) * self.fan_in


@dataclass(frozen=True, slots=True)
class Net:
    name: str
    about: str
    steps: int
    ops: tuple[Op, ...]

    @property
    def maps(self) -> list[Op]:
        return [op for op in self.ops if op.has_weights]

    @property
    def cyclic(self) -> bool:
        return any(op.delayed for op in self.ops)

    @property
    def parameters(self) -> int:
        return sum(op.shape[0] * (op.fan_in + 1) for op in self.maps)

    @property
    def flops(self) -> int:
        """Of the maps in a training step, as few as can be: two for a MAC, forward, for the input and for the weight.

        What reads the image is computed once for all time steps, and needs no gradient of its input; the readout is
        linear and may as well read the sum over time.
        """
        total = 0
        for op in self.maps:
            first = op.inputs == ("image",)
            total += 2 * op.macs * (2 if first else 3) * (self.steps if op.spiking and not first else 1)
        return BATCH * total

    def weights(self, seed: int = 0) -> dict[str, Tensor]:
        """Initial weights by operation, normal, with variance 1 / (fan-in x probability of a spike)."""
        draw = torch.Generator().manual_seed(seed)
        found = {}
        for op in self.maps:
            fires = 1 if op.inputs == ("image",) else FIRES
            found[op.name] = torch.randn(op.weight_shape, generator=draw) / math.sqrt(op.fan_in * fires)
        return found


class Graph:
    """Appends operations, keeping track of shapes. Every method returns the name of what it appended."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.shapes: dict[str, Shape] = {"image": IMAGE}

    def _append(self, op: Op) -> str:
        self.ops.append(op)
        self.shapes[op.name] = op.shape
        return op.name

    def conv(self, name: str, source: str, channels: int, kernel: int = 3, stride: int = 1) -> str:
        before, height, width = self.shapes[source]
        shape = (channels, -(-height // stride), -(-width // stride))
        return self._append(Op(name, "conv", (source,), shape, before, kernel, stride))

    def linear(self, name: str, source: str, neurons: int) -> str:
        return self._append(Op(name, "linear", (source,), (neurons, 1, 1), math.prod(self.shapes[source])))

    def pool(self, source: str) -> str:
        channels, height, width = self.shapes[source]
        return self._append(Op(f"{source}/2", "pool", (source,), (channels, height // 2, width // 2)))

    def add(self, *sources: str) -> str:
        return self._append(Op("+".join(sources), "add", sources, self.shapes[sources[0]]))

    def concat(self, *sources: str, delayed: tuple[str, ...] = ()) -> str:
        """Delayed sources have the shape of the first one."""
        _, height, width = self.shapes[sources[0]]
        channels = sum(self.shapes[s][0] for s in sources) + len(delayed) * self.shapes[sources[0]][0]
        name = ",".join((*sources, *delayed))
        return self._append(Op(name, "concat", sources, (channels, height, width), delayed=delayed))

    def net(self, name: str, about: str, steps: int, last: str) -> Net:
        self.linear("readout", last, CLASSES)
        return Net(name, about, steps, tuple(self.ops))


def _mlp(depth: int, width: int, steps: int) -> Callable[[str], Net]:
    def build(name: str) -> Net:
        graph, last = Graph(), "image"
        for layer in range(1, depth + 1):
            last = graph.linear(f"L{layer}", last, width)
        return graph.net(name, f"784-({width} x {depth})-10, T={steps}", steps, last)

    return build


def _cnn(depth: int, channels: int, steps: int, pools: bool = False) -> Callable[[str], Net]:
    def build(name: str) -> Net:
        graph, last = Graph(), "image"
        for layer in range(1, depth + 1):
            last = graph.conv(f"L{layer}", last, channels)
            last = graph.pool(last) if pools else last
        pooling = "each pooled" if pools else "no pooling"
        return graph.net(name, f"{depth} convolutions 3x3 of {channels} channels, {pooling}, T={steps}", steps, last)

    return build


def _block(steps: int, back: bool = False) -> Callable[[str], Net]:
    def build(name: str) -> Net:
        graph = Graph()
        outputs = [graph.pool(graph.conv("stem", "image", 16))]
        for j in range(1, 5):
            delayed = ("L4",) if back and j == 2 else ()
            skips = outputs[: j - 1]
            joined = graph.concat(outputs[-1], *skips, delayed=delayed) if skips or delayed else outputs[-1]
            outputs.append(graph.conv(f"L{j}", joined, 16))
        about = "stem of 16 channels at 28x28, 2x2 pool, dense block of 4 x 16 channels at 14x14, 2x2 pool"
        edge = ", o_4 of the step before joins the input of layer 2" if back else ""
        return graph.net(name, f"{about}{edge}, T={steps}", steps, graph.pool(outputs[-1]))

    return build


def _resnet18(name: str) -> Net:
    """Skips add spikes, as in SEW-ResNet (Fang et al. 2021)."""
    graph = Graph()
    last, before = graph.conv("stem", "image", 16), 16
    for stage, channels in enumerate((16, 32, 64, 128), 1):
        for block in (1, 2):
            stride = 2 if stage > 1 and block == 1 else 1
            inner = graph.conv(f"S{stage}B{block}.1", last, channels, stride=stride)
            inner = graph.conv(f"S{stage}B{block}.2", inner, channels)
            if stride > 1 or channels != before:
                last = graph.conv(f"S{stage}B{block}.skip", last, channels, kernel=1, stride=stride)
            last, before = graph.add(inner, last), channels
    return graph.net(name, "ResNet-18 at a quarter of its width, stem and stage 1 at 28x28, T=4", 4, last)


NETS: dict[str, Callable[[str], Net]] = {
    "mlp": _mlp(9, 600, 3),
    "cnn": _cnn(6, 64, 3),
    "block-5": _block(5),
    "block-10": _block(10),
    "block-25": _block(25),
    "block+back": _block(10, back=True),
    "resnet18": _resnet18,
    # one step and small layers: where time-batching has least to gain
    "small-mlp": _mlp(2, 50, 1),
    "small-cnn": _cnn(2, 4, 1, pools=True),
}


def net(name: str) -> Net:
    return NETS[name](name)


def batches(count: int, seed: int = 1) -> list[tuple[Tensor, Tensor]]:
    """Random images (B, C, H, W) and labels."""
    draw = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(BATCH, *IMAGE, generator=draw), torch.randint(CLASSES, (BATCH,), generator=draw))
        for _ in range(count)
    ]
