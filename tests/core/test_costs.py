"""Estimates of costs hold for real tensors."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import data
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.places import ROOT
from snnviz.theory import costs

DESIGNS: list[dict[str, Any]] = [
    {},
    {"network": {"kind": "block", "edges": "00211/00021/00002/00000/00000", "channels": 6, "blocks": 2}},
    {"network": {"kind": "block", "edges": "00111/00011/00001/00000/00000", "dsc_fraction": 1}},
    {"network": {"kind": "mlp", "depth": 3, "width": 50}, "training": {"loss": "count"}},
    {"network": {"kind": "cnn", "depth": 5, "channels": 7, "pool_every": 1}},
    {"network": {"kind": "cnn", "depth": 2, "channels": 7, "norm": "batch"}},
    {"network": {"kind": "vgg", "width": 0.0625, "norm": "none"}},
    {"network": {"kind": "vgg", "width": 0.1, "stages": 2, "pooling": "average", "norm": "none"}},
    {"neuron": {"learn": "both"}, "training": {"loss": "count"}},
    {"neuron": {"learn": "beta"}},
    {"network": {"kind": "resnet18", "width": 0.0625}},
    {"network": {"kind": "densenet121", "width": 0.0625, "depth": 0.25, "norm": "none"}},
    {"network": {"kind": "mobilenetv2", "width": 0.0625, "dsc_fraction": 0.5, "blocks": ";0012/0001/0000/0000;;;;;"}},
    {"network": {"kind": "cell", "cell": "0341 0014 0002 0000", "channels": 3, "voters": 3, "enlarge": 2}},
    {"network": {"kind": "cell", "norm": "none", "channels": 3}, "neuron": {"learn": "both"}},
]


@pytest.mark.parametrize("document", DESIGNS)
def test_parameters_and_macs_are_those_of_the_tensors(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Design.check({**document, "data": {"encoding": "rate", "steps": 1}})
    network = Network(made)
    assert costs.parameter_count(made) == sum(parameter.numel() for parameter in network.parameters.values())

    counted = 0
    conv2d, linear = F.conv2d, F.linear

    def counting_conv(x: Tensor, weight: Tensor, *rest: Any, **options: Any) -> Tensor:
        nonlocal counted
        y = conv2d(x, weight, *rest, **options)
        counted += y.numel() * math.prod(weight.shape[1:])
        return y

    def counting_linear(x: Tensor, weight: Tensor, *rest: Any) -> Tensor:
        nonlocal counted
        y = linear(x, weight, *rest)
        counted += y.numel() * weight.shape[1]
        return y

    monkeypatch.setattr(F, "conv2d", counting_conv)
    monkeypatch.setattr(F, "linear", counting_linear)
    images, _ = data.load(made)
    with torch.no_grad():
        network(data.encode(images.images[:1], images.white, made, "test"))
    assert costs.macs_per_step(made) == counted


MEMORY: list[dict[str, Any]] = [
    {"data": {"train_samples": 128, "test_samples": 250}},
    {
        "network": {"kind": "mlp", "depth": 8, "width": 600},
        "data": {"steps": 20, "train_samples": 64, "test_samples": 250},
    },
    {"network": {"kind": "mlp", "depth": 2, "width": 2500}, "data": {"train_samples": 64, "test_samples": 20}},
    {
        "network": {"kind": "block", "edges": "00111/00011/00001/00000/00000", "channels": 24},
        "data": {"steps": 10, "train_samples": 64, "test_samples": 64, "encoding": "rate"},
    },
    {
        "network": {"kind": "cnn", "depth": 3, "channels": 8},
        "data": {"steps": 20, "train_samples": 300, "test_samples": 10, "encoding": "latency"},
        "training": {"batch_size": 300, "optimizer": "sgd", "loss": "count"},
    },
    {
        "network": {"kind": "cnn", "depth": 3, "channels": 16, "pool_every": 0},
        "data": {"steps": 40, "train_samples": 256, "test_samples": 10},
        "training": {"batch_size": 256},
    },
    *(
        {
            "network": {"kind": "vgg", "stages": 3, "width": 0.5, "norm": norm},
            "data": {"steps": 8, "train_samples": 128, "test_samples": 64},
        }
        for norm in ("none", "batch")
    ),
    *(
        {
            "network": {"kind": kind, "width": 0.125, "depth": 0.5, "norm": norm},
            "data": {"steps": 8, "train_samples": 128, "test_samples": 64},
        }
        for kind, norm in (("resnet18", "none"), ("densenet121", "batch"), ("mobilenetv2", "batch"))
    ),
    *(
        {
            "network": {"kind": "cell", "cell": cell, "enlarge": 2, "norm": norm, "channels": channels},
            "data": {"steps": 5, "train_samples": 128, "test_samples": 64},
        }
        for cell, norm, channels in (
            ("0333 0033 0003 0000", "batch", 16),
            ("0303 0030 2002 0200", "batch", 16),
            ("0303 0030 2002 0200", "none", 32),
            ("0411 0044 0003 0000", "batch", 16),
        )
    ),
    *(
        {
            "network": network,
            "neuron": {"kind": kind, "threshold": 0.5},
            "data": {"steps": 8, "train_samples": 128, "test_samples": 64},
            "training": {"batch_size": 128},
        }
        for kind, network in (
            ("plif", {"kind": "mlp", "depth": 3, "width": 2000}),
            ("plif", {"kind": "cnn", "channels": 32, "norm": "batch"}),
            ("synaptic", {"kind": "cnn", "channels": 32}),
            ("synaptic", {"kind": "block", "edges": "000/000/020", "channels": 32}),
        )
    ),
    *(
        {
            "network": {**network, "code": "ttfs"},
            "neuron": {"kind": "relu"},
            "data": {"steps": 1, "train_samples": 256, "test_samples": 64},
            "training": {"batch_size": 128},
        }
        for network in ({"kind": "mlp", "depth": 2, "width": 2000}, {"kind": "cnn", "depth": 3, "channels": 32})
    ),
]

MEASURE = """
import ctypes, json, os, sys, torch
from snnviz.core import memory
from snnviz.core.execute import execute
from snnviz.design.design import Design

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))

torch.set_num_threads(1)
memory.retain_freed_memory()  # as in a run
tiny = Design.check({"data": {"train_samples": 64, "test_samples": 10}, "training": {"epochs": 1}})
list(execute(tiny))
for document in json.load(sys.stdin):
    if os.fork():
        os.wait()
        continue
    list(execute(tiny))  # touches the libraries, which do not count
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts anew
    before = status("VmRSS")
    list(execute(Design.check(document), threads=lambda: 2))
    print(status("VmHWM") - before, flush=True)
    os._exit(0)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_memory_of_an_epoch_is_at_most_the_estimate_and_at_least_a_quarter_of_it() -> None:
    """Each design in a process of its own, forked after torch is loaded and warm, as runs are."""
    documents = [{**document, "training": {**document.get("training", {}), "epochs": 1}} for document in MEMORY]
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, input=json.dumps(documents), capture_output=True, text=True, check=True, cwd=ROOT)
    measured = [int(line) for line in done.stdout.split()]
    assert len(measured) == len(documents)
    for document, peak in zip(documents, measured, strict=True):
        estimate = costs.memory_bytes(Design.check(document))
        assert peak <= estimate <= 4 * peak, f"{estimate / peak:.2f} times the measured for {document}"
