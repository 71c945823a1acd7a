"""snnviz as a contestant of benchmarks/training.py: what a run does in a training step, without looking at it."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Literal

import torch
from nets import BATCH, BETA, IMAGE, RATE, SLOPE, THRESHOLD, Net, Op
from peers import Unavailable
from torch import Tensor

from snnviz.core import train
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.graph import architectures
from snnviz.graph.architectures import INPUT, Architecture, Layer, Source
from snnviz.jobs.machine import has_bfloat16


class Ours:
    """`compiled=False` leaves the neurons to torch, as on a machine without the compiled kernel.

    `half`: products in bfloat16. Raises `Unavailable` where the processor has none.
    """

    def __init__(self, net: Net, *, compiled: bool = True, half: bool = False) -> None:
        if half and not has_bfloat16():
            raise Unavailable("this processor does not multiply bfloat16")
        design = _design(net, "bfloat16" if half else "float32")
        _give(design, _architecture(net))
        self.network, self.compiled = Network(design), compiled
        self.optimizer = train.Optimizer(self.network)
        self.crew: tuple[Any, ...] = ()

    def parameters(self) -> list[Tensor]:
        return list(self.network.parameters.values())

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Weights come in the order of the layers; biases are 0 already."""
        own = [p for name, p in self.network.parameters.items() if name.endswith(".weight")]
        for mine, given in zip(own, weights.values(), strict=True):
            assert mine.shape == given.shape
            mine.data.copy_(given)

    @contextmanager
    def working(self, threads: int = 1) -> Iterator[None]:
        """As in a run: each operation on one thread, and a crew for parts of the batch where there are two."""
        given = torch.get_num_threads()
        with train.worker_threads() as crew:
            torch.set_num_threads(1)
            self.crew = (crew,) if threads > 1 else ()
            yield
        self.crew = ()
        torch.set_num_threads(given)

    def train_step(self, image: Tensor, labels: Tensor) -> Tensor:
        with nullcontext() if self.compiled else _kernels_off():
            found = train.loss_and_gradients(self.network, image.unsqueeze(0), labels, *self.crew)
            self.optimizer.step(found.gradients)
        return found.loss


def _design(net: Net, precision: str) -> Design:
    """Steps, neurons and training of the net; its seed tells nets apart, and its network is not looked at."""
    return Design.check(
        {
            "data": {"name": "mnist", "steps": net.steps},
            "neuron": {"beta": BETA, "threshold": THRESHOLD, "surrogate": {"kind": "atan", "slope": SLOPE}},
            "training": {"batch_size": BATCH, "learning_rate": RATE, "loss": "rate", "precision": precision},
            "seed": zlib.crc32(net.name.encode()) >> 1,
        }
    )


def _architecture(net: Net) -> Architecture:
    """The net as snnviz's layers and their sources."""
    ops = {op.name: op for op in net.ops}
    index = {op.name: k for k, op in enumerate(net.maps)}

    def sources(name: str) -> list[Source]:
        """What an operation's output is made of; sums and concatenations are made by who reads them."""
        if name not in ops or ops[name].has_weights:
            return [Source(index.get(name, INPUT))]
        op = ops[name]
        if op.kind == "pool":
            return [replace(source, pool=2) for source in sources(op.inputs[0])]
        main, *others = [sources(given) for given in op.inputs]
        if op.kind == "add":
            return main + [replace(source, merge="add") for other in others for source in other]
        assert all(len(other) == 1 for other in others)
        return [*main, *(whole(other[0]) for other in others), *(late(index[given]) for given in op.delayed)]

    def whole(source: Source) -> Source:
        channels = net.maps[source.layer].shape[0]
        return replace(source, merge="concat", channels=tuple(range(channels)))

    def late(layer: int) -> Source:
        return replace(whole(Source(layer)), delay=1)

    def layer(op: Op) -> Layer:
        given = op.inputs[0]
        in_shape = ops[given].shape if given in ops else IMAGE
        assert op.kind in ("conv", "linear")
        kind: Literal["conv", "linear"] = "conv" if op.kind == "conv" else "linear"
        return Layer(op.name, kind, tuple(sources(given)), in_shape, op.shape, op.kernel, op.spiking, op.stride)

    return Architecture(IMAGE, tuple(layer(op) for op in net.maps))


def _give(design: Design, made: Architecture) -> None:
    """Makes `made` the architecture of the design, wherever snnviz asks for it."""
    original = architectures.build_architecture

    def given(asked: Design) -> Architecture:
        return made if asked == design else original(asked)

    for name, module in list(sys.modules.items()):
        if name.startswith("snnviz.") and getattr(module, "architecture", None) is original:
            vars(module)["architecture"] = given


@contextmanager
def _kernels_off() -> Iterator[None]:
    """As on a machine where the compiled kernels cannot run: whoever asks whether they fit is told that they do not."""
    asked = [
        (vars(module), name, vars(module)[name])
        for path, module in list(sys.modules.items())
        if path.startswith("snnviz.core.")
        for name in ("is_supported",)
        if name in vars(module)
    ]
    for names, name, _ in asked:
        names[name] = lambda *_: False
    try:
        yield
    finally:
        for names, name, answer in asked:
            names[name] = answer
