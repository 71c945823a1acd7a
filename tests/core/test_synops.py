"""SynOps are what a count finds that sees the input of every convolution and linear map at every step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.adjacency import ASC, DSC, back_slots, build, with_n_skip
from snnviz.catalog.architectures import architecture
from snnviz.catalog.twins import ann_twin
from snnviz.core import data
from snnviz.core.networks import Network
from snnviz.core.neurons import Activity
from snnviz.core.observe import Window, look
from snnviz.design import Design
from snnviz.theory import costs
from snnviz.theory.costs import Operations
from tests.core import slow

IMAGES = 6


def small(**parts: Any) -> Design:
    """Spiking well in every layer."""
    return Design.check({"data": {"steps": 3}, "neuron": {"threshold": 0.4}, **parts})


def block(edges: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "block", "edges": edges, "channels": 5, **more}


def encoded(design: Design) -> Tensor:
    images, _ = data.load(design)
    return data.encode(images.images[:IMAGES], images.white, design, "test").double()


def counted(network: Network, image: Tensor, monkeypatch: pytest.MonkeyPatch) -> Operations:
    """Literally: what goes into each map or convolution of the step-by-step network, times the weights it meets."""
    inputs: dict[int, list[Tensor]] = {}
    order = {id(network.parameters[f"{layer.name}.weight"]): k for k, layer in enumerate(network.architecture.layers)}

    def hooked(function: Any) -> Any:
        def call(x: Tensor, weight: Tensor, *more: Any, **options: Any) -> Any:
            inputs.setdefault(order[id(weight)], []).append(x)
            return function(x, weight, *more, **options)

        return call

    with monkeypatch.context() as patch, torch.no_grad():
        for name in ("conv2d", "linear"):
            patch.setattr(F, name, hooked(getattr(F, name)))
        slow.literal_logits(network, image)
    dense, macs, additions = 0, 0.0, 0.0
    for index, layer in enumerate(network.architecture.layers):
        steps = inputs[index][:1] if index == 0 and len(image) == 1 else inputs[index]  # a static image's: once
        seen = torch.stack(steps)
        fan_out = layer.out_shape[0] * (layer.kernel**2 if layer.kind == "conv" else 1)
        dense += len(steps) * seen[0, 0].numel() * fan_out
        found = int((seen != 0).sum()) * fan_out / IMAGES
        if set(seen.unique().tolist()) <= {0.0, 1.0}:
            additions += found
        else:
            macs += found
    return Operations(dense, macs, additions)


def seen(network: Network, image: Tensor) -> list[Activity]:
    found: list[Activity] = []
    with torch.no_grad():
        network(image, lambda _, activity: found.append(activity))
    return found


DESIGNS = {
    "without skips": small(network=block(build(3, {}))),
    "ASC": small(network=block(with_n_skip(4, 3, ASC, 0))),
    "DSC of all channels": small(network=block(with_n_skip(4, 3, DSC, 0), dsc_fraction=1)),
    "DSC of some channels": small(network=block(with_n_skip(4, 3, DSC, 0), dsc_fraction=0.4)),
    "both": small(network=block("00211/00021/00002/00000/00000", dsc_fraction=1)),
    "two blocks, count loss": small(
        network=block("0020/0001/0000/0000", blocks=2, dsc_fraction=1), training={"loss": "count"}
    ),
    "rate coded": small(network=block(with_n_skip(3, 2, ASC, 0)), data={"encoding": "rate", "steps": 4}),
    "latency coded": small(network=block(with_n_skip(3, 2, DSC, 0)), data={"encoding": "latency", "steps": 4}),
    "LIF coded": small(network={"kind": "cnn", "depth": 3, "channels": 4, "pool_every": 2}, data={"encoding": "lif"}),
    "backward ASC and DSC": small(network=block("00211/00021/02002/00000/00120"), data={"steps": 5}),
    "one backward DSC": small(network=block(build(3, dict.fromkeys(back_slots(3)[:1], DSC)), dsc_fraction=1)),
    "mlp": small(network={"kind": "mlp", "depth": 3, "width": 30}),
    "vgg": small(network={"kind": "vgg", "width": 0.05, "stages": 2, "norm": "none"}),
}


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_operations_are_those_counted_input_by_input(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    network, image = slow.loud(design), encoded(design)
    expected = counted(network, image, monkeypatch)
    found = seen(network, image)
    ours = costs.synops(design, [x.rate for x in found], [x.density for x in found])
    assert ours.dense == expected.dense
    assert ours.macs == pytest.approx(expected.macs, rel=1e-12)
    assert ours.additions == pytest.approx(expected.additions, rel=1e-12)
    assert not ours.estimated
    assert ours.effective < 0.95 * ours.dense


@pytest.mark.parametrize("cell", ["0341 0014 0002 0000", "0303 0030 2002 0200"])
def test_so_are_those_of_cells(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the network itself, whose every product is listened to; its readout is asked by a rate."""
    design = small(network={"kind": "cell", "cell": cell, "channels": 4, "hidden": 20, "enlarge": 2})
    network, image = slow.loud(design, torch.float32), encoded(design).float()
    heard: list[tuple[int, int, bool]] = []

    def hooked(function: Any) -> Any:
        def call(x: Tensor, weight: Tensor, *more: Any, **options: Any) -> Any:
            if len(weight) != network.architecture.layers[-1].out_shape[0]:
                reach = len(weight) * (weight.shape[-1] ** 2 if weight.dim() == 4 else 1)
                binary = set(x.unique().tolist()) <= {0.0, 1.0}
                heard.append((x.numel() * reach, int((x != 0).sum()) * reach, binary))
            return function(x, weight, *more, **options)

        return call

    with monkeypatch.context() as patch, torch.no_grad():
        for name in ("conv2d", "linear"):
            patch.setattr(F, name, hooked(getattr(F, name)))
        found: dict[int, Activity] = {}
        network(image, found.__setitem__)
    states = [found[index] for index in sorted(found)]
    ours = costs.synops(design, [x.rate for x in states], [x.density for x in states])
    readout = 20 * 100 * design.data.steps
    assert ours.dense - readout == sum(dense for dense, _, _ in heard) / IMAGES
    asked = states[-1].density * readout  # spikes, so that these are additions
    assert ours.macs == pytest.approx(sum(n for _, n, binary in heard if not binary) / IMAGES, rel=1e-9)
    assert ours.additions - asked == pytest.approx(sum(n for _, n, binary in heard if binary) / IMAGES, rel=1e-6)
    assert not ours.estimated
    guessed = costs.synops(design, [x.rate for x in states])
    assert guessed.estimated
    assert guessed.additions == pytest.approx(ours.additions, rel=0.1)


