"""Small networks of every kind with weights, biases, statistics and learnt numbers that no training gave them."""

from __future__ import annotations

import numpy as np

from snnviz.core.module import as_module
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.exports.nir.building import ExportedGraph, build_graph
from snnviz.exports.nir.graph import Array
from snnviz.graph.architectures import build_architecture

NETWORKS = {
    "mlp, one step": "network.kind=mlp network.depth=2 network.width=12 data.steps=1",
    "mlp, ten steps, zero": "network.kind=mlp network.depth=2 network.width=12 data.steps=10 neuron.reset=zero",
    "mlp, normed, none": "network.kind=mlp network.depth=2 network.width=12 network.norm=batch neuron.reset=none",
    "cnn, count": "network.kind=cnn network.depth=2 network.channels=3 training.loss=count data.encoding=rate",
    "asc, zero": "network.edges=0020/0002/0000/0000 network.channels=3 neuron.reset=zero",
    "dsc, half, zero": "network.edges=0010/0001/0000/0000 network.channels=4 network.dsc_fraction=0.5 "
    "neuron.reset=zero",
    "both, normed": "network.edges=0012/0001/0000/0000 network.channels=3 network.norm=batch",
    "backward": "network.edges=0010/0002/0100/0020 network.channels=3 data.steps=10",
    "stacked": "network.edges=002/000/000 network.channels=3 network.blocks=2",
    "vgg, max": "network.kind=vgg network.width=0.03125 network.stages=2 data.steps=2",
    "vgg, average, zero": "network.kind=vgg network.width=0.03125 network.stages=2 network.pooling=average "
    "neuron.reset=zero data.steps=2",
    "cell": "network.kind=cell network.channels=4 network.hidden=8 network.voters=2 network.enlarge=2 data.steps=3",
    "learnt": "network.kind=mlp network.depth=2 network.width=12 neuron.learn=both",
    "no leak": "network.kind=mlp network.depth=2 network.width=12 neuron.beta=1",
    "all leak": "network.kind=mlp network.depth=2 network.width=12 neuron.beta=0 neuron.reset=zero",
    "plif, each, zero": "network.kind=cnn network.depth=2 network.channels=3 neuron.kind=plif neuron.each=neuron "
    "neuron.reset=zero",
    "synaptic": "network.kind=cnn network.depth=2 network.channels=3 neuron.kind=synaptic neuron.learn=both",
    "synaptic, each step held, zero": "network.edges=0010/0002/0000/0000 network.channels=3 neuron.kind=synaptic "
    "neuron.reset=zero neuron.learn=both data.steps=10",
    "synaptic, backward, none": "network.edges=000/000/010 network.channels=3 neuron.kind=synaptic neuron.reset=none",
    "resnet18": "network.kind=resnet18 network.width=0.0625 network.depth=0.5",
    "resnet18, zero": "network.kind=resnet18 network.width=0.0625 network.depth=0.5 neuron.reset=zero",
    "densenet121": "network.kind=densenet121 network.width=0.0625 network.depth=0.25 data.steps=2",
    "mobilenetv2": "network.kind=mobilenetv2 network.width=0.0625 network.depth=0.5 data.steps=2",
    "the default": "",
    "latency": "network.kind=mlp network.depth=1 network.width=12 data.encoding=latency",
    "spiking encoder": "network.kind=mlp network.depth=1 network.width=12 data.encoding=lif",
    "recordings": "data.name=digits-saccades network.channels=3 network.edges=000/000/000 data.steps=3",
    "cell, normed": "network.kind=cell network.channels=4 network.hidden=8 network.norm=batch data.steps=10",
}
RANGES = {
    "bias": (-0.3, 0.3), "mean": (-0.3, 0.3), "gain": (0.5, 3.0), "variance": (0.1, 0.5),
    "beta": (0.3, 0.8), "threshold": (0.3, 0.8), "alpha": (0.3, 0.8), "w": (-1.0, 1.0),
}  # fmt: skip
"""Of everything that training changes but weights."""


def network(settings: str) -> tuple[Design, dict[str, Array]]:
    """A design of the digits and weights for it."""
    design = links.change(Design(), dict(each.split("=") for each in settings.split()))
    rng = np.random.default_rng(1)
    weights = {name: value.detach().numpy() for name, value in as_module(design).state_dict().items()}
    for name, value in weights.items():
        limits = RANGES.get(name.rpartition(".")[2])
        if limits is not None:
            weights[name] = rng.uniform(*limits, value.shape).astype(np.float32)
    return design, weights


def exported(settings: str) -> tuple[Design, dict[str, Array], ExportedGraph]:
    """The same, and its graph."""
    design, weights = network(settings)
    return design, weights, build_graph(design, build_architecture(design), weights)
