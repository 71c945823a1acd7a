"""The network as a torch.nn.Module equals the network, for every kind of it, and learns by torch.optim."""

from __future__ import annotations

import copy
import io
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import data, train
from snnviz.core.execute import execute
from snnviz.core.module import NetworkModule, as_module
from snnviz.core.networks import Network
from snnviz.core.shortcuts import shortcut_branches
from snnviz.core.trainable_ttfs import build_network
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.events import Checkpoint

CELL = "0301 0030 0002 0100"
MLP = {"kind": "mlp", "depth": 2, "width": 12}
BLOCK = {"kind": "block", "channels": 4}


def design(network: dict[str, Any], **parts: Any) -> Design:
    sizes = {"train_samples": 24, "test_samples": 8, "steps": 3}
    training = {"epochs": 1, "batch_size": 8, **parts.pop("training", {})}
    return Design.check(
        {"network": network, "data": {**sizes, **parts.pop("data", {})}, "training": training, "seed": 5, **parts}
    )


DESIGNS = {
    "mlp": design(MLP),
    "mlp, spikes counted": design(MLP, training={"loss": "count"}),
    "mlp, normalised": design({**MLP, "norm": "batch"}),
    "mlp that learns leak and threshold": design(MLP, neuron={"learn": "both"}),
    "mlp, encoded by LIF": design(MLP, data={"encoding": "lif"}),
    "cnn": design({"kind": "cnn", "depth": 2, "channels": 4}),
    "DSC and ASC": design({**BLOCK, "edges": "0012/0001/0000/0000"}),
    "backward": design({**BLOCK, "edges": "0012/0001/0000/0010"}),
    "cell": design({"kind": "cell", "cell": CELL, "channels": 4, "hidden": 12, "dropout": 0.5, "voters": 2}),
    "staged": design({"kind": "resnet18", "width": 0.0625, "depth": 0.5}),
    "relu": design(MLP, neuron={"kind": "relu"}, data={"steps": 1}),
    "ttfs": design({**MLP, "code": "ttfs"}, neuron={"kind": "relu"}, data={"steps": 1}),
}


def batch(made: Design) -> tuple[Tensor, Tensor]:
    """Encoded training images in float64, and their labels."""
    images, _ = data.load(made)
    indices = torch.arange(8)
    return data.training_input(images, indices, made, 0, 0).double(), images.labels[indices]


def in_double(made: Design) -> Network:
    network = build_network(made)
    network.parameters = {name: p.detach().double().requires_grad_() for name, p in network.parameters.items()}
    network.buffers = {name: buffer.double() for name, buffer in network.buffers.items()}
    return network


@pytest.mark.parametrize("made", DESIGNS.values(), ids=DESIGNS)
def test_outputs_and_gradients_are_the_networks(made: Design) -> None:
    image, labels = batch(made)
    network, module = in_double(made), as_module(made).double()
    masks = {index: mask.double() for index, mask in network.draw_dropout_masks(8, 0, 0).items()}
    theirs = train.loss_and_gradients(network, image, labels, None, masks)
    ours = module(image, masks)
    F.cross_entropy(ours, labels).backward()
    torch.testing.assert_close(ours, theirs.logits, rtol=1e-6, atol=1e-9)
    assert any(gradient.abs().sum() > 0 for gradient in theirs.gradients)
    parameters = dict(module.named_parameters())
    assert set(parameters) == set(network.parameters)
    for name, gradient in zip(network.parameters, theirs.gradients, strict=True):
        found = parameters[name].grad
        assert found is not None, name
        torch.testing.assert_close(found, gradient, rtol=1e-6, atol=1e-9, msg=name)
    network.after_step()
    module.eval()
    torch.testing.assert_close(module(image), train.logits(network, image, None, "running"), rtol=1e-6, atol=1e-9)
    for name, buffer in module.named_buffers():
        torch.testing.assert_close(buffer, network.buffers[name], rtol=1e-9, atol=1e-12, msg=name)