def test_a_twin_multiplies_wherever_a_relu_is_not_silent() -> None:
    twin = ann_twin(small(network=block(with_n_skip(4, 3, ASC, 0))))
    network = Network(twin)
    image = encoded(twin).float()
    with torch.no_grad():
        outputs = network.opened(image)
        for stage in network.stages:
            network.run(stage, outputs)
    inputs = [outputs.read(merge) for merge in network.merges]
    macs = sum(
        int((x != 0).sum()) * layer.fan_out / IMAGES
        for x, layer in zip(inputs, network.architecture.layers, strict=True)
    )
    found = seen(network, image)
    ours = costs.synops(twin, [None] * 6, [x.density for x in found])
    assert (ours.dense, ours.additions) == (costs.macs(twin), 0)
    assert ours.macs == pytest.approx(macs, rel=1e-12)
    assert ours.macs < 0.95 * ours.dense
    before = costs.synops(twin, [None] * 6)
    assert before == Operations(costs.macs(twin), costs.macs(twin), 0, estimated=True)


@pytest.mark.parametrize("kind", ["resnet18", "densenet121", "mobilenetv2"])
def test_strides_groups_and_layers_without_neurons(kind: str) -> None:
    """Against what each layer of the network itself reads."""
    design = small(network={"kind": kind, "width": 0.05, "depth": 0.3})
    network, image = slow.loud(design), encoded(design)
    with torch.no_grad():
        outputs = network.opened(image)
        for stage in network.stages:
            network.run(stage, outputs)
    inputs = {
        layer: outputs.read(merge)
        for layer, merge in zip(network.architecture.layers, network.merges, strict=True)
        if layer.kind != "merge"
    }
    found = seen(network, image)
    densities = [int((x != 0).sum()) / x.numel() for x in inputs.values()]
    assert [x.density for x in found] == densities
    binary = [set(x.unique().tolist()) <= {0.0, 1.0} for x in inputs.values()]
    assert [costs.reads_spikes(design, layer) for layer in inputs] == binary
    assert {True, False} == set(binary)
    every = [layer.macs * (3 if k else 1) for k, layer in enumerate(inputs)]
    ours = costs.synops(design, [x.rate for x in found], densities)
    assert ours.dense == sum(every)
    adds = [d * n if b else 0 for d, n, b in zip(densities, every, binary, strict=True)]
    assert ours.additions == pytest.approx(sum(adds), rel=1e-12)
    assert ours.effective == pytest.approx(sum(d * n for d, n in zip(densities, every, strict=True)), rel=1e-12)
    estimate = costs.synops(design, [x.rate for x in found])
    assert estimate.estimated
    assert estimate.effective == pytest.approx(ours.effective, rel=0.35)


