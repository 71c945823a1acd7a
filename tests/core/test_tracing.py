"""A look into a trained network against an explicit step loop of snntorch's neurons, with the run's weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from snnviz.core import data, train
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.core.tracing import Silenced, TracedNetwork
from snnviz.design.design import Design
from snnviz.events import Checkpoint
from tests.core import literal, slow

BLOCK = {"kind": "block", "channels": 4}
MLP = {"kind": "mlp", "depth": 2, "width": 12}
CELL = "0301 0030 0002 0100"


def design(network: dict[str, Any], *, threshold: float = 0.5, steps: int = 4, **parts: Any) -> Design:
    sizes = {"train_samples": 60, "test_samples": 40, "steps": steps}
    neuron = {"threshold": threshold, **parts.pop("neuron", {})}
    return Design.check(
        {
            "network": network,
            "neuron": neuron,
            "data": {**sizes, **parts.pop("data", {})},
            "init": "kaiming",
            "training": {"epochs": 2, "batch_size": 20, **parts.pop("training", {})},
            "seed": 3,
            **parts,
        }
    )


DESIGNS = {
    "mlp": design(MLP),
    "mlp, spikes counted, reset to zero": design(MLP, training={"loss": "count"}, neuron={"reset": "zero"}),
    "mlp, no reset, rate-coded": design(MLP, neuron={"reset": "none"}, data={"encoding": "rate"}),
    "mlp that learns leak and threshold": design(MLP, neuron={"learn": "both"}),
    "cnn, normalised": design({"kind": "cnn", "depth": 3, "channels": 4, "norm": "batch"}),
    "plif": design(MLP, neuron={"kind": "plif"}),
    "synaptic": design({**BLOCK, "edges": "0012/0001/0000/0010"}, neuron={"kind": "synaptic"}),
    "DSC and ASC": design({**BLOCK, "edges": "0012/0001/0000/0000"}),
    "backward": design({**BLOCK, "edges": "00120/00011/00000/00100/00020"}),
    "stacked, normalised": design({**BLOCK, "edges": "0002/0001/0000/0000", "norm": "batch", "blocks": 2}),
    "cell": design({"kind": "cell", "cell": CELL, "channels": 4, "hidden": 12, "dropout": 0.5, "voters": 2}),
    "staged": design({"kind": "resnet18", "width": 0.0625, "depth": 0.5}),
    "vgg": design({"kind": "vgg", "width": 0.0625, "stages": 2}),
    "relu": design(MLP, neuron={"kind": "relu"}, steps=1),
}


@pytest.fixture(scope="module")
def trained() -> Any:
    """The arrays of the last checkpoint of a design, trained once."""
    known: dict[str, Any] = {}

    def arrays(made: Design) -> Any:
        if made.digest not in known:
            known[made.digest] = [e for e in execute(made) if isinstance(e, Checkpoint)][-1].arrays
        return known[made.digest]

    return arrays


def network_of(made: Design, arrays: Any, silenced: Silenced | None = None, *, double: bool = False) -> TracedNetwork:
    network = TracedNetwork(made, silenced)
    train.Optimizer(network).restore(arrays)
    if double:
        network.parameters = {name: p.detach().double() for name, p in network.parameters.items()}
        network.buffers = {name: buffer.double() for name, buffer in network.buffers.items()}
    return network


def shown(made: Design, *, double: bool = False) -> Tensor:
    _, test = data.load(made)
    image = data.encode(test.images[:8], test.white, made, "test", 0)
    return image.double() if double else image


def maps(x: Tensor) -> Tensor:
    """(T, B, H, W, C) or (T, B, N) as (T, B, C, H, W)."""
    return x.permute(0, 1, 4, 2, 3) if x.dim() == 5 else x[..., None, None]


@pytest.mark.parametrize("made", DESIGNS.values(), ids=DESIGNS)
def test_each_layer_spikes_as_snntorchs_neurons_do_on_what_it_reads(made: Design, trained: Any) -> None:
    network = network_of(made, trained(made))
    image = shown(made)
    found = network.trace(image)
    cells, spikes, near = slow._Cells(network, image.dtype), 0, 0
    said = [maps(found.layer_output(index)) for index in range(len(network.architecture.layers) - 1)]
    steps = network.steps
    for index, layer in enumerate(network.architecture.layers[:-1]):
        if not layer.spiking or layer.kind == "merge":
            continue
        read = []
        for source in layer.sources:
            x = literal._from(source, image, said)
            x = x.expand(steps, *x.shape[1:])
            read.append(torch.cat([torch.zeros_like(x[:1]), x[:-1]]) if source.delay else x)
        current = literal.layer_current(network, layer, read, running=True)
        theirs, potentials = [], []
        for t in range(steps):
            theirs.append(cells.fire(layer.name, current[t]))
            potentials.append(cells.mem[layer.name])
        u = torch.stack(potentials)
        threshold = network.population(layer).learnt[1] or made.neuron.threshold  # type: ignore[attr-defined]
        ours, close = said[index], (u - threshold).abs() < 1e-5 * u.abs().clamp(min=1)
        differ = (ours != torch.stack(theirs)) & ~close.cummax(0).values
        assert not differ.any(), layer.name
        assert torch.allclose(maps(found.potentials[index]), u, atol=1e-3) or close.any()
        spikes, near = spikes + int(ours.sum()), near + int(close.sum())
    assert (spikes > 0) == bool(network.spiking_layers)
    assert near < 20


@pytest.mark.parametrize("made", DESIGNS.values(), ids=DESIGNS)
def test_all_of_it_in_double_precision_is_the_literal_network(made: Design, trained: Any) -> None:
    network, image = network_of(made, trained(made), double=True), shown(made, double=True)
    found = network.trace(image)
    expected = literal.said_by_layers(network, image, running=True)
    for index, theirs in enumerate(expected[:-1]):
        torch.testing.assert_close(maps(found.layer_output(index)), theirs, rtol=1e-9, atol=1e-9)
    with torch.no_grad():
        logits = train.logits(network, image, None, "running")
    torch.testing.assert_close(found.readout[-1], logits, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("made", DESIGNS.values(), ids=DESIGNS)
def test_currents_by_source_add_up_to_the_current(made: Design, trained: Any) -> None:
    network, image = network_of(made, trained(made)), shown(made)
    found = network.trace(image)
    for index, layer in enumerate(network.architecture.layers):
        if layer.kind == "merge":
            with pytest.raises(ValueError, match="only joins"):
                found.currents(index)
            continue
        parts = found.currents(index)
        assert [part.source for part in parts[: len(layer.sources)]] == list(layer.sources)
        with torch.no_grad():
            whole = network._current(layer, found.outputs.read(network.merges[index]), "running")
        total = torch.stack([part.current for part in parts]).sum(0)
        assert (total - whole).abs().max() <= 1e-5 * whole.abs().max().clamp(min=1e-9), layer.name


@pytest.mark.parametrize("name", ["mlp", "DSC and ASC", "backward", "synaptic", "cell", "staged"])
def test_what_is_silenced_is_not_heard(name: str, trained: Any) -> None:
    made = DESIGNS[name]
    plain, image = network_of(made, trained(made), double=True), shown(made, double=True)
    before = plain.trace(image)
    busy = [
        index
        for index, layer in enumerate(plain.architecture.layers[:-1])
        if layer.spiking and layer.kind != "merge" and before.outputs[index].any()
    ]
    assert busy
    index = busy[len(busy) // 2]
    mask = (torch.arange(before.outputs[index].shape[-1]) % 2).double().expand(before.outputs[index].shape[2:])
    network = network_of(made, trained(made), Silenced({index: mask}), double=True)
    found = network.trace(image)
    expected = literal.said_by_layers(plain, image, running=True, masks={index: maps(mask[None, None])[0, 0]})
    for place, theirs in enumerate(expected[:-1]):
        torch.testing.assert_close(maps(found.layer_output(place)), theirs, rtol=1e-9, atol=1e-9)
    assert not torch.equal(found.readout, before.readout)


@pytest.mark.parametrize("name", ["DSC and ASC", "backward", "synaptic", "cell", "staged"])
def test_any_source_of_a_layer_can_be_muted(name: str, trained: Any) -> None:
    made = DESIGNS[name]
    plain, image = network_of(made, trained(made), double=True), shown(made, double=True)
    several = [
        (index, len(layer.sources) - 1)
        for index, layer in enumerate(plain.architecture.layers)
        if len(layer.sources) > 1
    ]
    assert several
    for index, place in several[:3]:
        network = network_of(made, trained(made), Silenced(sources=frozenset({(index, place)})), double=True)
        found = network.trace(image)
        expected = literal.said_by_layers(plain, image, running=True, muted=[(index, place)])
        for layer, theirs in enumerate(expected[:-1]):
            torch.testing.assert_close(maps(found.layer_output(layer)), theirs, rtol=1e-9, atol=1e-9)
        parts = found.currents(index) if network.architecture.layers[index].kind != "merge" else []
        assert not parts or not parts[place].current.any()


def test_a_trace_of_fewer_steps_is_the_beginning_of_it(trained: Any) -> None:
    made = DESIGNS["mlp, spikes counted, reset to zero"]
    image = shown(made)
    found = network_of(made, trained(made)).trace(image)
    shorter: Network = network_of(made, trained(made))
    shorter.steps = 2
    with torch.no_grad():
        torch.testing.assert_close(found.readout[1], train.logits(shorter, image, None, "running"))