@pytest.mark.parametrize("name", ["mlp that learns leak and threshold", "mlp, normalised", "ttfs"])
def test_it_learns_by_torch_optim_what_the_network_learns(name: str) -> None:
    made = DESIGNS[name]
    image, labels = batch(made)
    network, module = in_double(made), as_module(made).double()
    theirs = train.Optimizer(network)
    ours = torch.optim.Adam(module.parameters(), made.training.learning_rate)
    losses = []
    for _ in range(4):
        theirs.step(train.loss_and_gradients(network, image, labels).gradients)
        network.after_step()
        ours.zero_grad()
        loss = F.cross_entropy(module(image), labels)
        loss.backward()
        ours.step()
        losses.append(loss.item())
    module(image)  # puts back what the last step took past an end
    assert losses[-1] < losses[0]
    for key, parameter in module.named_parameters():
        torch.testing.assert_close(parameter, network.parameters[key], rtol=1e-6, atol=1e-9, msg=key)


@pytest.mark.parametrize("name", ["cell", "ttfs", "mlp that learns leak and threshold"])
def test_a_checkpoint_goes_in_and_its_names_come_out(name: str) -> None:
    made = DESIGNS[name]
    last = [event for event in execute(made) if isinstance(event, Checkpoint)][-1]
    module = as_module(made, last).eval()
    state = module.state_dict()
    assert set(state) == {key for key in last.arrays if not key.startswith("optimizer/")}
    for key, value in state.items():
        np.testing.assert_array_equal(value.numpy(), last.arrays[key])
    _, test = data.load(made)
    network = build_network(made)
    train.Optimizer(network).restore(dict(last.arrays))
    encoded = data.encode(test.images, test.white, made, "test")
    with torch.no_grad():
        torch.testing.assert_close(module(encoded), train.logits(network, encoded, None, "running"), rtol=0, atol=0)


def test_branches_of_a_checkpoint_are_left_out_and_other_networks_refused() -> None:
    made = design(MLP, training={"shortcut": {"schedule": "constant"}})
    assert shortcut_branches(build_network(made)) is not None
    state = as_module(made).state_dict()
    as_module(made, {**state, "shortcut.L1.weight": torch.zeros(1)})
    with pytest.raises(InputError, match=r"^weights must be of this network: L1.bias is missing"):
        as_module(made, {name: value for name, value in state.items() if name != "L1.bias"})
    with pytest.raises(InputError, match=r"^weights must be of this network: L9.bias is not in it"):
        as_module(made, {**state, "L9.bias": torch.zeros(1)})
    with pytest.raises(InputError, match=r"^weights must be of this network: L1.bias is \(12,\)"):
        as_module(made, {**state, "L1.bias": torch.zeros(1)})


def test_images_are_encoded_as_in_training() -> None:
    made = DESIGNS["cnn"]
    images, _ = data.load(made)
    module = as_module(made).eval()
    shown = images.images[:4]
    encoded = data.encode(shown, 16, made, "test")
    torch.testing.assert_close(module(shown.float() / 16), module(encoded), rtol=0, atol=1e-5)
    noisy = as_module(design(MLP, data={"encoding": "rate"}))
    one, other = (noisy.encode(shown.float() / 16) for _ in range(2))
    assert one.shape == (3, 4, 1, 8, 8)
    assert not torch.equal(one, other)


def test_dropout_is_drawn_in_training_alone() -> None:
    made = DESIGNS["cell"]
    image, _ = batch(made)
    module = as_module(made)
    assert not torch.equal(module(image.float()), module(image.float()))
    module.eval()
    torch.testing.assert_close(module(image.float()), module(image.float()), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["mlp", "ttfs"])
def test_it_can_be_copied_and_saved(name: str) -> None:
    module = as_module(DESIGNS[name]).eval()
    image = batch(DESIGNS[name])[0].to(next(module.parameters()).dtype)
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    for other in (copy.deepcopy(module), loaded):
        assert isinstance(other, NetworkModule)
        torch.testing.assert_close(other(image), module(image), rtol=0, atol=0)
        with torch.no_grad():
            next(other.parameters()).add_(1)
        assert not torch.equal(other(image), module(image))


def test_an_initialisation_that_needs_data_has_it() -> None:
    made = design(MLP, init="fluctuation-driven", training={"epochs": 1})
    assert as_module(made).get_parameter("L2.weight").abs().sum() > 0
