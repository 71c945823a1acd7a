"""Small designs of all kinds, whose trained networks are looked into."""

from __future__ import annotations

from typing import Any

from snnviz.design.design import Design
from snnviz.events import EpochEnd

BLOCK = {"kind": "block", "channels": 4}


def design(network: dict[str, Any], **parts: Any) -> Design:
    sizes = {"train_samples": 200, "test_samples": 60, "steps": 5, **parts.pop("data", {})}
    neuron = {"threshold": 0.5, **parts.pop("neuron", {})}
    training = {"epochs": 2, "batch_size": 20, "learning_rate": 0.01}
    return Design.check(
        {"network": network, "neuron": neuron, "data": sizes, "init": "kaiming", "training": training, **parts}
    )


DESIGNS = {
    "mlp": design({"kind": "mlp", "depth": 2, "width": 20}),
    "rate-coded": design({"kind": "mlp", "depth": 2, "width": 20}, data={"encoding": "rate"}),
    "learnt": design({"kind": "mlp", "depth": 2, "width": 20}, neuron={"learn": "both"}),
    "normalised": design({"kind": "cnn", "depth": 2, "channels": 4, "norm": "batch"}),
    "skips": design({**BLOCK, "edges": "0012/0001/0000/0010"}),
    "relu": design({"kind": "mlp", "depth": 2, "width": 20}, neuron={"kind": "relu"}, data={"steps": 1}),
    "recordings": design({"kind": "mlp", "depth": 2, "width": 20}, data={"name": "digits-saccades"}),
}

DEEP = {
    "staged": design({"kind": "resnet18", "width": 0.0625, "depth": 0.5}),
    "cell": design({"kind": "cell", "cell": "0301 0030 0002 0100", "channels": 4, "hidden": 12, "voters": 2}),
}

Events = tuple[Any, EpochEnd]
