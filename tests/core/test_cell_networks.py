"""A SNASNet that trains equals the published one, written out literally in modules of torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnviz.core import measured_inits, observe, train
from snnviz.core.activity import Activity
from snnviz.core.execute import execute
from snnviz.core.loops import Loop
from snnviz.core.networks import Network
from snnviz.core.order import last_uses
from snnviz.design import cells
from snnviz.design.cells import Cell
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import INITS
from snnviz.events import EpochEnd
from snnviz.graph.architectures import build_architecture
from snnviz.graph.twins import ann_twin
from tests.core import slow, snasnet

IDENTITY = "0001 0000 0000 0000"
PAPERS = {"beta": 0.25, "threshold": 4 / 3, "reset": "zero", "surrogate": {"kind": "atan", "slope": 1.5}}
"""The neuron of Kim et al., in our words."""

SOME = [
    "0303 0030 2002 0200",  # published, with backward connections
    "0302 0030 3003 0000",
    "0333 0033 0003 0000",
    "0341 0014 0002 0000",  # sums that a skip and a pool read
    IDENTITY,
    "0220 0003 0400 0000",  # late, but no cycle
    "0003 0003 0100 0040",  # nothing but a backward way to nodes 1 and 2
    "0034 3000 0400 0100",
    "0003 1003 0000 0000",
]
FORWARD = [text for text in SOME if not cells.has_backward(cells.parse(text))]
BACKWARD = [text for text in SOME if text not in FORWARD]


def design(cell: Cell | str, *, steps: int = 4, **network: Any) -> Design:
    text = cell if isinstance(cell, str) else cells.to_text(cell)
    network = {"kind": "cell", "cell": text, "channels": 4, "hidden": 24, "enlarge": 2, "dropout": 0.5, **network}
    return Design.check({"data": {"steps": steps}, "network": network, "neuron": PAPERS, "init": "kaiming"})


def loud(made: Design, dtype: torch.dtype = torch.float64) -> Network:
    """Biases are not 0, and gains not 1; the hidden layer spikes, so that nothing is like anything else."""
    network, draw = slow.loud(made, dtype), torch.Generator().manual_seed(8)
    for name, parameter in network.parameters.items():
        if name.endswith(".gain"):
            parameter.data += torch.rand(parameter.shape, generator=draw, dtype=torch.float64).to(dtype)
    with torch.no_grad():
        network.parameters["hidden.weight"] *= 6
    network.buffers = {name: buffer.to(dtype) for name, buffer in network.buffers.items()}
    return network


def shown(images: int = 6, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    image = torch.randn((1, images, 1, 8, 8), generator=draw, dtype=torch.float64).to(dtype)
    return image, torch.arange(images)


def literal(network: Network, fire: Any = snasnet.LIF) -> snasnet.SnasNet:
    """The published network with these weights."""
    made = network.design.network
    matrix = cells.without_unused_connections(made.cell)
    net = snasnet.SnasNet(matrix, made.channels, 16, made.hidden, network.steps, fire=fire).double()
    theirs = snasnet.parameters(net, matrix)
    assert theirs.keys() == network.parameters.keys()
    with torch.no_grad():
        for name, parameter in theirs.items():
            parameter.copy_(network.parameters[name])
    return net


def agrees(network: Network, net: snasnet.SnasNet, *, masked: bool = False) -> None:
    """Logits, the gradient of every parameter, and what a normalisation remembers."""
    image, labels = shown()
    kept = network.draw_dropout_masks(len(labels), 0, 0) if masked else None
    net.dropout.mask = torch.ones((), dtype=torch.float64)
    if kept:
        (mask,) = kept.values()
        net.dropout.mask = mask.double().unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2).flatten(1)
    mine = network(image, statistics="learn", dropout_masks=kept) / network.steps
    theirs = net(image[0].repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert mine.detach().std(0).min() > 1e-3  # images differ
    torch.testing.assert_close(mine, theirs, rtol=1e-8, atol=1e-8)

    matrix = cells.without_unused_connections(network.design.network.cell)
    others = snasnet.parameters(net, matrix)
    grown = torch.autograd.grad(F.cross_entropy(mine, labels), list(network.parameters.values()))
    expected = torch.autograd.grad(F.cross_entropy(theirs, labels), [*others.values()], allow_unused=True)
    for name, found, other in zip(network.parameters, grown, map(dict(zip(others, expected, strict=True)).get,
                                                                  network.parameters), strict=True):  # fmt: skip
        other = torch.zeros_like(found) if other is None else other
        scale = max(1e-3, other.abs().max().item())
        torch.testing.assert_close(found, other, rtol=1e-8, atol=1e-8 * scale, msg=lambda m, n=name: f"{n}: {m}")

    for name, remembered in snasnet.buffers(net, matrix).items():
        torch.testing.assert_close(network.buffers[name], remembered, rtol=1e-9, atol=1e-12, msg=name)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "dropout"])
@pytest.mark.parametrize("cell", SOME)
def test_equals_the_published_network(cell: str, masked: bool) -> None:
    network = loud(design(cell))
    agrees(network, literal(network), masked=masked)


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("number", range(6))
def test_so_does_any_cell_that_a_search_draws(number: int, backward: bool) -> None:
    network = loud(design(cells.random_cell(3, number, backward=backward)))
    agrees(network, literal(network), masked=True)


@pytest.mark.parametrize("cell", FORWARD)
def test_so_does_the_twin_of_relus(cell: str) -> None:
    network = loud(ann_twin(design(cell)))
    agrees(network, literal(network, nn.ReLU))


@pytest.mark.parametrize("cell", ["0333 0033 0003 0000", SOME[0]])
def test_without_normalisation_learnt_neurons_and_a_spiking_readout_it_equals_a_loop_over_time(cell: str) -> None:
    """Every step by itself, in autograd, with nothing shared between steps but what neurons remember."""
    document = design(cell, norm="none", steps=3).document()
    document["neuron"] |= {"learn": "both", "reset": "subtract", "threshold": 0.5, "beta": 0.7}
    document["training"] = {"loss": "count"}
    network = loud(Design.check(document))
    image, labels = shown()
    mine, theirs = network(image), slow.literal_logits(network, image)
    assert mine.detach().std(0).max() > 1e-3
    torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-10)
    names, parameters = list(network.parameters), list(network.parameters.values())
    grown = torch.autograd.grad(F.cross_entropy(mine, labels), parameters)
    others = torch.autograd.grad(F.cross_entropy(theirs, labels), parameters)
    for name, one, other in zip(names, grown, others, strict=True):
        close = {"rtol": 1e-8, "atol": 1e-9 * max(1e-3, other.abs().max().item())}
        torch.testing.assert_close(one, other, **close, msg=lambda m, n=name: f"{n}: {m}")


def in_a_loop(network: Network) -> Network:
    """The same network, but for cells that step through time, whether they need to or not."""
    built = network.architecture
    order: list[Any] = []
    for index, layer in enumerate(built.layers):
        name = layer.name.partition(".")[0]
        if name not in ("C1", "C2") or layer.name.endswith("out"):
            order.append(index)
        elif built.layers[index - 1].name.partition(".")[0] != name:
            members = [k for k, other in enumerate(built.layers) if other.name.startswith(f"{name}.")][:-1]
            order.append(Loop(built, members))
    network.stages, network.done = order, last_uses(built, order)
    return network


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["64", "32"])
@pytest.mark.parametrize("cell", ["0333 0033 0003 0000", "0341 0014 0002 0000"])
def test_a_forward_cell_computes_the_same_in_a_loop(cell: str, dtype: torch.dtype) -> None:
    made = design(cell)
    networks = loud(made, dtype), in_a_loop(loud(made, dtype))
    assert len([stage for stage in networks[1].stages if isinstance(stage, Loop)]) == 2
    image, labels = shown(dtype=dtype)
    found = [network(image, statistics="learn") for network in networks]
    close = 1e-12 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(*found, rtol=close, atol=close)
    one, other = (
        torch.autograd.grad(F.cross_entropy(logits, labels), list(network.parameters.values()))
        for logits, network in zip(found, networks, strict=True)
    )
    for name, mine, its in zip(networks[0].parameters, one, other, strict=True):
        scale = max(1e-3, its.abs().max().item())
        torch.testing.assert_close(mine, its, rtol=1e3 * close, atol=1e2 * close * scale, msg=name)
    for name, buffer in networks[0].buffers.items():
        torch.testing.assert_close(buffer, networks[1].buffers[name], rtol=close, atol=close)


@pytest.mark.parametrize("cell", ["0303 0030 2002 0200", "0302 0030 3003 0000", "0034 3000 0400 0100"])
def test_feedback_has_no_effect_at_the_first_step(cell: str) -> None:
    matrix = cells.parse(cell)
    ahead = tuple(tuple(op if j > i else 0 for j, op in enumerate(row)) for i, row in enumerate(matrix))
    image, _ = shown()
    with torch.no_grad():
        for steps in (1, 4):  # it takes up to three to be heard at node 0
            whole, forward = (
                Network(Design.check(design(each, steps=steps).document() | {"init": "variance-preserving"}))
                for each in (matrix, ahead)
            )
            same = torch.equal(whole(image.float()), forward(image.float()))
            assert same == (steps == 1)


@pytest.mark.parametrize("cell", BACKWARD)
def test_a_single_step_learns_forward_what_it_can(cell: str) -> None:
    """Nothing is heard of what comes a step late: those weights have gradients of 0, and no others are missing."""
    network = loud(design(cell, steps=1))
    image, labels = shown()
    loss = F.cross_entropy(network(image), labels)
    grown = dict(zip(network.parameters, torch.autograd.grad(loss, [*network.parameters.values()]), strict=True))
    for layer in network.architecture.layers:
        back = ">" in layer.name and int(layer.name[-3]) > int(layer.name[-1])
        if back:
            assert not grown[f"{layer.name}.weight"].any()
    assert grown["stem.weight"].any() or not cells.parse(cell)[0][3]


def test_the_cell_of_one_skip_is_the_identity() -> None:
    built = build_architecture(design("0001 0000 0000 0000"))
    assert [layer.name for layer in built.layers] == ["stem", "C1.out", "reduction", "C2.out", "hidden", "readout"]
    image, _ = shown()
    network = loud(design("0001 0000 0000 0000"))
    outputs = network.initial_outputs(image)
    for stage in (0, 1):
        network.run(stage, outputs)
    gain, bias = (network.parameters[f"C1.out.{name}"] for name in ("gain", "bias"))
    current = F.batch_norm(outputs[0][0].flatten(0, 2), None, None, gain, bias, training=True).view_as(outputs[0][0])
    spikes, _ = slow.run(current[None], network.design.neuron, 4)
    assert torch.equal(outputs[1], spikes)


@pytest.mark.parametrize("cell", ["0333 0033 0003 0000", "0303 0030 2002 0200"])
def test_each_time_step_is_normalised_by_itself(cell: str) -> None:
    """Over images and positions: mean 0 and variance 1 in every channel, at the first step too."""
    network = loud(design(cell))
    for name, parameter in network.parameters.items():
        with torch.no_grad():
            parameter.fill_(1.0 if name.endswith(".gain") else 0.0) if name.endswith((".gain", ".bias")) else None
    outputs, layers = network.initial_outputs(shown()[0]), network.architecture.layers
    with torch.no_grad():
        for stage in network.stages[:-1]:
            network.run(stage, outputs)
    seen = [index for index, layer in enumerate(layers) if ">" in layer.name or layer.name == "reduction"]
    assert len(seen) > 8
    for index in seen:
        for step in outputs[index]:
            rows = step.flatten(0, 2)
            torch.testing.assert_close(rows.mean(0), torch.zeros(rows.shape[1]).double(), rtol=0, atol=1e-12)
            torch.testing.assert_close(
                rows.var(0, unbiased=False), torch.ones(rows.shape[1]).double(), rtol=0, atol=1e-2
            )


@pytest.mark.parametrize("cell", ["0333 0033 0003 0000", "0303 0030 2002 0200"])
def test_what_is_remembered_serves_where_there_is_no_batch(cell: str) -> None:
    """An image by itself is told as among others; by the statistics of the batch it would not be."""
    network = loud(design(cell))
    image, _ = shown()
    with torch.no_grad():
        for _ in range(40):
            network(image, statistics="learn")
        together, alone = network(image, statistics="running"), network(image[:, :1], statistics="running")
        torch.testing.assert_close(together[:1], alone, rtol=1e-9, atol=1e-9)
        assert not torch.allclose(network(image)[:1], network(image[:, :1]), rtol=1e-2)
        before = {name: buffer.clone() for name, buffer in network.buffers.items()}
        network(image)
        network(image, statistics="running")
        assert all(torch.equal(buffer, before[name]) for name, buffer in network.buffers.items())


def test_whoever_watches_sees_every_layer_once_and_changes_nothing() -> None:
    """In this cell only some layers step through time together, and lie between others."""
    network = loud(design("0303 0030 2002 0000", steps=3), torch.float32)
    (loop, *_) = [stage for stage in network.stages if isinstance(stage, Loop)]
    inside = [member.index for member in loop.members]
    assert max(inside) - min(inside) >= len(inside)
    image, _ = shown(dtype=torch.float32)
    seen: list[tuple[int, Activity]] = []
    with torch.no_grad():
        watched = network(image, lambda index, activity: seen.append((index, activity)))
        assert torch.equal(watched, network(image))
    layers = network.architecture.layers
    assert sorted(index for index, _ in seen) == [k for k, layer in enumerate(layers) if layer.kind != "merge"]
    for index, activity in seen:
        assert activity.neurons == layers[index].neurons
        assert (activity.rate is not None) == layers[index].spiking
        assert (activity.density is not None) == layers[index].weighted
        assert activity.spikes.shape in {(3, 6), (1, 6)}
    states = list(observe.observe_layers(network, image, observe.RunningSums(network.parameters), 0, 0.0))
    assert [state.name for state in states] == [layer.name for layer in network.architecture.watched]
    assert [state.layer for state in states] == list(range(len(states)))


@pytest.mark.parametrize("watch", [None, lambda *_: None], ids=["unseen", "watched"])
def test_neurons_do_not_write_over_what_others_read(watch: Any) -> None:
    """A skip of node 1, whose neurons have the same maps as their current."""
    network = Network(design("0300 0031 0003 0000"))
    names = [layer.name for layer in network.architecture.layers]
    said, neurons = names.index("C1.0>1"), names.index("C1.n1")
    outputs = network.initial_outputs(shown(dtype=torch.float32)[0])
    with torch.no_grad():
        for stage in network.stages[:neurons]:
            network.run(stage, outputs)
        before = outputs[said].clone()
        network.run(neurons, outputs, watch)
    assert before.any()
    assert torch.equal(outputs[said], before)


# Dropout


def test_dropout_is_drawn_from_the_seed_and_from_what_it_is_for() -> None:
    network = Network(design(SOME[0], dropout=0.25))
    (mask,) = network.draw_dropout_masks(64, 2, 5).values()
    assert mask.shape == (64, 8 * 4 * 4)
    assert set(mask.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert abs((mask > 0).float().mean().item() - 0.75) < 0.02
    assert torch.equal(mask, next(iter(Network(network.design).draw_dropout_masks(64, 2, 5).values())))
    others = [network.draw_dropout_masks(64, 2, 6), network.draw_dropout_masks(64, 3, 5)]
    others.append(Network(network.design.model_copy(update={"seed": 1})).draw_dropout_masks(64, 2, 5))
    assert not any(torch.equal(mask, next(iter(other.values()))) for other in others)
    assert Network(design(SOME[0], dropout=0)).draw_dropout_masks(64, 2, 5) == {}


def test_one_mask_serves_all_time_steps_and_only_training_has_one() -> None:
    """Inputs that a mask leaves out have no gradient; a test has all of them, unscaled."""
    network = loud(design("0333 0033 0003 0000"))
    image, labels = shown()
    index = [layer.name for layer in network.architecture.layers].index("hidden")
    mask = torch.ones(6, 8 * 4 * 4)
    mask[:, 5] = 0
    found = train.loss_and_gradients(network, image, labels, None, {index: mask})
    name = list(network.parameters).index("hidden.weight")
    columns = found.gradients[name].unflatten(1, (8, 4, 4)).permute(0, 2, 3, 1).flatten(1)
    assert not columns[:, 5].any()
    assert columns.any(0).sum() > 100
    assert not torch.equal(found.logits, train.loss_and_gradients(network, image, labels).logits)
    whole = train.loss_and_gradients(network, image, labels, None, {index: torch.ones(6, 8 * 4 * 4)})
    assert torch.equal(whole.logits, train.loss_and_gradients(network, image, labels).logits)


def test_a_batch_that_is_cut_is_masked_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    network = loud(design("0333 0033 0003 0000", norm="none"))
    image, labels = shown()
    kept = network.draw_dropout_masks(6, 0, 0)
    slopes = []
    for size in (6, 4, 2):
        monkeypatch.setattr(Network, "micro_batch", size)
        slopes.append(train.loss_and_gradients(network, image, labels, None, kept))
    for other in slopes[1:]:
        torch.testing.assert_close(slopes[0].logits, other.logits, rtol=1e-10, atol=1e-10)
        for one, its in zip(slopes[0].gradients, other.gradients, strict=True):
            torch.testing.assert_close(one, its, rtol=1e-8, atol=1e-10)


# Training


@pytest.mark.parametrize("cell", ["0333 0033 0003 0000", "0303 0030 2002 0200"])
def test_a_cell_learns_digits(cell: str) -> None:
    """Measured with seed 0: .93 (forward); chance is a tenth."""
    made = Design.check(
        design(cell, channels=8, hidden=64, steps=3, enlarge=1, dropout=0.1).document()
        | {"training": {"epochs": 5, "learning_rate": 0.01, "batch_size": 32}, "init": "variance-preserving"}
    )
    made = change(made, {"data.train_samples": 1000, "data.test_samples": 300})
    ends = [event for event in execute(made) if isinstance(event, EpochEnd)]
    assert ends[-1].test_accuracy > 0.6
    assert 0.01 < (ends[-1].rate or 0) < 0.5


@pytest.mark.parametrize("cell", ["0333 0033 0003 0000", "0303 0030 2002 0200"])
def test_products_in_half_precision_learn_nearly_the_same(cell: str) -> None:
    slopes = []
    for precision in ("float32", "bfloat16"):
        made = Design.check(design(cell).document() | {"training": {"precision": precision}})
        network = loud(made, torch.float32)
        image, labels = shown(dtype=torch.float32)
        slopes.append(
            dict(zip(network.parameters, train.loss_and_gradients(network, image, labels).gradients, strict=True))
        )
    whole, half = (found["readout.weight"].flatten() for found in slopes)
    assert not torch.equal(whole, half)
    assert F.cosine_similarity(whole, half, 0) > 0.6  # a rounded current now and then makes another spike
    assert all(gradient.dtype == torch.float32 and gradient.isfinite().all() for gradient in slopes[1].values())


@pytest.mark.parametrize("init", [entry.kind for entry in INITS])
@pytest.mark.parametrize("norm", ["batch", "none"])
def test_every_initialisation_gives_finite_weights_to_every_layer(init: str, norm: str) -> None:
    made = Design.check(design(SOME[0], norm=norm).document() | {"init": init})
    network, (image, labels) = Network(made), shown(dtype=torch.float32)
    measured_inits.initialise_from_data(network, image)
    for layer in network.architecture.weighted:
        weight = network.parameters[f"{layer.name}.weight"]
        assert weight.isfinite().all()
        assert weight.any()
    assert train.loss_and_gradients(network, image, labels).loss.isfinite()