def test_looks_report_the_density_that_was_counted() -> None:
    design = DESIGNS["both"]
    network, image = Network(design), encoded(design).float()
    rows = list(look(network, image, Window(network.parameters), 0, 0.0))
    assert [row.density for row in rows] == [x.density for x in seen(network, image)]
    assert rows[0].density == 1  # a normalised image is nowhere 0
    assert rows[1].density == pytest.approx(rows[0].rate)  # one source, as it is


@pytest.mark.parametrize("name", [name for name in DESIGNS if "backward" not in name])
def test_without_densities_rates_give_an_estimate(name: str) -> None:
    """Runs of before densities were counted: exact where a layer reads one source as it is, else within a third."""
    design = DESIGNS[name]
    network, image = slow.loud(design), encoded(design)
    found = seen(network, image)
    rates = [x.rate for x in found]
    counted, estimate = costs.synops(design, rates, [x.density for x in found]), costs.synops(design, rates)
    assert estimate.estimated
    assert estimate.dense == counted.dense
    assert estimate.effective == pytest.approx(counted.effective, rel=1e-9 if name == "mlp" else 0.3)


def test_energy_is_by_named_process() -> None:
    design = small(network=block(build(3, {})))
    stem = 64 * 5 * 9
    silent = costs.synops(design, [0.0] * 4 + [None])
    assert (silent.macs, silent.additions, silent.picojoules()) == (stem, 0, 4.6 * stem)
    busy = costs.synops(design, [1.0] * 4 + [None])
    assert busy.effective == busy.dense == stem + 3 * (costs.macs(design) - stem)
    assert busy.picojoules("45 nm") == pytest.approx(4.6 * busy.macs + 0.9 * busy.additions)


@pytest.mark.parametrize(
    ("name", "binary"),
    [
        ("without skips", [False, True, True, True, False]),  # the readout reads averages over squares
        ("ASC", [False, True, False, False, False, False]),
        ("DSC of some channels", [False, True, True, True, True, False]),
        ("rate coded", [True, True, False, False, False]),
        ("mlp", [False, True, True, True]),
        ("LIF coded", [True, True, False, True]),
        ("vgg", [False, True, True, True, True, True]),  # the largest of a square of spikes is a spike
    ],
)
def test_only_what_reads_nothing_but_spikes_adds(name: str, binary: list[bool]) -> None:
    design = DESIGNS[name]
    assert [costs.reads_spikes(design, layer) for layer in architecture(design).layers] == binary
    twin = Design.check({"neuron": {"kind": "relu"}, "data": {"steps": 1}})
    assert not any(costs.reads_spikes(twin, layer) for layer in architecture(twin).layers)
