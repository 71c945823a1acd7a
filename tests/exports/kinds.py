"""The kinds of design that exports are proven for, small, with every part that an export could lose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from snnviz.core.module import as_module
from snnviz.design import cells
from snnviz.design.design import Design

SKIPS = "00211/00021/00002/00000/00000"
BACKWARD = "00211/00021/02002/00000/00120"


def block(edges: str = SKIPS, **more: Any) -> dict[str, Any]:
    return {"network": {"kind": "block", "edges": edges, "channels": 6, **more}}


TTFS: dict[str, Any] = {"neuron": {"kind": "relu"}, "init": "kaiming", "data": {"steps": 1}}


KINDS: dict[str, dict[str, Any]] = {
    "default": {},
    "mlp": {"network": {"kind": "mlp", "depth": 2, "width": 30}},
    "mlp, T = 1": {"network": {"kind": "mlp", "depth": 2, "width": 30}, "data": {"steps": 1}},
    "cnn": {"network": {"kind": "cnn", "depth": 3, "channels": 6, "pool_every": 1}},
    "ASC": block("00202/00020/00000/00000/00000"),
    "DSC": block("00101/00010/00000/00000/00000", dsc_fraction=1),
    "DSC of half the channels": block("00101/00010/00000/00000/00000"),
    "ASC and DSC, T = 10": {**block(), "data": {"steps": 10}},
    "backward": block(BACKWARD),
    "backward, reset to zero": {**block(BACKWARD), "neuron": {"reset": "zero", "beta": 0.9}, "data": {"steps": 10}},
    "stacked": block(SKIPS, blocks=2),
    "backward, stacked": block("0000/0001/0100/0120", blocks=2),
    "batch normalisation": block(norm="batch"),
    "batch-normalised mlp": {"network": {"kind": "mlp", "depth": 2, "width": 30, "norm": "batch"}},
    "reset to zero": {**block(), "neuron": {"reset": "zero", "beta": 0.9}},
    "no reset": {**block(), "neuron": {"reset": "none", "threshold": 0.7}},
    "learnt beta": {**block(), "neuron": {"learn": "beta", "beta": 0.9}},
    "learnt threshold in a cycle": {**block(BACKWARD), "neuron": {"learn": "both", "threshold": 0.8}},
    "PLIF": {**block(), "neuron": {"kind": "plif"}},
    "PLIF, one a neuron": {**block(BACKWARD), "neuron": {"kind": "plif", "each": "neuron", "reset": "zero"}},
    "PLIF of an mlp, one a neuron": {
        "network": {"kind": "mlp", "depth": 2, "width": 30},
        "neuron": {"kind": "plif", "each": "neuron"},
    },
    "synaptic": {**block(), "neuron": {"kind": "synaptic"}},
    "synaptic, reset to zero, learnt": {**block(), "neuron": {"kind": "synaptic", "reset": "zero", "learn": "both"}},
    "spiking readout": {**block(), "training": {"loss": "count"}, "neuron": {"threshold": 0.5}},
    "spiking readout, normalised": {**block(norm="batch"), "training": {"loss": "count"}},
    "rate coded": {**block(), "data": {"encoding": "rate"}},
    "latency coded": {**block(), "data": {"encoding": "latency"}},
    "spikes of LIF neurons": {**block(), "data": {"encoding": "lif"}},
    "fast sigmoid": {**block(), "neuron": {"surrogate": "fast-sigmoid"}},
    "sigmoid": {**block(), "neuron": {"surrogate": "sigmoid"}},
    "triangle": {**block(), "neuron": {"surrogate": "triangle"}},
    "ReLU": {**block(), "neuron": {"kind": "relu"}, "data": {"steps": 1}},
    "shortcut branches": {
        "network": {"kind": "block", "edges": BACKWARD, "channels": 6},
        "training": {"shortcut": {"schedule": {"kind": "linear", "weight": 1.5}}},
    },
    "shortcut branches, normalised": {
        "network": {"kind": "mlp", "depth": 4, "width": 30, "norm": "batch"},
        "training": {"shortcut": {"schedule": {"kind": "constant"}}},
    },
    "TTFS": {**TTFS, "network": {"kind": "block", "channels": 6, "edges": "000/000/000", "code": "ttfs"}},
    "TTFS, mlp": {**TTFS, "network": {"kind": "mlp", "depth": 3, "width": 30, "code": "ttfs"}},
    "TTFS, vgg, max pooling": {
        **TTFS,
        "network": {"kind": "vgg", "width": 0.0625, "pooling": "max", "code": "ttfs", "norm": "none"},
    },
    "vgg": {"network": {"kind": "vgg", "width": 0.0625}},
    "vgg, max pooling, normalised": {"network": {"kind": "vgg", "width": 0.0625, "pooling": "max", "norm": "batch"}},
    "resnet18": {"network": {"kind": "resnet18", "width": 0.125}},
    "densenet": {"network": {"kind": "densenet121", "width": 0.25}},
    "mobilenet": {"network": {"kind": "mobilenetv2", "width": 0.25}},
    "cell": {"network": {"kind": "cell", "channels": 6, "hidden": 30, "voters": 2}},
    "cell with backward connections": {
        "network": {"kind": "cell", "channels": 6, "hidden": 30, "voters": 3, "cell": "backward", "enlarge": 2},
        "neuron": {"beta": 0.25, "threshold": 1.3, "reset": "zero", "surrogate": {"kind": "atan", "slope": 1.5}},
    },
}


def design(name: str, **data: Any) -> Design:
    parts = {**KINDS[name]}
    parts["data"] = {"train_samples": 200, "test_samples": 64, **parts.get("data", {}), **data}
    parts["training"] = {"epochs": 1, "batch_size": 50, **parts.get("training", {})}
    if parts.get("network", {}).get("cell") == "backward":
        published = [cell for cell in cells.PUBLISHED_CELLS.values() if cells.has_backward(cell)]
        parts["network"] = {**parts["network"], "cell": cells.to_text(published[0])}
    return Design.check(parts)


def loud(made: Design, seed: int = 0) -> Mapping[str, Any]:
    """Weights before training, with biases, learnt numbers and running statistics that tell if one is forgotten."""
    draw = torch.Generator().manual_seed(seed)
    found = {}
    for name, value in as_module(made).state_dict().items():
        noise = torch.randn(value.shape, generator=draw)
        kind = name.rpartition(".")[2]
        if kind in ("bias", "mean"):
            value = value + 0.3 * noise
        elif kind in ("gain", "variance", "beta", "alpha", "threshold"):
            value = (value * (1 + 0.2 * noise.clamp(-2, 2))).clamp(0.1, 0.95 if kind in ("beta", "alpha") else None)
        elif kind == "w":
            value = value + 0.5 * noise
        found[name] = value.numpy()
    return found
